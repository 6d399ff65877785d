/* SPDX-License-Identifier: MIT */
/* Two buffers, and frames in them. */
#include "net/wire.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

bool wire_open(struct wire *wire, struct channel *channel, struct watch *watch)
{
    *wire = (struct wire){
        .channel = channel, .watch = watch, .input = malloc(WIRE_BUFFER), .output = malloc(WIRE_BUFFER)};
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

static void count(const struct wire *wire, size_t n)
{
    atomic_fetch_add_explicit(&wire->watch->bytes, n, memory_order_relaxed);
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
            if (!channel_wait(wire->channel, result)) {
                wire_fail(wire, NULL, errno);
                return WIRE_FAILED;
            }
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

bool wire_take_data(struct wire *wire, uint64_t at, const uint8_t **data, size_t *length)
{
    if (wire->begin == wire->end) {
        size_t room = WIRE_BUFFER - (size_t)(at % WIRE_BUFFER);
        wire->begin = wire->end = 0;
        size_t wanted = (size_t)wire->data_left + FRAME_HEADER; /* and the head of the next frame */
        enum wire_result result = fill(wire, true, wanted < room ? wanted : room);
        if (result == WIRE_ENDED)
            return wire_fail(wire, "it ended in the middle of a file", 0);
        if (result != WIRE_FRAME)
            return false;
    }
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
    if (wire->error != 0 || wire->problem != NULL)
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
    size_t held = wire->held;

    wire->held = 0;
    if (!write_all(wire, wire->output, held, more))
        return false;
    for (;;) {
        enum channel_result result = more ? CHANNEL_OK : channel_flush(wire->channel);
        if (result == CHANNEL_OK)
            return true;
        if (result == CHANNEL_FAILED || !channel_wait(wire->channel, result))
            return wire_fail(wire, NULL, errno);
    }
}

bool wire_send_bytes(struct wire *wire, const void *data, size_t length)
{
    if (length > WIRE_BUFFER - wire->held && !wire_flush(wire, true))
        return false;
    if (length > WIRE_BUFFER)
        return write_all(wire, data, length, true);
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
