/* SPDX-License-Identifier: MIT */
/* Starting, joining and judging the thread of a pump. */
#include "move/worker.h"

#include <errno.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/message.h"

enum { JOIN_PATIENCE = 200000000 /* nanoseconds for a pump to leave a call */ };

bool worker_open(struct worker *worker, const struct transfer_options *options, struct monitor *monitor,
                 int in, const char *source, int out, const char *sink)
{
    worker->monitor = monitor;
    worker->source = source;
    worker->sink = sink;
    worker->opened = pump_init(&worker->pump, in, out, options->pipe_size);
    if (!worker->opened) {
        message_error(errno, "cannot make an eventfd");
        return false;
    }
    return transfer_apply(options, &worker->pump);
}

void worker_fail_sink(struct worker *worker, int error)
{
    worker->pump.end = PUMP_FAILED;
    worker->pump.side = PUMP_OUT;
    worker->pump.error = error;
}

/* Shuts the sink down for sending. ENOTCONN means that it was reset: the other direction knows more. */
static void half_close(struct worker *worker)
{
    struct pump_sink_lock *lock = worker->pump.lock;

    if (lock != NULL) {
        pthread_mutex_lock(&lock->mutex);
        lock->closed = true;
        pthread_mutex_unlock(&lock->mutex);
    }
    if (shutdown(worker->pump.route.out, SHUT_WR) != 0 && errno != ENOTCONN)
        worker_fail_sink(worker, errno);
}

static void *run(void *argument)
{
    struct worker *worker = argument;
    struct pump *pump = &worker->pump;

    pump_run(pump);
    if (worker->half_close && pump->end == PUMP_ENDED)
        half_close(worker);
    atomic_store(&worker->done, true);
    monitor_wake(worker->monitor);
    return NULL;
}

bool worker_start(struct worker *worker)
{
    atomic_store(&worker->done, false);
    atomic_store(&worker->pump.halt, PUMP_RUN);
    int error = pthread_create(&worker->thread, NULL, run, worker);
    worker->running = error == 0;
    if (error != 0)
        message_error(error, "cannot start a thread");
    return worker->running;
}

bool worker_is_over(struct worker *worker)
{
    if (worker->running && atomic_load(&worker->done)) {
        pthread_join(worker->thread, NULL);
        worker->running = false;
    }
    return !worker->running;
}

bool worker_has_failed(const struct worker *worker)
{
    return worker->opened && !worker->running && worker->pump.end == PUMP_FAILED;
}

bool worker_has_ended(const struct worker *worker)
{
    return worker->opened && !worker->running &&
           (worker->pump.end == PUMP_ENDED || worker->pump.end == PUMP_FULL);
}

void worker_halt(struct worker *worker, enum pump_halt how)
{
    if (worker->running)
        pump_halt(&worker->pump, how);
}

void worker_abandon(struct worker *worker)
{
    uint64_t patience = clock_now() + JOIN_PATIENCE;

    worker_halt(worker, PUMP_ABANDON);
    while (!worker_is_over(worker) && monitor_wait(worker->monitor, NULL, 0, patience) > 0)
        ;
}

void worker_report(const struct worker *worker)
{
    const struct pump *pump = &worker->pump;
    const struct route *route = &pump->route;
    bool was_refused = pump->ladder.count == 1 && pump->refused[pump->ladder.steps[0]] == pump->error;

    if (was_refused)
        message_error(pump->error, "no method of --method can move bytes from '%s' (%s) to '%s' (%s)",
                      worker->source, kind_name(route->in_kind), worker->sink, kind_name(route->out_kind));
    else if (pump->side == PUMP_IN && pump->error == EFAULT)
        message_note("error reading '%s': it was cut short while it was being sent", worker->source);
    else if (pump->side == PUMP_IN)
        message_error(pump->error, "error reading '%s'", worker->source);
    else
        message_error(pump->error, "error writing '%s'", worker->sink);
}

void worker_close(struct worker *worker, const struct transfer_options *options,
                  struct transfer_totals *totals)
{
    if (!worker->opened)
        return;
    transfer_add(totals, &worker->pump);
    if (options->debug)
        transfer_print_debug(&worker->pump, worker->source, worker->sink);
    pump_free(&worker->pump);
    worker->opened = false;
}
