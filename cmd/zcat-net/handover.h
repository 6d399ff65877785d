/* SPDX-License-Identifier: MIT */
/* zcat-net -F: the connection goes to whoever has started zcat-net. */
#ifndef ZCAT_NET_HANDOVER_H
#define ZCAT_NET_HANDOVER_H

#include <stdbool.h>

#include "base/monitor.h"

/* Whether standard output is a socket that a descriptor can be passed over: AF_UNIX. False: it is not
 * (reported). */
bool handover_is_possible(void);

/*
 * Passes fd over standard output as nc(1) does, with one byte of data (0), and closes it. It is blocking then
 * and no longer armed (connection.h): whoever gets it decides how it ends. Waits while standard output takes
 * nothing. False: that failed (reported), and the connection is reset.
 */
bool handover(int fd, struct monitor *monitor);

#endif
