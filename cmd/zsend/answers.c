/* SPDX-License-Identifier: MIT */
/* Frames of the receiver, and the entries that wait for them. */
#include "answers.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/message.h"

static struct outstanding *place_of(struct sender *sender, uint64_t number)
{
    return &sender->outstanding[number % SESSION_WINDOW];
}

void answers_forget(struct sender *sender, struct outstanding *outstanding)
{
    free(outstanding->path);
    free(outstanding->source);
    free(outstanding->target);
    *outstanding = (struct outstanding){.number = 0};
    sender->waiting--;
}

void answers_give_up(struct sender *sender, uint64_t number)
{
    struct outstanding *outstanding = place_of(sender, number);

    if (number != 0 && outstanding->number == number)
        answers_forget(sender, outstanding);
}

static bool malformed(struct sender *sender)
{
    return sender_abort(sender, SESSION_BROKEN, "a frame that makes no sense");
}

static void tell(const struct sender *sender, const char *path, bool taken)
{
    if (sender->granted & SESSION_DRY && taken)
        message_result("would send '%s'", path);
    else if (sender->settings->verbose)
        message_note("%s '%s'", taken ? "sent" : "passed over", path);
}

static bool take_done(struct sender *sender, struct unpacker *unpacker)
{
    struct session_answer answer;

    if (!session_unpack_answer(unpacker, &answer))
        return malformed(sender);
    struct outstanding *outstanding = place_of(sender, answer.number);
    if (answer.number == sender->current)
        sender->answer = CURRENT_SETTLED;
    if (answer.number == 0 || outstanding->number != answer.number)
        return true; /* it has been given up meanwhile */
    if (outstanding->kind != SESSION_LEAVE) {
        tell(sender, outstanding->path, answer.good);
        atomic_fetch_add(&sender->wire.watch->files, 1);
    }
    answers_forget(sender, outstanding);
    return true;
}

static bool take_refused(struct sender *sender, struct unpacker *unpacker)
{
    static struct session_reason reason;

    if (!session_unpack_reason(unpacker, &reason))
        return malformed(sender);
    struct outstanding *outstanding = place_of(sender, reason.number);
    message_note("%s: %s", sender->peer, reason.text);
    sender_note(sender, reason.status == SESSION_LOCAL ? SESSION_REFUSED : reason.status);
    if (reason.number == sender->current)
        sender->answer = CURRENT_SETTLED;
    if (reason.number != 0 && outstanding->number == reason.number)
        answers_forget(sender, outstanding);
    return true;
}

static bool add_again(struct sender *sender, const struct session_again *again)
{
    if (sender->again_count == sender->again_room) {
        size_t room = sender->again_room == 0 ? 16 : 2 * sender->again_room;
        struct session_chunk *list = reallocarray(sender->again_list, room, sizeof *list);
        if (list == NULL)
            return sender_abort(sender, SESSION_LOCAL, "no memory");
        sender->again_list = list;
        sender->again_room = room;
    }
    sender->again_list[sender->again_count++] =
        (struct session_chunk){.offset = again->offset, .length = again->length};
    return true;
}

static bool take_again(struct sender *sender, struct unpacker *unpacker)
{
    struct session_again again;

    if (!session_unpack_again(unpacker, &again))
        return malformed(sender);
    if (again.number == sender->current)
        return add_again(sender, &again);
    struct outstanding *outstanding = place_of(sender, again.number);
    if (again.number != 0 && outstanding->number == again.number)
        outstanding->again = true;
    return true; /* else the file has been given up meanwhile */
}

static bool take_checked(struct sender *sender, struct unpacker *unpacker)
{
    struct session_answer answer;

    if (!session_unpack_answer(unpacker, &answer))
        return malformed(sender);
    if (answer.number == sender->current)
        sender->answer = answer.good ? CURRENT_GOOD : CURRENT_BAD;
    return true;
}

