/* SPDX-License-Identifier: MIT */
/* What stands ready for all outputs: in the stage, or in memory. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>

#include "base/descriptor.h"
#include "fanout_private.h"

/* By splice where there is a descriptor for it: reading a part of a packet throws its rest away. */
ssize_t fanout_discard(struct fanout *fanout, size_t n)
{
    char unwanted[16 * 1024];
    int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
    ssize_t gone = nowhere < 0 ? -1 : route_splice_to(fanout_stage(fanout), nowhere, n);

    if (nowhere < 0 || (gone < 0 && method_refused(errno)))
        gone = route_read_pipe(fanout_stage(fanout), unwanted, n < sizeof unwanted ? n : sizeof unwanted);
    descriptor_close(&nowhere);
    return gone;
}

/* One copy into the stage is cheaper than one into each of several outputs. */
static bool stages(const struct fanout *fanout)
{
    int takers = 0;

    for (size_t i = 0; i < fanout->count; i++) {
        const struct output *output = &fanout->outputs[i];
        enum kind kind = output->route.out_kind;
        takers += output_is_live(output) && !output->route.sink_refused &&
                  (kind == KIND_PIPE || kind == KIND_STREAM);
    }
    return takers >= 2;
}

/* tee is refused: reads some of the stage into memory. */
static bool rescue(struct fanout *fanout)
{
    if (fanout->rescued.buffer == NULL && (fanout->rescued.buffer = malloc(ROUTE_RESCUE)) == NULL)
        return false;
    ssize_t n = route_read_pipe(fanout_stage(fanout), fanout->rescued.buffer, ROUTE_RESCUE);
    if (n <= 0)
        return n < 0 && errno == EINTR;
    fanout->rescued.data = fanout->rescued.buffer;
    fanout->rescued.held = (size_t)n;
    return true;
}

/* Puts what is in memory into the empty stage. False: that failed, also because the file was cut short under
 * a mapping. */
static bool fill_stage(struct fanout *fanout)
{
    struct route *stage = fanout_stage(fanout);

    if (!route_open_pipe(stage))
        fanout->copies = true;
    while (!fanout->copies && stage->in_memory > 0) {
        ssize_t n = route_stage(stage);
        if (n < 0 && errno == EAGAIN && stage->in_pipe > 0)
            break; /* the rest comes when this has gone */
        if (n < 0 && method_refused(errno))
            fanout->copies = true;
        else if (n < 0 && errno != EINTR && errno != EAGAIN)
            return false;
    }
    return true;
}

bool fanout_make_ready(struct fanout *fanout)
{
    struct route *stage = fanout_stage(fanout);

    if (fanout->copies && fanout->rescued.held == 0 && stage->in_pipe > 0 && !rescue(fanout))
        return false;
    if (!fanout->copies && stage->in_pipe == 0 && stages(fanout) && !fill_stage(fanout))
        return false;
    if (fanout->rescued.held > 0) {
        fanout->ready = fanout->rescued.data;
        fanout->held = fanout->rescued.held;
    } else if (stage->in_pipe > 0) {
        fanout->ready = NULL;
        fanout->held = stage->in_pipe;
    } else {
        fanout->ready = stage->data;
        fanout->held = stage->in_memory;
    }
    return true;
}
