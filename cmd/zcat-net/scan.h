/* SPDX-License-Identifier: MIT */
/* zcat-net -z: which ports can be connected to. */
#ifndef ZCAT_NET_SCAN_H
#define ZCAT_NET_SCAN_H

#include "base/monitor.h"
#include "settings.h"

/* Tries every port of the settings. Returns the exit status: 0 if one of them was open. */
int scan(struct settings *settings, struct monitor *monitor);

/* -v: nc's line for a connection that was made; number: the peer's address as a number. */
void scan_tell_connected(const struct settings *settings, const char *number);

#endif
