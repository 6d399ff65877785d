/* SPDX-License-Identifier: MIT */
/* Connecting to the target, through a proxy where the settings have one. */
#ifndef ZCAT_NET_PROXY_H
#define ZCAT_NET_PROXY_H

#include <stdbool.h>

#include "base/monitor.h"
#include "net/http_connect.h"
#include "settings.h"

/* What has become known about the proxy, for the next port of -z. To be set to zero, and to be forgotten. */
struct proxy_login {
    char password[HTTP_TEXT_MAX + 1];
    bool known;   /* the password has been typed */
    int asked;    /* how often it has been asked for */
    bool useless; /* the proxy serves nobody, which has been reported */
};

/*
 * Connects to the address of the settings, trying again as they say. Returns a socket as socket_connect does
 * whose next byte is the target's, with *number as the number of the target's address if that is known, or
 * ""; or -1, which has been reported: quiet leaves out that the target cannot be connected to.
 */
int target_connect(const struct settings *settings, struct proxy_login *login, struct monitor *monitor,
                   bool quiet, char number[NI_MAXHOST]);

void proxy_forget(struct proxy_login *login);

#endif
