/* SPDX-License-Identifier: MIT */
/* The course of a session on the sending side. */
#include "send.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "again.h"
#include "answers.h"
#include "base/message.h"
#include "data.h"
#include "stream.h"
#include "walk.h"

void sender_note(struct sender *sender, enum session_status status)
{
    sender->failed++;
    if (sender->worst == SESSION_DONE || status > sender->worst)
        sender->worst = status;
}

bool sender_abort(struct sender *sender, enum session_status status, const char *problem)
{
    struct session_reason reason = {.status = status};
    uint8_t payload[512];
    struct packer packer = packer_make(payload, sizeof payload);

    if (status != SESSION_LOCAL || sender->worst == SESSION_DONE)
        message_note("%s: %s", sender->peer, problem);
    snprintf(reason.text, sizeof reason.text, "%s", problem);
    session_pack_reason(&packer, &reason);
    if (wire_send(&sender->wire, FRAME_ABORT, payload, packer.length))
        wire_flush(&sender->wire, false);
    sender->worst = status;
    return wire_fail(&sender->wire, "", 0);
}

static bool open_digests(struct sender *sender)
{
    const char *problem;

    sender->digest = digest_open(sender->settings->algorithm, &problem);
    sender->list = sender->digest == NULL ? NULL : digest_open(sender->settings->algorithm, &problem);
    if (sender->list != NULL)
        return true;
    message_note("cannot compute digests: %s", problem);
    sender->worst = SESSION_LOCAL;
    return wire_fail(&sender->wire, "", 0);
}

static bool has_unnamed(const struct settings *settings)
{
    bool has = false;

    for (size_t i = 0; i < settings->file_count; i++)
        has = has || strcmp(settings->files[i], "-") == 0;
    return has && settings->name == NULL;
}

static bool send_offer(struct sender *sender, const uint8_t id[SESSION_ID])
{
    const struct settings *settings = sender->settings;
    struct session_offer offer = {
        .algorithm = settings->algorithm,
        .flags = (settings->owner ? SESSION_OWNER : 0u) | (settings->xattrs ? SESSION_XATTR : 0u) |
                 (settings->dry_run ? SESSION_DRY : 0u) | (has_unnamed(settings) ? SESSION_UNNAMED : 0u)};
    uint8_t payload[64];
    struct packer packer = packer_make(payload, sizeof payload);

    memcpy(offer.id, id, sizeof offer.id);
    session_pack_offer(&packer, &offer);
    return wire_send(&sender->wire, FRAME_OFFER, payload, packer.length) && wire_flush(&sender->wire, false);
}

/* What was asked for has to be granted, or the result would not be what was asked for. */
static bool check_grant(struct sender *sender, struct unpacker *unpacker)
{
    const struct settings *settings = sender->settings;
    struct session_accept accept;

    if (!session_unpack_accept(unpacker, &accept))
        return sender_abort(sender, SESSION_BROKEN, "a frame that makes no sense");
    sender->granted = accept.flags;
    if (settings->owner && !(accept.flags & SESSION_OWNER))
        return sender_abort(sender, SESSION_REFUSED, "the receiver takes no owners (zrecv --accept=owner)");
    if (settings->xattrs && !(accept.flags & SESSION_XATTR))
        return sender_abort(sender, SESSION_REFUSED,
                            "the receiver takes no extended attributes (zrecv --accept=xattrs)");
    if (accept.flags & SESSION_STREAM && settings->file_count > 1)
        return sender_abort(sender, SESSION_REFUSED,
                            "the receiver writes to standard output, which takes one file");
    return true;
}

static bool take_have(struct sender *sender, struct unpacker *unpacker)
{
    static struct session_have have;

    if (!session_unpack_have(unpacker, &have))
        return sender_abort(sender, SESSION_BROKEN, "a frame that makes no sense");
    return have_add(&sender->have, &have) || sender_abort(sender, SESSION_LOCAL, "no memory");
}

static bool take_abort(struct sender *sender, struct unpacker *unpacker)
{
    static struct session_reason reason;

    if (!session_unpack_reason(unpacker, &reason))
        return sender_abort(sender, SESSION_BROKEN, "a frame that makes no sense");
    message_note("%s: %s", sender->peer, reason.text);
    sender->worst = reason.status;
    return wire_fail(&sender->wire, "", 0);
}

