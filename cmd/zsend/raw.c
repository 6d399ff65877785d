/* SPDX-License-Identifier: MIT */
/*
 * One pump from the source to the connection, in a thread of its own. The main thread waits, draws progress,
 * and throws away what the receiver says, so that a receiver that talks back never gets stuck.
 *
 * When the bytes are sent: half-close, wait until all is acknowledged, then wait for the receiver to close. A
 * receiver that fails to write resets the connection instead. If it had closed its own direction before our
 * data ended, that FIN says nothing about them, and the acknowledgement is all there is.
 */
#include "raw.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/message.h"
#include "base/stall.h"
#include "move/worker.h"
#include "net/connection.h"

struct sending {
    const struct settings *settings;
    struct monitor *monitor;
    const struct source *source;
    int fd;
    const char *peer;
    struct worker worker;
    bool peer_ended; /* its FIN has come */
    int peer_error;  /* what receiving has said, 0: nothing bad */
    struct stall stall;
};

static uint64_t sent_bytes(const void *of)
{
    return atomic_load(&((const struct sending *)of)->worker.pump.moved);
}

/* Reads what the receiver has said. */
static void discard_answer(struct sending *sending)
{
    char unwanted[16384];
    ssize_t n = recv(sending->fd, unwanted, sizeof unwanted, MSG_DONTWAIT);

    int error = n < 0 && errno != EAGAIN && errno != EINTR ? errno : 0;

    sending->peer_ended = n == 0 || connection_has_ended(sending->fd, error);
    sending->peer_error = sending->peer_ended ? 0 : error;
    if (n > 0)
        sending->stall.since = clock_now();
}

/* What the receiver acknowledges is progress too, for the socket's buffer may take long to drain: a count
 * that grows with every byte moved and with every byte acknowledged. The pauses of --bwlimit are no
 * standstill.
 */
static void note_progress(struct sending *sending)
{
    uint64_t now = clock_now();

    stall_note(&sending->stall, 2 * sent_bytes(sending) - (uint64_t)connection_unacknowledged(sending->fd),
               now);
    if (atomic_load(&sending->worker.pump.limited))
        sending->stall.since = now;
}

/* Waits for the pump or for the receiver. False: timed out. */
static bool wait_once(struct sending *sending)
{
    bool listens = !sending->peer_ended && sending->peer_error == 0;
    struct pollfd answer = {.fd = sending->fd, .events = POLLIN};
    uint64_t timeout = sending->settings->transfer.timeout;

    note_progress(sending);
    if (monitor_wait(sending->monitor, &answer, listens,
                     stall_next_look(&sending->stall, timeout, clock_now())) > 0) {
        if (listens && answer.revents != 0)
            discard_answer(sending);
        return true;
    }
    note_progress(sending);
    return clock_now() < stall_deadline(&sending->stall, timeout);
}

static enum session_status timed_out(struct sending *sending)
{
    worker_abandon(&sending->worker);
    message_note("timed out: no byte has moved for too long from '%s' to '%s'", sending->source->name,
                 sending->peer);
    return SESSION_TIMEOUT;
}

/* The receiver has reset the connection: nothing that the source may still say matters. */
static enum session_status broken_off(struct sending *sending)
{
    worker_abandon(&sending->worker);
    message_error(sending->peer_error, "error writing '%s'", sending->peer);
    return SESSION_BROKEN;
}

static enum session_status failed(const struct sending *sending)
{
    worker_report(&sending->worker);
    return sending->worker.pump.side == PUMP_IN ? SESSION_LOCAL : SESSION_BROKEN;
}

/* All bytes are in the connection. Waits until the receiver has them and has closed. */
static enum session_status confirm(struct sending *sending)
{
    if (shutdown(sending->fd, SHUT_WR) != 0 && errno != ENOTCONN) /* that is a reset, and will be seen */
        sending->peer_error = errno;
    while (!sending->peer_ended && sending->peer_error == 0)
        if (!wait_once(sending))
            return timed_out(sending);
    int error = sending->peer_error
                    ? sending->peer_error
                    : connection_settle(sending->fd, sending->monitor, sending->settings->transfer.timeout);
    if (error == ETIMEDOUT && sending->settings->transfer.timeout != 0)
        return timed_out(sending);
    if (error != 0)
        message_error(error, "error writing '%s': not all was taken", sending->peer);
    return error == 0 ? SESSION_DONE : SESSION_BROKEN;
}

static enum session_status send_all(struct sending *sending)
{
    const struct settings *settings = sending->settings;

    while (!worker_is_over(&sending->worker)) {
        if (!wait_once(sending))
            return timed_out(sending);
        if (sending->peer_error != 0)
            return broken_off(sending);
    }
    if (worker_has_failed(&sending->worker))
        return failed(sending);
    if (!source_check(sending->source, settings, sending->worker.pump.moved))
        return SESSION_LOCAL;
    enum session_status status = confirm(sending);
    if (status == SESSION_DONE && !source_check(sending->source, settings, sending->worker.pump.moved))
        return SESSION_LOCAL;
    return status;
}

static enum session_status start_and_send(struct sending *sending)
{
    uint64_t length = sending->source->length;

    if (!worker_open(&sending->worker, &sending->settings->transfer, sending->monitor, sending->source->fd,
                     sending->source->name, sending->fd, sending->peer))
        return SESSION_LOCAL;
    sending->worker.pump.length = length;
    if (!worker_start(&sending->worker))
        return SESSION_LOCAL;
    monitor_start(sending->monitor, sent_bytes, sending, length == PUMP_TO_END ? 0 : length);
    enum session_status status = send_all(sending);
    monitor_finish(sending->monitor);
    return status;
}

enum session_status raw_send(const struct settings *settings, struct monitor *monitor,
                             const struct source *source, int fd, const char *peer,
                             struct transfer_totals *totals)
{
    struct sending *sending = calloc(1, sizeof *sending);
    if (sending == NULL) {
        message_error(errno, "cannot start to send");
        return SESSION_LOCAL;
    }
    *sending =
        (struct sending){.settings = settings, .monitor = monitor, .source = source, .fd = fd, .peer = peer};
    enum session_status status = start_and_send(sending);
    if (status == SESSION_DONE) {
        connection_drain(fd);
        connection_close(fd);
    } else {
        connection_reset(fd);
    }
    /* A thread that is stuck in reading the source goes on with its state until the process exits. */
    if (!worker_is_over(&sending->worker))
        return status;
    worker_close(&sending->worker, &settings->transfer, totals);
    free(sending);
    return status;
}
