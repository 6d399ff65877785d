/* SPDX-License-Identifier: MIT */
/* zrecv -: one file, or stream, to standard output, a checked chunk after the other. */
#ifndef ZRECV_OUTPUT_H
#define ZRECV_OUTPUT_H

#include <stdbool.h>
#include <stdint.h>

#include "net/session.h"

struct receiver;

/* The entry is to go there. False: the session cannot go on. */
bool output_begin(struct receiver *receiver);

/* Whether these bytes come next, and have room. */
bool output_takes(const struct receiver *receiver, uint64_t offset, uint32_t length);

/* Writes the chunk, whose digest is right. False: the session cannot go on. */
bool output_write(struct receiver *receiver, const struct session_chunk *chunk);

#endif
