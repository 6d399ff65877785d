/* SPDX-License-Identifier: MIT */
/* The token bucket. */
#include "base/limit.h"

#include "base/clock.h"

/* The bucket holds 50 ms of the rate: enough to be on time again after a late wake-up, too little to notice.
 */
static double capacity(const struct limit *limit)
{
    double bytes = (double)limit->rate / 20;
    return bytes < 1 ? 1 : bytes;
}

/* A grant is at least a fifth of the bucket (10 ms), or fast links would be fed in crumbs. */
static double smallest_grant(const struct limit *limit)
{
    double bytes = capacity(limit) / 5;
    return bytes < 1 ? 1 : bytes;
}

size_t limit_grant(struct limit *limit, size_t want, uint64_t now)
{
    if (limit->rate == 0)
        return want;
    if (limit->filled != 0 && now > limit->filled)
        limit->tokens += (double)(now - limit->filled) * (double)limit->rate / (double)NANOSECONDS;
    if (limit->tokens > capacity(limit))
        limit->tokens = capacity(limit);
    limit->filled = now;
    if (limit->tokens < smallest_grant(limit))
        return 0;
    return (double)want < limit->tokens ? want : (size_t)limit->tokens;
}

void limit_spend(struct limit *limit, size_t n)
{
    if (limit->rate != 0)
        limit->tokens -= (double)n;
}

uint64_t limit_wait(const struct limit *limit)
{
    double missing = smallest_grant(limit) - limit->tokens;
    if (limit->rate == 0 || missing <= 0)
        return 0;
    return (uint64_t)(missing * (double)NANOSECONDS / (double)limit->rate) + 1;
}
