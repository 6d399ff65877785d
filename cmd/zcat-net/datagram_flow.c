/* SPDX-License-Identifier: MIT */
/* The thread of a direction, its waiting, and the errors that a socket keeps. */
#include "datagram_flow.h"

#include <errno.h>
#include <linux/errqueue.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/descriptor.h"
#include "base/message.h"

enum { JOIN_PATIENCE = 200000000 /* nanoseconds for a thread to leave a call */ };

static void *run_flow(void *argument)
{
    struct flow *flow = argument;

    flow->run(flow);
    atomic_store(&flow->done, true);
    monitor_wake(flow->monitor);
    return NULL;
}

bool flow_start(struct flow *flow, void (*run)(struct flow *flow))
{
    flow->run = run;
    flow->stop = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (flow->stop < 0) {
        message_error(errno, "cannot make an eventfd");
        return false;
    }
    flow->opened = true;
    int error = pthread_create(&flow->thread, NULL, run_flow, flow);
    flow->running = error == 0;
    if (error != 0)
        message_error(error, "cannot start a thread");
    return flow->running;
}

bool flow_is_over(struct flow *flow)
{
    if (flow->running && atomic_load(&flow->done)) {
        pthread_join(flow->thread, NULL);
        flow->running = false;
    }
    return !flow->running;
}

void flow_halt(struct flow *flow, enum flow_halt how)
{
    if (!flow->running)
        return;
    atomic_store(&flow->halt, how);
    eventfd_write(flow->stop, 1);
}

void flow_abandon(struct flow *flow)
{
    uint64_t patience = clock_now() + JOIN_PATIENCE;

    flow_halt(flow, FLOW_ABANDON);
    while (!flow_is_over(flow) && monitor_wait(flow->monitor, NULL, 0, patience) > 0)
        ;
}

bool flow_has_failed(const struct flow *flow)
{
    return flow->opened && !flow->running && flow->end == FLOW_FAILED;
}

void flow_report(const struct flow *flow)
{
    message_error(flow->error, "error %s '%s'", flow->verb, flow->object);
}

void flow_close(struct flow *flow)
{
    if (flow->opened)
        descriptor_close(&flow->stop);
    flow->opened = false;
}

int flow_wait(struct flow *flow, int fd, short events, int timeout)
{
    eventfd_t calls;
    int ready = descriptor_wait(fd, events, flow->stop, timeout);

    /* The call is in flow->halt: the next wait is for the next call. */
    if (ready == 0)
        eventfd_read(flow->stop, &calls);
    return ready;
}

size_t flow_pass(struct flow *flow, size_t want)
{
    while (atomic_load(&flow->halt) != FLOW_ABANDON) {
        uint64_t now = clock_now();
        size_t granted = limit_grant(&flow->limit, want, now);
        if (granted > 0)
            return granted;
        atomic_store(&flow->limited, true);
        flow_wait(flow, -1, 0, clock_poll_timeout(clock_after(now, limit_wait(&flow->limit)), now));
        atomic_store(&flow->limited, false);
    }
    return 0;
}

bool flow_is_paced(const struct flow *flow)
{
    return flow->lines->interval > 0 && !flow->hurries && atomic_load(&flow->halt) == FLOW_RUN;
}

bool flow_pause(struct flow *flow, int fd)
{
    while (flow_is_paced(flow)) {
        uint64_t now = clock_now();
        if (now >= flow->resume)
            break;
        flow->hurries = flow_wait(flow, fd, 0, clock_poll_timeout(flow->resume, now)) != 0;
    }
    return atomic_load(&flow->halt) != FLOW_ABANDON;
}

/* Writes all of it to the tap. False: abandoned, or failed. */
static bool show(struct flow *flow, const char *data, size_t n)
{
    while (n > 0) {
        ssize_t written = write(flow->tap, data, n);
        if (written < 0 && errno == EAGAIN)
            flow_wait(flow, flow->tap, POLLOUT, -1);
        else if (written < 0 && errno != EINTR)
            return flow_fail(flow, "writing", "--hash and --hex-dump", errno);
        if (atomic_load(&flow->halt) == FLOW_ABANDON)
            return false;
        data += written > 0 ? written : 0;
        n -= written > 0 ? (size_t)written : 0;
    }
    return true;
}

bool flow_count(struct flow *flow, const char *data, size_t n)
{
    if (flow->tap >= 0 && !show(flow, data, n))
        return false;
    if (flow_is_paced(flow))
        flow->resume = clock_after(clock_now(), flow->lines->interval);
    limit_spend(&flow->limit, n);
    atomic_fetch_add(&flow->bytes, n);
    atomic_fetch_add(&flow->datagrams, 1);
    atomic_fetch_sub(&flow->held, 1);
    return true;
}

bool flow_fail(struct flow *flow, const char *verb, const char *object, int error)
{
    flow->end = FLOW_FAILED;
    flow->verb = verb;
    flow->object = object;
    flow->error = error;
    return false;
}

/* The first error of the queue, 0: it is empty. */
static int queued_error(int fd)
{
    union {
        char bytes[512];
        struct cmsghdr align;
    } control;
    struct msghdr message = {.msg_control = control.bytes, .msg_controllen = sizeof control.bytes};
    struct sock_extended_err found;

    if (recvmsg(fd, &message, MSG_ERRQUEUE | MSG_DONTWAIT) < 0)
        return 0;
    for (struct cmsghdr *c = CMSG_FIRSTHDR(&message); c != NULL; c = CMSG_NXTHDR(&message, c)) {
        if ((c->cmsg_level != IPPROTO_IP || c->cmsg_type != IP_RECVERR) &&
            (c->cmsg_level != IPPROTO_IPV6 || c->cmsg_type != IPV6_RECVERR))
            continue;
        memcpy(&found, CMSG_DATA(c), sizeof found);
        return (int)found.ee_errno;
    }
    return EIO;
}

int flow_socket_error(const struct flow *flow)
{
    int fd = flow->sockets[0], error = flow->keeps_errors ? queued_error(fd) : 0;
    socklen_t length = sizeof error;

    if (error == 0 && getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length) != 0)
        return errno;
    return error;
}

long long flow_dropped(const struct flow *flow)
{
    uint32_t numbers[SK_MEMINFO_VARS];
    long long sum = 0;

    for (size_t i = 0; i < flow->socket_count; i++) {
        socklen_t length = sizeof numbers;
        if (getsockopt(flow->sockets[i], SOL_SOCKET, SO_MEMINFO, numbers, &length) != 0 ||
            length <= SK_MEMINFO_DROPS * sizeof *numbers)
            return -1;
        sum += numbers[SK_MEMINFO_DROPS];
    }
    return sum;
}
