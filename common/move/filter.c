/* SPDX-License-Identifier: MIT */
/* The filter of a pump: pieces and the pauses between them. */
#include "move/filter.h"

#include <sys/eventfd.h>

#include "base/clock.h"
#include "base/descriptor.h"
#include "move/pump_private.h"

void filter_set(struct pump *pump, const struct pump_filter *filter)
{
    pump->filter = filter;
    pump->ladder = (struct ladder){.count = 1, .steps = {METHOD_READ}};
}

/* Waits until the next piece may go; whoever wants the pump to end does not want to wait for that. False: it
 * was abandoned. */
static bool wait_for_pause(struct pump *pump)
{
    for (;;) {
        enum pump_halt halt = pump_halting(pump);
        uint64_t now = clock_now();
        eventfd_t halts;

        if (halt == PUMP_ABANDON) {
            pump->end = PUMP_HALTED;
            return false;
        }
        if (halt == PUMP_TAKE_NO_MORE || now >= pump->resume)
            return true;
        descriptor_wait(-1, 0, pump->stop, clock_poll_timeout(pump->resume, now));
        eventfd_read(pump->stop, &halts);
    }
}

bool filter_deliver(struct pump *pump, enum method method, bool (*deliver)(struct pump *, enum method))
{
    const struct pump_filter *filter = pump->filter;
    struct route *route = &pump->route;
    const char *data = route->data;

    pump->unfiltered = route->in_memory;
    route->in_memory = 0;
    while (pump->unfiltered > 0) {
        struct pump_piece piece = {0};
        if (!wait_for_pause(pump))
            return false;
        size_t used = filter->next(pump, data, pump->unfiltered, &piece, filter->of);
        if (used == 0)
            return false;
        data += used;
        pump->unfiltered -= used;
        route->data = piece.data;
        route->in_memory = piece.length;
        if (!deliver(pump, method))
            return false;
        if (piece.pause > 0)
            pump->resume = clock_after(clock_now(), piece.pause);
    }
    return true;
}
