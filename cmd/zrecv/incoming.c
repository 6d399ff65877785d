/* SPDX-License-Identifier: MIT */
/* Chunks into a partial file, checked one by one. */
#include "incoming.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/descriptor.h"
#include "complete.h"
#include "output.h"
#include "receiver.h"

/* Chunks go into the journal when there are so many bytes of them, or after so long. */
static const uint64_t journal_bytes = 64ULL * 1024 * 1024, journal_after = NANOSECONDS;

/* The file is not wanted any more: what is left of it is passed over. */
static bool give_up(struct receiver *receiver, enum session_status status, int error, const char *what)
{
    struct incoming *incoming = &receiver->incoming;

    incoming_save(receiver);
    if (incoming->state == INCOMING_UNWANTED) /* it could not even be saved, which has been told */
        return true;
    incoming_close(receiver);
    incoming->state = INCOMING_UNWANTED;
    return receiver_refuse(receiver, incoming->number, status, error, "%s '%s'", what, receiver->entry.path);
}

/* What is there from before, if it is of the same source. The sender has been told of it: false with errno if
 * it cannot be used now. */
static bool take_up(struct receiver *receiver, struct known_file *file)
{
    struct incoming *incoming = &receiver->incoming;
    const struct session_entry *entry = &receiver->entry;

    if (entry->stamp_length == 0 || file->stamp_length != entry->stamp_length ||
        memcmp(file->stamp, entry->stamp, file->stamp_length) != 0 || file->size != entry->size) {
        store_drop(&receiver->store, file);
        return true;
    }
    incoming->fd = store_reopen_slot(&receiver->store, file->slot);
    if (incoming->fd < 0 && errno != ENOENT && errno != EINVAL)
        return false;
    if (incoming->fd < 0) {
        store_drop(&receiver->store, file);
        return true;
    }
    incoming->slot = file->slot;
    incoming->chunks = file->chunks;
    incoming->old = file->chunks.count;
    incoming->was_used = incoming->has_begun = true;
    file->chunks = (struct chunks){.list = NULL};
    return true;
}

static bool answer(struct receiver *receiver, bool good)
{
    uint8_t payload[16];
    struct packer packer = packer_make(payload, sizeof payload);

    session_pack_answer(&packer, &(struct session_answer){receiver->incoming.number, good});
    return wire_send(&receiver->wire, FRAME_CHECKED, payload, packer.length) &&
           wire_flush(&receiver->wire, false);
}

/* The sender waits for a word before it sends the bytes of a large file. */
static bool say_wanted(struct receiver *receiver)
{
    return receiver->entry.size < SESSION_ASKS || answer(receiver, true);
}

bool incoming_begin(struct receiver *receiver, bool replaces)
{
    struct incoming *incoming = &receiver->incoming;
    const struct session_entry *entry = &receiver->entry;
    struct known_file *file = receiver->has_store ? known_find(&receiver->store.known, entry->path) : NULL;
    uint8_t *buffer = incoming->buffer;

    *incoming = (struct incoming){
        .state = INCOMING_OPEN, .number = entry->number, .fd = -1, .replaces = replaces, .buffer = buffer};
    if (receiver->is_stream)
        return output_begin(receiver) && say_wanted(receiver);
    if (file != NULL && file->state == KNOWN_PARTIAL && !take_up(receiver, file))
        return give_up(receiver, SESSION_REFUSED, errno, "cannot open the partial file of");
    if (incoming->fd < 0) {
        incoming->slot = ++receiver->store.slots;
        incoming->fd = store_open_slot(&receiver->store, incoming->slot, true);
    }
    if (incoming->fd < 0)
        return give_up(receiver, SESSION_REFUSED, errno, "cannot create a partial file for");
    return say_wanted(receiver);
}

/* The bytes that have come are checked, and stay: the journal is told when that pays. */
static void note(struct receiver *receiver, const struct session_chunk *chunk)
{
    struct incoming *incoming = &receiver->incoming;
    uint64_t now = clock_now(), bytes = 0;

    if (chunks_add(&incoming->pending, chunk) != CHUNKS_ADDED)
        return; /* it is received once more if the session breaks off */
    if (incoming->pending.count == 1)
        incoming->pending_since = now;
    for (size_t i = 0; i < incoming->pending.count && bytes < journal_bytes; i++)
        bytes += incoming->pending.list[i].length;
    if (!receiver->settings->sync || bytes >= journal_bytes || now - incoming->pending_since >= journal_after)
        incoming_save(receiver);
}

static bool sync_data(void *of)
{
    const int *fd = of;
    return fdatasync(*fd) == 0;
}

