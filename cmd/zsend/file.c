/* SPDX-License-Identifier: MIT */
/* A file as chunks of its data, sent again where it has changed. */
#include "file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "answers.h"
#include "base/bytes.h"
#include "base/descriptor.h"
#include "base/message.h"
#include "data.h"
#include "entry.h"
#include "stamp.h"

enum {
    TRIES = 3,         /* of a file that changes while it is sent */
    HOLES_MOST = 65536 /* after so many, holes are sent as what they read as */
};

/* The file under way. */
struct sending {
    struct sender *sender;
    const struct source_file *file;
    int fd;
    struct stat status;
    uint64_t size;    /* of what is sent */
    bool size_is_lie; /* it is not where the bytes end: they are read to their end */
    uint64_t number;
    const struct have_file *have; /* what the receiver has of it, NULL: nothing */
    bool doubtful;                /* that has to be compared with the file */
    bool looks;                   /* nothing is sent, the digests are all that is wanted */
    struct chunks chunks;         /* all that it consists of */
};

enum outcome { SENT, CHANGED, GIVEN_UP, OVER };

static enum outcome fail(struct sending *sending, int error, const char *what)
{
    message_error(error, "%s '%s'", what, sending->file->text);
    sender_note(sending->sender, SESSION_LOCAL);
    return GIVEN_UP;
}

static enum outcome note(struct sending *sending, enum session_status status, const char *what)
{
    message_note("'%s': %s", sending->file->text, what);
    sender_note(sending->sender, status);
    return GIVEN_UP;
}

static enum outcome add_chunk(struct sending *sending, const struct session_chunk *chunk)
{
    if (chunks_add(&sending->chunks, chunk) == CHUNKS_ADDED)
        return SENT;
    return note(sending, SESSION_LOCAL, "it has too many pieces, or there is no memory");
}

/* The receiver has this chunk already. */
static bool is_there(struct sending *sending, struct session_chunk *chunk)
{
    const struct session_chunk *said =
        sending->have == NULL ? NULL : chunks_find(&sending->have->chunks, chunk->offset, chunk->length);
    uint8_t digest[DIGEST_BYTES];
    int error;

    if (said == NULL)
        return false;
    if (sending->doubtful &&
        (data_look(sending->sender, sending->fd, chunk->offset, chunk->length, digest, &error) != DATA_SENT ||
         memcmp(digest, said->digest, sizeof digest) != 0))
        return false;
    memcpy(chunk->digest, said->digest, sizeof chunk->digest);
    return true;
}

static enum outcome send_chunk(struct sending *sending, struct session_chunk *chunk)
{
    struct sender *sender = sending->sender;
    int error;

    switch (sending->looks
                ? data_look(sender, sending->fd, chunk->offset, chunk->length, chunk->digest, &error)
                : data_send(sender, sending->fd, sending->number, chunk->offset, chunk->length, chunk->digest,
                            &error)) {
    case DATA_SENT:
        return SENT;
    case DATA_CHANGED:
        return error != 0 ? fail(sending, error, "error reading") : CHANGED;
    default:
        return OVER;
    }
}

/* From one offset to another there are data, which are cut at multiples of step. */
static enum outcome send_extent(struct sending *sending, uint64_t from, uint64_t to, uint64_t step)
{
    struct sender *sender = sending->sender;

    while (from < to) {
        uint64_t end = from - from % step + step;
        struct session_chunk chunk = {.offset = from, .length = (end < to ? end : to) - from};
        if (sending->looks || !is_there(sending, &chunk)) {
            enum outcome outcome = send_chunk(sending, &chunk);
            if (outcome != SENT)
                return outcome;
        }
        if (add_chunk(sending, &chunk) != SENT)
            return GIVEN_UP;
        from += chunk.length;
        if (from < to && !answers_take(sender, false))
            return OVER;
        if (sender->answer == CURRENT_SETTLED)
            break;
    }
    return SENT;
}

/* Where data begin at or behind an offset, and where they end. False: nothing but a hole is left. */
static bool next_extent(const struct sending *sending, uint64_t at, uint64_t *from, uint64_t *to)
{
    uint64_t size = (uint64_t)sending->status.st_size;
    bool has_holes = (uint64_t)sending->status.st_blocks * 512 < size;

    *from = at;
    *to = size;
    if (at >= size || !has_holes || sending->chunks.count >= HOLES_MOST)
        return at < size;
    off_t data = lseek(sending->fd, (off_t)at, SEEK_DATA);
    if (data < 0)
        return errno != ENXIO; /* a file system that knows no holes */
    off_t hole = lseek(sending->fd, data, SEEK_HOLE);
    *from = (uint64_t)data;
    if (hole >= 0 && (uint64_t)hole < size)
        *to = (uint64_t)hole;
    return *from < size;
}

