/* SPDX-License-Identifier: MIT */
/* When a count has changed last. */
#include "base/stall.h"

#include "base/clock.h"

void stall_note(struct stall *stall, uint64_t bytes, uint64_t now)
{
    if (stall->since == 0 || bytes != stall->bytes)
        stall->since = now;
    stall->bytes = bytes;
}

uint64_t stall_deadline(const struct stall *stall, uint64_t patience)
{
    return clock_after(stall->since, patience);
}

uint64_t stall_next_look(const struct stall *stall, uint64_t patience, uint64_t now)
{
    uint64_t deadline = stall_deadline(stall, patience), look = clock_after(now, patience / 4);
    return look < deadline ? look : deadline;
}
