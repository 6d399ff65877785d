/* SPDX-License-Identifier: MIT */
/* -X, -x and -P: which proxy to connect through. */
#ifndef ZCAT_NET_PROXY_OPTIONS_H
#define ZCAT_NET_PROXY_OPTIONS_H

#include <stdbool.h>

#include "base/option.h"
#include "net/address.h"

enum proxy_protocol { PROXY_SOCKS5, PROXY_SOCKS4, PROXY_CONNECT };

struct proxy_options {
    const char *given; /* the proxy as -x has it, NULL: none */
    enum proxy_protocol protocol;
    const char *user;       /* NULL: nobody logs in */
    struct address address; /* of the proxy */
};

#define PROXY_OPTION_ROWS                                                              \
    {'x', NULL, "PROXY", "connect through this proxy, HOST[:PORT]"},                   \
        {'X', NULL, "PROTOCOL", "what it speaks: 4 or 5 for SOCKS, connect for HTTP"}, \
    {                                                                                  \
        'P', NULL, "USER",                                                             \
            "log in at the proxy as this user; the password\n"                         \
            "is asked for on the terminal"                                             \
    }

/* Takes option id with its argument if it is one of the rows above; returns as transfer_option does. */
int proxy_option(struct proxy_options *options, int id, const char *argument);

/* When all options have been taken: sets the address. False: it is none, which is reported as a usage error.
 */
bool proxy_options_finish(struct proxy_options *options);

#endif
