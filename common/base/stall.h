/* SPDX-License-Identifier: MIT */
/* The clock of -w and --timeout: how long no byte has moved. Pure: the caller has the time. */
#ifndef ZCOPY_BASE_STALL_H
#define ZCOPY_BASE_STALL_H

#include <stdint.h>

struct stall {
    uint64_t bytes; /* any count that changes when a byte moves */
    uint64_t since; /* nanoseconds: when it was last seen to change */
};

/* Remembers that the count is bytes now (nanoseconds). */
void stall_note(struct stall *stall, uint64_t bytes, uint64_t now);

/* The moment (nanoseconds) at which no byte has moved for patience nanoseconds; 0: never. */
uint64_t stall_deadline(const struct stall *stall, uint64_t patience);

/* When to look at the count again, so that the deadline comes late by a quarter of patience at most. */
uint64_t stall_next_look(const struct stall *stall, uint64_t patience, uint64_t now);

#endif
