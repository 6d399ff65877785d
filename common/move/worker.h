/* SPDX-License-Identifier: MIT */
/* A pump in a thread of its own, so that whatever blocks it holds up nobody else. */
#ifndef ZCOPY_MOVE_WORKER_H
#define ZCOPY_MOVE_WORKER_H

#include <pthread.h>
#include <stdbool.h>

#include "base/monitor.h"
#include "move/transfer.h"

/* All functions are for the one thread that has the worker, except that it may read pump.moved. */
struct worker {
    struct pump pump;
    const char *source, *sink; /* names for messages */
    bool half_close;           /* shut the sink, a socket, down for sending at the end of the source */
    bool opened;               /* the pump is there */
    bool running;              /* the thread has been started and not been joined */

    struct monitor *monitor;
    _Atomic bool done;
    pthread_t thread;
};

/* Prepares a zeroed worker. False: that failed (reported). */
bool worker_open(struct worker *worker, const struct transfer_options *options, struct monitor *monitor,
                 int in, const char *source, int out, const char *sink);

/* Starts the pump, or starts it again after it was halted. It wakes the monitor when it has stopped. False:
 * no thread was to be had (reported). */
bool worker_start(struct worker *worker);

/* True when the pump has stopped, or has never been started. Joins the thread. */
bool worker_is_over(struct worker *worker);

/* The end of a worker that is over: by a failure; at the end of its source, or when it was full. */
bool worker_has_failed(const struct worker *worker);
bool worker_has_ended(const struct worker *worker);

/* pump_halt, if it runs. */
void worker_halt(struct worker *worker, enum pump_halt how);

/*
 * Stops it now, losing what it holds. Waits for a short while: a pump that is stuck in a call (a terminal
 * that is stopped, a file system that is gone) is left behind, still running.
 */
void worker_abandon(struct worker *worker);

/* Makes the end of a worker that is over a failure to write. */
void worker_fail_sink(struct worker *worker, int error);

/* Reports the failure of a worker that has failed. */
void worker_report(const struct worker *worker);

/* Adds what a worker that is over has moved, says how under --debug, and frees it. */
void worker_close(struct worker *worker, const struct transfer_options *options,
                  struct transfer_totals *totals);

#endif
