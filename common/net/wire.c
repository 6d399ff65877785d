/* SPDX-License-Identifier: MIT */
/* Two buffers, and frames in them. */
#include "net/wire.h"

#include <errno.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/descriptor.h"

bool wire_open(struct wire *wire, struct channel *channel, struct watch *watch)
{
    *wire = (struct wire){.channel = channel,
                          .watch = watch,
                          .input = malloc(WIRE_BUFFER),
                          .output = malloc(WIRE_BUFFER),
                          .room = WIRE_BUFFER};
    if (wire->input != NULL && wire->output != NULL)
        return true;
    wire_close(wire);
    return false;
}

void wire_close(struct wire *wire)
{
    free(wire->input);
    free(wire->output);
    wire->input = wire->output = NULL;
}

bool wire_fail(struct wire *wire, const char *problem, int error)
{
    wire->problem = problem;
    wire->error = error;
    return false;
}

bool wire_has_failed(const struct wire *wire)
{
    return wire->error != 0 || wire->problem != NULL;
}

static void count(const struct wire *wire, size_t n)
{
    atomic_fetch_add_explicit(&wire->watch->bytes, n, memory_order_relaxed);
}

bool wire_is_clear(const struct wire *wire)
{
    return wire->held == 0 && !wire->unflushed;
}

/* What is held goes out: all of it, or as much as can at once from a wire that keeps the rest. */
static bool write_held(struct wire *wire, bool more)
{
    enum channel_result result = CHANNEL_OK;
    size_t n;

    while (wire->sent < wire->held) {
        result = channel_write(wire->channel, wire->output + wire->sent, wire->held - wire->sent, more, &n);
        if (result == CHANNEL_ENDED || result == CHANNEL_FAILED)
            return wire_fail(wire, NULL, result == CHANNEL_ENDED ? EPIPE : errno);
        wire->sent += n;
        count(wire, n);
        if (result != CHANNEL_OK && wire->keeps)
            return true;
        if (result != CHANNEL_OK && !channel_wait(wire->channel, result))
            return wire_fail(wire, NULL, errno);
    }
    wire->sent = wire->held = 0;
    while (!more && (result = channel_flush(wire->channel)) != CHANNEL_OK && !wire->keeps)
        if (result == CHANNEL_FAILED || !channel_wait(wire->channel, result))
            return wire_fail(wire, NULL, errno);
    if (result == CHANNEL_FAILED)
        return wire_fail(wire, NULL, errno);
    wire->unflushed = result != CHANNEL_OK;
    return true;
}

/* Waits until the channel is ready for what a read wants; what is kept goes out meanwhile. */
static bool wait_to_read(struct wire *wire, enum channel_result result)
{
    if (wire_is_clear(wire) || !wire->keeps)
        return channel_wait(wire->channel, result) || wire_fail(wire, NULL, errno);
    if (descriptor_wait(wire->channel->fd, POLLIN | POLLOUT, -1, -1) < 0)
        return wire_fail(wire, NULL, errno);
    return write_held(wire, false);
}

/* Reads at most room bytes behind what is there. */
static enum wire_result fill(struct wire *wire, bool wait, size_t room)
{
    size_t n;

    for (;;) {
        enum channel_result result = channel_read(wire->channel, wire->input + wire->end, room, &n);
        switch (result) {
        case CHANNEL_OK:
            wire->end += n;
            count(wire, n);
            return WIRE_FRAME;
        case CHANNEL_ENDED:
            return WIRE_ENDED;
        case CHANNEL_FAILED:
            wire_fail(wire, NULL, errno);
            return WIRE_FAILED;
        default:
            if (!wait)
                return WIRE_NOTHING;
            if (!wait_to_read(wire, result))
                return WIRE_FAILED;
        }
    }
}

/* Has at least wanted bytes in the buffer. */
static enum wire_result gather(struct wire *wire, bool wait, size_t wanted)
{
    if (wire->end - wire->begin >= wanted)
        return WIRE_FRAME;
    if (wire->begin > 0) {
        memmove(wire->input, wire->input + wire->begin, wire->end - wire->begin);
        wire->end -= wire->begin;
        wire->begin = 0;
    }
    while (wire->end < wanted) {
        enum wire_result result = fill(wire, wait, WIRE_BUFFER - wire->end);
        if (result == WIRE_ENDED && wire->end > 0) {
            wire_fail(wire, "it ended in the middle of a frame", 0);
            return WIRE_FAILED;
        }
        if (result != WIRE_FRAME)
            return result;
    }
    return WIRE_FRAME;
}

enum wire_result wire_receive(struct wire *wire, bool wait, struct frame *frame, const uint8_t **payload)
{
    const uint8_t *unwanted;
    size_t length;

