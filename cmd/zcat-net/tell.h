/* SPDX-License-Identifier: MIT */
/* What -v and --print-port say about a listener. */
#ifndef ZCAT_NET_TELL_H
#define ZCAT_NET_TELL_H

#include "net/socket.h"
#include "settings.h"

/* Names of hosts are looked up only to be shown. */
bool tell_wants_names(const struct settings *settings);

/* Where it listens, in nc's words. */
void tell_listening(const struct settings *settings, const struct listener *listener);

/* Who has come. */
void tell_received(const struct settings *settings, const struct address *peer);

#endif
