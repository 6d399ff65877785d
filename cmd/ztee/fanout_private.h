/* SPDX-License-Identifier: MIT */
/* What the files of the fan-out share. */
#ifndef ZTEE_FANOUT_PRIVATE_H
#define ZTEE_FANOUT_PRIVATE_H

#include <stdint.h>

#include "fanout.h"

/* The route in whose pipe or memory the bytes stand. */
static inline struct route *fanout_stage(struct fanout *fanout)
{
    return &fanout->worker.pump.route;
}

/* fanout.c */

/* One round over all outputs, of what stands ready, which method has taken. True: something has changed. */
bool fanout_serve(struct fanout *fanout, enum method method);

/* ready.c */

/* Sets what stands ready (fanout->ready and held). False with errno: the bytes cannot be got at. */
bool fanout_make_ready(struct fanout *fanout);

/* Takes some of n bytes off the head of the stage and throws them away. Returns as read(2). */
ssize_t fanout_discard(struct fanout *fanout, size_t n);

/* run.c */

/* Brings some of what the output is behind with, if it is, to it or into its spill. True: something has
 * changed. */
bool fanout_catch_up(struct fanout *fanout, struct output *output);

/* trouble.c */

/* The output cannot be written to: reports that and closes it, as --output-error says. */
void fanout_lose(struct fanout *fanout, struct output *output, int error);

/* What it has not taken cannot be buffered: reports that and closes it. */
void fanout_lose_buffer(struct fanout *fanout, struct output *output, int error);

/* Reports that the output has taken nothing for too long, and closes it. */
void fanout_cut_off(struct fanout *fanout, struct output *output);

/*
 * A call that was to bring bytes to the output has failed with error; by_pages: it was a splice to it. True:
 * something has changed, and trying again makes sense. False: it takes nothing now.
 */
bool fanout_trouble(struct fanout *fanout, struct output *output, bool by_pages, int error);

/* Nothing can be duplicated any more, because of error: from now on every output is written to from memory.
 * Where
 * --method does not allow that, the output is lost. */
void fanout_copy_instead(struct fanout *fanout, struct output *output, int error);

/* Some outputs are left, and no error has ended the run. */
bool fanout_goes_on(const struct fanout *fanout);

/* watch.c */

/*
 * Waits until an output that took nothing takes something again, fd (if not -1) is ready for events, stop (if
 * not -1) is readable, or the deadline (nanoseconds) is past. Meanwhile it hears what peers say, notices
 * readers that have left where
 * --output-error asks for that, and cuts off outputs that are too slow. Returns 1 when fd is ready, 0 when
 * not, -1 with the errno of poll(2).
 */
int fanout_watch(struct fanout *fanout, int fd, short events, int stop, uint64_t deadline);

#endif
