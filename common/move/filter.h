/* SPDX-License-Identifier: MIT */
/* A step between taking and delivering: for commands that rewrite, look into or pace what they move. */
#ifndef ZCOPY_MOVE_FILTER_H
#define ZCOPY_MOVE_FILTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "move/pump.h"

/* What a filter has made of some bytes. */
struct pump_piece {
    const char *data; /* to be delivered; valid until the filter is called again */
    size_t length;    /* bytes, may be 0 */
    uint64_t pause;   /* nanoseconds from the delivery of this piece for which the next one has to wait */
};

struct pump_filter {
    /* Makes a piece of the first of n bytes (n > 0) that have been taken. Returns how many it has used, more
     * than 0; or 0: the pump stops, with pump->end as this function has set it. */
    size_t (*next)(struct pump *pump, const char *data, size_t n, struct pump_piece *piece, void *of);
    void *of;
    const char *reason; /* for --debug: what for */
};

/*
 * Puts a filter, which outlives the pump, between source and sink, before the pump runs. The bytes have to
 * come into memory for it, so the only method is read, and counted is what the filter delivers. Its pauses
 * end early when pump_halt asks for more than PUMP_WHEN_IDLE.
 */
void filter_set(struct pump *pump, const struct pump_filter *filter);

/* For the pump: delivers what the filter makes of the bytes in memory, each piece by deliver, which returns
 * false (as this function does then) when the pump has stopped. */
bool filter_deliver(struct pump *pump, enum method method, bool (*deliver)(struct pump *, enum method));

#endif
