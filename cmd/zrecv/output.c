/* SPDX-License-Identifier: MIT */
/* Chunks to standard output. */
#include "output.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/descriptor.h"
#include "receiver.h"

bool output_begin(struct receiver *receiver)
{
    struct incoming *incoming = &receiver->incoming;
    uint8_t unused[DIGEST_BYTES];

    if (receiver->entries > 1)
        return receiver_abort(receiver, "more than one file for standard output");
    if (incoming->buffer == NULL)
        incoming->buffer = malloc(OUTPUT_CHUNK);
    digest_take(receiver->list, unused); /* anew */
    return incoming->buffer != NULL || receiver_abort(receiver, "there is no memory for it");
}

bool output_takes(const struct receiver *receiver, uint64_t offset, uint32_t length)
{
    const struct incoming *incoming = &receiver->incoming;
    uint64_t held = incoming->has_chunk ? incoming->chunk.length : 0;

    return offset == incoming->written + held && length <= OUTPUT_CHUNK - held;
}

/* Standard output may be O_NONBLOCK. */
static bool write_all(const uint8_t *data, uint64_t length)
{
    while (length > 0) {
        ssize_t n = write(STDOUT_FILENO, data, length);
        if (n < 0 && errno == EAGAIN)
            descriptor_wait(STDOUT_FILENO, POLLOUT, -1, -1);
        else if (n < 0 && errno != EINTR)
            return false;
        if (n > 0) {
            data += n;
            length -= (uint64_t)n;
        }
    }
    return true;
}

bool output_write(struct receiver *receiver, const struct session_chunk *chunk)
{
    struct incoming *incoming = &receiver->incoming;

    if (!write_all(incoming->buffer, chunk->length)) {
        receiver_refuse(receiver, incoming->number, SESSION_REFUSED, errno,
                        "error writing 'standard output'");
        return receiver_abort(receiver, "it could not be written to standard output");
    }
    incoming->written += chunk->length;
    session_list_chunk(receiver->list, chunk);
    return true;
}
