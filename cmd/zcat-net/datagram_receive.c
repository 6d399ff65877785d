/* SPDX-License-Identifier: MIT */
/* Datagrams to standard output: what has arrived is taken by one recvmmsg(2). */
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "datagram_flow.h"

enum {
    LARGEST = 65536,    /* bytes: no datagram of IP is larger; one of AF_UNIX may be, and is then an error */
    BATCH = 24,         /* 1.5 MiB of buffers, of which only what was once filled is resident */
    LAST_PASSES = 4096, /* at the end: more batches than fit into any buffer of a socket, but a limit */
    ATTEMPTS = 3
};

struct batch {
    struct mmsghdr messages[BATCH];
    struct iovec pieces[BATCH];
    char room[BATCH][LARGEST];
};

/* Drops n bytes that have been written from the head of the vector; returns how many pieces that were. */
static size_t skip(struct iovec *vector, size_t count, size_t n)
{
    size_t done = 0;

    while (done < count && n >= vector[done].iov_len)
        n -= vector[done++].iov_len;
    if (done < count) {
        vector[done].iov_base = (char *)vector[done].iov_base + n;
        vector[done].iov_len -= n;
    }
    return done;
}

/* Writes pieces, to a stream all in one call, to a socket with boundaries one by one. False: it is over. */
static bool write_out(struct flow *flow, struct iovec *vector, size_t count)
{
    bool singly = flow->stream_kind == KIND_DATAGRAM;

    while (count > 0) {
        /* writev(2) would not send an empty one. */
        ssize_t n = singly ? send(flow->stream, vector->iov_base, vector->iov_len, MSG_NOSIGNAL)
                           : writev(flow->stream, vector, (int)count);
        if (n < 0 && errno == EAGAIN)
            flow_wait(flow, flow->stream, POLLOUT, -1);
        else if (n < 0 && errno != EINTR)
            return flow_fail(flow, "writing", flow->stream_name, errno);
        if (atomic_load(&flow->halt) == FLOW_ABANDON)
            return false;
        if (n < 0)
            continue;
        size_t done = singly ? 1 : skip(vector, count, (size_t)n);
        vector += done;
        count -= done;
    }
    return true;
}

/* Delivers the first count datagrams. The last of them may have been cut: that is told and not written. */
static bool deliver(struct flow *flow, struct batch *batch, size_t count)
{
    size_t whole = 0;

    while (whole < count && !(batch->messages[whole].msg_hdr.msg_flags & MSG_TRUNC))
        whole++;
    for (size_t i = 0; i < whole; i++)
        batch->pieces[i].iov_len = batch->messages[i].msg_len;
    atomic_store(&flow->held, whole);
    /* What becomes of a datagram that was sent ends the session, and is not to wait for the pause. */
    if (!flow_pause(flow, flow->sockets[0]) || (flow->stream >= 0 && !write_out(flow, batch->pieces, whole)))
        return false;
    for (size_t i = 0; i < whole; i++)
        if (!flow_count(flow, batch->room[i], batch->messages[i].msg_len))
            return false;
    flow->calls++;
    return whole == count || flow_fail(flow, "reading", flow->socket_name, EMSGSIZE);
}

/* How many datagrams one call may take; 0: all that were asked for are there, or it was abandoned. */
static size_t allowed(struct flow *flow)
{
    uint64_t have = atomic_load(&flow->datagrams);
    size_t most = flow_is_paced(flow) ? 1 : BATCH;

    if (flow->most > 0 && (uint64_t)flow->most - have < most)
        most = (size_t)((uint64_t)flow->most - have);
    /* Nobody knows how long the next one is: with a limit it is one at a time. */
    if (most > 0 && flow->limit.rate != 0)
        most = flow_pass(flow, LARGEST) > 0;
    return most;
}

static void prepare(struct batch *batch, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        batch->pieces[i] = (struct iovec){.iov_base = batch->room[i], .iov_len = LARGEST};
        batch->messages[i] = (struct mmsghdr){.msg_hdr = {.msg_iov = &batch->pieces[i], .msg_iovlen = 1}};
    }
}

/* Takes at most n datagrams. A socket tells an error of its own once, instead of the datagrams that it has.
 */
