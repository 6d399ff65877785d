/* SPDX-License-Identifier: MIT */
/*
 * Fuzz input as the sender's side of a session: a list of steps, each of which becomes a frame.
 *
 *   0          1                     3                     5
 *   +----------+---------------------+---------------------+------------+---------+
 *   | step     | bytes of payload    | bytes of data       | payload    | data    |   numbers as in frames
 *   +----------+---------------------+---------------------+------------+---------+
 *
 * step: the frame's type, or SCRIPT_CUT: the connection ends, and the next one begins. With SCRIPT_RIGHT
 * digests and counts in the payload are made right, and an ENTRY has the chunks of the one before already.
 * With SCRIPT_LONG the data of a chunk are as long as the receiver's buffer, 32 bytes less to 31 more,
 * instead of being there.
 */
#ifndef ZCOPY_TESTS_SCRIPT_H
#define ZCOPY_TESTS_SCRIPT_H

#include <stdbool.h>

#include "base/digest.h"
#include "net/session.h"

enum { SCRIPT_TYPE = 31, SCRIPT_CUT = 31, SCRIPT_LONG = 64, SCRIPT_RIGHT = 128, SCRIPT_CHUNKS = 64 };

struct script {
    const uint8_t *at; /* what is left of the input */
    size_t left;
    uint8_t *frames; /* of the connection that is being written */
    size_t length, size;
    struct digest *digest, *list; /* of the algorithm that is offered */
    struct session_chunk chunk;   /* the one whose digest comes next */
    bool has_chunk;
    struct session_chunk chunks[SCRIPT_CHUNKS]; /* of the entry */
    size_t count;
};

/* Adds bytes as they are. */
void script_add(struct script *script, const void *data, size_t length);

/* Adds a frame. */
void script_frame(struct script *script, uint8_t type, const void *payload, uint32_t length, uint32_t data);

/* Makes frames of the steps up to the next SCRIPT_CUT. False: there are no more. */
bool script_next(struct script *script);

#endif
