/* SPDX-License-Identifier: MIT */
/* The line to paste on the other host. */
#ifndef ZCOPY_NET_ANNOUNCE_H
#define ZCOPY_NET_ANNOUNCE_H

#include <stdbool.h>

#include "net/socket.h"

/* The port (or the path) that is listened on, alone on a line of standard error. */
void announce_port(const struct listener *listener, const struct address *address);

/* Prints on standard error how to come to the listener: the command, which ends before the address, with the
 * key. */
void announce_command(const struct listener *listener, const struct address *address, const char *key,
                      const char *command);

#endif
