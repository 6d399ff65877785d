/* SPDX-License-Identifier: MIT */
/*
 * One pump takes from the input and stops taking until all outputs have been given what it took. That stands
 * ready in the pump's own pipe, the stage, where nobody else adds or takes anything.
 *
 * Each output has a level: how many bytes, from the head of the stage, it has been given already. An output
 * whose level is 0 is given more by tee(2), which copies references from the head of the stage into the
 * output's pipe and consumes nothing; what it accepts is its new level. An output whose level is not 0 has to
 * wait, for tee always begins at the head. One output, the consumer, is never given duplicates: it takes the
 * bytes themselves by splice, at most as many as the lowest level of the others, so that nothing leaves the
 * stage that anybody still needs. All levels then sink by as much.
 *
 * Why no byte is lost or repeated, however little each call moves: an output's bytes are always the head of
 * the stage onwards from its level, the level grows by exactly what it has accepted, and the head moves only
 * over bytes that every level covers. Why it goes on while anybody takes anything: the lowest level is 0 or
 * becomes 0 when the consumer takes; whoever has it can be given more. Nothing is assumed of the sizes of
 * pipes, which count slots and not bytes.
 *
 * Outputs that are no pipes have a private pipe that is given the duplicates, and are spliced to from there
 * at their own pace; those that cannot be spliced to are written to from there. As the consumer they are
 * spliced to directly. An output that fails is closed together with its private pipe, so nothing of it can
 * reach another one.
 *
 * Without tee (--method=read, no descriptors left, a kernel that refuses it) and for input that is read into
 * memory, the same levels say what each output has been written of what stands ready in memory; there it can
 * go on from any level. Input in memory is put into the stage first where several outputs take pages: one
 * copy instead of one each.
 */
#include "fanout.h"

#include <errno.h>

#include "fanout_private.h"

/* How many bytes from the head of what stands ready every output but one has been given. */
static size_t lowest_level(const struct fanout *fanout, const struct output *except)
{
    size_t lowest = fanout->held;

    for (size_t i = 0; i < fanout->count; i++) {
        const struct output *output = &fanout->outputs[i];
        if (output_is_live(output) && output != except && output->level < lowest)
            lowest = output->level;
    }
    return lowest;
}

/* The head has moved by n bytes. */
static void sink_levels(struct fanout *fanout, const struct output *except, size_t n, enum method method)
{
    for (size_t i = 0; i < fanout->count; i++) {
        struct output *output = &fanout->outputs[i];
        if (output != except)
            output->level -= n < output->level ? n : output->level;
    }
    fanout->held -= n;
    pump_count(&fanout->worker.pump, method, n);
}

/* One attempt to bring n bytes at from (memory; NULL: the head of the stage) to the output, or into its
 * private pipe. */
static ssize_t bring(struct fanout *fanout, struct output *output, bool is_private, const char *from,
                     size_t n, enum method method)
{
    struct route *route = &output->route;
    ssize_t moved;

    if (from != NULL && !is_private)
        return output_write(output, from, n, method);
    int to = is_private ? route->pipe[1] : route->out;
    moved = from != NULL ? sink_write(to, KIND_PIPE, from, n) : route_duplicate(fanout_stage(fanout), to, n);
    if (moved > 0 && is_private)
        route->in_pipe += (size_t)moved;
    else if (moved > 0)
        output_count(output, METHOD_TEE, (size_t)moved);
    return moved;
}

/* The attempt has failed with error. True: something has changed. */
static bool not_given(struct fanout *fanout, struct output *output, bool is_private, int error)
{
    if (error == EINTR)
        return true;
    if (error == EAGAIN) {
        output->blocked = output->blocked || !is_private; /* a full private pipe waits for catch_up */
        output_note_stuck(output);
        return false;
    }
    if (fanout->ready == NULL && method_refused(error)) {
        fanout_copy_instead(fanout, output, error);
        return true;
    }
    return fanout_trouble(fanout, output, false, error);
}

