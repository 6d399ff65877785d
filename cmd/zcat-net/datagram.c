/* SPDX-License-Identifier: MIT */
/*
 * A datagram session has the two directions of session.c, each in a thread, but nothing that could end it:
 * datagrams know neither an end nor an acknowledgement. After the end of standard input it goes on receiving,
 * as nc(1) does, until -q, -w, -W or a signal; --exit-on=eof and --send-only leave at the end of standard
 * input. Exit status 0 means that all was handed to the kernel and that no message has come back (ICMP, a
 * UNIX peer that has gone), and that all that the kernel has received is written.
 *
 * No splice(2) here: it cuts datagrams, takes an empty one for the end, and joins what it sends.
 */
#include "datagram.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/descriptor.h"
#include "base/message.h"
#include "base/stall.h"
#include "datagram_flow.h"
#include "output.h"

struct session {
    const struct settings *settings;
    struct monitor *monitor;
    const char *name; /* of the peer, or of the local address */
    struct flow send, receive;
    struct tap *send_tap, *receive_tap; /* NULL: nobody looks at that direction */
    struct stall stall;                 /* for -w and --timeout */
    uint64_t send_ended;                /* nanoseconds: when standard input ended, 0: it has not */
};

static uint64_t sent_bytes(const void *of)
{
    return atomic_load(&((const struct session *)of)->send.bytes);
}

static uint64_t session_bytes(const void *of)
{
    const struct session *session = of;
    return atomic_load(&session->send.bytes) + atomic_load(&session->receive.bytes);
}

/* An empty datagram is one too. The pauses of --bwlimit are no standstill, however long the debt of a
 * datagram makes them. */
static void note_progress(struct session *session)
{
    uint64_t now = clock_now();

    stall_note(&session->stall,
               atomic_load(&session->send.datagrams) + atomic_load(&session->receive.datagrams), now);
    if (atomic_load(&session->send.limited) || atomic_load(&session->receive.limited))
        session->stall.since = now;
}

/* With -k there is no session that could be idle: the wait for the next client has no limit. */
static uint64_t idle_time(const struct session *session)
{
    return session->settings->keep_listening ? 0 : session->settings->idle;
}

static uint64_t timeout(const struct session *session)
{
    return session->settings->keep_listening ? 0 : session->settings->transfer.timeout;
}

static uint64_t shorter_patience(const struct session *session)
{
    uint64_t idle = idle_time(session), fail = timeout(session);
    return fail == 0 || (idle != 0 && idle < fail) ? idle : fail;
}

/* Waits until something happens. False: nothing has moved for too long, or deadline is past. */
static bool wait_once(struct session *session, uint64_t deadline)
{
    uint64_t patience = shorter_patience(session);

    note_progress(session);
    uint64_t look = stall_next_look(&session->stall, patience, clock_now());
    if (monitor_wait(session->monitor, NULL, 0, look < deadline ? look : deadline) > 0)
        return true;
    note_progress(session);
    uint64_t now = clock_now();
    return now < stall_deadline(&session->stall, patience) && now < deadline;
}

static bool abandon(struct session *session)
{
    flow_abandon(&session->send);
    flow_abandon(&session->receive);
    return false;
}

/* What was to be received has been, as far as the kernel can tell. After -W nobody wanted the rest. */
static bool nothing_dropped(const struct session *session)
{
    const struct flow *receive = &session->receive;
    long long count = flow_dropped(receive);

    if (count <= 0 || receive->stream < 0 || receive->end == FLOW_FULL)
        return true;
    message_note("error reading '%s': %lld datagrams came faster than they could be written, and are lost "
                 "(-I makes the buffer larger)",
                 session->name, count);
    return false;
}

