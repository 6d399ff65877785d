/* SPDX-License-Identifier: MIT */
/* Waiting for several outputs at once. */
#include <errno.h>

#include "base/clock.h"
#include "fanout_private.h"
#include "net/connection.h"

/* True when readers that leave are to be noticed without a write, as tee -p does. */
static bool notices_leavers(const struct fanout *fanout)
{
    enum output_errors errors = fanout->settings->errors;
    return errors == ERRORS_WARN_NOPIPE || errors == ERRORS_EXIT_NOPIPE;
}

/* What poll(2) is to look for; its descriptor is -1 when that is nothing. */
static struct pollfd poll_for(const struct fanout *fanout, const struct output *output)
{
    struct pollfd poll = {.fd = -1};
    bool is_pipe = output->route.out_kind == KIND_PIPE;

    if (output->state != OUTPUT_OPEN)
        return poll;
    if (output->blocked)
        poll.events |= POLLOUT;
    if (output_is_connection(output) && !output->is_deaf)
        poll.events |= POLLIN | POLLRDHUP;
    if (poll.events != 0 || (is_pipe && notices_leavers(fanout)))
        poll.fd = output->route.out;
    return poll;
}

/* A peer's words are thrown away, or its system might stop hearing us; its errors are not. */
static void hear(struct fanout *fanout, struct output *output, short events)
{
    int error = connection_drain(output->route.out);

    output->is_deaf = events & (POLLRDHUP | POLLHUP | POLLERR);
    if (error != 0)
        fanout_lose(fanout, output, error);
}

static void on_events(struct fanout *fanout, struct output *output, short events)
{
    if (events & (POLLOUT | POLLERR | POLLHUP))
        output->blocked = false;
    if (output_is_connection(output) && events & ~POLLOUT)
        hear(fanout, output, events);
    else if (events & POLLERR && output->route.out_kind == KIND_PIPE && notices_leavers(fanout))
        fanout_lose(fanout, output, EPIPE);
}

static uint64_t cut_off_at(const struct fanout *fanout, const struct output *output)
{
    if (!fanout->settings->drops || output->state != OUTPUT_OPEN || !output->can_be_slow ||
        output->stuck == 0)
        return CLOCK_NEVER;
    return clock_after(output->stuck, fanout->settings->patience);
}

static uint64_t earliest(const struct fanout *fanout, uint64_t deadline)
{
    for (size_t i = 0; i < fanout->count; i++) {
        uint64_t moment = cut_off_at(fanout, &fanout->outputs[i]);
        if (moment < deadline)
            deadline = moment;
    }
    return deadline;
}

int fanout_watch(struct fanout *fanout, int fd, short events, int stop, uint64_t deadline)
{
    struct pollfd *polls = fanout->polls;

    polls[0] = (struct pollfd){.fd = fd, .events = events};
    polls[1] = (struct pollfd){.fd = stop, .events = POLLIN};
    for (size_t i = 0; i < fanout->count; i++)
        polls[2 + i] = poll_for(fanout, &fanout->outputs[i]);
    uint64_t moment = earliest(fanout, deadline);
    int timeout = moment == CLOCK_NEVER ? -1 : clock_poll_timeout(moment, clock_now());
    int n = poll(polls, 2 + fanout->count, timeout);
    if (n < 0)
        return errno == EINTR ? 0 : -1;
    for (size_t i = 0; n > 0 && i < fanout->count; i++)
        if (polls[2 + i].revents != 0)
            on_events(fanout, &fanout->outputs[i], polls[2 + i].revents);
    if (moment != CLOCK_NEVER) {
        uint64_t now = clock_now();
        for (size_t i = 0; i < fanout->count; i++)
            if (fanout->outputs[i].blocked && now >= cut_off_at(fanout, &fanout->outputs[i]))
                fanout_cut_off(fanout, &fanout->outputs[i]);
    }
    return polls[0].revents != 0;
}