    while (wire->data_left > 0)
        if (!wire_take_data(wire, 0, &unwanted, &length))
            return WIRE_FAILED;
    enum wire_result result = gather(wire, wait, FRAME_HEADER);
    if (result != WIRE_FRAME)
        return result;
    const char *problem = frame_decode(wire->input + wire->begin, frame);
    if (problem != NULL) {
        wire_fail(wire, problem, 0);
        return WIRE_FAILED;
    }
    result = gather(wire, wait, FRAME_HEADER + frame->payload);
    if (result != WIRE_FRAME)
        return result;
    *payload = wire->input + wire->begin + FRAME_HEADER;
    wire->begin += FRAME_HEADER + frame->payload;
    wire->data_left = frame->data;
    return WIRE_FRAME;
}

/*
 * Has as many of the data as come without waiting, but at least one. TLS hands out its records one by one:
 * they are gathered.
 */
static bool refill(struct wire *wire, uint64_t at)
{
    size_t room = WIRE_BUFFER - (size_t)(at % WIRE_BUFFER);
    size_t wanted = (size_t)wire->data_left + FRAME_HEADER; /* and the head of the next frame */

    wire->begin = wire->end = 0;
    wanted = wanted < room ? wanted : room;
    enum wire_result result = fill(wire, true, wanted);
    while (result == WIRE_FRAME && wire->end < wanted && wire->channel->ssl != NULL)
        result = fill(wire, false, wanted - wire->end);
    if (wire->end > 0 && result != WIRE_FAILED)
        return true;
    return result != WIRE_ENDED ? false : wire_fail(wire, "it ended in the middle of a file", 0);
}

bool wire_take_data(struct wire *wire, uint64_t at, const uint8_t **data, size_t *length)
{
    if (wire->begin == wire->end && !refill(wire, at))
        return false;
    *length = wire->end - wire->begin;
    if (*length > wire->data_left)
        *length = wire->data_left;
    *data = wire->input + wire->begin;
    wire->begin += *length;
    wire->data_left -= (uint32_t)*length;
    return true;
}

/* What could not be sent once is lost to the peer: nothing may follow it, even if the error was for a moment.
 */
static bool write_all(struct wire *wire, const uint8_t *data, size_t length, bool more)
{
    if (wire_has_failed(wire))
        return false;
    while (length > 0) {
        size_t n;
        enum channel_result result = channel_write(wire->channel, data, length, more, &n);
        if (result == CHANNEL_ENDED)
            return wire_fail(wire, NULL, EPIPE);
        if (result == CHANNEL_FAILED || (result != CHANNEL_OK && !channel_wait(wire->channel, result)))
            return wire_fail(wire, NULL, errno);
        data += n;
        length -= n;
        count(wire, n);
    }
    return true;
}

bool wire_flush(struct wire *wire, bool more)
{
    if (!wire_has_failed(wire))
        return write_held(wire, more);
    wire->sent = wire->held = 0;
    return false;
}

/* Has room for so many bytes more in a wire that keeps what cannot go out. */
static bool grow(struct wire *wire, size_t length)
{
    if (wire->sent > 0) {
        wire->held -= wire->sent;
        memmove(wire->output, wire->output + wire->sent, wire->held);
        wire->sent = 0;
    }
    if (length <= wire->room - wire->held)
        return true;
    size_t needed = wire->held + length, room = 2 * needed;
    uint8_t *output = needed <= WIRE_KEPT ? realloc(wire->output, room) : NULL;
    if (output == NULL)
        return wire_fail(wire, "it does not listen to what is said to it", 0);
    wire->output = output;
    wire->room = room;
    return true;
}

bool wire_send_bytes(struct wire *wire, const void *data, size_t length)
{
    if (length > WIRE_BUFFER - (wire->held < WIRE_BUFFER ? wire->held : WIRE_BUFFER) &&
        !wire_flush(wire, true))
        return false;
    if (length > WIRE_BUFFER && !wire->keeps)
        return write_all(wire, data, length, true);
    if (!grow(wire, length))
        return false;
    if (length > 0)
        memcpy(wire->output + wire->held, data, length);
    wire->held += length;
    return true;
}

bool wire_send_head(struct wire *wire, enum frame_type type, const void *payload, size_t length,
                    uint32_t data)
{
    struct frame frame = {.type = type, .payload = (uint32_t)length, .data = data};
    uint8_t header[FRAME_HEADER];

    frame_encode(&frame, header);
    return wire_send_bytes(wire, header, sizeof header) && wire_send_bytes(wire, payload, length);
}

bool wire_send(struct wire *wire, enum frame_type type, const void *payload, size_t length)
{
    return wire_send_head(wire, type, payload, length, 0);
}