/* All directions are over and well. */
static bool finish(const struct session *session)
{
    const struct flow *send = &session->send;
    int error = send->opened && atomic_load(&send->datagrams) > 0 ? flow_socket_error(send) : 0;

    if (error != 0)
        message_error(error, "error writing '%s'", session->name);
    /* All three are to be told. */
    return output_finish(session->settings, session->receive.stream >= 0) & nothing_dropped(session) &
           (error == 0);
}

static bool failed(const struct flow *flow)
{
    if (flow_has_failed(flow))
        flow_report(flow);
    return flow_has_failed(flow);
}

/* What a socket tells while it receives may be of a datagram that was sent. Whether there was one is known
 * for sure only when both directions are over. */
static bool receiving_failed(struct session *session)
{
    if (session->receive.of_sent && atomic_load(&session->send.datagrams) > 0)
        session->receive.verb = "writing";
    return failed(&session->receive);
}

/* Ends the session from our side: what has been taken, and what has arrived, is still delivered. The clocks
 * begin again for that: -w may be why it ends. */
static bool leave(struct session *session)
{
    session->stall.since = clock_now();
    flow_halt(&session->send, FLOW_TAKE_NO_MORE);
    flow_halt(&session->receive, FLOW_TAKE_NO_MORE);
    while (!flow_is_over(&session->send) | !flow_is_over(&session->receive)) {
        if (!wait_once(session, CLOCK_NEVER)) {
            message_note("timed out: what had been received or read could not be delivered");
            return abandon(session);
        }
    }
    return !failed(&session->send) && !receiving_failed(session) && finish(session);
}

/* A clock has run out: -q and -w leave, --timeout fails. */
static bool on_deadline(struct session *session)
{
    uint64_t now = clock_now();

    if (now >= stall_deadline(&session->stall, timeout(session))) {
        message_note("timed out: no byte has moved for too long between '%s' and standard input or output",
                     session->name);
        return abandon(session);
    }
    if (now < stall_deadline(&session->stall, idle_time(session)) ||
        atomic_load(&session->send.held) + atomic_load(&session->receive.held) == 0)
        return leave(session);
    message_note("timed out: bytes are left that '%s' or standard output has not taken", session->name);
    return abandon(session);
}

/* What has become of the directions. True: the session is over. */
static bool is_decided(struct session *session)
{
    struct flow *send = &session->send, *receive = &session->receive;
    bool send_over = flow_is_over(send), receive_over = flow_is_over(receive);

    if (send_over && send->opened && send->end == FLOW_ENDED && session->send_ended == 0)
        session->send_ended = clock_now();
    return receive_over || flow_has_failed(send) ||
           (session->send_ended != 0 && session->settings->exit_on == EXIT_ON_EOF);
}

static uint64_t quit_deadline(const struct session *session)
{
    const struct settings *settings = session->settings;
    return settings->quits && session->send_ended ? session->send_ended + settings->quit_after : CLOCK_NEVER;
}

static bool relay(struct session *session)
{
    while (!is_decided(session))
        if (!wait_once(session, quit_deadline(session)))
            return on_deadline(session);
    return leave(session);
}

/* Errors are queued, and a device without room says so, which is otherwise not told at all: ip(7). */
static bool keep_errors(int fd)
{
    int on = 1;
    bool v4 = setsockopt(fd, IPPROTO_IP, IP_RECVERR, &on, sizeof on) == 0;
    return setsockopt(fd, IPPROTO_IPV6, IPV6_RECVERR, &on, sizeof on) == 0 || v4;
}

static void prepare(struct session *session, struct flow *flow, const int *fds, size_t count)
{
    flow->monitor = session->monitor;
    flow->socket_name = session->name;
    flow->socket_count = count;
    for (size_t i = 0; i < count; i++)
        flow->sockets[i] = fds[i];
    flow->limit.rate = session->settings->transfer.rate;
    flow->lines = &session->settings->lines;
    flow->stop = flow->tap = -1;
}

