/* SPDX-License-Identifier: MIT */
/* Frames over a channel: gathered when they are small, waited for when they are wanted. */
#ifndef ZCOPY_NET_WIRE_H
#define ZCOPY_NET_WIRE_H

#include "net/channel.h"
#include "net/frame.h"
#include "net/watch.h"

/* Bytes: of each direction's buffer, and of what is kept at most. */
enum { WIRE_BUFFER = 256 * 1024, WIRE_KEPT = 16 * 1024 * 1024 };

/* One end of a session, used by one thread. A failure is final. */
struct wire {
    struct channel *channel;
    uint8_t *input, *output; /* of WIRE_BUFFER bytes, and of room */
    size_t begin, end;       /* of what has been read and not been used */
    size_t held, sent, room; /* bytes to be written, those of them that are, and what there is room for */
    bool unflushed;          /* the channel has not sent all that was written to it */
    bool keeps;         /* set by the owner: nothing waits to write. What cannot go out is kept, and goes when
                           there is room and a frame is waited for; WIRE_KEPT bytes are too many. So two sides
                           of which one keeps never wait for each other's reading. */
    uint32_t data_left; /* bytes of the current frame's data that have not been used */
    struct watch *watch; /* counts what moves, and knows of a timeout */
    const char *problem; /* why it has failed, for people; NULL: error says it */
    int error;           /* errno */
};

/* False: no memory. Channel and watch stay the caller's. */
bool wire_open(struct wire *wire, struct channel *channel, struct watch *watch);
void wire_close(struct wire *wire);

enum wire_result {
    WIRE_FRAME,
    WIRE_NOTHING, /* no whole frame has come yet */
    WIRE_ENDED,   /* the peer has ended the connection, in order, between two frames */
    WIRE_FAILED   /* see problem and error */
};

/*
 * The next frame and its payload, which stays until the next call; wait: until there is one. The data of the
 * frame before are passed over if they have not been taken.
 */
enum wire_result wire_receive(struct wire *wire, bool wait, struct frame *frame, const uint8_t **payload);

/* Some of the current frame's data, which are in place until the next call: waits for them. at: where the
 * next byte goes, so that pieces end at multiples of the buffer's size there. False: failed. */
bool wire_take_data(struct wire *wire, uint64_t at, const uint8_t **data, size_t *length);

/* Adds a frame without data; it goes out when there are enough, or with wire_flush. False: failed. */
bool wire_send(struct wire *wire, enum frame_type type, const void *payload, size_t length);

/* The same of one whose data follow: by wire_send_bytes, or behind wire_flush by other means. */
bool wire_send_head(struct wire *wire, enum frame_type type, const void *payload, size_t length,
                    uint32_t data);
bool wire_send_bytes(struct wire *wire, const void *data, size_t length);

/* Nothing is held, or kept. */
bool wire_is_clear(const struct wire *wire);

/* Writes what is held; more: other bytes follow at once. Waits until all is written, unless the wire keeps
 * it. False: failed. */
bool wire_flush(struct wire *wire, bool more);

bool wire_has_failed(const struct wire *wire);

/* Notes a failure; returns false. */
bool wire_fail(struct wire *wire, const char *problem, int error);

#endif
