/* SPDX-License-Identifier: MIT */
/* The options that all commands which connect share. */
#ifndef ZCOPY_NET_CONNECT_OPTIONS_H
#define ZCOPY_NET_CONNECT_OPTIONS_H

#include <stdint.h>

#include "base/option.h"
#include "net/socket.h"

struct connect_options {
    struct socket_options socket;
    long long retries; /* times to try again after the first */
    uint64_t timeout;  /* nanoseconds for one try, 0: the system's patience */
};

#define CONNECT_OPTIONS_DEFAULT          \
    {                                    \
        .socket = SOCKET_OPTIONS_DEFAULT \
    }

enum { CONNECT_RETRY = OPTION_CONNECT, CONNECT_CONGESTION, CONNECT_NODELAY, CONNECT_TIMEOUT, CONNECT_MPTCP };

/* For commands that gather small pieces where TCP does. */
#define CONNECT_NODELAY_ROW                                                         \
    {                                                                               \
        CONNECT_NODELAY, "nodelay", NULL, "send small pieces at once (TCP_NODELAY)" \
    }

#define CONNECT_OPTION_ROWS                                                              \
    {CONNECT_TIMEOUT, "connect-timeout", "SECONDS", "give up connecting after so long"}, \
        {CONNECT_RETRY, "retry", "N", "try to connect N times more, a second apart"},    \
        {CONNECT_CONGESTION, "congestion", "NAME", "use this TCP congestion control"},   \
        {CONNECT_MPTCP, "mptcp", NULL, "use MPTCP; a peer that has none gets TCP"},      \
        {'4', NULL, NULL, "use IPv4 only"},                                              \
    {                                                                                    \
        '6', NULL, NULL, "use IPv6 only"                                                 \
    }

/* Takes option id with its argument if it is one of the rows above; returns as transfer_option does. */
int connect_option(struct connect_options *options, int id, const char *argument);

/*
 * Connects as the options say, trying again where they do. Returns as socket_connect; the last failure is
 * reported by message_error unless quiet, and those before it when verbose.
 */
int connect_by_options(const struct address *address, const struct connect_options *options,
                       struct monitor *monitor, bool verbose, bool quiet, struct socket_failure *failure);

/* After so many tries that failed: false if none is left; otherwise waits a second. */
bool connect_try_again(const struct connect_options *options, long long tries, struct monitor *monitor);

/* Reports a failure as one line. */
void connect_report(const struct socket_failure *failure, const struct address *address);

#endif
