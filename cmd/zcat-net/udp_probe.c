/* SPDX-License-Identifier: MIT */
/* UDP has no way to ask: silence counts as open, an ICMP message as closed. */
#include "udp_probe.h"

#include <bsd/string.h>
#include <errno.h>
#include <sys/socket.h>

#include "base/clock.h"

#define PROBE_TIME (3 * NANOSECONDS)

/* 0, or the errno by which the port is closed. */
static int send_probe(int fd)
{
    return send(fd, "X", 1, MSG_NOSIGNAL) == 1 || errno == EAGAIN || errno == ENOBUFS ? 0 : errno;
}

static int socket_error(int fd)
{
    int error = 0;
    socklen_t length = sizeof error;

    return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length) == 0 ? error : errno;
}

static int probe(int fd, uint64_t time, struct monitor *monitor)
{
    uint64_t now = clock_now(), end = now + time, next = now + NANOSECONDS;
    struct pollfd answer = {.fd = fd, .events = POLLIN};
    int error = send_probe(fd);

    if (error == 0)
        error = send_probe(fd);
    while (error == 0 && now < end) {
        int ready = monitor_wait(monitor, &answer, 1, next < end ? next : end);
        if (ready < 0)
            return errno;
        if (ready > 0 && answer.revents != 0)
            return socket_error(fd);
        now = clock_now();
        if (now >= next && now < end) {
            error = send_probe(fd);
            next += NANOSECONDS;
        }
    }
    return error;
}

/* Somebody has answered, whatever has become of later probes: who answers once and leaves refuses them. */
static bool has_answer(int fd)
{
    char byte;

    for (int refusals = 0; refusals < 4; refusals++) {
        if (recv(fd, &byte, 1, MSG_DONTWAIT | MSG_PEEK) >= 0)
            return true;
        if (errno != ECONNREFUSED)
            return false;
    }
    return false;
}

bool udp_probe(int fd, const struct settings *settings, struct monitor *monitor,
               const char number[NI_MAXHOST])
{
    struct socket_failure failure = {.step = "connect", .datagram = true};
    int error = probe(fd, settings->connect.timeout ? settings->connect.timeout : PROBE_TIME, monitor);

    if (error != 0 && has_answer(fd))
        error = 0;
    strlcpy(failure.host, number, sizeof failure.host);
    failure.error = error;
    if (error != 0 && settings->verbose)
        connect_report(&failure, &settings->address);
    return error == 0;
}
