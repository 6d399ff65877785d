/* SPDX-License-Identifier: MIT */
/* The pump of a fan-out: what it does with what it has taken, while it waits, and at the end. */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/message.h"
#include "fanout_private.h"

bool fanout_catch_up(struct fanout *fanout, struct output *output)
{
    bool by_pages = output->route.in_memory == 0 && output->spill.held == 0;

    if (!output_is_live(output) || !output_is_behind(output))
        return false;
    if (!output->blocked) {
        ssize_t n = output_deliver(output);
        if (n > 0 || fanout_trouble(fanout, output, by_pages, n == 0 ? EIO : errno))
            return true;
    }
    if (fanout->ended)
        output_note_stuck(output);
    return false;
}

static void grow_pipes(struct fanout *fanout)
{
    const struct pump *pump = &fanout->worker.pump;

    if (fanout->pipes_grown || !pump->pipes_grown)
        return;
    fanout->pipes_grown = true;
    for (size_t i = 0; i < fanout->count; i++)
        if (output_is_live(&fanout->outputs[i]) && fanout->outputs[i].route.out_kind == KIND_PIPE)
            pipe_grow(fanout->outputs[i].route.out, pump->route.pipe_size);
}

static bool has_blocked(const struct fanout *fanout)
{
    for (size_t i = 0; i < fanout->count; i++)
        if (output_is_live(&fanout->outputs[i]) && fanout->outputs[i].blocked)
            return true;
    return false;
}

/* The pump has taken something: gives it to all outputs. */
static bool deliver(struct pump *pump, enum method method, void *of)
{
    struct fanout *fanout = of;

    /* For a file the pump does not wait: who takes something again would not be noticed. */
    if (has_blocked(fanout) && fanout_watch(fanout, -1, 0, -1, 0) < 0)
        return pump_fail(pump, PUMP_IN, errno);
    while (route_held(&pump->route) + fanout->rescued.held > 0) {
        if (!fanout_goes_on(fanout))
            return pump_stop(pump, PUMP_HALTED);
        if (fanout->cut_short)
            return pump_fail(pump, PUMP_IN, EFAULT);
        if (!fanout_make_ready(fanout))
            return pump_fail(pump, PUMP_IN, errno);
        if (!fanout_serve(fanout, method) && fanout_watch(fanout, -1, 0, -1, CLOCK_NEVER) < 0)
            return pump_fail(pump, PUMP_IN, errno);
    }
    grow_pipes(fanout);
    return fanout_goes_on(fanout) || pump_stop(pump, PUMP_HALTED);
}

/* Outputs that are behind catch up. True: some can go on with that at once. */
static bool catch_up_all(struct fanout *fanout)
{
    bool goes_on = false;

    for (size_t i = 0; i < fanout->count; i++) {
        const struct output *output = &fanout->outputs[i];
        fanout_catch_up(fanout, &fanout->outputs[i]);
        goes_on |= output_is_live(output) && output_is_behind(output) && !output->blocked;
    }
    return goes_on;
}

/* Waits for the input. */
static int wait(void *of, int fd, short events, int stop, int timeout)
{
    struct fanout *fanout = of;
    uint64_t deadline = timeout < 0 ? CLOCK_NEVER : clock_now() + (uint64_t)timeout * 1000000;

    for (;;) {
        bool goes_on = catch_up_all(fanout);
        if (!fanout_goes_on(fanout)) {
            pump_halt(&fanout->worker.pump, PUMP_ABANDON);
            return 0;
        }
        int ready = fanout_watch(fanout, fd, events, stop, goes_on ? 0 : deadline);
        bool is_halted = fanout->polls[1].revents != 0;
        if (ready != 0 || is_halted || (deadline != CLOCK_NEVER && clock_now() >= deadline))
            return ready;
    }
}

/* The output has been given and has taken everything. */
static void complete(struct fanout *fanout, struct output *output)
{
    if (fanout->worker.pump.end == PUMP_FAILED && output_is_connection(output)) {
        output_abandon(output); /* the reset tells the peer that this is not all */
        return;
    }
    int error = output_complete(output, fanout->settings->sync);
    if (error == 0)
        return;
    message_error(error, "error writing '%s'", output->name);
    fanout_note_failure(fanout);
}

