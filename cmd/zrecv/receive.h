/* SPDX-License-Identifier: MIT */
/* One session of the receiving side, from the sender's offer to its BYE. */
#ifndef ZRECV_RECEIVE_H
#define ZRECV_RECEIVE_H

#include "receiver.h"

/* What has become of it. */
struct receive_result {
    enum session_status status; /* SESSION_DONE, or what went wrong (reported) */
    bool completed;             /* the session came to its end: nothing is left to be resumed */
    bool decided;               /* it did not, and another one like it would not: one side has said so */
};

/*
 * Receives over the channel, which the peer has been let in on and which stays the caller's. root: the
 * directory, -1 for standard output. watch counts what moves.
 */
struct receive_result receive_session(const struct settings *settings, struct channel *channel,
                                      const char *peer, int root, struct watch *watch);

#endif
