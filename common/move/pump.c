/* SPDX-License-Identifier: MIT */
/*
 * The pump: wait for the source, take, deliver all of it, again.
 *
 * The pump takes only when it holds nothing, so the private pipe is empty whenever something is spliced into
 * it: EAGAIN then always means the source, and a splice into our own full pipe cannot hang. Every error has
 * a side because taking and delivering are two calls (where it is one, as sendfile, a pread tells).
 *
 * Gathering. On a fast link wake-ups cost more than the bytes. While a TCP source delivers in bulk the pump
 * raises SO_RCVLOWAT, so that poll(2) sleeps until 256 KiB are queued (socket(7): since Linux 2.6.28; a FIN
 * or a reset wakes all the same). A wait under a raised mark ends after 5 ms: what is queued is then
 * delivered, and the mark goes back to 1 until bulk is seen again, so that a request whose sender waits for
 * the answer is never held back longer. Measured over loopback: CONTRIBUTING.md.
 */
#include "move/pump_private.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/descriptor.h"

enum {
    SLICE = 8 * 1024 * 1024,       /* bytes in one call at most: keeps the counters and pump_halt prompt */
    LOW_MARK = 256 * 1024,         /* bytes */
    BULK = 64 * 1024,              /* bytes taken at once that mean bulk */
    GATHER_TIMEOUT = 5,            /* milliseconds */
    INTERRUPT_LOOK = 100,          /* milliseconds */
    GROW_PIPES_AFTER = 1024 * 1024 /* bytes moved before a pipe of somebody else's is grown */
};

bool pump_init(struct pump *pump, int in, int out, size_t pipe_size)
{
    *pump = (struct pump){
        .route = route_make(in, out, pipe_size),
        .length = PUMP_TO_END,
        .tap = -1,
        .low_mark = 1,
        .stop = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK),
    };
    pump->ladder = ladder_for(pump->route.in_kind, pump->route.out_kind);
    return pump->stop >= 0;
}

void pump_turn(struct pump *pump, int in, enum kind in_kind, int out, enum kind out_kind)
{
    struct route route = pump->route;

    route_turn(&route, in, in_kind, out, out_kind);
    *pump = (struct pump){
        .route = route,
        .ladder = ladder_for(in_kind, out_kind),
        .length = PUMP_TO_END,
        .limit = pump->limit,
        .tap = -1,
        .keep_pipes = pump->keep_pipes,
        .interrupt = pump->interrupt,
        .tally = pump->tally,
        .stop = pump->stop,
        .halt = pump->halt,
        .low_mark = 1,
    };
}

void pump_halt(struct pump *pump, enum pump_halt how)
{
    if ((int)how > atomic_load(&pump->halt))
        atomic_store(&pump->halt, how);
    eventfd_write(pump->stop, 1);
}

void pump_free(struct pump *pump)
{
    route_free(&pump->route);
    descriptor_close(&pump->stop);
}

enum pump_halt pump_halting(const struct pump *pump)
{
    if (pump->interrupt != NULL && atomic_load_explicit(pump->interrupt, memory_order_relaxed) != 0)
        return PUMP_ABANDON;
    return (enum pump_halt)atomic_load(&pump->halt);
}

bool pump_fail(struct pump *pump, enum pump_side side, int error)
{
    pump->end = PUMP_FAILED;
    pump->side = side;
    pump->error = error;
    return false;
}

bool pump_stop(struct pump *pump, enum pump_end end)
{
    pump->end = end;
    return false;
}

enum method pump_current(const struct pump *pump)
{
    return pump->ladder.steps[0];
}

/* Gives up the current method because of error; false (and failed) when it was the last one. */
bool pump_next_method(struct pump *pump, enum pump_side side, int error)
{
    pump->refused[pump_current(pump)] = error;
    if (pump->ladder.count <= 1)
        return pump_fail(pump, side, error);
    ladder_drop(&pump->ladder, pump_current(pump));
    return true;
}

static enum pump_wait wait_once(struct pump *pump, int fd, short events, int timeout)
{
    const struct pump_sinks *sinks = pump->sinks;
    eventfd_t halts;
    int ready = sinks ? sinks->wait(sinks->of, fd, events, pump->stop, timeout)
                      : descriptor_wait(fd, events, pump->stop, timeout);

    if (ready != 0)
        return ready > 0 ? WAIT_READY : WAIT_FAILED;
    return eventfd_read(pump->stop, &halts) == 0 ? WAIT_HALTED : WAIT_TIMED_OUT;
}

