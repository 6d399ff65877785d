/* SPDX-License-Identifier: MIT */
/*
 * Hashing and sending. A plain connection, and one that the kernel encrypts, take the bytes from the page
 * cache by sendfile(2), after they have been hashed. TLS in this process reads and encrypts them: there the
 * bytes that are hashed are those that are encrypted, out of a mapping or a buffer.
 */
#include "data.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/descriptor.h"
#include "base/message.h"
#include "guard.h"

enum { PIECE = 256 * 1024 }; /* bytes: read at once to be hashed */

/* Milliseconds between two tries to open a file that is leased, and how many there are: the kernel ends a
 * lease after fs.lease-break-time, 45 seconds. */
enum { LEASE_WAIT = 50, LEASE_WAITS = 1200 };

static const uint64_t touch_after = NANOSECONDS / 4;

bool data_encrypts(const struct sender *sender)
{
    return sender->wire.channel->ssl != NULL && !sender->wire.channel->kernel_encrypts;
}

/* For the pump: what it has taken is hashed and goes through TLS. */
static bool deliver(struct pump *pump, enum method method, void *of)
{
    struct sender *sender = of;
    struct route *route = &pump->route;
    size_t n = route->in_memory;
    bool mapped = method == METHOD_MMAP;

    if (mapped)
        guard_set(route->map, route->map_length);
    digest_add(sender->digest, route->data, n);
    bool good =
        wire_send_bytes(&sender->wire, route->data, n) && (n < DATA_SMALL || wire_flush(&sender->wire, true));
    bool lost = mapped && guard_release();
    route_forget(route, n); /* looked at once more when all has been sent */
    pump_count(pump, method, n);
    if (good && lost)
        return pump_fail(pump, PUMP_IN, EIO);
    return good || pump_fail(pump, PUMP_OUT, EPIPE);
}

static int wait(void *of, int fd, short events, int stop, int timeout)
{
    (void)of;
    return descriptor_wait(fd, events, stop, timeout);
}

static void finish(struct pump *pump, void *of)
{
    (void)pump;
    (void)of;
}

uint64_t data_chunk_length(const struct sender *sender, uint64_t of)
{
    return sender->granted & SESSION_STREAM ? SESSION_STREAM_CHUNK : session_chunk_length(of);
}

bool data_open(struct sender *sender)
{
    const struct transfer_options *options = &sender->settings->transfer;
    int fd = sender->wire.channel->fd;
    enum kind sink = data_encrypts(sender) ? KIND_OTHER : kind_of(fd);
    static const struct ladder encrypting = {2, {METHOD_MMAP, METHOD_READ}};

    if (!pump_init(&sender->pump, -1, fd, options->pipe_size)) {
        message_error(errno, "cannot start to send");
        return false;
    }
    sender->pump.tally = &sender->wire.watch->payload;
    sender->pump.limit.rate = options->rate;
    sender->pump.keep_pipes = options->keep_pipes;
    sender->ladder = data_encrypts(sender) ? encrypting : ladder_for(KIND_FILE, sink);
    if (options->methods.count > 0)
        sender->ladder = ladder_restrict(&options->methods, KIND_FILE, sink);
    if (sender->ladder.count > 0)
        return true;
    message_error(EINVAL, "no method of --method can send a file %s",
                  data_encrypts(sender) ? "that is encrypted here" : "over this connection");
    return false;
}

void data_close(struct sender *sender)
{
    pump_free(&sender->pump);
}

bool data_send_head(struct sender *sender, uint64_t number, uint64_t offset, uint32_t length)
{
    uint8_t payload[16];
    struct packer packer = packer_make(payload, sizeof payload);

    sender->spoken = clock_now();
    session_pack_data(&packer, &(struct session_data){number, offset});
    return wire_send_head(&sender->wire, FRAME_CHUNK, payload, packer.length, length);
}

bool data_send_digest(struct sender *sender, const uint8_t digest[DIGEST_BYTES])
{
    return wire_send(&sender->wire, FRAME_DIGEST, digest, DIGEST_BYTES);
}

/* All of it, or *error, which is 0 if the file has become shorter. */
static enum data_result read_at(int fd, uint8_t *buffer, size_t length, uint64_t offset, int *error)
{
    ssize_t n = bytes_read_at(fd, buffer, length, offset);

    *error = n < 0 ? errno : 0;
    return n == (ssize_t)length ? DATA_SENT : DATA_CHANGED;
}

/* What is only read moves no bytes, which --timeout on either side takes for the end. */
static bool keep_in_touch(struct sender *sender)
{
    uint64_t now = clock_now();

    if (now - sender->spoken < touch_after)
        return true;
    sender->spoken = now;
    return wire_send(&sender->wire, FRAME_PING, NULL, 0) && wire_flush(&sender->wire, false);
}

int data_open_file(struct sender *sender, int dir, const char *name, bool follow)
{
    int flags = O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY | (follow ? 0 : O_NOFOLLOW);
    int fd = openat(dir, name, flags);

    for (int n = 0; fd < 0 && errno == EAGAIN && n < LEASE_WAITS && keep_in_touch(sender); n++) {
        poll(NULL, 0, LEASE_WAIT);
        fd = openat(dir, name, flags);
    }
    return fd;
}

