/* SPDX-License-Identifier: MIT */
/* zcat-net -z -u: whether anybody refuses. */
#ifndef ZCAT_NET_UDP_PROBE_H
#define ZCAT_NET_UDP_PROBE_H

#include "base/monitor.h"
#include "settings.h"

/*
 * Sends nc's probes, datagrams of one "X", to the connected UDP socket fd: two at once and one a second, for
 * the time of -w or three seconds. An answer ends it early. False: the port was refused, or something else
 * has failed (reported with -v). number: of
 * the peer's address, or "".
 */
bool udp_probe(int fd, const struct settings *settings, struct monitor *monitor,
               const char number[NI_MAXHOST]);

#endif
