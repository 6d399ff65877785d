/* SPDX-License-Identifier: MIT */
/* What a pump has taken goes to its sink, and duplicates of it to its tap. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>

#include "move/filter.h"
#include "move/pump_private.h"

/* True when delivering to the sink may block although nothing of it is ready: poll first then. */
bool pump_sink_may_block(const struct pump *pump)
{
    const struct route *route = &pump->route;

    switch (route->out_kind) {
    case KIND_PIPE:
        return route->in_memory > 0 || route->sink_refused || method_table[pump_current(pump)].direct;
    case KIND_STREAM:
    case KIND_DATAGRAM:
    case KIND_TERMINAL:
    case KIND_DEVICE:
    case KIND_OTHER:
        return !(fcntl(route->out, F_GETFL) & O_NONBLOCK);
    default:
        return false;
    }
}

bool pump_wait_writable(struct pump *pump, int fd)
{
    while (pump_halting(pump) != PUMP_ABANDON) {
        enum pump_wait wait = pump_wait_for(pump, fd, POLLOUT, -1);
        if (wait == WAIT_FAILED)
            return pump_fail(pump, PUMP_OUT, errno);
        if (wait == WAIT_READY)
            return true;
    }
    return pump_stop(pump, PUMP_HALTED);
}

bool pump_wait_for_sink(struct pump *pump)
{
    return pump_wait_writable(pump, pump->route.out);
}

/* The sink said error to what the current method delivers. True: go on. */
static bool delivery_failed(struct pump *pump, int error)
{
    struct route *route = &pump->route;

    if (error == EINTR)
        return true;
    if (error == EAGAIN)
        return pump_wait_for_sink(pump);
    if (error == EFAULT && route->map != NULL)
        return pump_fail(pump, PUMP_IN, EFAULT);
    if (route->in_memory > 0 || route->sink_refused || !method_refused(error))
        return pump_fail(pump, PUMP_OUT, error);
    if (!pump_next_method(pump, PUMP_OUT, error))
        return false;
    route->sink_refused = true;
    return true;
}

/* Giving bytes to the tap has failed with error. True: go on. */
static bool tap_failed(struct pump *pump, int error)
{
    if (error == EINTR)
        return true;
    if (error == EAGAIN)
        return pump_wait_writable(pump, pump->tap);
    if (error == EFAULT && pump->route.map != NULL)
        return pump_fail(pump, PUMP_IN, EFAULT);
    if (pump->route.in_memory > 0 || !method_refused(error))
        return pump_fail(pump, PUMP_OUT, error);
    if (!pump_next_method(pump, PUMP_OUT, error))
        return false;
    pump->route.sink_refused = true; /* tee is: what is in the pipe goes through memory */
    return route_rescue(&pump->route) >= 0 || pump_fail(pump, PUMP_IN, errno);
}

/* Gives the tap some of what the route holds, from its head. Returns how many bytes; 0: the pump stops. */
static size_t give_tap(struct pump *pump)
{
    const struct route *route = &pump->route;
    ssize_t n;

    do {
        n = route->in_memory > 0 ? sink_write(pump->tap, KIND_PIPE, route->data, route->in_memory)
                                 : route_duplicate(route, pump->tap, route->in_pipe);
        if (n < 0 && !tap_failed(pump, errno))
            return 0;
    } while (n < 0);
    return (size_t)n;
}

bool pump_set_tap(struct pump *pump, int tap)
{
    struct ladder ladder = {0};

    pump->tap = tap;
    for (size_t i = 0; i < pump->ladder.count; i++)
        if (!method_table[pump->ladder.steps[i]].direct)
            ladder.steps[ladder.count++] = pump->ladder.steps[i];
    pump->ladder = ladder;
    return ladder.count > 0;
}

/* Around what writes to the sink. Keeps errno. */
void pump_lock_sink(struct pump *pump)
{
    if (pump->lock != NULL)
        pthread_mutex_lock(&pump->lock->mutex);
}

void pump_unlock_sink(struct pump *pump)
{
    int error = errno;

    if (pump->lock != NULL)
        pthread_mutex_unlock(&pump->lock->mutex);
    errno = error;
}

/* Delivers what the route holds. */
static bool deliver_held(struct pump *pump, enum method method)
{
    /* Bytes at the head of what the route holds that the tap has; without a tap, all there will ever be. */
    size_t given = pump->tap >= 0 ? 0 : SIZE_MAX;
    bool polls = pump_sink_may_block(pump);

    while (route_held(&pump->route) > 0) {
        if (polls && !pump_wait_for_sink(pump))
            return false;
        if (given == 0 && (given = give_tap(pump)) == 0)
            return false;
        pump_lock_sink(pump);
        ssize_t n = route_deliver(&pump->route, given);
        pump_unlock_sink(pump);
        if (n == 0)
            return pump_fail(pump, PUMP_OUT, EIO);
        if (n > 0) {
            pump_count(pump, pump->route.sink_refused ? METHOD_READ : method, (size_t)n);
            given -= (size_t)n;
        } else if (!delivery_failed(pump, errno))
            return false;
        polls = pump_sink_may_block(pump);
    }
    pump->route.sink_refused = false;
    return true;
}

bool pump_deliver_all(struct pump *pump, enum method method)
{
    if (pump->sinks != NULL)
        return pump->sinks->deliver(pump, method, pump->sinks->of);
    return pump->filter != NULL ? filter_deliver(pump, method, deliver_held) : deliver_held(pump, method);
}
