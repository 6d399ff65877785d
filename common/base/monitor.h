/* SPDX-License-Identifier: MIT */
/* The waiting of a main thread while others move bytes: progress line, SIGUSR1, deadlines. */
#ifndef ZCOPY_BASE_MONITOR_H
#define ZCOPY_BASE_MONITOR_H

#include <poll.h>
#include <stddef.h>
#include <stdint.h>

#include "base/progress.h"

struct monitor {
    struct progress progress;
    int usr1;                          /* signalfd(2) of SIGUSR1 */
    int wake;                          /* eventfd(2) that workers write to by monitor_wake */
    uint64_t (*bytes)(const void *of); /* how many bytes have been moved so far; thread-safe */
    uint64_t (*files)(const void *of); /* the same of files, NULL: it is not about files */
    const void *of;
};

/*
 * Blocks SIGUSR1 for this thread and those it will start, and ignores SIGPIPE: call it before threads are
 * started. bytes and of may be changed at any time by the thread that waits. Returns 0, or an errno.
 */
int monitor_open(struct monitor *monitor, enum progress_when when);

/* The bytes are counted from 0, the time from now. total: bytes to come, 0 when unknown. */
void monitor_start(struct monitor *monitor, uint64_t (*bytes)(const void *of), const void *of,
                   uint64_t total);

/* Ends monitor_wait; callable from any thread. */
void monitor_wake(const struct monitor *monitor);

/*
 * Draws the progress line when it is due and prints a status line for SIGUSR1, until monitor_wake is called
 * (1), one of the count descriptors is ready (1, see their revents), or the deadline (nanoseconds of
 * clock_now; CLOCK_NEVER: none) is past (0). -1 with the errno of poll(2). count: at most MONITOR_FDS.
 */
enum { MONITOR_FDS = 8 };
int monitor_wait(struct monitor *monitor, struct pollfd *fds, size_t count, uint64_t deadline);

/* Leaves a last, final progress line on the screen if one was shown, or is shown always. */
void monitor_finish(struct monitor *monitor);

#endif
