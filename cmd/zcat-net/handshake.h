/* SPDX-License-Identifier: MIT */
/* What is said to a proxy on a connection, before that connection is the target's. */
#ifndef ZCAT_NET_HANDSHAKE_H
#define ZCAT_NET_HANDSHAKE_H

#include <netinet/in.h>
#include <stdint.h>

#include "base/monitor.h"
#include "net/address.h"
#include "proxy_options.h"

enum handshake_outcome {
    HANDSHAKE_DONE,     /* the next byte either way is the target's */
    HANDSHAKE_REFUSED,  /* no connection to this target, as the proxy says or as its silence tells */
    HANDSHAKE_PASSWORD, /* the proxy wants a password, or another one than that */
    HANDSHAKE_HOPELESS, /* the proxy cannot be used: it speaks something else, or lets nobody in */
};

enum { HANDSHAKE_TEXT = 2 * ADDRESS_TEXT + 1024 };

struct handshake {
    const struct proxy_options *proxy;
    const struct address *target; /* its port is a number */
    struct in_addr target_ipv4;   /* for SOCKS 4, in the network's byte order */
    const char *password;         /* NULL: not known */
    struct monitor *monitor;
    uint64_t deadline; /* nanoseconds of clock_now, or CLOCK_NEVER */
    int fd;            /* connected, O_NONBLOCK */

    /* Where it has failed: for message_error. */
    char why[HANDSHAKE_TEXT];
    int error;  /* errno, or 0 */
    bool asked; /* the target has been named to the proxy */
};

/*
 * Asks the proxy for a connection to the target. Sends nothing but requests, and takes nothing but their
 * answers from the socket: what follows is the target's and is left there. Sets why and error unless
 * HANDSHAKE_DONE or HANDSHAKE_PASSWORD is returned. The socket stays open.
 */
enum handshake_outcome handshake_run(struct handshake *handshake);

#endif
