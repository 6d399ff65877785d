/* SPDX-License-Identifier: MIT */
/* The clock that measures durations. */
#ifndef ZCOPY_BASE_CLOCK_H
#define ZCOPY_BASE_CLOCK_H

#include <limits.h>
#include <stdint.h>
#include <time.h>

#define NANOSECONDS UINT64_C(1000000000) /* in a second */
#define CLOCK_NEVER UINT64_MAX           /* a moment that does not come */

/* Nanoseconds since some moment in the past; never goes back. */
static inline uint64_t clock_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * NANOSECONDS + (uint64_t)now.tv_nsec;
}

/* The moment that is duration nanoseconds after now; a duration of 0 means that it never comes. */
static inline uint64_t clock_after(uint64_t now, uint64_t duration)
{
    return duration == 0 || now > CLOCK_NEVER - duration ? CLOCK_NEVER : now + duration;
}

/* Milliseconds from now to moment for poll(2), rounded up: -1 for CLOCK_NEVER, 0 when it is past. */
static inline int clock_poll_timeout(uint64_t moment, uint64_t now)
{
    if (moment == CLOCK_NEVER)
        return -1;
    if (moment <= now)
        return 0;
    uint64_t milliseconds = (moment - now + 999999) / 1000000;
    return milliseconds > INT_MAX ? INT_MAX : (int)milliseconds;
}

#endif
