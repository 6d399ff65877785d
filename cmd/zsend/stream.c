/* SPDX-License-Identifier: MIT */
/*
 * Pieces of standard input, as they come. From a pipe to a connection that takes pages, they are spliced into
 * a private pipe, duplicated from there for the digest by tee(2), and spliced on; else they are read and
 * written.
 */
#include "stream.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "answers.h"
#include "base/clock.h"
#include "base/descriptor.h"
#include "base/message.h"
#include "data.h"
#include "entry.h"

enum { PIECE = 256 * 1024, PING_EVERY = 1000 /* milliseconds */ };

struct stream {
    struct sender *sender;
    uint64_t number, offset, chunks;
    struct session_chunk chunk; /* the one that is being sent */
    uint8_t *buffer;            /* of PIECE bytes */
    bool splices;
    struct route route; /* from standard input to the connection, with splices */
    int side[2];        /* a pipe for the duplicates */
    struct limit limit;
};

/* Standard input has failed: so does all of it. */
static bool fail_input(struct stream *stream, int error)
{
    message_error(error, "error reading 'standard input'");
    sender_note(stream->sender, SESSION_LOCAL);
    return sender_abort(stream->sender, SESSION_LOCAL, "error reading its standard input");
}

/* Ends the chunk, if there is one. */
static bool end_chunk(struct stream *stream)
{
    struct sender *sender = stream->sender;
    struct session_chunk *chunk = &stream->chunk;

    if (chunk->length == 0)
        return true;
    digest_take(sender->digest, chunk->digest);
    session_list_chunk(sender->list, chunk);
    stream->chunks++;
    bool good = data_send_digest(sender, chunk->digest);
    *chunk = (struct session_chunk){.offset = stream->offset};
    return good;
}

/* Bytes that the chunk still has room for: all chunks but the last one end at a multiple of their length. */
static size_t room(const struct stream *stream)
{
    uint64_t length = data_chunk_length(stream->sender, stream->chunk.offset);
    uint64_t left = length - stream->offset % length;

    return left < PIECE ? (size_t)left : PIECE;
}

/* Waits for standard input, with an ear for the receiver. 1: it is ready; 0: look again; -1: the session is
 * over. */
static int wait_for_input(struct stream *stream)
{
    struct sender *sender = stream->sender;
    struct pollfd fds[] = {{.fd = STDIN_FILENO, .events = POLLIN},
                           {.fd = sender->wire.channel->fd, .events = POLLIN}};

    if (poll(fds, 1, 0) > 0)
        return 1;
    /* It is silent: what has come goes to the receiver's output now, not when the chunk is full. */
    if (sender->granted & SESSION_STREAM && !end_chunk(stream))
        return -1;
    if (!wire_flush(&sender->wire, false))
        return -1;
    int ready = poll(fds, 2, PING_EVERY);
    if (ready == 0 && !(wire_send(&sender->wire, FRAME_PING, NULL, 0) && wire_flush(&sender->wire, false)))
        return -1;
    if (fds[1].revents != 0 && !answers_take(sender, false))
        return -1;
    return fds[0].revents != 0;
}

static void count(struct stream *stream, enum method method, size_t n)
{
    struct sender *sender = stream->sender;

    atomic_fetch_add(&sender->wire.watch->payload, n);
    sender->totals->bytes += n;
    sender->totals->by_method[method] += n;
    stream->offset += n;
    stream->chunk.length += n;
}

static bool send_head(struct stream *stream, size_t n)
{
    if (stream->chunk.length == 0)
        digest_restart(stream->sender->digest);
    return data_send_head(stream->sender, stream->number, stream->offset, (uint32_t)n);
}

/* One piece by read and write. Returns what read(2) says; -2: the session is over. */
static ssize_t send_read(struct stream *stream, size_t most)
{
    ssize_t n = read(STDIN_FILENO, stream->buffer, most);

    if (n <= 0)
        return n;
    if (!send_head(stream, (size_t)n) || !wire_send_bytes(&stream->sender->wire, stream->buffer, (size_t)n))
        return -2;
    digest_add(stream->sender->digest, stream->buffer, (size_t)n);
    count(stream, METHOD_READ, (size_t)n);
    return n;
}

/* Reads n duplicates, which are all in the side pipe, for the digest. */
static bool hash_side(struct stream *stream, size_t n)
{
    while (n > 0) {
        ssize_t got = read(stream->side[0], stream->buffer, n < PIECE ? n : PIECE);
        if (got <= 0)
            return false;
        digest_add(stream->sender->digest, stream->buffer, (size_t)got);
        n -= (size_t)got;
    }
    return true;
}

static bool splice_on(struct stream *stream, size_t n)
{
    struct wire *wire = &stream->sender->wire;

    while (n > 0) {
        ssize_t moved = route_splice_to(&stream->route, wire->channel->fd, n);
        if (moved < 0 && errno == EAGAIN)
            channel_wait(wire->channel, CHANNEL_WANTS_WRITE);
        else if (moved <= 0 && errno != EINTR)
            return wire_fail(wire, NULL, moved < 0 ? errno : EIO);
        n -= moved > 0 ? (size_t)moved : 0;
    }
    return true;
}

