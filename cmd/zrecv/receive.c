/* SPDX-License-Identifier: MIT */
/* The state machine of the receiving side. */
#include "receive.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/descriptor.h"
#include "base/message.h"
#include "entries.h"
#include "recall.h"

enum course { GOES_ON, ENDS, FAILS };

/* A frame that has to come now. */
static const uint8_t *expect(struct receiver *receiver, enum frame_type type, size_t *length)
{
    const uint8_t *payload;
    struct frame frame;

    do {
        enum wire_result result = wire_receive(&receiver->wire, true, &frame, &payload);
        if (result == WIRE_ENDED)
            wire_fail(&receiver->wire, NULL, ECONNRESET);
        if (result != WIRE_FRAME)
            return NULL;
    } while (frame.type == FRAME_PING);
    *length = frame.payload;
    if (frame.type == type)
        return payload;
    receiver_abort(receiver, "a frame out of order");
    return NULL;
}

static bool read_offer(struct receiver *receiver)
{
    size_t length;
    const uint8_t *payload = expect(receiver, FRAME_OFFER, &length);
    struct unpacker unpacker = unpacker_make(payload, payload == NULL ? 0 : length);

    if (payload == NULL)
        return false;
    if (!session_unpack_offer(&unpacker, &receiver->offer))
        return receiver_abort(receiver, "an offer that is not well formed");
    receiver->granted = receiver->offer.flags & (receiver->settings->accept | SESSION_DRY);
    if (receiver->offer.flags & SESSION_UNNAMED && !receiver->is_stream)
        return receiver_end(receiver, SESSION_REFUSED, 0,
                            "standard input has no name here (zsend --name gives it one)");
    return true;
}

static bool open_digests(struct receiver *receiver)
{
    const char *problem;

    receiver->digest = digest_open(receiver->offer.algorithm, &problem);
    receiver->list = receiver->digest == NULL ? NULL : digest_open(receiver->offer.algorithm, &problem);
    return receiver->list != NULL || receiver_end(receiver, SESSION_REFUSED, 0, problem);
}

static struct journal_session session_of(const struct receiver *receiver)
{
    return (struct journal_session){.synced = receiver->settings->sync,
                                    .algorithm = receiver->offer.algorithm};
}

static bool open_store(struct receiver *receiver)
{
    const struct journal_session session = session_of(receiver);
    const char *problem;

    if (receiver->is_stream ||
        (receiver->granted & SESSION_DRY && !store_exists(receiver->root, receiver->offer.id)))
        return true;
    receiver->has_store = true; /* to be closed, whatever is open of it */
    if (store_open(&receiver->store, receiver->root, receiver->offer.id, &session, &problem))
        return true;
    if (errno == EWOULDBLOCK) /* perhaps by a session that does not know yet that it has broken off */
        return receiver_end(receiver, SESSION_BROKEN, 0, problem);
    return receiver_end(receiver, SESSION_REFUSED, errno, problem);
}

static bool open_session(struct receiver *receiver)
{
    uint8_t payload[16];
    struct packer packer = packer_make(payload, sizeof payload);

    if (!read_offer(receiver) || !open_digests(receiver) || !open_store(receiver))
        return false;
    session_pack_accept(
        &packer, &(struct session_accept){receiver->granted | (receiver->is_stream ? SESSION_STREAM : 0)});
    bool good = wire_send(&receiver->wire, FRAME_ACCEPT, payload, packer.length) &&
                (!receiver->has_store || receiver->granted & SESSION_DRY || recall_tell(receiver)) &&
                wire_send(&receiver->wire, FRAME_READY, NULL, 0) && wire_flush(&receiver->wire, false);
    receiver->wire.keeps = true; /* from now on the sender may be writing while it is written to */
    return good;
}

static bool take_entry(struct receiver *receiver, struct unpacker *unpacker)
{
    struct session_entry *entry = &receiver->entry;

    if (receiver->incoming.state == INCOMING_OPEN)
        return receiver_abort(receiver, "an entry before the end of the last one");
    if (!session_unpack_entry(unpacker, entry))
        return receiver_abort(receiver, "an entry that is not well formed");
    if (entry->xattrs_length > 0) { /* they stay when the frame goes */
        memcpy(receiver->xattrs, entry->xattrs, entry->xattrs_length);
        entry->xattrs = receiver->xattrs;
    }
    return entries_take(receiver);
}

static bool take_chunk(struct receiver *receiver, struct unpacker *unpacker, uint32_t length)
{
    struct session_data data;

    if (!session_unpack_data(unpacker, &data))
        return receiver_abort(receiver, "a chunk that is not well formed");
    return incoming_chunk(receiver, &data, length);
}