static bool take_abort(struct sender *sender, struct unpacker *unpacker)
{
    static struct session_reason reason;

    if (!session_unpack_reason(unpacker, &reason))
        return malformed(sender);
    message_note("%s has ended the session: %s", sender->peer, reason.text);
    sender->worst = reason.status == SESSION_LOCAL ? SESSION_REFUSED : reason.status;
    return wire_fail(&sender->wire, "", 0);
}

static bool take_complete(struct sender *sender, struct unpacker *unpacker)
{
    struct session_count count;

    if (!session_unpack_count(unpacker, &count))
        return malformed(sender);
    if (count.failed > 0 && sender->worst == SESSION_DONE) {
        message_note("%s has not taken everything", sender->peer);
        sender_note(sender, SESSION_REFUSED);
    }
    sender->complete = true;
    return true;
}

static bool take_frame(struct sender *sender, const struct frame *frame, const uint8_t *payload)
{
    struct unpacker unpacker = unpacker_make(payload, frame->payload);

    switch (frame->type) {
    case FRAME_DONE:
        return take_done(sender, &unpacker);
    case FRAME_REFUSED:
        return take_refused(sender, &unpacker);
    case FRAME_AGAIN:
        return take_again(sender, &unpacker);
    case FRAME_CHECKED:
        return take_checked(sender, &unpacker);
    case FRAME_ABORT:
        return take_abort(sender, &unpacker);
    case FRAME_COMPLETE:
        return take_complete(sender, &unpacker);
    case FRAME_PING:
        return true;
    default:
        return malformed(sender);
    }
}

bool answers_take(struct sender *sender, bool wait)
{
    const uint8_t *payload;
    struct frame frame;

    if (wait && !wire_flush(&sender->wire, false))
        return false;
    for (;; wait = false) {
        switch (wire_receive(&sender->wire, wait, &frame, &payload)) {
        case WIRE_FRAME:
            if (!take_frame(sender, &frame, payload))
                return false;
            break;
        case WIRE_NOTHING:
            return true;
        case WIRE_ENDED:
            return wire_fail(&sender->wire, NULL, ECONNRESET);
        default:
            return false;
        }
    }
}

struct outstanding *answers_expect(struct sender *sender, uint64_t number, enum session_kind kind,
                                   const char *path, const char *source)
{
    struct outstanding *outstanding = place_of(sender, number);

    while (outstanding->number != 0 && outstanding->number != number)
        if (outstanding->again || !answers_take(sender, true))
            return NULL;
    bool is_new = outstanding->number == 0;
    if (!is_new)
        return outstanding;
    *outstanding =
        (struct outstanding){.number = number, .kind = kind, .path = strdup(path), .source = strdup(source)};
    sender->waiting++;
    if (outstanding->path != NULL && outstanding->source != NULL)
        return outstanding;
    answers_forget(sender, outstanding);
    sender_abort(sender, SESSION_LOCAL, "no memory");
    return NULL;
}

struct outstanding *answers_again(struct sender *sender)
{
    struct outstanding *first = NULL;

    for (size_t i = 0; i < SESSION_WINDOW; i++) {
        struct outstanding *one = &sender->outstanding[i];
        if (one->number != 0 && one->again && (first == NULL || one->number < first->number))
            first = one;
    }
    return first;
}

bool answers_await(struct sender *sender)
{
    if (sender->waiting > 0 &&
        !wire_send(&sender->wire, FRAME_PING, NULL, 0)) /* which has what is complete published */
        return false;
    while (sender->waiting > 0 && answers_again(sender) == NULL)
        if (!answers_take(sender, true))
            return false;
    return true;
}

bool answers_wanted(struct sender *sender, uint64_t size)
{
    if (size < SESSION_ASKS)
        return true;
    while (sender->answer == CURRENT_NONE)
        if (!answers_take(sender, true))
            return false;
    if (sender->answer != CURRENT_SETTLED)
        sender->answer = CURRENT_NONE;
    return true;
}