static bool finish(struct sending *sending, bool ask)
{
    struct sender *sender = sending->sender;
    struct session_finish finish = {
        .number = sending->number, .size = sending->size, .chunks = sending->chunks.count, .ask = ask};
    uint8_t payload[128];
    struct packer packer = packer_make(payload, sizeof payload);

    chunks_digest(&sending->chunks, sender->list, finish.digest);
    session_pack_finish(&packer, &finish);
    return wire_send(&sender->wire, FRAME_FINISH, payload, packer.length);
}

/* Sends the chunks again that have not arrived as their digests said. *same: the file is the same as before
 * there. */
static enum outcome send_bad_chunks(struct sending *sending, bool *same)
{
    struct sender *sender = sending->sender;
    size_t count = sender->again_count;

    *same = true;
    sender->again_count = 0; /* what comes from now on is of the next round */
    for (size_t i = 0; i < count; i++) {
        const struct session_chunk wanted = sender->again_list[i];
        struct session_chunk *chunk = chunks_find(&sending->chunks, wanted.offset, wanted.length);
        uint8_t before[DIGEST_BYTES];
        if (chunk == NULL) {
            sender_abort(sender, SESSION_BROKEN, "a chunk is asked for again that there is none of");
            return OVER;
        }
        memcpy(before, chunk->digest, sizeof before);
        enum outcome outcome = send_chunk(sending, chunk);
        if (outcome != SENT)
            return outcome;
        *same = *same && memcmp(before, chunk->digest, sizeof before) == 0;
    }
    return SENT;
}

/* Waits until the receiver has checked everything, sending again what was not good. */
static enum outcome check(struct sending *sending)
{
    struct sender *sender = sending->sender;
    bool same = true;

    for (int round = 0; round < SESSION_ROUNDS; round++) {
        if (!finish(sending, true))
            return OVER;
        while (sender->answer == CURRENT_NONE)
            if (!answers_take(sender, true))
                return OVER;
        if (sender->answer != CURRENT_BAD)
            return SENT;
        sender->answer = CURRENT_NONE;
        enum outcome outcome = send_bad_chunks(sending, &same);
        if (outcome != SENT)
            return outcome;
    }
    if (!same)
        return CHANGED;
    return note(sending, SESSION_DIGEST, "it does not arrive as it is sent");
}

static enum outcome send_extents(struct sending *sending)
{
    uint64_t step = data_chunk_length(sending->sender, (uint64_t)sending->status.st_size);
    uint64_t at = 0, from, to;
    enum outcome outcome = SENT;

    while (outcome == SENT && sending->sender->answer != CURRENT_SETTLED &&
           next_extent(sending, at, &from, &to)) {
        if (sending->sender->granted & SESSION_STREAM) /* what is written to a pipe has no holes */
            from = at, to = (uint64_t)sending->status.st_size;
        outcome = send_extent(sending, from, to, step);
        at = to;
    }
    if (outcome == SENT && sending->sender->granted & SESSION_STREAM &&
        at < (uint64_t)sending->status.st_size && sending->sender->answer != CURRENT_SETTLED)
        outcome = send_extent(sending, at, (uint64_t)sending->status.st_size, step);
    return outcome;
}

/* Reads to the end what does not say where that is. */
static enum outcome send_without_size(struct sending *sending)
{
    uint8_t buffer[DATA_SMALL];
    ssize_t n;

    for (sending->size = 0; (n = bytes_read_at(sending->fd, buffer, sizeof buffer, sending->size)) > 0;
         sending->size += (uint64_t)n) {
        struct session_chunk chunk = {.offset = sending->size, .length = (uint64_t)n};
        if (!data_send_bytes(sending->sender, sending->number, chunk.offset, buffer, (size_t)n,
                             chunk.digest) ||
            !answers_take(sending->sender, false))
            return OVER;
        if (add_chunk(sending, &chunk) != SENT)
            return GIVEN_UP;
        if (sending->sender->answer == CURRENT_SETTLED)
            return SENT;
    }
    return n < 0 ? fail(sending, errno, "error reading") : SENT;
}

/* Sends its bytes once; it is open, and announced. */
static enum outcome send_content(struct sending *sending)
{
    struct sender *sender = sending->sender;
    struct stat now;

    sending->chunks.count = 0;
    enum outcome outcome = sending->size_is_lie ? send_without_size(sending) : send_extents(sending);
    if (outcome != SENT || sender->answer == CURRENT_SETTLED)
        return outcome;
    if (fstat(sending->fd, &now) != 0)
        return fail(sending, errno, "error reading");
    if (!stamp_is_unchanged(&sending->status, &now))
        return CHANGED;
    if (sending->chunks.count > 1 || sender->granted & SESSION_STREAM)
        outcome = check(sending);
    else
        outcome = finish(sending, false) ? SENT : OVER;
    if (outcome != SENT || fstat(sending->fd, &now) != 0 || stamp_is_unchanged(&sending->status, &now))
        return outcome;
    note(sending, SESSION_LOCAL, "it changed while the receiver checked it");
    return SENT; /* the receiver has it as it was */
}

/* Gives this try up. What the receiver still says of it is about its number, so another try has another one.
 */