static bool take_finish(struct receiver *receiver, struct unpacker *unpacker)
{
    struct session_finish finish;

    if (!session_unpack_finish(unpacker, &finish))
        return receiver_abort(receiver, "the end of a file that is not well formed");
    return incoming_finish(receiver, &finish);
}

static bool take_drop(struct receiver *receiver, struct unpacker *unpacker)
{
    struct session_answer answer;

    if (!session_unpack_answer(unpacker, &answer))
        return receiver_abort(receiver, "a frame that is not well formed");
    return incoming_drop(receiver, answer.number);
}

static bool take_abort(struct receiver *receiver, struct unpacker *unpacker)
{
    static struct session_reason reason;

    if (!session_unpack_reason(unpacker, &reason))
        return receiver_abort(receiver, "a frame that is not well formed");
    message_note("%s has ended the session: %s", receiver->peer, reason.text);
    receiver->decided = true;
    receiver->worst = reason.status;
    return wire_fail(&receiver->wire, "", 0);
}

/* All is on the disk; a pipe, a socket and a terminal have none. */
static bool sync_all(void *of)
{
    const struct receiver *receiver = of;

    if (!receiver->is_stream)
        return syncfs(receiver->root) == 0;
    return fsync(STDOUT_FILENO) == 0 || errno == EINVAL || errno == EROFS || errno == ENOTSUP;
}

/* What the file system has lost is not known, and it says so once: no later session may count on what is
 * there, but has to send it again. */
static bool fail_to_sync(struct receiver *receiver)
{
    const struct journal_session session = session_of(receiver);
    int error = errno;

    if (receiver->has_store && !store_forget_files(&receiver->store, &session))
        store_remove(&receiver->store);
    return receiver_end(receiver, SESSION_REFUSED, error,
                        receiver->is_stream ? "cannot bring 'standard output' to the disk"
                                            : "cannot bring the directory to the disk");
}

/* Files that never came as they were sent, and what the sender could not send: it says how much has failed,
 * and what we have refused is among it. */
static void count_failures(struct receiver *receiver, uint64_t failed)
{
    if (receiver->bad > 0) {
        message_note("%s: %llu files did not come as they were sent, and have not come again", receiver->peer,
                     (unsigned long long)receiver->bad);
        receiver->failed += receiver->bad;
        receiver->worst = SESSION_DIGEST;
    }
    if (failed <= receiver->failed)
        return;
    message_note("%s: the sender could not send %llu of its files", receiver->peer,
                 (unsigned long long)(failed - receiver->failed));
    receiver->failed = failed;
    if (receiver->worst == SESSION_DONE)
        receiver->worst = SESSION_LOCAL;
}

/* All entries have come. */
static bool end(struct receiver *receiver, struct unpacker *unpacker)
{
    struct session_count count;
    uint8_t payload[32];
    struct packer packer = packer_make(payload, sizeof payload);
    size_t length;

    if (!session_unpack_count(unpacker, &count) || receiver->incoming.state == INCOMING_OPEN)
        return receiver_abort(receiver, "an end before the end of the last entry");
    if (!queue_flush(receiver))
        return false;
    count_failures(receiver, count.failed);
    if (receiver->settings->sync && !(receiver->granted & SESSION_DRY) &&
        !receiver_wait_for(receiver, sync_all, receiver))
        return fail_to_sync(receiver);
    if (receiver->is_stream && !receiver->settings->sync && !descriptor_flush(STDOUT_FILENO))
        return fail_to_sync(receiver);
    session_pack_count(&packer, &(struct session_count){receiver->entries, receiver->failed});
    if (!wire_send(&receiver->wire, FRAME_COMPLETE, payload, packer.length) ||
        !wire_flush(&receiver->wire, false))
        return false;
    receiver->told = true;
    return expect(receiver, FRAME_BYE, &length) != NULL;
}

static enum course take_frame(struct receiver *receiver, const struct frame *frame, const uint8_t *payload)
{
    struct unpacker unpacker = unpacker_make(payload, frame->payload);

    switch (frame->type) {
    case FRAME_ENTRY:
        return take_entry(receiver, &unpacker) ? GOES_ON : FAILS;
    case FRAME_CHUNK:
        return take_chunk(receiver, &unpacker, frame->data) ? GOES_ON : FAILS;
    case FRAME_DIGEST:
        return incoming_digest(receiver, payload, frame->payload) ? GOES_ON : FAILS;
    case FRAME_FINISH:
        return take_finish(receiver, &unpacker) ? GOES_ON : FAILS;
    case FRAME_DROP:
        return take_drop(receiver, &unpacker) ? GOES_ON : FAILS;
    case FRAME_PING: /* the sender waits: for its own source, or for answers */
        return queue_flush(receiver) ? GOES_ON : FAILS;
    case FRAME_ABORT:
        take_abort(receiver, &unpacker);
        return FAILS;
    case FRAME_END:
        return end(receiver, &unpacker) ? ENDS : FAILS;
    default:
        receiver_abort(receiver, "a frame out of order");
        return FAILS;
    }
}

