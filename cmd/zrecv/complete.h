/* SPDX-License-Identifier: MIT */
/* A file whose bytes have all come. */
#ifndef ZRECV_COMPLETE_H
#define ZRECV_COMPLETE_H

#include <stdbool.h>

#include "net/session.h"

struct receiver;

enum { COMPLETE_PIECE = 256 * 1024 }; /* bytes that are read at once */

/*
 * Whether the bytes of the chunk are in the file, which is read through a buffer of COMPLETE_PIECE bytes.
 * False with errno, which is 0 if other bytes are there.
 */
bool complete_has_chunk(struct digest *digest, int fd, const struct session_chunk *chunk, uint8_t *buffer);

/* Gives the incoming file its length, holes and attributes, reads it back if that is wanted, and queues it
 * for its final name. False: the session cannot go on. */
bool complete_file(struct receiver *receiver, const struct session_finish *finish);

#endif
