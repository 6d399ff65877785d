/* SPDX-License-Identifier: MIT */
/* Waiting for several outputs at once. */
#include <errno.h>

#include "base/clock.h"
#include "fanout_private.h"
#include "net/connection.h"

/* What poll(2) is to look for, also readers that leave without a write, as tee -p does; its descriptor is -1
 * when that is nothing. */
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
    if (poll.events != 0 || (is_pipe && settings_forgives_pipes(fanout->settings)))
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
    else if (events & POLLERR && output->route.out_kind == KIND_PIPE &&
             settings_forgives_pipes(fanout->settings))
        fanout_lose(fanout, output, EPIPE);
}

static uint64_t cut_off_at(const struct fanout *fanout, const struct output *output)
{
    if (!fanout->settings->drops || !output_is_live(output) || !output->can_be_slow || !output->blocked ||
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

/* Cuts off those whose time is up, unless their readers have taken something that has made no room yet. */
static void cut_off(struct fanout *fanout)
{
    uint64_t now = clock_now();

    for (size_t i = 0; i < fanout->count; i++) {
        struct output *output = &fanout->outputs[i];
        if (now >= cut_off_at(fanout, output) && !output_is_being_read(output))
            fanout_cut_off(fanout, output);
    }
}

/* Fills fanout->polls; returns how many. Those of outputs stand behind the first two, in their order. */
static nfds_t fill_polls(struct fanout *fanout)
{
    nfds_t used = 2;

    for (size_t i = 0; i < fanout->count; i++) {
        struct pollfd poll = poll_for(fanout, &fanout->outputs[i]);
        if (poll.fd >= 0)
            fanout->polls[used++] = poll;
    }
    return used;
}

int fanout_watch(struct fanout *fanout, int fd, short events, int stop, uint64_t deadline)
{
    struct pollfd *polls = fanout->polls, *next = polls + 2;

    polls[0] = (struct pollfd){.fd = fd, .events = events};
    polls[1] = (struct pollfd){.fd = stop, .events = POLLIN};
    nfds_t count = fill_polls(fanout);
    uint64_t moment = earliest(fanout, deadline);
    int n = poll(polls, count, moment == CLOCK_NEVER ? -1 : clock_poll_timeout(moment, clock_now()));
    if (n < 0)
        return errno == EINTR ? 0 : -1;
    for (size_t i = 0; n > 0 && i < fanout->count; i++) {
        struct output *output = &fanout->outputs[i];
        bool is_next =
            next < polls + count && next->fd == output->route.out && poll_for(fanout, output).fd >= 0;
        if (is_next && next++->revents != 0)
            on_events(fanout, output, next[-1].revents);
    }
    if (moment != CLOCK_NEVER)
        cut_off(fanout);
    return polls[0].revents != 0;
}