static size_t take(struct batch *batch, size_t n, int fd, int *error)
{
    for (int i = 0; i < ATTEMPTS; i++) {
        int got = recvmmsg(fd, batch->messages, (unsigned)n, MSG_DONTWAIT, NULL);
        if (got >= 0)
            return (size_t)got;
        if (errno == EAGAIN)
            break;
        if (errno != EINTR)
            *error = errno;
    }
    return 0;
}

/* Delivers what a socket has, at most a batch. Returns the number of datagrams, or -1 when it is over.
 * *error: what the socket has met with, which takes nothing away from what it has received. */
static int receive_some(struct flow *flow, struct batch *batch, int fd, int *error)
{
    size_t n = allowed(flow);
    if (n == 0)
        return -1;
    prepare(batch, n);
    size_t got = take(batch, n, fd, error);
    return got == 0 || deliver(flow, batch, got) ? (int)got : -1;
}

static int receive_from_each(struct flow *flow, struct batch *batch, int *error)
{
    int sum = 0;

    for (size_t i = 0; i < flow->socket_count; i++) {
        int got = receive_some(flow, batch, flow->sockets[i], error);
        if (got < 0)
            return -1;
        sum += got;
    }
    return sum;
}

/* Waits for a datagram, an error or a call of flow_halt. Returns the error of a socket, 0: none. */
static int wait_for_more(struct flow *flow)
{
    struct pollfd fds[LISTENER_SOCKETS + 1] = {{.fd = flow->stop, .events = POLLIN}};
    eventfd_t calls;

    for (size_t i = 0; i < flow->socket_count; i++)
        fds[i + 1] = (struct pollfd){.fd = flow->sockets[i], .events = POLLIN};
    if (poll(fds, 1 + flow->socket_count, -1) < 0)
        return errno == EINTR ? 0 : errno;
    if (fds[0].revents != 0)
        eventfd_read(flow->stop, &calls);
    /* sendmmsg(2) in the other thread may have taken the error out of the socket, but not out of its queue.
     */
    return fds[1].revents & POLLERR ? flow_socket_error(flow) : 0;
}

/* What icmp(7) and icmpv6 make of their messages, a full device (IP_RECVERR in ip(7)), and unix(7) where what
 * was sent is thrown away. */
static bool is_of_sent(int error)
{
    switch (error) {
    case ECONNREFUSED:
    case ECONNRESET:
    case EHOSTUNREACH:
    case EHOSTDOWN:
    case ENETUNREACH:
    case ENONET:
    case ENOPROTOOPT:
    case EOPNOTSUPP:
    case EPROTO:
    case EACCES:
    case EMSGSIZE:
    case ENOBUFS:
        return true;
    default:
        return false;
    }
}

/*
 * Receives until it is over. After an error, which may be what became of a datagram that was sent, the
 * answers to those before it may still be there, and after flow_halt what else has arrived, more than a batch
 * of it: everything is delivered first, except to a peer that goes on and on.
 */
static void receive_all(struct flow *flow, struct batch *batch)
{
    int error = 0, passes_left = LAST_PASSES;

    for (;;) {
        bool last = error != 0 || atomic_load(&flow->halt) != FLOW_RUN;
        int got = receive_from_each(flow, batch, &error);
        if (got < 0)
            return;
        if (last && (got == 0 || passes_left-- == 0))
            break;
        if (got == 0 && error == 0)
            error = wait_for_more(flow);
        flow->hurries |= error != 0;
    }
    flow->of_sent = is_of_sent(error);
    if (error != 0)
        flow_fail(flow, "reading", flow->socket_name, error);
}

void datagram_receive(struct flow *flow)
{
    struct batch *batch = malloc(sizeof *batch); /* not calloc: pages that are never filled cost nothing */

    flow->end = FLOW_HALTED;
    if (batch == NULL) {
        flow_fail(flow, "reading", flow->socket_name, ENOMEM);
        return;
    }
    receive_all(flow, batch);
    if (flow->end != FLOW_FAILED && flow->most > 0 && atomic_load(&flow->datagrams) >= (uint64_t)flow->most)
        flow->end = FLOW_FULL;
    free(batch);
}
