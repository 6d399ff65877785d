/* SPDX-License-Identifier: MIT */
/* What the parts of the mover share. */
#ifndef ZCP_MOVER_PRIVATE_H
#define ZCP_MOVER_PRIVATE_H

#include "cache.h"
#include "move/filter.h"
#include "mover.h"

/* One file on its way. */
struct copying {
    struct mover *mover;
    int in, out;
    const struct stat *status; /* of in, when it was opened */
    struct stat target;        /* of out, before anything was done to it */
    const struct place *from, *to;

    uint64_t skipped;  /* bytes of holes that the pump has not seen */
    uint64_t old;      /* out has former bytes up to here, where they have not been replaced */
    bool ends_in_hole; /* what came last into out is a hole, which has to be made by its size */
    bool makes_holes;  /* out is a regular file, and holes are wanted */
    bool drops_cache;  /* --drop-cache, of files */
    struct cache cache;
    bool seeks_data; /* in seems to have holes: only its data is read */

    struct sums *sums;         /* of what is copied, or NULL */
    struct pump_filter filter; /* looks at the bytes, where that is necessary */
    bool finds_zeros;          /* for --sparse=always */
    size_t block;              /* bytes: of out, of which a hole has to have one at least */
    enum mover_said reflink;   /* for --debug */
};

/*
 * Small files are read and written: that is what files of /proc need, and asking for copy_file_range first
 * gains nothing. Where the limit is does not matter for speed: with thousands of cached files of 16, 32 and
 * 64 KiB, on ext4 and tmpfs (Linux 6.18, 15 pairs each on a busy machine), the medians of the two were within
 * 10 % of each other, in both directions, and every range of the pairs included 1.
 */
enum { COPYING_SMALL = 16 * 1024 /* bytes */ };

static inline bool copying_is_small(const struct copying *copy)
{
    return S_ISREG(copy->status->st_mode) && copy->status->st_size < COPYING_SMALL;
}

/* How far out has been made: the next byte that is moved belongs there. */
static inline uint64_t copying_position(const struct copying *copy)
{
    return copy->skipped + copy->mover->pump.moved;
}

static inline bool copying_is_interrupted(const struct copying *copy)
{
    return run_is_halted(copy->mover->run);
}

/* Report what has failed, in GNU's words; both return false. */
bool copying_fail(const struct copying *copy, enum pump_side side, int error);
bool copying_pump_failed(const struct copying *copy);

/* Moves all data of in into out, and makes the holes between them if seeks_data. False: reported. */
bool extents_copy(struct copying *copy);

/*
 * in_place.c: the bytes that out had before. in_place_begin cuts off what is longer than the source,
 * in_place_cut what is behind a size that out has not more than;
 * in_place_hole makes length bytes from an offset on a hole, in a file that may have something there (false
 * with errno: it is neither a hole nor zeros); in_place_end sets the size, done or not, and returns done, or
 * false if that failed. All but in_place_hole report.
 */
bool in_place_begin(struct copying *copy);
bool in_place_cut(struct copying *copy, uint64_t size);
bool in_place_hole(const struct copying *copy, uint64_t offset, uint64_t length);
bool in_place_end(const struct copying *copy, bool done);

/* Makes the pump add the bytes to copy->sums and, if copy->finds_zeros, turn zeros into holes. */
void looking_set(struct copying *copy);

/* Adds to copy->sums what has been copied and has not come into memory, by reading in once more. False:
 * that failed, or in has changed meanwhile (reported). */
bool looking_again(struct copying *copy);

/*
 * --resume: skips the bytes that out has as in has them, from the start on, and cuts off what is behind them,
 * but with --in-place. False: that failed (reported).
 */
bool resume_skip(struct copying *copy);

/* --debug, when the file is done. */
void explain(const struct copying *copy);

#endif