/* Everything up to READY. */
static bool hear_what_is_there(struct sender *sender)
{
    const uint8_t *payload;
    struct frame frame;
    bool good = true;

    while (good) {
        enum wire_result result = wire_receive(&sender->wire, true, &frame, &payload);
        struct unpacker unpacker = unpacker_make(payload, result == WIRE_FRAME ? frame.payload : 0);
        if (result == WIRE_ENDED)
            return wire_fail(&sender->wire, NULL, ECONNRESET);
        if (result != WIRE_FRAME)
            return false;
        if (frame.type == FRAME_READY)
            return true;
        if (frame.type == FRAME_ACCEPT)
            good = check_grant(sender, &unpacker);
        else if (frame.type == FRAME_HAVE)
            good = take_have(sender, &unpacker);
        else if (frame.type == FRAME_ABORT)
            good = take_abort(sender, &unpacker);
        else if (frame.type != FRAME_PING)
            good = sender_abort(sender, SESSION_BROKEN, "a frame out of order");
    }
    return false;
}

static bool send_entries(struct sender *sender, bool *used)
{
    const struct settings *settings = sender->settings;

    for (size_t i = 0; i < settings->file_count; i++) {
        if (strcmp(settings->files[i], "-") != 0)
            continue;
        *used = true;
        if (!stream_send(sender, settings->name != NULL ? settings->name : ""))
            return false;
    }
    if (!walk_send(sender))
        return false;
    while (sender->waiting > 0)
        if (!answers_await(sender) || !again_send(sender))
            return false;
    return true;
}

static bool end(struct sender *sender)
{
    uint8_t payload[32];
    struct packer packer = packer_make(payload, sizeof payload);

    session_pack_count(&packer, &(struct session_count){sender->entries, sender->failed});
    if (!wire_send(&sender->wire, FRAME_END, payload, packer.length))
        return false;
    while (!sender->complete)
        if (!answers_take(sender, true))
            return false;
    return wire_send(&sender->wire, FRAME_BYE, NULL, 0) && wire_flush(&sender->wire, false);
}

static enum session_status break_off(struct sender *sender)
{
    const struct wire *wire = &sender->wire;

    if (atomic_load(&wire->watch->timed_out)) {
        message_note("%s: timed out: nothing has moved for too long", sender->peer);
        return SESSION_TIMEOUT;
    }
    if (wire->problem != NULL && *wire->problem == '\0')
        return sender->worst; /* it has been told */
    /* The receiver may have said why before it went. */
    answers_take(sender, false);
    if (wire->problem != NULL && *wire->problem == '\0')
        return sender->worst;
    message_error(wire->problem == NULL ? wire->error : 0, "%s: the session broke off%s%s", sender->peer,
                  wire->problem != NULL ? ": " : "", wire->problem != NULL ? wire->problem : "");
    return SESSION_BROKEN;
}

static void close_sender(struct sender *sender)
{
    for (size_t i = 0; i < SESSION_WINDOW; i++)
        if (sender->outstanding[i].number != 0)
            answers_forget(sender, &sender->outstanding[i]);
    if (sender->digest != NULL)
        digest_free(sender->digest);
    if (sender->list != NULL)
        digest_free(sender->list);
    free(sender->again_list);
    have_free(&sender->have);
    wire_close(&sender->wire);
    free(sender);
}

enum session_status send_session(const struct settings *settings, struct channel *channel, const char *peer,
                                 const uint8_t id[SESSION_ID], int start, struct watch *watch,
                                 struct transfer_totals *totals, bool *used)
{
    struct sender *sender = calloc(1, sizeof *sender);
    enum session_status status = SESSION_LOCAL;

    if (sender == NULL || !wire_open(&sender->wire, channel, watch)) {
        message_error(errno, "cannot start to send");
        free(sender);
        return SESSION_LOCAL;
    }
    sender->settings = settings;
    sender->peer = peer;
    sender->start = start;
    sender->totals = totals;
    if (data_open(sender)) {
        bool good = open_digests(sender) && send_offer(sender, id) && hear_what_is_there(sender) &&
                    send_entries(sender, used) && end(sender);
        status = good ? sender->worst : break_off(sender);
        data_close(sender);
    }
    close_sender(sender);
    return status;
}