enum data_result data_look(struct sender *sender, int fd, uint64_t offset, uint64_t length,
                           uint8_t digest[DIGEST_BYTES], int *error)
{
    uint8_t *buffer = malloc(PIECE);
    enum data_result result = buffer == NULL ? DATA_CHANGED : DATA_SENT;

    *error = errno;
    digest_restart(sender->digest);
    for (uint64_t done = 0; result == DATA_SENT && done < length;) {
        size_t n = length - done < PIECE ? (size_t)(length - done) : PIECE;
        result = read_at(fd, buffer, n, offset + done, error);
        if (result == DATA_SENT)
            digest_add(sender->digest, buffer, n);
        done += n;
        if (result == DATA_SENT && !keep_in_touch(sender))
            result = DATA_FAILED;
    }
    free(buffer);
    digest_take(sender->digest, digest);
    return result;
}

bool data_send_bytes(struct sender *sender, uint64_t number, uint64_t offset, const uint8_t *bytes,
                     size_t length, uint8_t digest[DIGEST_BYTES])
{
    digest_restart(sender->digest);
    digest_add(sender->digest, bytes, length);
    digest_take(sender->digest, digest);
    if (!data_send_head(sender, number, offset, (uint32_t)length) ||
        !wire_send_bytes(&sender->wire, bytes, length) || !data_send_digest(sender, digest))
        return false;
    atomic_fetch_add(&sender->wire.watch->payload, length);
    sender->totals->bytes += length;
    sender->totals->by_method[METHOD_READ] += length;
    return true;
}

/* A few bytes go into the buffer of the frames. */
static enum data_result send_small(struct sender *sender, int fd, uint64_t number, uint64_t offset,
                                   size_t length, uint8_t digest[DIGEST_BYTES], int *error)
{
    uint8_t buffer[DATA_SMALL];
    enum data_result result = read_at(fd, buffer, length, offset, error);

    if (result != DATA_SENT)
        return result;
    return data_send_bytes(sender, number, offset, buffer, length, digest) ? DATA_SENT : DATA_FAILED;
}

/* The file has fewer bytes than have been announced: others take their place, for the frame's length is
 * fixed. */
static bool fill_up(struct sender *sender, uint64_t length)
{
    static const uint8_t zeros[4096];

    for (; length > 0; length -= length < sizeof zeros ? length : sizeof zeros)
        if (!wire_send_bytes(&sender->wire, zeros, length < sizeof zeros ? (size_t)length : sizeof zeros))
            return false;
    return true;
}

static bool pump_failed(struct sender *sender)
{
    if (!wire_has_failed(&sender->wire))
        wire_fail(&sender->wire, NULL, sender->pump.error);
    return false;
}

/* Why the source gave less: errno, or 0 if it has become shorter, which is a change like others. */
static int source_error(const struct pump *pump, int fd, uint64_t end)
{
    struct stat status;

    if (pump->end != PUMP_FAILED || (fstat(fd, &status) == 0 && (uint64_t)status.st_size < end))
        return 0;
    return pump->error;
}

/* The data of one frame through the pump. False: the session is over. *error: of reading them. */
static bool pump_data(struct sender *sender, int fd, uint64_t offset, uint32_t length, int *error)
{
    struct pump *pump = &sender->pump;
    const struct pump_sinks sinks = {.deliver = deliver, .wait = wait, .finish = finish, .of = sender};

    if (!data_encrypts(sender) && !wire_flush(&sender->wire, true))
        return false;
    if (lseek(fd, (off_t)offset, SEEK_SET) < 0)
        return wire_fail(&sender->wire, NULL, errno);
    pump_turn(pump, fd, KIND_FILE, sender->wire.channel->fd,
              data_encrypts(sender) ? KIND_OTHER : KIND_STREAM);
    pump->ladder = sender->ladder;
    pump->length = length;
    pump->sinks = data_encrypts(sender) ? &sinks : NULL;
    pump_run(pump);
    transfer_add(sender->totals, pump);
    pump->sinks = NULL;
    if (pump->end == PUMP_FAILED && pump->side == PUMP_OUT)
        return pump_failed(sender);
    *error = source_error(pump, fd, offset + length);
    return fill_up(sender, length - pump->moved);
}

enum data_result data_send(struct sender *sender, int fd, uint64_t number, uint64_t offset, uint64_t length,
                           uint8_t digest[DIGEST_BYTES], int *error)
{
    if (length <= DATA_SMALL && sender->settings->transfer.rate == 0)
        return send_small(sender, fd, number, offset, (size_t)length, digest, error);
    if (!data_encrypts(sender)) {
        enum data_result result = data_look(sender, fd, offset, length, digest, error);
        if (result != DATA_SENT)
            return result;
    } else {
        digest_restart(sender->digest);
    }
    *error = 0;
    if (!data_send_head(sender, number, offset, (uint32_t)length) ||
        !pump_data(sender, fd, offset, (uint32_t)length, error))
        return DATA_FAILED;
    if (data_encrypts(sender))
        digest_take(sender->digest, digest);
    if (!data_send_digest(sender, digest))
        return DATA_FAILED;
    return *error == 0 ? DATA_SENT : DATA_CHANGED;
}
