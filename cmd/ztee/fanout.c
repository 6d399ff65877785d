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
        if (output != except && output_is_live(output) && output->level < lowest)
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

/* The private pipe of an output that takes nothing is full, of bytes or of small pieces: makes room in it if
 * the output has a buffer. True: something has changed. */
static bool put_aside(struct fanout *fanout, struct output *output)
{
    if (!output->blocked || !output->is_buffered || output->route.in_pipe == 0)
        return false;
    ssize_t n = spill_store(&output->spill, &output->route, fanout->copies);
    if (n < 0 && errno != EINTR)
        fanout_lose_buffer(fanout, output, errno);
    return n != 0;
}

/* An attempt to bring bytes to the output has failed with error. True: something has changed. */
static bool not_given(struct fanout *fanout, struct output *output, bool is_private, int error)
{
    bool in_memory = fanout->ready != NULL;

    if (error == EFAULT && in_memory)
        return fanout->cut_short = true;
    if (error == EAGAIN && is_private && put_aside(fanout, output))
        return true;
    if (error == EAGAIN)
        output_note_stuck(output);
    if (error == EAGAIN && is_private) /* catch_up will make room in its pipe; an empty one has room */
        return !output_is_behind(output);
    if (!in_memory && method_refused(error) && (is_private || output != fanout->consumer)) {
        fanout_copy_instead(fanout, output, error);
        return true;
    }
    return fanout_trouble(fanout, output, !in_memory, error);
}

/* Opens the private pipe of the output. False: that failed, and something has changed. */
static bool open_private(struct fanout *fanout, struct output *output)
{
    if (route_open_pipe(&output->route))
        return true;
    if (fanout->ready != NULL && !output_is_behind(output))
        output->is_buffered = false; /* better served without a buffer than not at all */
    else if (fanout->ready != NULL)
        fanout_lose(fanout, output, errno);
    else
        fanout_copy_instead(fanout, output, errno);
    return false;
}

/* How many of n bytes the output has room for. */
static size_t within_room(struct output *output, size_t n)
{
    size_t room = output_room(output);

    if (room == 0)
        output_note_stuck(output);
    return n < room ? n : room;
}

/* Gives the output what it has not been given yet of what stands ready. True: something has changed. */
static bool give(struct fanout *fanout, struct output *output, enum method method)
{
    bool in_memory = fanout->ready != NULL, is_private = output_is_private(output, !in_memory);

    if (!output_is_live(output) || output->level >= fanout->held || (!in_memory && output->level > 0) ||
        (output->blocked && !is_private))
        return false;
    size_t most = within_room(output, fanout->held - output->level);
    if (most == 0)
        return false;
    if (is_private && !open_private(fanout, output))
        return true;
    ssize_t n =
        bring(fanout, output, is_private, in_memory ? fanout->ready + output->level : NULL, most, method);
    if (n <= 0)
        return not_given(fanout, output, is_private, n == 0 ? EIO : errno);
    output->level += (size_t)n;
    return true;
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

/* The consumer has been given duplicates, before it was that: throws away what nobody needs. True: something
 * has changed. */
static bool drop_duplicates(struct fanout *fanout, enum method method)
{
    size_t most = lowest_level(fanout, NULL);
    ssize_t n = most > 0 ? fanout_discard(fanout, most) : 0;

    if (n > 0)
        sink_levels(fanout, NULL, (size_t)n, method);
    if (n < 0 && errno != EINTR)
        fanout_lose(fanout, fanout->consumer, errno);
    return n != 0;
}

/* The consumer takes what all others have been given. True: something has changed. */
static bool consume(struct fanout *fanout, enum method method)
{
    struct output *consumer = fanout->consumer;

    if (consumer->level > 0)
        return drop_duplicates(fanout, method);
    bool is_private = consumer->is_buffered || consumer->route.sink_refused || output_is_behind(consumer);
    size_t most = within_room(consumer, lowest_level(fanout, consumer));
    if (most == 0 || (consumer->blocked && !is_private))
        return false;
    if (is_private && !open_private(fanout, consumer))
        return true;
    ssize_t n = consume_bytes(fanout, consumer, most, is_private);
    if (n <= 0)
        return not_given(fanout, consumer, is_private, n == 0 ? EIO : errno);
    sink_levels(fanout, consumer, (size_t)n, method);
    return true;
}

/* What every output has been written is no longer needed in memory. True: something has changed. */
static bool forget(struct fanout *fanout, enum method method)
{
    size_t n = lowest_level(fanout, NULL);

    if (fanout->rescued.held > 0) {
        fanout->rescued.data += n;
        fanout->rescued.held -= n;
    } else if (n > 0) {
        route_forget(fanout_stage(fanout), n);
    }
    sink_levels(fanout, NULL, n, method);
    return n > 0;
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
        changed |= forget(fanout, method);
    else if (fanout->consumer != NULL)
        changed |= consume(fanout, method);
    return changed;
}
