/* SPDX-License-Identifier: MIT */
/* The last things that are done to a partial file. */
#include "complete.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "attributes.h"
#include "base/bytes.h"
#include "base/descriptor.h"
#include "receiver.h"

/* Where nothing was received, nothing is: bytes that an earlier try has left there go. */
static bool punch(int fd, uint64_t from, uint64_t to)
{
    static const uint8_t zeros[4096];

    if (from >= to ||
        fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)from, (off_t)(to - from)) == 0)
        return true;
    if (errno != EOPNOTSUPP)
        return false;
    for (size_t n; from < to; from += n) {
        n = to - from < sizeof zeros ? (size_t)(to - from) : sizeof zeros;
        if (!bytes_write_at(fd, zeros, n, from))
            return false;
    }
    return true;
}

static bool punch_gaps(const struct incoming *incoming, uint64_t size)
{
    uint64_t end = 0;

    for (size_t i = 0; i < incoming->chunks.count; i++) {
        if (!punch(incoming->fd, end, incoming->chunks.list[i].offset))
            return false;
        end = incoming->chunks.list[i].offset + incoming->chunks.list[i].length;
    }
    return punch(incoming->fd, end, size);
}

bool complete_has_chunk(struct digest *digest, int fd, const struct session_chunk *chunk, uint8_t *buffer)
{
    uint8_t sum[DIGEST_BYTES];

    digest_restart(digest);
    for (uint64_t done = 0; done < chunk->length;) {
        uint64_t left = chunk->length - done;
        ssize_t n =
            bytes_read_at(fd, buffer, left < COMPLETE_PIECE ? left : COMPLETE_PIECE, chunk->offset + done);
        if (n < 0)
            return false;
        if (n == 0)
            break;
        digest_add(digest, buffer, (size_t)n);
        done += (uint64_t)n;
    }
    errno = 0;
    return digest_take(digest, sum) > 0 && memcmp(sum, chunk->digest, sizeof sum) == 0;
}

/* Reads the file back, from the device as far as the page cache can be told to forget it. False with errno,
 * as above. */
static bool read_back(void *of)
{
    struct receiver *receiver = of;
    const struct incoming *incoming = &receiver->incoming;
    uint8_t *buffer = malloc(COMPLETE_PIECE);
    bool good = buffer != NULL && fdatasync(incoming->fd) == 0;

    posix_fadvise(incoming->fd, 0, 0, POSIX_FADV_DONTNEED);
    for (size_t i = 0; good && i < incoming->chunks.count; i++)
        good = complete_has_chunk(receiver->digest, incoming->fd, &incoming->chunks.list[i], buffer);
    free(buffer);
    return good;
}

/* What the queue needs to know of it. */
static bool describe(struct receiver *receiver, const struct session_finish *finish, struct known_file *file)
{
    const struct session_entry *entry = &receiver->entry;
    struct stat status;

    if (fstat(receiver->incoming.fd, &status) != 0)
        return false;
    *file = (struct known_file){.state = KNOWN_DONE,
                                .slot = receiver->incoming.slot,
                                .stamp_length = entry->stamp_length,
                                .size = (uint64_t)status.st_size,
                                .published = {true, status.st_ino, (uint64_t)status.st_size,
                                              status.st_mtim.tv_sec, (uint32_t)status.st_mtim.tv_nsec}};
    memcpy(file->stamp, entry->stamp, entry->stamp_length);
    memcpy(file->digest, finish->digest, sizeof file->digest);
    return true;
}

/* ext4 looks at the blocks of the file even where it has the size already: 8 % of the time of small files. */
static bool set_size(int fd, off_t size)
{
    struct stat status;

    return fstat(fd, &status) == 0 && (status.st_size == size || ftruncate(fd, size) == 0);
}

static bool finish_file(struct receiver *receiver, const struct session_finish *finish)
{
    const struct session_entry *entry = &receiver->entry;
    struct incoming *incoming = &receiver->incoming;
    const struct pending attributes = {.mode = entry->mode,
                                       .uid = entry->uid,
                                       .gid = entry->gid,
                                       .seconds = entry->seconds,
                                       .nanoseconds = entry->nanoseconds,
                                       .xattrs = receiver->xattrs,
                                       .xattrs_length = entry->xattrs_length};

    if (incoming->was_used && !punch_gaps(incoming, finish->size))
        return false;
    return set_size(incoming->fd, (off_t)finish->size) &&
           attributes_set(receiver, incoming->fd, &attributes) &&
           (receiver->settings->sync || descriptor_flush(incoming->fd));
}

static bool refuse_readback(struct receiver *receiver, int error)
{
    const char *path = receiver->entry.path;

    if (error != 0)
        return receiver_refuse(receiver, receiver->incoming.number, SESSION_REFUSED, error,
                               "cannot read '%s' back", path);
    return receiver_refuse(receiver, receiver->incoming.number, SESSION_DIGEST, 0,
                           "'%s' reads back as something else than was written", path);
}

bool complete_file(struct receiver *receiver, const struct session_finish *finish)
{
    struct incoming *incoming = &receiver->incoming;
    struct known_file file;
    const char *path = receiver->entry.path;

    if (!finish_file(receiver, finish) || !describe(receiver, finish, &file)) {
        int error = errno;
        incoming_discard(receiver);
        return receiver_refuse(receiver, incoming->number, SESSION_REFUSED, error, "cannot complete '%s'",
                               path);
    }
    if (receiver->settings->verify && !receiver_wait_for(receiver, read_back, receiver)) {
        int error = errno;
        incoming_discard(receiver);
        return refuse_readback(receiver, error);
    }
    return queue_add(receiver, incoming->replaces, &file);
}
