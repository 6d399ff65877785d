/* SPDX-License-Identifier: MIT */
/* The waiting beside a session. */
#include "net/watch.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/message.h"
#include "base/stall.h"

struct task {
    struct watch *watch;
    struct monitor *monitor;
    void (*run)(void *of);
    void *of;
};

static void *start(void *of)
{
    struct task *task = of;

    task->run(task->of);
    atomic_store(&task->watch->done, true);
    monitor_wake(task->monitor);
    return NULL;
}

static uint64_t moved(const struct watch *watch)
{
    return atomic_load(&watch->bytes) + atomic_load(&watch->payload);
}

static uint64_t payload_of(const void *of)
{
    return atomic_load(&((const struct watch *)of)->payload);
}

static uint64_t files_of(const void *of)
{
    return atomic_load(&((const struct watch *)of)->files);
}

bool watch_run(struct watch *watch, struct monitor *monitor, int fd, uint64_t timeout, uint64_t total,
               void (*run)(void *of), void *of)
{
    struct task task = {watch, monitor, run, of};
    struct stall stall = {.since = clock_now()};
    pthread_t thread;
    int error = pthread_create(&thread, NULL, start, &task);

    if (error != 0) {
        message_error(error, "cannot start a thread");
        return false;
    }
    monitor_start(monitor, payload_of, watch, total);
    monitor->files = files_of;
    while (!atomic_load(&watch->done)) {
        bool waits = !atomic_load(&watch->timed_out);
        stall_note(&stall, moved(watch), clock_now());
        monitor_wait(monitor, NULL, 0, waits ? stall_next_look(&stall, timeout, clock_now()) : CLOCK_NEVER);
        stall_note(&stall, moved(watch), clock_now());
        if (waits && clock_now() >= stall_deadline(&stall, timeout)) {
            atomic_store(&watch->timed_out, true);
            shutdown(fd, SHUT_RDWR);
        }
    }
    pthread_join(thread, NULL);
    monitor_finish(monitor);
    return true;
}
