/* SPDX-License-Identifier: MIT */
/* --bwlimit: a token bucket with a small cap, so that idle time is not saved up. Pure: the caller has the
 * clock. */
#ifndef ZCOPY_BASE_LIMIT_H
#define ZCOPY_BASE_LIMIT_H

#include <stddef.h>
#include <stdint.h>

struct limit {
    uint64_t rate;   /* bytes a second; 0: no limit */
    double tokens;   /* bytes that may go now */
    uint64_t filled; /* nanoseconds: when tokens was brought up to date; 0: never yet */
};

/* How many of want bytes may go now; 0 when the caller has to wait first (limit_wait). now: nanoseconds. */
size_t limit_grant(struct limit *limit, size_t want, uint64_t now);

/* Takes n bytes out of the bucket. What is more than was granted, for a piece that cannot be split, is a
 * debt: limit_wait is so much longer. */
void limit_spend(struct limit *limit, size_t n);

/* Nanoseconds until limit_grant gives something again; 0: it does now. */
uint64_t limit_wait(const struct limit *limit);

#endif
