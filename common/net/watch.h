/* SPDX-License-Identifier: MIT */
/* A session runs in a thread of its own; the main thread draws progress and sees whether anything moves. */
#ifndef ZCOPY_NET_WATCH_H
#define ZCOPY_NET_WATCH_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/monitor.h"

/* Shared by the two threads. */
struct watch {
    _Atomic uint64_t bytes;   /* that have moved in either direction */
    _Atomic uint64_t payload; /* bytes of files, for the progress line */
    _Atomic uint64_t files;   /* that are done */
    _Atomic bool timed_out;   /* nothing has moved for too long: the socket has been shut down */
    _Atomic bool done;
};

/*
 * Calls run(of) in a thread and waits for its end, while the monitor counts payload and files (total and
 * total_files to come, 0: unknown). When no byte has moved for timeout nanoseconds (0: never), sets timed_out
 * and shuts the socket fd down, so that whatever waits for it returns. False: no thread was to be had
 * (reported).
 */
bool watch_run(struct watch *watch, struct monitor *monitor, int fd, uint64_t timeout, uint64_t total,
               void (*run)(void *of), void *of);

#endif
