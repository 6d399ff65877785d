/* SPDX-License-Identifier: MIT */
/* The first words on a connection: who is there, and does he have the key. */
#ifndef ZCOPY_NET_GREETING_H
#define ZCOPY_NET_GREETING_H

#include "net/channel.h"
#include "net/frame.h"
#include "net/session.h"

/*
 * The side that has connected says HELLO, the other answers with its own, and both prove the key by an HMAC
 * over the two, each with a key of its role: first the side that has connected, so that a stranger gets
 * nothing. In TLS the key is proven already, and without a key there is none: HELLO is all then.
 */
struct greeting_settings {
    enum session_role role;         /* of this side */
    enum session_security security; /* what both sides have to say */
    const struct tls *tls;          /* with SESSION_ENCRYPTED */
    const struct openssl *openssl;  /* not with SESSION_OPEN */
    const struct key *key;          /* not with SESSION_OPEN */
    uint64_t timeout;               /* nanoseconds of silence at most in the session to come; 0: any */
};

enum { GREETING_HELLO = FRAME_HEADER + SESSION_NONCE + 2, GREETING_PROOF = FRAME_HEADER + SESSION_MAC };

struct greeting {
    const struct greeting_settings *settings;
    struct channel channel;
    bool listens;                      /* this side has been connected to */
    int step;                          /* in the list of steps of this side */
    size_t done;                       /* bytes of this step */
    uint8_t hellos[2][GREETING_HELLO]; /* of the side that has connected, and of the other */
    uint8_t proof[GREETING_PROOF];     /* being written or read */
    const char *problem;               /* why it has failed, for people; NULL: see errno */
    enum session_status status;        /* and what that makes of the session */
};

/* Begins on a connected socket that is O_NONBLOCK and stays the caller's. False: no memory. */
bool greeting_begin(struct greeting *greeting, const struct greeting_settings *settings, int fd,
                    bool listens);

/* Goes on as far as it can: CHANNEL_OK, the key is proven, and the channel is ready; CHANNEL_WANTS_...; or
 * CHANNEL_FAILED, with problem and status. Never takes a byte beyond the greeting from a plain connection. */
enum channel_result greeting_go_on(struct greeting *greeting);

/* Does all of it, waiting as it must, but at most patience nanoseconds. False: failed. */
bool greeting_wait(struct greeting *greeting, uint64_t patience);

#endif
