/* SPDX-License-Identifier: MIT */
/* Linger, acknowledgements, closing. */
#include "net/connection.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/sockios.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"

static bool set_linger(int fd, int on)
{
    struct linger linger = {.l_onoff = on, .l_linger = 0};
    return setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger) == 0;
}

bool connection_arm(int fd)
{
    int on = 1;

    setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
    return set_linger(fd, 1);
}

bool connection_disarm(int fd)
{
    int off = 0, flags = fcntl(fd, F_GETFL);

    return setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &off, sizeof off) == 0 && set_linger(fd, 0) &&
           fcntl(fd, F_SETFL, flags & ~O_NONBLOCK) == 0;
}

static int domain_of(int fd)
{
    int domain = AF_UNSPEC;
    socklen_t length = sizeof domain;

    return getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &length) == 0 ? domain : AF_UNSPEC;
}

/* vsock has SIOCOUTQ since Linux 6.12, and only where virtio (or vhost, or loopback) carries it. */
int connection_unacknowledged(int fd)
{
    int bytes;

    if (ioctl(fd, SIOCOUTQ, &bytes) == 0)
        return bytes;
    int error = errno, domain = domain_of(fd);
    errno = error;
    return domain == AF_VSOCK ? 0 : -1;
}

bool connection_is_full(int fd)
{
    struct pollfd writable = {.fd = fd, .events = POLLOUT};
    return poll(&writable, 1, 0) == 0;
}

bool connection_has_ended(int fd, int error)
{
    return error == ENOTCONN && domain_of(fd) == AF_VSOCK;
}

static int socket_error(int fd)
{
    int error = 0;
    socklen_t length = sizeof error;

    return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length) == 0 ? error : errno;
}

/* TCP's state is CLOSE. TCP_INFO would tell of the first subflow of MPTCP, which may go while others carry
 * on. AF_VSOCK has no peer once it is shut down. */
static bool is_dead(int fd)
{
    struct sockaddr_storage peer;
    socklen_t length = sizeof peer;

    return domain_of(fd) != AF_VSOCK && getpeername(fd, (struct sockaddr *)&peer, &length) != 0 &&
           errno == ENOTCONN;
}

/* 0: all is acknowledged; EAGAIN: *left bytes are not yet; or what has become of the connection. The error is
 * asked for last: an AF_UNIX peer that closes with bytes unread first sets it and then empties the queue. */
static int check(int fd, int *left)
{
    *left = connection_unacknowledged(fd);
    int unknown = *left < 0 ? errno : 0;
    int error = socket_error(fd);
    if (error != 0 || *left <= 0)
        return error != 0 ? error : unknown;
    if (!is_dead(fd))
        return EAGAIN;
    /* A peer that has closed its half may have acknowledged the rest since: that closes the connection, too.
     */
    *left = connection_unacknowledged(fd);
    error = socket_error(fd);
    return error != 0 || *left == 0 ? error : ECONNRESET;
}

int connection_drain(int fd)
{
    char unwanted[4096];
    ssize_t n = 1;

    for (int i = 0; i < 4096 && n > 0; i++)
        n = recv(fd, unwanted, sizeof unwanted, MSG_DONTWAIT);
    int error = n < 0 && errno != EAGAIN && errno != EINTR ? errno : 0;
    return connection_has_ended(fd, error) ? 0 : error;
}

bool connection_is_tcp(int fd)
{
    int domain = domain_of(fd);

    return domain == AF_INET || domain == AF_INET6;
}

static int settle(int fd, struct monitor *monitor, uint64_t patience, bool drains)
{
    const uint64_t shortest = 1000000, longest = 50 * shortest; /* nanoseconds */
    uint64_t sleep = shortest, deadline = CLOCK_NEVER;
    int left, least = INT_MAX;

    for (;;) {
        int state = check(fd, &left);
        if (state == EAGAIN && drains &&
            (state = connection_drain(fd)) == 0) /* a peer that is not heard might never read */
            state = EAGAIN;
        if (state != EAGAIN)
            return state;
        uint64_t now = clock_now();
        if (left < least)
            deadline = clock_after(now, patience);
        least = left < least ? left : least;
        if (now >= deadline)
            return ETIMEDOUT;
        uint64_t next = clock_after(now, sleep);
        monitor_wait(monitor, NULL, 0, next < deadline ? next : deadline);
        sleep = sleep * 2 < longest ? sleep * 2 : longest;
    }
}

int connection_settle(int fd, struct monitor *monitor, uint64_t patience)
{
    return settle(fd, monitor, patience, true);
}

int connection_settle_lent(int fd, struct monitor *monitor, uint64_t patience)
{
    return settle(fd, monitor, patience, false);
}

void connection_close(int fd)
{
    if (!set_linger(fd, 0))
        shutdown(fd, SHUT_WR); /* the FIN goes before the reset then, which a closed peer does not mind */
    close(fd);
}

void connection_reset(int fd)
{
    close(fd);
}
