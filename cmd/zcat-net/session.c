/* SPDX-License-Identifier: MIT */
/*
 * A session has two directions, each a pump in a thread of its own: whatever blocks one of them (a full pipe,
 * a stopped terminal, a silent peer) cannot hold up the other. The main thread waits, draws progress, watches
 * the clocks, and decides when the session is over.
 *
 * Who ends it. Standard input's end half-closes the connection; then the peer's end ends the session
 * (--exit-on=both). With --exit-on=eof the first of these is enough, with --exit-on=peer the second.
 * Without --exit-on, when the peer ends first: zcat-net leaves as soon as standard input has nothing ready
 * (a terminal), or has had nothing for a second (all else: a busy producer is now and then late by less),
 * since nobody will answer any more. But two facts say that the peer is still there and has only half-closed,
 * as a receiver does whose own standard input is empty, and leaving would cut off what is still to come:
 * it acknowledges bytes that were sent after its FIN (a closed socket answers those with a reset), or it has
 * ended without ever sending a byte and standard input is no terminal. Then the session goes on to the end of
 * standard input; if the peer is gone after all, the next byte is answered by a reset and the exit status
 * is 1.
 */
#include "session.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/descriptor.h"
#include "base/message.h"
#include "base/stall.h"
#include "lines.h"
#include "move/worker.h"
#include "net/connection.h"
#include "output.h"

struct session {
    const struct settings *settings;
    struct monitor *monitor;
    int fd;
    const char *peer;
    struct worker send, receive;
    struct lines *lines;                /* for -C, -i and -t, or NULL */
    struct tap *send_tap, *receive_tap; /* NULL: nobody looks at that direction */
    int discard;                        /* /dev/null with --send-only, or -1 */
    struct stall stall;                 /* for -w and --timeout */
    uint64_t send_ended;                /* nanoseconds: when standard input ended, 0: it has not */
    bool peer_ended;                    /* the FIN has been seen */
    bool peer_reads;                    /* it is known to be there still, after its FIN */
    bool stranded;                      /* what standard input still has cannot be sent (reported) */
};

enum { IDLE_AFTER = 1000 /* milliseconds without a byte after which standard input is idle */ };

static uint64_t sent_bytes(const void *of)
{
    return atomic_load(&((const struct session *)of)->send.pump.moved);
}

static uint64_t session_bytes(const void *of)
{
    const struct session *session = of;
    return atomic_load(&session->send.pump.moved) + atomic_load(&session->receive.pump.moved);
}

/* Stops everything and resets the connection: the peer must not take what it has for all. */
static enum session_outcome abandon(struct session *session, enum session_outcome outcome)
{
    worker_abandon(&session->send);
    worker_abandon(&session->receive);
    connection_reset(session->fd);
    return outcome;
}

/* The shorter of the two clocks that end a session in which no byte moves, 0: none is set. */
static uint64_t shorter_patience(const struct settings *settings)
{
    uint64_t idle = settings->idle, timeout = settings->transfer.timeout;
    return timeout == 0 || (idle != 0 && idle < timeout) ? idle : timeout;
}

/* What the peer acknowledges is progress too, for the socket's buffer may take long to drain: a count that
 * grows with every byte moved and with every byte acknowledged. The pauses of --bwlimit are no standstill. */
static void note_progress(struct session *session)
{
    uint64_t now = clock_now();

    stall_note(&session->stall, 2 * session_bytes(session) - (uint64_t)connection_unacknowledged(session->fd),
               now);
    if (atomic_load(&session->send.pump.limited) || atomic_load(&session->receive.pump.limited))
        session->stall.since = now;
}

/* Waits until something happens. False: no byte has moved for too long (-w, --timeout), or deadline is past.
 */
static bool wait_once(struct session *session, uint64_t deadline)
{
    uint64_t patience = shorter_patience(session->settings);

    note_progress(session);
    uint64_t look = stall_next_look(&session->stall, patience, clock_now());
    if (monitor_wait(session->monitor, NULL, 0, look < deadline ? look : deadline) > 0)
        return true;
    note_progress(session);
    uint64_t now = clock_now();
    return now < stall_deadline(&session->stall, patience) && now < deadline;
}

/* Waits until both directions are over. False: no byte has moved for too long. */
static bool wait_over(struct session *session)
{
    while (!worker_is_over(&session->send) | !worker_is_over(&session->receive))
        if (!wait_once(session, CLOCK_NEVER))
            return false;
    return true;
}

static enum session_outcome fail(struct session *session, const struct worker *worker)
{
    const struct pump *pump = &worker->pump;
    bool at_socket = (worker == &session->send) == (pump->side == PUMP_OUT);

    worker_report(worker);
    return abandon(session, at_socket ? SESSION_BROKEN : SESSION_FATAL);
}

