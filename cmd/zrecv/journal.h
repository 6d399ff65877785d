/* SPDX-License-Identifier: MIT */
/* The file in which a transfer writes down what it has for certain. */
#ifndef ZRECV_JOURNAL_H
#define ZRECV_JOURNAL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/digest.h"
#include "known.h"

/*
 * Records, one behind the other; each is
 *
 *   length of the payload (32 bits), type (8 bits), payload, the first 64 bits of XXH3-128 of type and
 * payload
 *
 * in network order. The first one that is not whole ends the journal: it was being written when the power, or
 * the process, went. Records of a session that does not sync are believed only while the same kernel runs.
 */
struct journal {
    int fd;
    struct digest *sum;
    int error; /* errno of the first record that could not be written, 0: none */
};

struct journal_session {
    bool synced;                     /* what is written down was on disk before */
    enum digest_algorithm algorithm; /* of the chunks */
};

/* Takes over fd, reads what is there into known (with the algorithm of the session that begins now), cuts off
 * what is not whole, and notes that a session begins. *slots: the highest number of a partial file.
 * False with errno. */
bool journal_open(struct journal *journal, int fd, const struct journal_session *session, struct known *known,
                  uint64_t *slots);
void journal_close(struct journal *journal);

/* A partial file of this number begins, with the path, stamp and size of file. */
void journal_begin(struct journal *journal, const struct known_file *file);
void journal_chunk(struct journal *journal, uint64_t slot, const struct session_chunk *chunk);

/* Bytes of a partial file are about to be written over: chunks that have any of them do not count any more.
 */
void journal_void(struct journal *journal, uint64_t slot, uint64_t offset, uint64_t length);

/* It is about to be published, and is then what file says. */
void journal_done(struct journal *journal, const struct known_file *file);

/* A directory has been made. */
void journal_made(struct journal *journal, const char *path);

/* Nothing of this path counts any more. */
void journal_forget(struct journal *journal, const char *path);

/* True when all records have been written, and (sync) are on disk. False with errno. */
bool journal_settle(struct journal *journal, bool sync);

#endif