/* One piece by splice and tee; what the side pipe has no room for stays for the next one. */
static ssize_t send_spliced(struct stream *stream, size_t most)
{
    struct route *route = &stream->route;
    ssize_t n = 1;

    if (route->in_pipe == 0)
        n = method_table[METHOD_SPLICE].take(route, most);
    if (n <= 0)
        return n;
    n = route_duplicate(route, stream->side[1], route->in_pipe);
    if (n < 0)
        return n;
    if (!send_head(stream, (size_t)n) || !hash_side(stream, (size_t)n) ||
        !wire_flush(&stream->sender->wire, true) || !splice_on(stream, (size_t)n))
        return -2;
    count(stream, METHOD_SPLICE, (size_t)n);
    return n;
}

/* splice or tee is refused: what is in the private pipe has not been sent, and comes first. */
static bool stop_splicing(struct stream *stream)
{
    struct route *route = &stream->route;

    stream->splices = false;
    while (route->in_pipe > 0) {
        ssize_t n = route_read_pipe(route, stream->buffer, PIECE);
        if (n <= 0 || !send_head(stream, (size_t)n) ||
            !wire_send_bytes(&stream->sender->wire, stream->buffer, (size_t)n))
            return false;
        digest_add(stream->sender->digest, stream->buffer, (size_t)n);
        count(stream, METHOD_READ, (size_t)n);
    }
    return true;
}

static size_t allowed(struct stream *stream, size_t want)
{
    uint64_t now = clock_now();
    size_t granted = limit_grant(&stream->limit, want, now);

    while (granted == 0) {
        uint64_t nanoseconds = limit_wait(&stream->limit);
        const struct timespec pause = {.tv_sec = (time_t)(nanoseconds / NANOSECONDS),
                                       .tv_nsec = (long)(nanoseconds % NANOSECONDS)};
        nanosleep(&pause, NULL);
        now = clock_now();
        granted = limit_grant(&stream->limit, want, now);
    }
    return granted;
}

/* Sends until the end of standard input. False: failed. */
static bool send_all(struct stream *stream)
{
    for (;;) {
        int ready = stream->splices && stream->route.in_pipe > 0 ? 1 : wait_for_input(stream);
        if (ready < 0)
            return false;
        if (ready == 0)
            continue;
        size_t most = allowed(stream, room(stream));
        ssize_t n = stream->splices ? send_spliced(stream, most) : send_read(stream, most);
        if (n == -2)
            return false;
        if (n == 0)
            return true;
        if (n > 0)
            limit_spend(&stream->limit, (size_t)n);
        if (n < 0 && errno != EAGAIN && errno != EINTR) {
            if (!stream->splices || !method_refused(errno))
                return fail_input(stream, errno);
            if (!stop_splicing(stream))
                return false;
        }
        if (stream->offset % data_chunk_length(stream->sender, stream->chunk.offset) == 0 &&
            !end_chunk(stream))
            return false;
        if (!answers_take(stream->sender, false))
            return false;
    }
}

static bool finish(struct stream *stream)
{
    struct sender *sender = stream->sender;
    struct session_finish finish = {
        .number = stream->number, .size = stream->offset, .chunks = stream->chunks, .ask = true};
    uint8_t payload[128];
    struct packer packer = packer_make(payload, sizeof payload);

    digest_take(sender->list, finish.digest);
    session_pack_finish(&packer, &finish);
    if (!wire_send(&sender->wire, FRAME_FINISH, payload, packer.length))
        return false;
    while (sender->answer == CURRENT_NONE)
        if (!answers_take(sender, true))
            return false;
    if (sender->answer != CURRENT_BAD)
        return true;
    sender_note(sender, SESSION_DIGEST);
    return sender_abort(sender, SESSION_DIGEST, "standard input does not arrive as it is sent");
}

static void open_splicing(struct stream *stream)
{
    const struct sender *sender = stream->sender;
    const struct ladder *methods = &sender->settings->transfer.methods;
    bool wanted = methods->count == 0 || ladder_has(methods, METHOD_SPLICE);

    stream->side[0] = stream->side[1] = -1;
    stream->route = route_make(STDIN_FILENO, sender->wire.channel->fd, sender->settings->transfer.pipe_size);
    stream->splices = wanted && !data_encrypts(sender) && stream->route.in_kind == KIND_PIPE &&
                      stream->route.out_kind == KIND_STREAM && descriptor_pipe(stream->side);
    if (stream->splices)
        pipe_grow(stream->side[1], sender->settings->transfer.pipe_size);
}

bool stream_send(struct sender *sender, const char *name)
{
    struct stream stream = {.sender = sender, .limit.rate = sender->settings->transfer.rate};
    struct stat status = {.st_mode = 0666};

    clock_gettime(CLOCK_REALTIME, &status.st_mtim);
    status.st_size = -1; /* UINT64_MAX: unknown */
    stream.number = entry_send(sender, SESSION_FILE, &status, -1, name, "standard input", NULL, 0, NULL);
    if (stream.number == 0)
        return false;
    sender->answer = CURRENT_NONE;
    sender->current = stream.number;
    if (!answers_wanted(sender, UINT64_MAX))
        return false;
    if (sender->answer == CURRENT_SETTLED) /* it is not wanted, or nothing is to be sent */
        return true;
    stream.buffer = malloc(PIECE);
    open_splicing(&stream);
    digest_restart(sender->list);
    bool good = stream.buffer != NULL && send_all(&stream) && end_chunk(&stream) && finish(&stream);
    sender->current = 0;
    descriptor_close(&stream.side[0]);
    descriptor_close(&stream.side[1]);
    route_free(&stream.route);
    free(stream.buffer);
    return good;
}
