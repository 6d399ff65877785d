/* SPDX-License-Identifier: MIT */
/* --hash and --hex-dump: what goes through a session is looked at beside it. */
#ifndef ZCAT_NET_TAP_H
#define ZCAT_NET_TAP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/digest_request.h"

struct tap_settings {
    bool hashes;
    struct digest_request digest; /* with hashes */
    const char *dump_file;        /* NULL: no dump */
    int dump;                     /* the open file, or -1 */
};

/* True when something is to be looked at. */
bool tap_is_wanted(const struct tap_settings *settings);

/* Opens the files. out: where the bytes themselves go, -1: nowhere; no file may be that, nor both be one. False:
 * that failed (reported). */
bool tap_open(struct tap_settings *settings, int out);

/* Closes them; sync: when they are on disk. False: one could not be written (reported). */
bool tap_close(struct tap_settings *settings, bool sync);

struct tap;

/*
 * Starts to look at one direction: at what is written into a pipe, of which *input is the write end,
 * O_NONBLOCK, the caller's to close. mark: stands before each line of the dump, '>' sent or '<' received.
 * NULL: that failed (reported).
 */
struct tap *tap_start(const struct tap_settings *settings, char mark, int *input);

/* One direction of a session that is over. */
struct tap_direction {
    struct tap *tap; /* whose pipe has been closed; NULL: nobody looked at this direction */
    uint64_t bytes;  /* that it has moved */
};

/*
 * Waits until all has been looked at, and frees both. whole: the session was a good one, and digests are
 * worth printing; they are named for their directions when bytes went both ways, and one alone as that of
 * standard input. False: something of that failed (reported).
 */
bool tap_finish(struct tap_direction received, struct tap_direction sent, bool whole);

#endif
