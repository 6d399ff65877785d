/* SPDX-License-Identifier: MIT */
/* The thread that answers signals and draws progress while others copy. */
#ifndef ZCP_WATCH_H
#define ZCP_WATCH_H

#include <pthread.h>
#include <signal.h>
#include <stdbool.h>

#include "base/monitor.h"
#include "run.h"

struct watch {
    struct run *run;
    struct monitor monitor;
    sigset_t caught; /* signals that end the run in order: where something has to be put right first */
    int signals;     /* signalfd(2) of these, or -1 */
    _Atomic bool ended;
    bool running;
    pthread_t thread;
};

/* To be called before other threads start. False: that failed (reported). */
bool watch_start(struct watch *watch, struct run *run);

void watch_end(struct watch *watch);

/* Ends the process by the signal that has ended the run, if one has. */
void watch_die(const struct watch *watch);

#endif
