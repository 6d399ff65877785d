/* SPDX-License-Identifier: MIT */
/* The one file that is being received. */
#ifndef ZRECV_INCOMING_H
#define ZRECV_INCOMING_H

#include "known.h"

struct receiver;

enum incoming_state {
    INCOMING_NONE,     /* no file has been announced */
    INCOMING_UNWANTED, /* it is refused, or there: what comes of it is passed over */
    INCOMING_OPEN
};

struct incoming {
    enum incoming_state state;
    uint64_t number;
    int fd;
    uint64_t slot;
    bool replaces;              /* an existing target is allowed to go */
    bool was_used;              /* the partial file may have bytes where none were received */
    struct chunks chunks;       /* that have come, and those from before */
    size_t old;                 /* how many of them are from before */
    struct chunks pending;      /* that are not in the journal yet */
    bool has_begun;             /* the journal knows the partial file */
    uint64_t pending_since;     /* nanoseconds */
    struct session_chunk chunk; /* whose digest comes next */
    bool has_chunk;
    uint8_t *buffer;  /* of standard output's: a chunk that is not checked yet, */
    uint64_t written; /* and what is, and has been written */
    uint64_t asked;   /* chunks that were asked for again since the last FINISH */
};

/* The announced file is wanted: opens its partial file. All return false when the session cannot go on. */
bool incoming_begin(struct receiver *receiver, bool replaces);

/* The data of a CHUNK, which are taken from the wire. */
bool incoming_chunk(struct receiver *receiver, const struct session_data *data, uint32_t length);
bool incoming_digest(struct receiver *receiver, const uint8_t *digest, size_t length);
bool incoming_finish(struct receiver *receiver, const struct session_finish *finish);
bool incoming_drop(struct receiver *receiver, uint64_t number);

/* Writes down what has come so far, for a session that breaks off. */
void incoming_save(struct receiver *receiver);

/* Closes what is open; the partial file is of no use to anybody, and goes. */
void incoming_discard(struct receiver *receiver);

/* Closes what is open. */
void incoming_close(struct receiver *receiver);

#endif