void incoming_save(struct receiver *receiver)
{
    struct incoming *incoming = &receiver->incoming;
    struct journal *journal = &receiver->store.journal;
    const struct session_entry *entry = &receiver->entry;

    if (incoming->state != INCOMING_OPEN || incoming->fd < 0 || incoming->pending.count == 0)
        return;
    if (receiver->settings->sync && !receiver_wait_for(receiver, sync_data, &incoming->fd)) {
        int error = errno; /* which is told once: who syncs the file later does not hear of it */
        chunks_free(&incoming->pending);
        give_up(receiver, SESSION_REFUSED, error, "cannot bring the bytes to the disk of");
        return;
    }
    struct known_file *file = known_add(&receiver->store.known, entry->path);
    if (file == NULL)
        return;
    if (!incoming->has_begun) {
        known_reset(file);
        file->state = KNOWN_PARTIAL;
        file->slot = incoming->slot;
        file->size = entry->size;
        file->stamp_length = entry->stamp_length;
        memcpy(file->stamp, entry->stamp, entry->stamp_length);
        journal_begin(journal, file);
        incoming->has_begun = true;
    }
    for (size_t i = 0; i < incoming->pending.count; i++)
        journal_chunk(journal, incoming->slot, &incoming->pending.list[i]);
    incoming->pending.count = 0;
    receiver->is_worth_keeping = true;
    (void)receiver_settle(receiver); /* the journal keeps the error */
}

void incoming_close(struct receiver *receiver)
{
    struct incoming *incoming = &receiver->incoming;

    descriptor_close(&incoming->fd);
    chunks_free(&incoming->chunks);
    chunks_free(&incoming->pending);
    incoming->state = INCOMING_NONE;
    incoming->has_chunk = false;
}

/*
 * These bytes are about to be written over: what was known of them is no longer true, in the journal neither.
 * Only a sender that goes on with an earlier session may do that. False: the session cannot go on.
 */
static bool make_void(struct receiver *receiver, uint64_t offset, uint64_t length)
{
    struct incoming *incoming = &receiver->incoming;

    if (!chunks_have(&incoming->chunks, offset, length))
        return true;
    if (incoming->old == 0)
        return receiver_abort(receiver, "a chunk that overlaps with another");
    chunks_remove(&incoming->chunks, offset, length);
    chunks_remove(&incoming->pending, offset, length);
    journal_void(&receiver->store.journal, incoming->slot, offset, length);
    return receiver_settle(receiver) ||
           give_up(receiver, SESSION_REFUSED, errno, "cannot write the journal for");
}

/* Takes the data of a chunk from the wire to where they belong. False: the session cannot go on. */
static bool take(struct receiver *receiver, uint64_t offset, uint32_t length)
{
    struct incoming *incoming = &receiver->incoming;
    const uint8_t *data;
    size_t n;

    for (uint32_t done = 0; done < length; done += (uint32_t)n) {
        if (!wire_take_data(&receiver->wire, offset + done, &data, &n))
            return false;
        digest_add(receiver->digest, data, n);
        atomic_fetch_add_explicit(&receiver->wire.watch->payload, n, memory_order_relaxed);
        if (receiver->is_stream)
            memcpy(incoming->buffer + (offset + done - incoming->written), data, n);
        else if (!bytes_write_at(incoming->fd, data, n, offset + done))
            return give_up(receiver, SESSION_REFUSED, errno, "error writing");
    }
    if (!incoming->has_chunk)
        incoming->chunk = (struct session_chunk){.offset = offset};
    incoming->chunk.length += length;
    incoming->has_chunk = true;
    return true;
}

bool incoming_chunk(struct receiver *receiver, const struct session_data *data, uint32_t length)
{
    struct incoming *incoming = &receiver->incoming;

    if (incoming->state == INCOMING_UNWANTED && data->number == incoming->number)
        return true; /* the wire passes over the data */
    if (incoming->state != INCOMING_OPEN || data->number != incoming->number)
        return receiver_abort(receiver, "a chunk of a file that is not being sent");
    if (incoming->has_chunk && data->offset != incoming->chunk.offset + incoming->chunk.length)
        return receiver_abort(receiver, "a chunk before the digest of the last one");
    if (length == 0 || data->offset > (uint64_t)INT64_MAX - length ||
        (receiver->entry.size != UINT64_MAX && data->offset + length > receiver->entry.size))
        return receiver_abort(receiver, "a chunk that is outside of its file");
    if (receiver->is_stream && !output_takes(receiver, data->offset, length))
        return receiver_abort(receiver, "a chunk that does not follow the one before");
    if (!incoming->has_chunk)
        digest_restart(receiver->digest);
    if (!receiver->is_stream && !make_void(receiver, data->offset, length))
        return false;
    return incoming->state != INCOMING_OPEN || take(receiver, data->offset, length);
}