/*
 * All directions are over and well. Sees to it that the peer has everything that we have sent. A peer that
 * was not heard out (-W, -w) is to know it: closing with its bytes unread resets the connection. They are
 * only thrown away where it was not to be heard anyway, or where the reset could overtake bytes of ours.
 */
static enum session_outcome finish(struct session *session, bool last)
{
    int error = 0;

    if (!output_finish(session->settings, last && session->receive.opened && session->discard < 0))
        return abandon(session, SESSION_FATAL);
    if (session->settings->send_only || sent_bytes(session) > 0) {
        shutdown(session->fd, SHUT_WR);
        error = connection_settle(session->fd, session->monitor, shorter_patience(session->settings));
        if (error == 0)
            error = connection_drain(session->fd);
    }
    if (error != 0) {
        message_error(error, "error writing '%s': not all was acknowledged", session->peer);
        return abandon(session, SESSION_BROKEN);
    }
    connection_close(session->fd);
    return SESSION_DONE;
}

/* Ends the session from our side: what has been taken is still delivered. */
static enum session_outcome leave(struct session *session, bool last)
{
    worker_halt(&session->send, PUMP_TAKE_NO_MORE);
    worker_halt(&session->receive, PUMP_TAKE_NO_MORE);
    if (!wait_over(session)) {
        message_note("timed out: what had been received or read could not be delivered");
        return abandon(session, SESSION_FATAL);
    }
    if (worker_has_failed(&session->receive))
        return fail(session, &session->receive);
    if (worker_has_failed(&session->send))
        return fail(session, &session->send);
    return finish(session, last);
}

/* The peer's FIN has come; standard input has not ended. */
static void on_peer_end(struct session *session)
{
    const struct settings *settings = session->settings;
    bool silent = atomic_load(&session->receive.pump.moved) == 0;

    session->peer_ended = true;
    if (settings->exit_on == EXIT_ON_PEER)
        worker_halt(&session->send, PUMP_TAKE_NO_MORE);
    else if (settings->exit_on == EXIT_ON_AUTO &&
             (!silent || session->send.pump.route.in_kind == KIND_TERMINAL))
        worker_halt(&session->send, PUMP_WHEN_IDLE);
}

/* Standard input was idle after the peer's FIN. If the peer has acknowledged what was sent since, it reads
 * on, and so do we. True: go on. */
static bool resume_sending(struct session *session)
{
    struct worker *send = &session->send;

    if (session->settings->exit_on != EXIT_ON_AUTO || send->pump.end != PUMP_HALTED || session->peer_reads ||
        send->pump.moved == send->pump.moved_at_halt)
        return false;
    session->peer_reads = true;
    int error = connection_settle(session->fd, session->monitor, shorter_patience(session->settings));
    if (error != 0)
        worker_fail_sink(send, error);
    else
        session->stranded = !worker_start(send);
    return error == 0 && !session->stranded;
}

static uint64_t quit_deadline(const struct session *session)
{
    const struct settings *settings = session->settings;
    return settings->quits && session->send_ended ? session->send_ended + settings->quit_after : CLOCK_NEVER;
}

/* A clock has run out: -q and -w leave, --timeout fails. */
static enum session_outcome on_deadline(struct session *session, bool last)
{
    const struct settings *settings = session->settings;
    uint64_t now = clock_now();

    if (now >= stall_deadline(&session->stall, settings->transfer.timeout)) {
        message_note("timed out: no byte has moved for too long between '%s' and standard input or output",
                     session->peer);
        return abandon(session, SESSION_BROKEN);
    }
    if (now < stall_deadline(&session->stall, settings->idle))
        return leave(session, last);
    bool blocked = !worker_is_over(&session->send) && connection_is_full(session->fd);
    worker_abandon(&session->send);
    worker_abandon(&session->receive);
    bool over = worker_is_over(&session->send) && worker_is_over(&session->receive);
    if (over && !blocked && pump_held(&session->send.pump) + pump_held(&session->receive.pump) == 0 &&
        connection_unacknowledged(session->fd) == 0)
        return finish(session, last);
    message_note("timed out: bytes are left that '%s' or standard output has not taken", session->peer);
    return abandon(session, SESSION_BROKEN);
}

/* What has become of the directions. True: the session is over. */
static bool is_decided(struct session *session)
{
    const struct settings *settings = session->settings;
    bool send_over = worker_is_over(&session->send), receive_over = worker_is_over(&session->receive);

    if (worker_has_failed(&session->receive) || worker_has_failed(&session->send))
        return true;
    if (receive_over && session->receive.pump.end == PUMP_FULL)
        return true;
    if (send_over && session->send.opened && session->send_ended == 0 && worker_has_ended(&session->send)) {
        session->send_ended = clock_now();
        if (settings->exit_on == EXIT_ON_EOF)
            return true;
    }
    if (receive_over && session->receive.opened && !session->peer_ended)
        on_peer_end(session);
    if (!send_over || !receive_over)
        return false;
    return !session->peer_ended || !session->send.opened || !resume_sending(session);
}

