/* SPDX-License-Identifier: MIT */
/* zcat-net -u: UDP, and UNIX sockets of datagrams. */
#ifndef ZCAT_NET_DATAGRAM_H
#define ZCAT_NET_DATAGRAM_H

#include "base/monitor.h"
#include "settings.h"

/* Both return the exit status; failures are reported. They add to totals. */

/*
 * Relays between standard input and output and a connected socket; with -k, writes what arrives at all of the
 * count sockets (at most LISTENER_SOCKETS), and sends nothing. They are the caller's to close. name: the
 * peer's, or the local address, for messages.
 */
int datagram_run(const struct settings *settings, struct monitor *monitor, const int *fds, size_t count,
                 const char *name, struct transfer_totals *totals);

/* The sender of the first datagram becomes the peer of datagram_run; with -k there is none. The listener is
 * the caller's to close. */
int datagram_serve(const struct settings *settings, struct monitor *monitor, struct listener *listener,
                   struct transfer_totals *totals);

#endif
