/* SPDX-License-Identifier: MIT */
/* One direction of a datagram session, in a thread of its own: what both directions have in common. */
#ifndef ZCAT_NET_DATAGRAM_FLOW_H
#define ZCAT_NET_DATAGRAM_FLOW_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/limit.h"
#include "base/monitor.h"
#include "line_options.h"
#include "move/kind.h"
#include "net/socket.h"

enum flow_end {
    FLOW_ENDED, /* standard input is at its end */
    FLOW_FULL,  /* as many datagrams as were asked for have been received */
    FLOW_HALTED,
    FLOW_FAILED /* see verb, object and error */
};

enum flow_halt {
    FLOW_RUN,
    FLOW_TAKE_NO_MORE, /* deliver what has arrived, and stop */
    FLOW_ABANDON       /* stop now */
};

/* Used by one thread; only what is _Atomic may be read while the flow runs. */
struct flow {
    /* Set by the caller before flow_start. */
    int sockets[LISTENER_SOCKETS]; /* datagram sockets, O_NONBLOCK; the first is the one to send to */
    size_t socket_count;
    const char *socket_name; /* for messages: the peer, or the local address */
    bool keeps_errors;       /* IP_RECVERR is set on the socket */
    int stream;              /* standard input or output; -1: what is received is thrown away */
    const char *stream_name;
    enum kind stream_kind;
    long long most;                   /* datagrams to receive, 0: no limit */
    const struct line_options *lines; /* -C, which only the sender looks at, and -i */
    int tap; /* write end of the pipe into which delivered bytes go once more (tap.h), or -1 */
    struct limit limit;
    struct monitor *monitor;

    _Atomic uint64_t bytes, datagrams; /* that have been delivered */
    _Atomic size_t held;               /* datagrams that have been taken and not been delivered */
    _Atomic bool limited;              /* it waits for its limit, and not for either side */

    /* The result. */
    uint64_t calls; /* of sendmmsg or recvmmsg that have moved something */
    enum flow_end end;
    const char *verb, *object; /* "reading" or "writing", and what */
    int error;
    bool of_sent; /* that is what has become of a datagram that was sent, if there was one */

    /* Private. */
    void (*run)(struct flow *flow);
    int stop; /* eventfd(2): readable after flow_halt */
    _Atomic int halt;
    _Atomic bool done;
    bool opened, running;
    uint64_t resume; /* nanoseconds: when the pause of -i after the last datagram is over */
    bool hurries;    /* no pauses any more */
    pthread_t thread;
};

/* The two directions: until they end, with the result set. Not to be called but as run of flow_start. */
void datagram_send(struct flow *flow);
void datagram_receive(struct flow *flow);

/* Starts run in a thread, which wakes the monitor when it is over. False: that cannot be done (reported). */
bool flow_start(struct flow *flow, void (*run)(struct flow *flow));

/* True when the thread is over, or has never been started. Joins it. */
bool flow_is_over(struct flow *flow);

/* A later call may be stricter. */
void flow_halt(struct flow *flow, enum flow_halt how);

/* Stops it now and waits for a short while; a thread that is stuck in a call is left behind, still running.
 */
void flow_abandon(struct flow *flow);

bool flow_has_failed(const struct flow *flow);
void flow_report(const struct flow *flow);

/* For a flow that is over. */
void flow_close(struct flow *flow);

/* For the thread of the flow. */

/* Waits as descriptor_wait, and ends also after any call of flow_halt, with 0. */
int flow_wait(struct flow *flow, int fd, short events, int timeout);

/* Waits until the limit lets something pass: bytes that may go now. 0: abandoned. */
size_t flow_pass(struct flow *flow, size_t want);

/* True as long as -i has to keep datagrams apart: they are to be taken one by one. */
bool flow_is_paced(const struct flow *flow);

/* Waits until the pause after the last datagram is over. It ends early, and no other follows, when the flow
 * is halted or fd (-1: none) has an error. False: abandoned. */
bool flow_pause(struct flow *flow, int fd);

/* Shows one delivered datagram to the tap, and counts it. False: it is over. */
bool flow_count(struct flow *flow, const char *data, size_t n);

/* Sets the result. Returns false. verb: "reading" or "writing". */
bool flow_fail(struct flow *flow, const char *verb, const char *object, int error);

/* How many datagrams the kernel has received and thrown away because its buffer was full; -1: not to be known
 * (before Linux 4.12, and with AF_UNIX, where the sender waits instead). */
long long flow_dropped(const struct flow *flow);

/* The error that what was sent has met with: the first of the queue of ip(7), IP_RECVERR, or of the socket;
 * 0: none. */
int flow_socket_error(const struct flow *flow);

#endif
