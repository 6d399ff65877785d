/* SPDX-License-Identifier: MIT */
/* One connection: both directions at once, until it has ended. */
#ifndef ZCAT_NET_SESSION_H
#define ZCAT_NET_SESSION_H

#include "base/monitor.h"
#include "settings.h"

enum session_outcome {
    SESSION_DONE,
    SESSION_BROKEN, /* this connection has failed; standard input and output can serve another */
    SESSION_FATAL   /* standard input or output has failed, or there are no resources */
};

/*
 * Relays between standard input and output and the connection fd, which is closed: in order when all is
 * well, with a reset otherwise. peer: its name for messages. Failures are reported. Adds to totals.
 * last: no session will follow, so standard output is closed to see whether that fails.
 */
enum session_outcome session_run(const struct settings *settings, struct monitor *monitor, int fd,
                                 const char *peer, bool last, struct transfer_totals *totals);

#endif
