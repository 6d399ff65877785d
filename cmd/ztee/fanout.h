/* SPDX-License-Identifier: MIT */
/* From one input to all outputs. */
#ifndef ZTEE_FANOUT_H
#define ZTEE_FANOUT_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>

#include "move/worker.h"
#include "output.h"
#include "settings.h"

struct fanout {
    const struct settings *settings;
    struct output *outputs;
    size_t count;
    bool dies_by_sigpipe; /* ztee was started with SIGPIPE's default action */

    /* The result, once the worker is over. */
    bool failed;     /* an output has failed (reported) */
    bool sigpipe;    /* a broken pipe is to end ztee by SIGPIPE */
    int tee_refused; /* errno with which tee was refused, 0: it was not */

    struct worker worker; /* worker_is_over, worker_report and the like are for the caller */

    /* Private. */
    struct pump_sinks sinks;
    struct output *consumer; /* the one that takes what the others have been given duplicates of */
    struct pollfd *polls;
    bool may_copy;  /* outputs that cannot be spliced to may be written to from memory */
    bool copies;    /* nothing is duplicated: every output is written to from memory */
    bool ended;     /* the input is over: an output that is behind now holds up the end */
    bool stopped;   /* an error has ended the run */
    bool cut_short; /* the file on standard input was, under its mapping */
    bool pipes_grown;
    const char *ready; /* what stands ready for all outputs: in memory, or NULL: in the pump's pipe, */
    size_t held;       /* and how many bytes */
    struct {
        char *buffer, *data;
        size_t held;
    } rescued; /* what has been read out of the pump's pipe */
};

/* Prepares a zeroed fan-out to count outputs, which are not open yet and whose owner stays the caller. False:
 * that failed (reported). */
bool fanout_open(struct fanout *fanout, const struct settings *settings, struct output *outputs, size_t count,
                 struct monitor *monitor);

/* An output has failed, which has been reported: that may end the run. */
void fanout_note_failure(struct fanout *fanout);

/* Starts it in a thread that wakes the monitor when it is over. The outputs are open, as far as they could
 * be. False: that failed (reported). */
bool fanout_start(struct fanout *fanout);

/* Adds what has been read to totals, says how under --debug, and frees all but the outputs. The worker is
 * over. */
void fanout_free(struct fanout *fanout, struct transfer_totals *totals);

#endif