/* Waits until fd is ready or the pump is halted. Clears the halt event; what was asked for is in halt. Nobody
 * is told of an interrupt: it is looked at now and then. */
enum pump_wait pump_wait_for(struct pump *pump, int fd, short events, int timeout)
{
    while (pump->interrupt != NULL && (timeout < 0 || timeout > INTERRUPT_LOOK)) {
        enum pump_wait wait = wait_once(pump, fd, events, INTERRUPT_LOOK);
        if (wait != WAIT_TIMED_OUT)
            return wait;
        if (pump_halting(pump) == PUMP_ABANDON)
            return WAIT_HALTED;
        timeout -= timeout < 0 ? 0 : INTERRUPT_LOOK;
    }
    return wait_once(pump, fd, events, timeout);
}

static void set_low_mark(struct pump *pump, int bytes)
{
    if (pump->low_mark == bytes)
        return;
    pump->low_mark = bytes;
    setsockopt(pump->route.in, SOL_SOCKET, SO_RCVLOWAT, &bytes, sizeof bytes);
}

static bool is_file(enum kind kind)
{
    return kind == KIND_FILE || kind == KIND_APPEND || kind == KIND_BLOCK || kind == KIND_NULL;
}

/* How long to wait for the source, in milliseconds: after that it counts as idle, or bulk as over. */
static int source_patience(const struct pump *pump, enum pump_halt halt, bool bulk)
{
    return bulk ? GATHER_TIMEOUT : halt == PUMP_WHEN_IDLE ? pump->idle_after : -1;
}

/* Waits until the source has something; false when the pump stops instead. */
static bool wait_for_source(struct pump *pump)
{
    if (is_file(pump->route.in_kind))
        return pump_halting(pump) < PUMP_TAKE_NO_MORE ? true : pump_stop(pump, PUMP_HALTED);
    for (;;) {
        bool bulk = pump->gather && pump->in_bulk;
        enum pump_halt halt = pump_halting(pump);

        if (halt >= PUMP_TAKE_NO_MORE)
            return pump_stop(pump, PUMP_HALTED);
        if (halt == PUMP_WHEN_IDLE && !pump->winding_down)
            pump->moved_at_halt = atomic_load_explicit(&pump->moved, memory_order_relaxed);
        pump->winding_down = halt == PUMP_WHEN_IDLE;
        set_low_mark(pump, bulk ? LOW_MARK : 1);
        switch (pump_wait_for(pump, pump->route.in, POLLIN, source_patience(pump, halt, bulk))) {
        case WAIT_READY:
            return true;
        case WAIT_FAILED:
            return pump_fail(pump, PUMP_IN, errno);
        case WAIT_HALTED:
            break;
        case WAIT_TIMED_OUT:
            if (!bulk)
                return pump_stop(pump, PUMP_HALTED);
            pump->in_bulk = false;
        }
    }
}

void pump_count(struct pump *pump, enum method method, size_t n)
{
    pump->by_method[method] += n;
    if (pump->tally != NULL)
        atomic_fetch_add_explicit(pump->tally, n, memory_order_relaxed);
    atomic_fetch_add_explicit(&pump->moved, n, memory_order_relaxed);
    if (pump->route.pipe[0] >= 0 && !pump->keep_pipes && !pump->pipes_grown &&
        atomic_load_explicit(&pump->moved, memory_order_relaxed) >= GROW_PIPES_AFTER) {
        pump->pipes_grown = true;
        pipe_grow(pump->route.in, pump->route.pipe_size);
        pipe_grow(pump->route.out, pump->route.pipe_size);
    }
}

/* splice(2) comes to the mark of TCP's urgent data and never past it; read(2) does. */
static bool is_at_mark(const struct pump *pump)
{
    return pump->route.in_kind == KIND_STREAM && pump_current(pump) == METHOD_SPLICE &&
           sockatmark(pump->route.in) == 1;
}

/*
 * The end of the source, or a fast method that cannot see what is there. FUSE files of size 0 and some of
 * /proc say 0 to it and have data for read (field-tested by GNU cp): one byte read at the position, which
 * does not move, tells. So does one looked at behind a mark, where splice says 0 as soon as the FIN has come.
 * An error of either is for the next method to tell.
 */