/* The chunk is good. */
static bool keep(struct receiver *receiver, const struct session_chunk *chunk)
{
    struct incoming *incoming = &receiver->incoming;

    if (receiver->is_stream)
        return output_write(receiver, chunk);
    switch (chunks_add(&incoming->chunks, chunk)) {
    case CHUNKS_ADDED:
        break;
    case CHUNKS_TOO_MANY:
        return give_up(receiver, SESSION_REFUSED, 0, "too many pieces in");
    case CHUNKS_OVERLAP: /* it has been looked at when its bytes came */
        return receiver_abort(receiver, "a chunk that overlaps with another");
    }
    if (receiver->has_store && chunk->length != receiver->entry.size) /* else it is published in a moment */
        note(receiver, chunk);
    return true;
}

bool incoming_digest(struct receiver *receiver, const uint8_t *digest, size_t length)
{
    struct incoming *incoming = &receiver->incoming;
    struct session_chunk *chunk = &incoming->chunk;

    if (incoming->state == INCOMING_UNWANTED)
        return true;
    if (!incoming->has_chunk || length != DIGEST_BYTES)
        return receiver_abort(receiver, "a digest without a chunk");
    incoming->has_chunk = false;
    if (digest_take(receiver->digest, chunk->digest) == 0)
        return give_up(receiver, SESSION_LOCAL, 0, "libcrypto has failed for");
    if (memcmp(digest, chunk->digest, length) == 0)
        return keep(receiver, chunk);
    if (receiver->is_stream) /* nothing of it has been written, and it is not asked for again */
        return receiver_end(receiver, SESSION_DIGEST, 0, "what has arrived is not what was sent");
    chunks_remove(&incoming->chunks, chunk->offset, chunk->length);
    incoming->was_used = true;
    incoming->asked++;
    return receiver_ask_again(receiver, incoming->number, chunk->offset, chunk->length) &&
           wire_flush(&receiver->wire, false);
}

/* What FRAME_FINISH says is what has come. */
static bool is_whole(struct receiver *receiver, const struct session_finish *finish)
{
    const struct chunks *chunks = &receiver->incoming.chunks;
    uint8_t digest[DIGEST_BYTES];

    if (receiver->is_stream)
        return digest_take(receiver->list, digest) > 0 &&
               memcmp(digest, finish->digest, sizeof digest) == 0 &&
               finish->size == receiver->incoming.written;
    return chunks_digest(chunks, receiver->list, digest) && chunks->count == finish->chunks &&
           memcmp(digest, finish->digest, sizeof digest) == 0 &&
           (chunks->count == 0 ||
            chunks->list[chunks->count - 1].offset + chunks->list[chunks->count - 1].length <= finish->size);
}

void incoming_discard(struct receiver *receiver)
{
    struct incoming *incoming = &receiver->incoming;
    struct known_file *file = receiver->has_store && incoming->has_begun
                                  ? known_find(&receiver->store.known, receiver->entry.path)
                                  : NULL;

    if (file != NULL)
        store_drop(&receiver->store, file);
    else if (incoming->fd >= 0)
        store_remove_slot(&receiver->store, incoming->slot);
    if (file != NULL && !file->published.is_set)
        known_remove(&receiver->store.known, file);
    incoming_close(receiver);
}

bool incoming_finish(struct receiver *receiver, const struct session_finish *finish)
{
    struct incoming *incoming = &receiver->incoming;
    uint64_t asked = incoming->asked;

    if (incoming->state == INCOMING_UNWANTED && finish->number == incoming->number)
        return true;
    if (incoming->state != INCOMING_OPEN || finish->number != incoming->number || incoming->has_chunk ||
        finish->size > INT64_MAX)
        return receiver_abort(receiver, "the end of a file that is not being sent");
    incoming->asked = 0;
    if (!is_whole(receiver, finish)) {
        if (asked > 0 && finish->ask)
            return answer(receiver, false);
        incoming_discard(receiver);
        if (asked > 0) { /* the sender knows which, and sends it again, whole */
            receiver->again[finish->number % SESSION_WINDOW] =
                (struct again){.number = finish->number, .is_bad = true};
            receiver->bad++;
            return true;
        }
        incoming->state = INCOMING_UNWANTED;
        return receiver_refuse(receiver, incoming->number, SESSION_DIGEST, 0,
                               "what has arrived of '%s' is not what was sent", receiver->entry.path);
    }
    if (finish->ask && !answer(receiver, true))
        return false;
    bool good = receiver->is_stream ? receiver_confirm(receiver, incoming->number, true)
                                    : complete_file(receiver, finish);
    incoming_close(receiver);
    return good;
}

bool incoming_drop(struct receiver *receiver, uint64_t number)
{
    struct incoming *incoming = &receiver->incoming;

    if (incoming->state == INCOMING_NONE || number != incoming->number)
        return receiver_abort(receiver, "a file is given up that is not being sent");
    if (receiver->is_stream)
        return receiver_abort(receiver, "the sender could not read to the end");
    if (incoming->state == INCOMING_OPEN)
        incoming_discard(receiver);
    incoming->state = INCOMING_NONE;
    receiver->again[number % SESSION_WINDOW] =
        (struct again){.number = number}; /* it may be tried once more */
    return true;
}