/* Gives the output what it has not been given yet of what stands ready. True: something has changed. */
static bool give(struct fanout *fanout, struct output *output, enum method method)
{
    bool in_memory = fanout->ready != NULL;
    bool is_private = output_is_private(output, !in_memory);

    if (!output_is_live(output) || output->level >= fanout->held || (!in_memory && output->level > 0) ||
        (output->blocked && !is_private))
        return false;
    if (is_private && !route_open_pipe(&output->route)) {
        if (in_memory)
            fanout_lose(fanout, output, errno);
        else
            fanout_copy_instead(fanout, output, errno);
        return true;
    }
    ssize_t n = bring(fanout, output, is_private, in_memory ? fanout->ready + output->level : NULL,
                      fanout->held - output->level, method);
    if (n > 0)
        output->level += (size_t)n;
    return n > 0 || not_given(fanout, output, is_private, n == 0 ? EIO : errno);
}

/* Which output is the better consumer: one that never waits and needs no private pipe then, ... a pipe at
 * last. */
static int merit(const struct output *output)
{
    if (output->is_buffered || output->route.sink_refused)
        return 1;
    switch (output->route.out_kind) {
    case KIND_FILE:
    case KIND_BLOCK:
    case KIND_NULL:
        return 4;
    case KIND_STREAM:
        return 3;
    default:
        return 2;
    }
}

static struct output *choose_consumer(const struct fanout *fanout)
{
    struct output *best = NULL;

    for (size_t i = 0; i < fanout->count; i++) {
        struct output *output = &fanout->outputs[i];
        if (output_is_live(output) && (best == NULL || merit(output) > merit(best)))
            best = output;
    }
    return best;
}

/* Moves at most n bytes from the stage to the consumer. */
static ssize_t consume_bytes(struct fanout *fanout, struct output *consumer, size_t n, bool is_private)
{
    struct route *route = &consumer->route;
    ssize_t moved = route_splice_to(fanout_stage(fanout), is_private ? route->pipe[1] : route->out, n);

    if (moved > 0 && is_private)
        route->in_pipe += (size_t)moved;
    else if (moved > 0)
        output_count(consumer, METHOD_SPLICE, (size_t)moved);
    return moved;
}

/* The consumer takes what all others have been given. True: something has changed. */
static bool consume(struct fanout *fanout, enum method method)
{
    struct output *consumer = fanout->consumer;
    size_t most = lowest_level(fanout, consumer);
    ssize_t n;

    if (consumer->level > 0) { /* it was given duplicates, before it was the consumer */
        most = lowest_level(fanout, NULL);
        n = most > 0 ? fanout_discard(fanout, most) : 0;
        if (n > 0)
            sink_levels(fanout, NULL, (size_t)n, method);
        return n > 0;
    }
    bool is_private = consumer->is_buffered || consumer->route.sink_refused || output_is_behind(consumer);
    if (most == 0 || (consumer->blocked && !is_private))
        return false;
    if (is_private && !route_open_pipe(&consumer->route)) {
        fanout_copy_instead(fanout, consumer, errno);
        return true;
    }
    n = consume_bytes(fanout, consumer, most, is_private);
    if (n > 0) {
        sink_levels(fanout, consumer, (size_t)n, method);
        return true;
    }
    int error = n == 0 ? EIO : errno;
    if (error == EAGAIN)
        output_note_stuck(consumer);
    if (error == EAGAIN && is_private)
        return false;
    return fanout_trouble(fanout, consumer, true, error);
}

/* What every output has been written is no longer needed in memory. */
static void forget(struct fanout *fanout, enum method method)
{
    size_t n = lowest_level(fanout, NULL);

    if (fanout->rescued.held > 0) {
        fanout->rescued.data += n;
        fanout->rescued.held -= n;
    } else if (n > 0) {
        route_forget(fanout_stage(fanout), n);
    }
    sink_levels(fanout, NULL, n, method);
}

/* One round over all outputs. True: something has changed. */
bool fanout_serve(struct fanout *fanout, enum method method)
{
    bool changed = false;

    if (fanout->consumer == NULL)
        fanout->consumer = choose_consumer(fanout);
    for (size_t i = 0; i < fanout->count; i++) {
        struct output *output = &fanout->outputs[i];
        changed |= fanout_catch_up(fanout, output);
        if (output != fanout->consumer || fanout->ready != NULL)
            changed |= give(fanout, output, method);
    }
    if (fanout->ready != NULL)
        forget(fanout, method);
    else if (fanout->consumer != NULL)
        changed |= consume(fanout, method);
    return changed;
}