static bool at_end(struct pump *pump)
{
    char byte;

    if (is_at_mark(pump))
        return recv(pump->route.in, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
    if (!is_file(pump->route.in_kind) || pump_current(pump) == METHOD_READ)
        return true;
    return pread(pump->route.in, &byte, 1, lseek(pump->route.in, 0, SEEK_CUR)) == 0;
}

/* A direct method is one call with two ends: a read of one byte tells whether the source is the one that
 * failed. */
static enum pump_side failed_side(const struct pump *pump, int *error)
{
    char byte;

    if (!method_table[pump_current(pump)].direct)
        return PUMP_IN;
    if (pread(pump->route.in, &byte, 1, lseek(pump->route.in, 0, SEEK_CUR)) >= 0)
        return PUMP_OUT;
    *error = errno;
    return PUMP_IN;
}

/* Taking has failed with error. True: go on. */
static bool taking_failed(struct pump *pump, int error)
{
    if (error == EINTR)
        return true;
    if (error == EAGAIN && is_at_mark(pump))
        return pump_next_method(pump, PUMP_IN, EINVAL);
    if (error == EAGAIN)
        return method_table[pump_current(pump)].direct ? pump_wait_for_sink(pump) : true;
    enum pump_side side = failed_side(pump, &error);
    if (method_gives_up(pump_current(pump), error))
        return pump_next_method(pump, side, error);
    return pump_fail(pump, side, error);
}

/* Bytes that may be taken now: what is left of the length, within the rate. Waits for the rate. A datagram
 * cannot be split: it may be a debt. 0: stopped. */
static size_t allowance(struct pump *pump)
{
    uint64_t left = pump->length - atomic_load_explicit(&pump->moved, memory_order_relaxed);
    size_t want = left < SLICE ? (size_t)left : SLICE;

    if (want == 0)
        pump_stop(pump, PUMP_FULL);
    while (want > 0 && pump_halting(pump) < PUMP_TAKE_NO_MORE) {
        uint64_t now = clock_now();
        size_t granted = limit_grant(&pump->limit, want, now);
        if (granted > 0)
            return pump->route.in_kind == KIND_DATAGRAM ? want : granted;
        atomic_store(&pump->limited, true);
        pump_wait_for(pump, -1, 0, clock_poll_timeout(now + limit_wait(&pump->limit), now));
        atomic_store(&pump->limited, false);
    }
    if (want > 0)
        pump_stop(pump, PUMP_HALTED);
    return 0;
}

/* One round; false when the pump has stopped. */
static bool step(struct pump *pump)
{
    size_t want = allowance(pump);
    if (want == 0 || !wait_for_source(pump))
        return false;

    const struct method_row *method = &method_table[pump_current(pump)];
    bool polls = method->direct && pump_sink_may_block(pump);
    if (polls && !pump_wait_for_sink(pump))
        return false;
    if (method->direct)
        pump_lock_sink(pump);
    ssize_t n = method->take(&pump->route, want);
    if (method->direct)
        pump_unlock_sink(pump);
    bool lost = n < 0 && errno == ENOTCONN && pump->lost_is_end;
    if (n < 0 && !lost)
        return taking_failed(pump, errno);
    if (n <= 0)
        return at_end(pump) ? pump_stop(pump, PUMP_ENDED) : pump_next_method(pump, PUMP_IN, EINVAL);
    pump->in_bulk = n >= BULK;
    limit_spend(&pump->limit, (size_t)n);
    if (method->direct)
        pump_count(pump, pump_current(pump), (size_t)n);
    else if (!pump_deliver_all(pump, pump_current(pump)))
        return false;
    if (pump->max_takes > 0 && --pump->max_takes == 0)
        return pump_stop(pump, PUMP_FULL);
    return true;
}

/* Before anything is waited for that never comes. */
static bool is_permitted(struct pump *pump)
{
    const struct route *route = &pump->route;

    if (!is_file(route->in_kind) && !descriptor_permits(route->in, O_RDONLY))
        return pump_fail(pump, PUMP_IN, EBADF);
    if (route->out >= 0 && !is_file(route->out_kind) && !descriptor_permits(route->out, O_WRONLY))
        return pump_fail(pump, PUMP_OUT, EBADF);
    return true;
}

void pump_run(struct pump *pump)
{
    pump->gather = pump->gather && pump->max_takes == 0;
    if (pump->ladder.count == 0)
        pump_fail(pump, PUMP_IN, EINVAL);
    else if (is_permitted(pump))
        while (step(pump))
            ;
    set_low_mark(pump, 1);
    if (pump->sinks != NULL)
        pump->sinks->finish(pump, pump->sinks->of);
}
