/* SPDX-License-Identifier: MIT */
/* Standard input to datagrams: each read is one, and what is ready is sent by one sendmmsg(2). */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/descriptor.h"
#include "crlf.h"
#include "datagram_flow.h"

enum {
    PIECE = 16384,       /* bytes of one read, as nc(1) has it */
    LARGE_PIECE = 65536, /* of a socket with boundaries of its own: no datagram of IP is larger */
    ROOM = 16 * PIECE,   /* bytes of all buffers */
    BATCH = ROOM / PIECE,
    CRLF_GROWTH = 2, /* times that -C makes a piece larger at most */
    FULL_QUEUE = 2   /* milliseconds to wait while the device has no room for more */
};

struct batch {
    struct mmsghdr messages[BATCH];
    struct iovec pieces[BATCH];
    size_t count, sent;
    size_t piece;  /* bytes that one read may have */
    size_t most;   /* bytes that may become of one */
    size_t used;   /* bytes of room that the pieces have, one behind the other */
    bool ended;    /* the source has */
    bool after_cr; /* for -C */
    char room[ROOM];
    char raw[LARGE_PIECE]; /* for -C: what was read; without it never touched, and so not resident */
};

/* Anything but a file may have to be waited for. */
static bool is_always_ready(enum kind kind)
{
    return kind == KIND_FILE || kind == KIND_APPEND || kind == KIND_BLOCK;
}

/* One datagram of a socket, whose real length it returns; 0 means that it was empty, or with SOCK_SEQPACKET
 * the end. */
static ssize_t take_packet(const struct flow *flow, struct batch *batch, char *buffer)
{
    int type;
    socklen_t length = sizeof type;
    ssize_t n = recv(flow->stream, buffer, batch->piece, MSG_TRUNC);

    if (n == 0 && getsockopt(flow->stream, SOL_SOCKET, SO_TYPE, &type, &length) == 0)
        batch->ended = type != SOCK_DGRAM;
    return n;
}

static ssize_t take(const struct flow *flow, struct batch *batch, char *buffer)
{
    if (flow->stream_kind == KIND_DATAGRAM)
        return take_packet(flow, batch, buffer);
    ssize_t n = read(flow->stream, buffer, batch->piece);
    batch->ended = n == 0;
    return n;
}

/* -C. The pieces of a stream are cut by chance, but a datagram of standard input is whole in itself. */
static size_t rewrite(const struct flow *flow, struct batch *batch, size_t n, char *room)
{
    if (flow->stream_kind == KIND_DATAGRAM)
        batch->after_cr = false;
    return crlf_expand(&batch->after_cr, batch->raw, n, room);
}

static void append(struct batch *batch, char *data, size_t n)
{
    struct iovec *piece = &batch->pieces[batch->count];

    *piece = (struct iovec){.iov_base = data, .iov_len = n};
    batch->messages[batch->count] = (struct mmsghdr){.msg_hdr = {.msg_iov = piece, .msg_iovlen = 1}};
    batch->count++;
    batch->used += n;
}

/* Takes one piece. False: none was to be had. */
static bool add_piece(struct flow *flow, struct batch *batch)
{
    char *room = batch->room + batch->used;
    ssize_t n = take(flow, batch, flow->lines->crlf ? batch->raw : room);

    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return false;
    if (n < 0)
        return flow_fail(flow, "reading", flow->stream_name, errno);
    if ((size_t)n > batch->piece)
        return flow_fail(flow, "reading", flow->stream_name, EMSGSIZE);
    if (!batch->ended)
        append(batch, room, flow->lines->crlf ? rewrite(flow, batch, (size_t)n, room) : (size_t)n);
    return !batch->ended;
}

/* True if the batch has room for another piece. With -i it is sent one by one: the pause comes first. */
static bool has_room(const struct flow *flow, const struct batch *batch)
{
    return batch->count < (flow_is_paced(flow) ? 1 : BATCH) && ROOM - batch->used >= batch->most;
}