/* The next frame. When none has come yet, what is complete is published, unless more may come in a moment. */
static enum wire_result next_frame(struct receiver *receiver, struct frame *frame, const uint8_t **payload)
{
    if (queue_is_due(receiver, false, clock_now()) && !queue_flush(receiver))
        return WIRE_FAILED;
    enum wire_result result = wire_receive(&receiver->wire, false, frame, payload);
    while (result == WIRE_NOTHING && receiver->queue.count > 0) {
        if (queue_is_due(receiver, true, clock_now()) && !queue_flush(receiver))
            return WIRE_FAILED;
        if (receiver->queue.count > 0)
            descriptor_wait(receiver->wire.channel->fd, POLLIN, -1, 50);
        result = wire_receive(&receiver->wire, false, frame, payload);
    }
    if (result != WIRE_NOTHING)
        return result;
    return wire_flush(&receiver->wire, false) ? wire_receive(&receiver->wire, true, frame, payload)
                                              : WIRE_FAILED;
}

static bool run(struct receiver *receiver)
{
    const uint8_t *payload;
    struct frame frame;
    enum course course = GOES_ON;

    while (course == GOES_ON) {
        enum wire_result result = next_frame(receiver, &frame, &payload);
        if (result == WIRE_ENDED)
            return wire_fail(&receiver->wire, NULL, ECONNRESET);
        if (result == WIRE_FAILED)
            return false;
        course = take_frame(receiver, &frame, payload);
    }
    return course == ENDS;
}

/* The session has broken off: what has come is kept, and published if it is complete. */
static enum session_status break_off(struct receiver *receiver)
{
    const struct wire *wire = &receiver->wire;

    if (atomic_load(&wire->watch->timed_out)) {
        message_note("%s: timed out: nothing has come for too long", receiver->peer);
        receiver->worst = SESSION_TIMEOUT;
    } else if (receiver->told) {
        message_note("%s has not heard that all is complete", receiver->peer);
        return SESSION_BROKEN;
    } else if (wire->problem == NULL || *wire->problem != '\0')
        message_error(wire->problem == NULL ? wire->error : 0, "%s: the session broke off%s%s",
                      receiver->peer, wire->problem != NULL ? ": " : "",
                      wire->problem != NULL ? wire->problem : "");
    if (receiver->has_store && receiver->store.journal.fd >= 0) {
        incoming_save(receiver);
        queue_flush(receiver); /* the sender cannot be told any more */
    }
    bool told_why = wire->problem != NULL && *wire->problem == '\0';
    return receiver->worst == SESSION_TIMEOUT || told_why ? receiver->worst : SESSION_BROKEN;
}

static void close_receiver(struct receiver *receiver, bool completed)
{
    incoming_close(receiver);
    free(receiver->incoming.buffer);
    queue_free(&receiver->queue);
    if (receiver->has_store && completed && !(receiver->granted & SESSION_DRY) &&
        (receiver->failed == 0 || !receiver->is_worth_keeping))
        store_remove(&receiver->store);
    if (receiver->has_store)
        store_close(&receiver->store);
    beneath_forget(&receiver->beneath);
    if (receiver->digest != NULL)
        digest_free(receiver->digest);
    if (receiver->list != NULL)
        digest_free(receiver->list);
    wire_close(&receiver->wire);
    free(receiver);
}

struct receive_result receive_session(const struct settings *settings, struct channel *channel,
                                      const char *peer, int root, struct watch *watch)
{
    struct receiver *receiver = calloc(1, sizeof *receiver);

    if (receiver == NULL || !wire_open(&receiver->wire, channel, watch)) {
        message_error(errno, "cannot receive from %s", peer);
        free(receiver);
        return (struct receive_result){.status = SESSION_LOCAL};
    }
    receiver->settings = settings;
    receiver->peer = peer;
    receiver->root = receiver->beneath.root = root;
    receiver->beneath.fd = receiver->incoming.fd = -1;
    receiver->is_stream = root < 0;
    bool completed = open_session(receiver) && run(receiver);
    struct receive_result result = {.completed = completed,
                                    .decided = receiver->decided,
                                    .status = completed ? receiver->worst : break_off(receiver)};
    close_receiver(receiver, completed);
    return result;
}
