/* SPDX-License-Identifier: MIT */
/* zsend --raw: plain bytes to a socket. */
#ifndef ZSEND_RAW_H
#define ZSEND_RAW_H

#include "base/monitor.h"
#include "settings.h"
#include "source.h"

/*
 * Sends the source over the connection fd, which is closed: in order when the receiver has everything, with
 * a reset otherwise. peer: its name for messages. Failures are reported. Adds to totals. Returns the exit
 * status.
 */
enum session_status raw_send(const struct settings *settings, struct monitor *monitor,
                             const struct source *source, int fd, const char *peer,
                             struct transfer_totals *totals);

#endif