/* Waits for the first piece, and adds those that are ready as well. */
static void fill(struct flow *flow, struct batch *batch)
{
    batch->count = batch->sent = batch->used = 0;
    int ready = flow_wait(flow, flow->stream, POLLIN, -1);
    if (ready < 0)
        flow_fail(flow, "reading", flow->stream_name, errno);
    while (ready > 0 && atomic_load(&flow->halt) == FLOW_RUN && add_piece(flow, batch) &&
           has_room(flow, batch))
        ready = is_always_ready(flow->stream_kind) ? 1 : descriptor_wait(flow->stream, POLLIN, -1, 0);
    atomic_store(&flow->held, batch->count);
}

/* How many of the next messages the limit lets pass now, one at least. 0: abandoned. */
static size_t allowed(struct flow *flow, const struct batch *batch)
{
    size_t left = batch->count - batch->sent, bytes = 0, n = 0;

    if (flow->limit.rate == 0)
        return left;
    size_t granted = flow_pass(flow, ROOM);
    while (granted > 0 && n < left && (n == 0 || bytes < granted))
        bytes += batch->pieces[batch->sent + n++].iov_len;
    return n;
}

/* A call has sent nothing. False: for good. */
static bool wait_for_room(struct flow *flow)
{
    switch (errno) {
    case EINTR:
        return true;
    case EAGAIN:
        flow_wait(flow, flow->sockets[0], POLLOUT, -1);
        return true;
    case ENOBUFS:
        flow_wait(flow, -1, 0, FULL_QUEUE);
        return true;
    default:
        return flow_fail(flow, "writing", flow->socket_name, errno);
    }
}

static bool count_sent(struct flow *flow, struct batch *batch, int sent)
{
    for (int i = 0; i < sent; i++) {
        const struct iovec *piece = &batch->pieces[batch->sent++];
        if (!flow_count(flow, piece->iov_base, piece->iov_len))
            return false;
    }
    flow->calls++;
    return true;
}

/* Sends what is allowed. False: it is over. */
static bool send_some(struct flow *flow, struct batch *batch)
{
    /* Errors of the socket end the other thread, and with it the session and this pause. */
    if (!flow_pause(flow, -1))
        return false;
    size_t n = allowed(flow, batch);
    if (n == 0)
        return false;
    int sent = sendmmsg(flow->sockets[0], batch->messages + batch->sent, (unsigned)n, MSG_NOSIGNAL);
    if (sent < 0)
        return wait_for_room(flow);
    if (!count_sent(flow, batch, sent))
        return false;
    /* sendmmsg(2) takes the error that has come after its first message out of the socket and does not tell
     * it; the queue still has it. */
    int error = (size_t)sent < n && flow->keeps_errors ? flow_socket_error(flow) : 0;
    return error == 0 || flow_fail(flow, "writing", flow->socket_name, error);
}

static void send_all(struct flow *flow, struct batch *batch)
{
    while (flow->end != FLOW_FAILED && !batch->ended && atomic_load(&flow->halt) == FLOW_RUN) {
        fill(flow, batch);
        while (batch->sent < batch->count && send_some(flow, batch))
            if (atomic_load(&flow->halt) == FLOW_ABANDON)
                return;
    }
}

void datagram_send(struct flow *flow)
{
    struct batch *batch = malloc(sizeof *batch);

    flow->end = FLOW_HALTED;
    if (batch == NULL) {
        flow_fail(flow, "reading", flow->stream_name, ENOMEM);
        return;
    }
    batch->ended = batch->after_cr = false;
    batch->piece = flow->stream_kind == KIND_DATAGRAM ? LARGE_PIECE : PIECE;
    batch->most = batch->piece * (flow->lines->crlf ? CRLF_GROWTH : 1);
    send_all(flow, batch);
    if (flow->end != FLOW_FAILED && batch->ended)
        flow->end = FLOW_ENDED;
    free(batch);
}