/* The input is over: lets all outputs catch up, and closes them. */
static void finish(struct pump *pump, void *of)
{
    struct fanout *fanout = of;

    fanout->ended = true;
    while (fanout_goes_on(fanout)) {
        bool goes_on = catch_up_all(fanout);
        for (size_t i = 0; i < fanout->count; i++)
            if (output_is_live(&fanout->outputs[i]) && !output_is_behind(&fanout->outputs[i]))
                complete(fanout, &fanout->outputs[i]);
        if (goes_on || !fanout_goes_on(fanout) || fanout_watch(fanout, -1, 0, -1, CLOCK_NEVER) >= 0)
            continue;
        pump_fail(pump, PUMP_IN, errno);
        fanout->stopped = true;
    }
    for (size_t i = 0; i < fanout->count; i++)
        if (output_is_live(&fanout->outputs[i]))
            output_abandon(&fanout->outputs[i]);
}

/* By itself a file is read and not lent: it may change while slow readers still have pages of it to read. */
static struct ladder choose_ladder(const struct ladder *wanted, enum kind in)
{
    static const struct ladder reading = {1, {METHOD_READ}};
    bool is_file = in == KIND_FILE || in == KIND_APPEND || in == KIND_BLOCK;
    struct ladder possible, chosen = {0};

    if (wanted->count == 0)
        return is_file ? reading : ladder_for(in, KIND_PIPE);
    possible = ladder_restrict(wanted, in, KIND_PIPE);
    for (size_t i = 0; i < possible.count; i++)
        if (!method_table[possible.steps[i]].direct) /* sendfile has one sink */
            chosen.steps[chosen.count++] = possible.steps[i];
    return chosen;
}

/* What --method says of the outputs. */
static void prepare_outputs(struct fanout *fanout, const struct ladder *wanted)
{
    bool maps = fanout->worker.pump.ladder.steps[0] == METHOD_MMAP;

    fanout->may_copy = wanted->count == 0 || ladder_has(wanted, METHOD_READ);
    fanout->copies = wanted->count > 0 && !ladder_has(wanted, METHOD_SPLICE);
    for (size_t i = 0; i < fanout->count; i++) {
        struct output *output = &fanout->outputs[i];
        if (!output_is_live(output) || !output->route.sink_refused || fanout->may_copy || fanout->copies)
            continue;
        if (maps) {
            fanout->copies = true; /* everything can be written from the mapping */
            continue;
        }
        message_error(EINVAL, "no method of --method can move bytes to '%s' (%s)", output->name,
                      kind_name(output->route.out_kind));
        output_abandon(output);
        fanout_note_failure(fanout);
    }
    for (size_t i = 0; fanout->copies && i < fanout->count; i++)
        fanout->outputs[i].route.sink_refused = true;
}

bool fanout_open(struct fanout *fanout, const struct settings *settings, struct output *outputs, size_t count,
                 struct monitor *monitor)
{
    struct worker *worker = &fanout->worker;
    struct transfer_options options = settings->transfer;

    fanout->settings = settings;
    fanout->outputs = outputs;
    fanout->count = count;
    fanout->polls = calloc(count + 2, sizeof *fanout->polls);
    if (fanout->polls == NULL) {
        message_error(errno, "cannot start");
        return false;
    }
    options.methods.count = 0; /* they are not those for one sink */
    if (!worker_open(worker, &options, monitor, STDIN_FILENO, "standard input", -1, "the outputs"))
        return false;
    worker->pump.route.out_kind = KIND_PIPE;
    worker->pump.ladder = choose_ladder(&settings->transfer.methods, worker->pump.route.in_kind);
    fanout->sinks = (struct pump_sinks){deliver, wait, finish, fanout};
    worker->pump.sinks = &fanout->sinks;
    if (worker->pump.ladder.count > 0)
        return true;
    message_error(EINVAL, "no method of --method can move bytes from 'standard input' (%s)",
                  kind_name(worker->pump.route.in_kind));
    return false;
}

bool fanout_start(struct fanout *fanout)
{
    prepare_outputs(fanout, &fanout->settings->transfer.methods);
    return !fanout->stopped && worker_start(&fanout->worker);
}

void fanout_free(struct fanout *fanout, struct transfer_totals *totals)
{
    worker_close(&fanout->worker, &fanout->settings->transfer, totals);
    free(fanout->polls);
    free(fanout->rescued.buffer);
}