/* --hash and --hex-dump. False: that failed (reported). */
static bool open_tap(const struct session *session, struct flow *flow, char mark, struct tap **tap)
{
    const struct tap_settings *settings = &session->settings->tap;
    return !tap_is_wanted(settings) || (*tap = tap_start(settings, mark, &flow->tap)) != NULL;
}

/* As tap_finish, for both directions. */
static bool close_taps(struct session *session, bool whole)
{
    descriptor_close(&session->receive.tap);
    descriptor_close(&session->send.tap);
    return tap_finish((struct tap_direction){session->receive_tap, session->receive.bytes},
                      (struct tap_direction){session->send_tap, session->send.bytes}, whole);
}

static bool start_receiving(struct session *session)
{
    struct flow *receive = &session->receive;

    receive->stream = session->settings->send_only ? -1 : STDOUT_FILENO;
    receive->stream_name = output_name;
    receive->stream_kind = kind_of(STDOUT_FILENO);
    receive->most = session->settings->recv_limit;
    return open_tap(session, receive, '<', &session->receive_tap) && flow_start(receive, datagram_receive);
}

static bool start_sending(struct session *session)
{
    struct flow *send = &session->send;

    send->stream = STDIN_FILENO;
    send->stream_name = "standard input";
    send->stream_kind = kind_of(STDIN_FILENO);
    return open_tap(session, send, '>', &session->send_tap) && flow_start(send, datagram_send);
}

/* Starts the directions. With -k nothing is sent: there is nobody to send it to. */
static bool start(struct session *session, const int *fds, size_t count)
{
    const struct settings *settings = session->settings;

    prepare(session, &session->send, fds, count);
    prepare(session, &session->receive, fds, count);
    if (!settings->keep_listening)
        session->send.keeps_errors = session->receive.keeps_errors = keep_errors(fds[0]);
    note_progress(session);
    return start_receiving(session) &&
           (settings->no_stdin || settings->keep_listening || start_sending(session));
}

static void explain(const struct flow *flow, const char *from, const char *to, const char *calls)
{
    message_note("debug: '%s' to '%s': %s, %llu bytes in %llu datagrams and %llu calls", from, to, calls,
                 (unsigned long long)flow->bytes, (unsigned long long)flow->datagrams,
                 (unsigned long long)flow->calls);
}

/* Adds up, explains under --debug, and frees. */
static void close_session(struct session *session, struct transfer_totals *totals)
{
    struct flow *send = &session->send, *receive = &session->receive;
    uint64_t bytes = session_bytes(session);

    totals->bytes += bytes;
    totals->by_method[METHOD_READ] += bytes;
    if (session->settings->transfer.debug && receive->opened)
        explain(receive, session->name, receive->stream < 0 ? "nowhere" : output_name, "recvmmsg and write");
    if (session->settings->transfer.debug && send->opened)
        explain(send, send->stream_name, session->name, "read and sendmmsg");
    flow_close(send);
    flow_close(receive);
    free(session);
}

int datagram_run(const struct settings *settings, struct monitor *monitor, const int *fds, size_t count,
                 const char *name, struct transfer_totals *totals)
{
    struct session *session = calloc(1, sizeof *session);
    if (session == NULL) {
        message_error(errno, "cannot start a session");
        return EXIT_FAILED;
    }
    *session = (struct session){.settings = settings, .monitor = monitor, .name = name};
    uint64_t total = settings->no_stdin || settings->keep_listening ? 0 : descriptor_bytes_left(STDIN_FILENO);
    monitor_start(monitor, total > 0 ? sent_bytes : session_bytes, session, total);
    bool well = start(session, fds, count) ? relay(session) : abandon(session);
    monitor_finish(monitor);
    /* A thread that could not be got out of a call goes on with the session until the process exits. */
    if (session->send.running || session->receive.running)
        return EXIT_FAILED;
    well = close_taps(session, well) && well;
    close_session(session, totals);
    return well ? EXIT_DONE : EXIT_FAILED;
}
