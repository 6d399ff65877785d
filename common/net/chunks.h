/* SPDX-License-Identifier: MIT */
/* What a file consists of, or what is there of it. */
#ifndef ZCOPY_NET_CHUNKS_H
#define ZCOPY_NET_CHUNKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "net/session.h"

enum { CHUNKS_MOST = 100000 }; /* of one file; a sender makes fewer of one that says its size */

/* Chunks of one file in the order of their offsets. */
struct chunks {
    struct session_chunk *list;
    size_t count, room;
};

enum chunks_result { CHUNKS_ADDED, CHUNKS_OVERLAP, CHUNKS_TOO_MANY };

/* Adds a chunk, which takes the place of one with the same offset and length. */
enum chunks_result chunks_add(struct chunks *chunks, const struct session_chunk *chunk);

/* Whether one of them has a byte of this range. */
bool chunks_have(const struct chunks *chunks, uint64_t offset, uint64_t length);

/* Takes out all that have a byte of this range. */
void chunks_remove(struct chunks *chunks, uint64_t offset, uint64_t length);

/* The chunk at exactly this place; NULL: none. */
struct session_chunk *chunks_find(const struct chunks *chunks, uint64_t offset, uint64_t length);

/* The digest over the list of them, by list, whatever that holds. False: libcrypto has failed. */
bool chunks_digest(const struct chunks *chunks, struct digest *list, uint8_t digest[DIGEST_BYTES]);

void chunks_free(struct chunks *chunks);

#endif
