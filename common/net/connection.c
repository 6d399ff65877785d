/* SPDX-License-Identifier: MIT */
/* Linger, acknowledgements, closing. */
#include "net/connection.h"

#include <errno.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
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

int connection_unacknowledged(int fd)
{
    int bytes;
    return ioctl(fd, SIOCOUTQ, &bytes) == 0 ? bytes : -1;
}

static int socket_error(int fd)
{
    int error = 0;
    socklen_t length = sizeof error;

    return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length) == 0 ? error : errno;
}

static int is_dead(int fd)
{
    struct tcp_info info;
    socklen_t length = sizeof info;

    return getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &length) == 0 && info.tcpi_state == TCP_CLOSE;
}

/* 0: all is acknowledged; EAGAIN: not yet; or what has become of the connection. */
static int check(int fd)
{
    int error = socket_error(fd);
    if (error != 0)
        return error;
    int left = connection_unacknowledged(fd);
    if (left <= 0)
        return left == 0 ? 0 : errno;
    return is_dead(fd) ? ECONNRESET : EAGAIN;
}

int connection_settle(int fd, struct monitor *monitor, uint64_t deadline)
{
    const uint64_t shortest = 1000000, longest = 50 * shortest; /* nanoseconds */
    uint64_t sleep = shortest;

    for (;;) {
        int state = check(fd);
        if (state != EAGAIN)
            return state;
        uint64_t now = clock_now();
        if (now >= deadline)
            return ETIMEDOUT;
        uint64_t next = clock_after(now, sleep);
        monitor_wait(monitor, NULL, 0, next < deadline ? next : deadline);
        sleep = sleep * 2 < longest ? sleep * 2 : longest;
    }
}

/* Bounded, for a peer may send faster than it is read here, and for ever. */
static void drain(int fd)
{
    char unwanted[4096];
    for (int i = 0; i < 4096 && recv(fd, unwanted, sizeof unwanted, MSG_DONTWAIT) > 0; i++)
        ;
}

void connection_close(int fd)
{
    set_linger(fd, 0);
    shutdown(fd, SHUT_WR);
    drain(fd);
    close(fd);
}

void connection_reset(int fd)
{
    close(fd);
}
