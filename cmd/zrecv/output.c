/* SPDX-License-Identifier: MIT */
/* Chunks to standard output. */
#include "output.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/uio.h>
#include <unistd.h>

#include "move/kind.h"
#include "receiver.h"

bool output_begin(struct receiver *receiver)
{
    struct incoming *incoming = &receiver->incoming;

    if (receiver->entries > 1)
        return receiver_abort(receiver, "more than one file for standard output");
    if (incoming->buffer == NULL)
        incoming->buffer = malloc(SESSION_STREAM_CHUNK);
    digest_restart(receiver->list);
    return incoming->buffer != NULL || receiver_abort(receiver, "there is no memory for it");
}

bool output_takes(const struct receiver *receiver, uint64_t offset, uint32_t length)
{
    const struct incoming *incoming = &receiver->incoming;
    uint64_t held = incoming->has_chunk ? incoming->chunk.length : 0;

    return offset == incoming->written + held && length <= SESSION_STREAM_CHUNK - held;
}

/* Writes some of it to a pipe, socket or terminal without waiting: with RWF_NOWAIT (for pipes since
 * Linux 6.4), or as little as one that polls as writable has room for. As write(2). */
static ssize_t write_now(uint8_t *data, size_t length)
{
    const struct iovec vector = {data, length};
    struct pollfd ready = {.fd = STDOUT_FILENO, .events = POLLOUT};
    ssize_t n = pwritev2(STDOUT_FILENO, &vector, 1, -1, RWF_NOWAIT);

    if (n >= 0 || errno != EOPNOTSUPP)
        return n;
    if (poll(&ready, 1, 0) == 1)
        return write(STDOUT_FILENO, data, length < PIPE_BUF ? length : PIPE_BUF);
    errno = EAGAIN;
    return -1;
}

/* Until standard output takes more. False: that failed, with errno, or the session is over meanwhile
 * (watch.h). */
static bool wait_for_room(struct receiver *receiver)
{
    struct pollfd ready[] = {{.fd = STDOUT_FILENO, .events = POLLOUT},
                             {.fd = receiver->wire.channel->fd, .events = 0}};

    while (poll(ready, 2, -1) < 0)
        if (errno != EINTR)
            return false;
    if (!(ready[1].revents & (POLLHUP | POLLERR)))
        return true;
    return wire_fail(&receiver->wire, NULL,
                     ECONNRESET); /* the sender is gone, or has been silent for too long */
}

static bool write_all(struct receiver *receiver, uint8_t *data, size_t length)
{
    enum kind kind = kind_of(STDOUT_FILENO);
    bool may_wait = kind != KIND_FILE && kind != KIND_BLOCK;

    while (length > 0) {
        ssize_t n = may_wait ? write_now(data, length) : write(STDOUT_FILENO, data, length);
        if (n < 0 && errno == EAGAIN && !wait_for_room(receiver))
            return false;
        if (n < 0 && errno != EAGAIN && errno != EINTR)
            return false;
        if (n > 0) {
            data += n;
            length -= (size_t)n;
        }
    }
    return true;
}

bool output_write(struct receiver *receiver, const struct session_chunk *chunk)
{
    struct incoming *incoming = &receiver->incoming;

    if (!write_all(receiver, incoming->buffer, (size_t)chunk->length)) {
        if (receiver->wire.error != 0) /* it is not standard output that has failed */
            return false;
        receiver_refuse(receiver, incoming->number, SESSION_REFUSED, errno,
                        "error writing 'standard output'");
        return receiver_abort(receiver, "it could not be written to standard output");
    }
    incoming->written += chunk->length;
    session_list_chunk(receiver->list, chunk);
    return true;
}