static bool drop(struct sending *sending)
{
    struct sender *sender = sending->sender;
    uint8_t payload[16];
    struct packer packer = packer_make(payload, sizeof payload);

    session_pack_answer(&packer, &(struct session_answer){sending->number, false});
    answers_give_up(sender, sending->number);
    sender->current = sending->number = 0;
    return wire_send(&sender->wire, FRAME_DROP, payload, packer.length);
}

/* The file has the bytes that the receiver has, although its times do not tell. */
static bool has_same_bytes(struct sending *sending, const struct have_file *have)
{
    uint8_t digest[DIGEST_BYTES];

    message_note("'%s': it had just been changed when it was sent, and is read once more",
                 sending->file->text);
    if (!have->complete)
        return false; /* each chunk is read when its turn comes */
    sending->looks = true;
    sending->sender->answer = CURRENT_NONE;
    sending->chunks.count = 0;
    enum outcome outcome = send_extents(sending);
    sending->looks = false;
    chunks_digest(&sending->chunks, sending->sender->list, digest);
    return outcome == SENT && memcmp(digest, have->digest, sizeof digest) == 0;
}

/* Whether the receiver has it, or some of it, from before. */
static bool is_complete(struct sending *sending)
{
    const struct have_file *have = have_find(&sending->sender->have, sending->file->path);
    enum stamp_verdict verdict =
        have == NULL ? STAMP_OTHER : stamp_compare(&sending->status, have->stamp, have->stamp_length);

    sending->have = verdict == STAMP_OTHER ? NULL : have;
    sending->doubtful = verdict == STAMP_DOUBTFUL;
    if (verdict == STAMP_DOUBTFUL)
        return has_same_bytes(sending, have);
    return verdict == STAMP_SAME && have->complete;
}

/* Files of /proc say that they have no bytes, and those of /sys that they have more than there are. False
 * with errno: they cannot be read. */
static bool test_size(struct sending *sending)
{
    uint64_t size = (uint64_t)sending->status.st_size;
    uint8_t byte;

    sending->size_is_lie = false;
    if (size > 0 && sending->status.st_blocks > 0)
        return true;
    ssize_t n = bytes_read_at(sending->fd, &byte, 1, size > 0 ? size - 1 : 0);
    sending->size_is_lie = size > 0 ? n == 0 : n > 0;
    return n >= 0;
}

static enum outcome announce(struct sending *sending)
{
    struct sender *sender = sending->sender;
    struct stat status;

    if (fstat(sending->fd, &sending->status) != 0)
        return fail(sending, errno, "error reading");
    if (!S_ISREG(sending->status.st_mode))
        return note(sending, SESSION_LOCAL, "it is no regular file any more");
    if (!test_size(sending))
        return fail(sending, errno, "error reading");
    sending->size = sending->size_is_lie ? UINT64_MAX : (uint64_t)sending->status.st_size;
    if (!sending->size_is_lie && is_complete(sending)) {
        atomic_fetch_add(&sender->wire.watch->payload, (uint64_t)sending->status.st_size);
        atomic_fetch_add(&sender->wire.watch->files, 1);
        return GIVEN_UP;
    }
    sender->current = 0;
    sender->answer = CURRENT_NONE;
    status = sending->status;
    status.st_size = (off_t)sending->size;
    sending->number = entry_send(sender, SESSION_FILE, &status, sending->fd, sending->file->path,
                                 sending->file->text, NULL, sending->number, &sending->have);
    sender->answer = CURRENT_NONE;
    sender->again_count = 0;
    sender->current = sending->number;
    return sending->number != 0 && answers_wanted(sender, sending->size) ? SENT : OVER;
}

/* Announces and sends it until it stays the same. */
static enum outcome try_and_try(struct sending *sending)
{
    for (int tries = 0; tries < TRIES; tries++) {
        enum outcome outcome = announce(sending);
        if (outcome != SENT)
            return outcome;
        if (sending->sender->granted & SESSION_DRY || sending->sender->answer == CURRENT_SETTLED)
            return SENT;
        outcome = send_content(sending);
        if (outcome == SENT || outcome == OVER)
            return outcome;
        if (!drop(sending))
            return OVER;
        if (outcome == GIVEN_UP)
            return GIVEN_UP;
    }
    return note(sending, SESSION_LOCAL, "it changed while it was sent");
}

bool file_send(struct sender *sender, const struct source_file *file, uint64_t number)
{
    struct sending sending = {.sender = sender, .file = file, .number = number};

    sending.fd = data_open_file(sender, file->dir, file->name, file->follow);
    if (sending.fd < 0 && wire_has_failed(&sender->wire))
        return false;
    if (sending.fd < 0) {
        fail(&sending, errno, "cannot open");
        answers_give_up(sender, number);
        return true;
    }
    enum outcome outcome = try_and_try(&sending);
    if (outcome == GIVEN_UP) /* and it is one that is sent again */
        answers_give_up(sender, number);
    sender->current = 0;
    chunks_free(&sending.chunks);
    descriptor_close(&sending.fd);
    return outcome != OVER;
}
