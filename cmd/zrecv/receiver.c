/* SPDX-License-Identifier: MIT */
/* Answers to the sender, and waiting for the disk. */
#include "receiver.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>

#include "base/descriptor.h"
#include "base/message.h"

enum { PING_EVERY = 250 }; /* milliseconds */

static bool send_reason(struct receiver *receiver, enum frame_type type, const struct session_reason *reason)
{
    uint8_t payload[SESSION_TEXT + 32];
    struct packer packer = packer_make(payload, sizeof payload);

    session_pack_reason(&packer, reason);
    return wire_send(&receiver->wire, type, payload, packer.length) && wire_flush(&receiver->wire, false);
}

bool receiver_refuse(struct receiver *receiver, uint64_t number, enum session_status status, int error,
                     const char *format, ...)
{
    struct session_reason reason = {.number = number, .status = status};
    va_list args;

    va_start(args, format);
    int length = vsnprintf(reason.text, sizeof reason.text, format, args);
    va_end(args);
    message_error(error, "%s", reason.text);
    if (error != 0 && length >= 0 && (size_t)length < sizeof reason.text)
        snprintf(reason.text + length, sizeof reason.text - (size_t)length, ": %s", strerror(error));
    receiver->failed++;
    if (receiver->worst == SESSION_DONE || status > receiver->worst)
        receiver->worst = status;
    return send_reason(receiver, FRAME_REFUSED, &reason);
}

bool receiver_confirm(struct receiver *receiver, uint64_t number, bool taken)
{
    uint8_t payload[16];
    struct packer packer = packer_make(payload, sizeof payload);

    atomic_fetch_add_explicit(&receiver->wire.watch->files, 1, memory_order_relaxed);
    session_pack_answer(&packer, &(struct session_answer){number, taken});
    return wire_send(&receiver->wire, FRAME_DONE, payload, packer.length);
}

bool receiver_ask_again(struct receiver *receiver, uint64_t number, uint64_t offset, uint64_t length)
{
    uint8_t payload[32];
    struct packer packer = packer_make(payload, sizeof payload);

    session_pack_again(&packer, &(struct session_again){number, offset, length});
    return wire_send(&receiver->wire, FRAME_AGAIN, payload, packer.length);
}

static bool end_session(struct receiver *receiver, struct session_reason *reason)
{
    send_reason(receiver, FRAME_ABORT, reason);
    receiver->worst = reason->status;
    return wire_fail(&receiver->wire, "", 0);
}

bool receiver_end(struct receiver *receiver, enum session_status status, int error, const char *problem)
{
    struct session_reason reason = {.status = status};

    message_error(error, "%s: %s", receiver->peer, problem);
    snprintf(reason.text, sizeof reason.text, "%s%s%s", problem, error != 0 ? ": " : "",
             error != 0 ? strerror(error) : "");
    receiver->decided = status == SESSION_REFUSED;
    return end_session(receiver, &reason);
}

bool receiver_abort(struct receiver *receiver, const char *problem)
{
    struct session_reason reason = {.status = SESSION_REFUSED};

    message_note("%s: refused: %s", receiver->peer, problem);
    snprintf(reason.text, sizeof reason.text, "%s", problem);
    return end_session(receiver, &reason);
}

struct waiting {
    bool (*call)(void *of);
    void *of;
    bool good;
    int error, done; /* errno; eventfd(2) */
};

static void *call(void *of)
{
    struct waiting *waiting = of;

    waiting->good = waiting->call(waiting->of);
    waiting->error = errno;
    eventfd_write(waiting->done, 1);
    return NULL;
}

bool receiver_wait_for(struct receiver *receiver, bool (*function)(void *of), void *of)
{
    struct waiting waiting = {.call = function, .of = of, .done = eventfd(0, EFD_CLOEXEC)};
    pthread_t thread;

    if (waiting.done < 0 || pthread_create(&thread, NULL, call, &waiting) != 0) {
        descriptor_close(&waiting.done);
        return function(of);
    }
    while (descriptor_wait(waiting.done, POLLIN, -1, PING_EVERY) == 0)
        if (!wire_is_clear(&receiver->wire) || wire_send(&receiver->wire, FRAME_PING, NULL, 0))
            (void)wire_flush(&receiver->wire, false);
    pthread_join(thread, NULL);
    descriptor_close(&waiting.done);
    errno = waiting.error;
    return waiting.good;
}

static bool sync_journal(void *of)
{
    return journal_settle(of, true);
}

bool receiver_settle(struct receiver *receiver)
{
    struct journal *journal = &receiver->store.journal;

    return receiver->settings->sync ? receiver_wait_for(receiver, sync_journal, journal)
                                    : journal_settle(journal, false);
}