static enum session_outcome conclude(struct session *session, bool last)
{
    struct worker *send = &session->send, *receive = &session->receive;

    if (session->stranded)
        return abandon(session, SESSION_FATAL);
    if (worker_has_failed(receive))
        return fail(session, receive);
    if (worker_has_failed(send)) {
        /* The peer may have said why before it went: what is here already is delivered. */
        if (send->pump.side == PUMP_OUT) {
            worker_halt(receive, PUMP_WHEN_IDLE);
            wait_over(session);
        }
        return fail(session, worker_has_failed(receive) && receive->pump.side == PUMP_OUT ? receive : send);
    }
    return leave(session, last);
}

static enum session_outcome relay(struct session *session, bool last)
{
    while (!is_decided(session))
        if (!wait_once(session, quit_deadline(session)))
            return on_deadline(session, last);
    return conclude(session, last);
}

/* --hash and --hex-dump. False: that failed (reported). */
static bool open_tap(struct session *session, struct worker *worker, char mark, struct tap **tap)
{
    int input;

    if (!tap_is_wanted(&session->settings->tap))
        return true;
    *tap = tap_start(&session->settings->tap, mark, &input);
    if (*tap == NULL || pump_set_tap(&worker->pump, input))
        return *tap != NULL;
    message_note("no method of --method shows its bytes to --hash and --hex-dump");
    return false;
}

/* As tap_finish, for both directions. */
static bool close_taps(struct session *session, bool whole)
{
    struct pump *receive = &session->receive.pump, *send = &session->send.pump;

    if (session->receive_tap != NULL)
        descriptor_close(&receive->tap);
    if (session->send_tap != NULL)
        descriptor_close(&send->tap);
    return tap_finish((struct tap_direction){session->receive_tap, receive->moved},
                      (struct tap_direction){session->send_tap, send->moved}, whole);
}

static bool open_workers(struct session *session)
{
    const struct settings *settings = session->settings;
    struct worker *send = &session->send, *receive = &session->receive;
    int out = STDOUT_FILENO;

    if (settings->send_only && (out = session->discard = open("/dev/null", O_WRONLY | O_CLOEXEC)) < 0) {
        message_error(errno, "error writing '/dev/null'");
        return false;
    }
    if (!worker_open(receive, &settings->transfer, session->monitor, session->fd, session->peer, out,
                     output_name))
        return false;
    receive->pump.lost_is_end = settings->address.family == AF_VSOCK;
    receive->pump.gather = settings->address.family == AF_UNSPEC;
    receive->pump.max_takes = settings->recv_limit;
    if (!open_tap(session, receive, '<', &session->receive_tap))
        return false;
    if (settings->no_stdin)
        return true;
    if (!worker_open(send, &settings->transfer, session->monitor, STDIN_FILENO, "standard input", session->fd,
                     session->peer))
        return false;
    if (!open_tap(session, send, '>', &session->send_tap))
        return false;
    send->half_close = settings->half_close;
    send->pump.idle_after = send->pump.route.in_kind == KIND_TERMINAL ? 0 : IDLE_AFTER;
    return true;
}

static bool open_session(struct session *session)
{
    struct worker *send = &session->send, *receive = &session->receive;

    if (!open_workers(session))
        return false;
    if (!lines_open(&session->lines, &session->settings->lines, session->fd, send, receive)) {
        message_error(errno, "cannot start a session");
        return false;
    }
    return worker_start(receive) && (!send->opened || worker_start(send));
}

enum session_outcome session_run(const struct settings *settings, struct monitor *monitor, int fd,
                                 const char *peer, bool last, struct transfer_totals *totals)
{
    struct session *session = calloc(1, sizeof *session);
    if (session == NULL) {
        message_error(errno, "cannot start a session");
        return SESSION_FATAL;
    }
    *session =
        (struct session){.settings = settings, .monitor = monitor, .fd = fd, .peer = peer, .discard = -1};
    uint64_t total = settings->no_stdin ? 0 : descriptor_bytes_left(STDIN_FILENO);
    monitor_start(monitor, total > 0 ? sent_bytes : session_bytes, session, total);
    enum session_outcome outcome =
        open_session(session) ? relay(session, last) : abandon(session, SESSION_FATAL);
    monitor_finish(monitor);
    /* A thread that could not be got out of a call goes on with the session until the process exits. */
    if (session->send.running || session->receive.running)
        return SESSION_FATAL;
    if (!close_taps(session, outcome == SESSION_DONE) && outcome == SESSION_DONE)
        outcome = SESSION_BROKEN;
    worker_close(&session->receive, &settings->transfer, totals);
    worker_close(&session->send, &settings->transfer, totals);
    lines_close(session->lines);
    descriptor_close(&session->discard);
    free(session);
    return outcome;
}
