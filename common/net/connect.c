/* SPDX-License-Identifier: MIT */
/* Connecting to each of a host's addresses in turn. */
#include <errno.h>
#include <netinet/in.h>
#include <unistd.h>

#include "base/clock.h"
#include "net/socket_private.h"

static const uint64_t pause_for_room = NANOSECONDS / 100;

/* As connect(2): 0 or an errno. A UNIX socket without O_NONBLOCK would wait until its listener has room for
 * one more; with it, it says EAGAIN (connect(2)), and no event tells when there is. */
static int begin_connecting(int fd, const struct addrinfo *to, uint64_t deadline, struct monitor *monitor)
{
    for (;;) {
        int error = connect(fd, to->ai_addr, to->ai_addrlen) == 0 ? 0 : errno;
        uint64_t now = clock_now(), next = now + pause_for_room;
        if (error != EAGAIN || to->ai_family != AF_UNIX)
            return error;
        if (now >= deadline)
            return ETIMEDOUT;
        if (monitor_wait(monitor, NULL, 0, next < deadline ? next : deadline) < 0)
            return errno;
    }
}

/* Waits for a connect in progress: 0, or the errno it ended with. */
static int wait_connected(int fd, uint64_t deadline, struct monitor *monitor)
{
    struct pollfd writable = {.fd = fd, .events = POLLOUT};
    int error;
    socklen_t length = sizeof error;

    do {
        int ready = monitor_wait(monitor, &writable, 1, deadline);
        if (ready <= 0)
            return ready < 0 ? errno : ETIMEDOUT;
    } while (writable.revents == 0);
    return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length) == 0 ? error : errno;
}

static bool bind_source(int fd, int family, const struct socket_options *options,
                        struct socket_failure *failure)
{
    if (options->source_host == NULL && options->source_port == NULL)
        return true;
    failure->source = options->source_host ? options->source_host : options->source_port;
    struct socket_options like = {
        .family = family, .numeric = options->numeric, .datagram = options->datagram};
    struct addrinfo *source =
        socket_resolve(options->source_host, options->source_port, AI_PASSIVE, &like, failure);
    if (source == NULL)
        return false;
    int on = 1;
    if (!options->datagram)
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    int result = bind(fd, source->ai_addr, source->ai_addrlen);
    if (result != 0)
        socket_failed(failure, "bind", errno);
    else
        failure->source = NULL;
    freeaddrinfo(source);
    return result == 0;
}

/* The name by which the peer can answer the datagrams of an AF_UNIX socket. */
static bool bind_path(int fd, const struct socket_options *options, struct socket_failure *failure)
{
    struct address source;
    struct sockaddr_storage name;

    if (!options->datagram || options->source_host == NULL)
        return true;
    failure->source = options->source_host;
    if (address_set_unix(&source, options->source_host) != NULL) {
        socket_failed(failure, "bind", EINVAL);
        return false;
    }
    socklen_t length = address_to_sockaddr(&source, &name);
    int result = bind(fd, (struct sockaddr *)&name, length);
    if (result != 0 && errno == EADDRINUSE && socket_remove_stale(&name, length))
        result = bind(fd, (struct sockaddr *)&name, length);
    if (result != 0)
        socket_failed(failure, "bind", errno);
    else
        failure->source = NULL;
    return result == 0;
}

static void unlink_path(const struct socket_options *options)
{
    if (options->datagram && options->source_host != NULL && *options->source_host != '@')
        unlink(options->source_host);
}

/* The options have a source for hosts and for AF_UNIX datagrams. */
static bool bind_any(int fd, int family, const struct socket_options *options, struct socket_failure *failure)
{
    if (family == AF_UNIX)
        return bind_path(fd, options, failure);
    return family == AF_VSOCK || bind_source(fd, family, options, failure);
}

static int connect_one(const struct addrinfo *to, const struct socket_options *options, uint64_t timeout,
                       struct monitor *monitor, struct socket_failure *failure)
{
    failure->source = NULL; /* that of the address before was another matter */
    getnameinfo(to->ai_addr, to->ai_addrlen, failure->host, sizeof failure->host, NULL, 0, NI_NUMERICHOST);
    int fd = socket_open(to->ai_family, options, failure);
    if (fd < 0)
        return -1;
    if (!bind_any(fd, to->ai_family, options, failure)) {
        descriptor_close(&fd);
        return -1;
    }
    uint64_t deadline = clock_after(clock_now(), timeout);
    int error = begin_connecting(fd, to, deadline, monitor);
    if (error == EINPROGRESS || error == EINTR)
        error = wait_connected(fd, deadline, monitor);
    if (error != 0) {
        socket_failed(failure, "connect", error);
        descriptor_close(&fd);
        if (to->ai_family == AF_UNIX)
            unlink_path(options);
        return -1;
    }
    return fd;
}

/* A UNIX or vsock address. */
static int connect_direct(const struct address *address, const struct socket_options *options,
                          uint64_t timeout, struct monitor *monitor, struct socket_failure *failure)
{
    struct sockaddr_storage name;
    struct addrinfo to = {.ai_family = address->family,
                          .ai_addr = (struct sockaddr *)&name,
                          .ai_addrlen = address_to_sockaddr(address, &name)};
    int fd = connect_one(&to, options, timeout, monitor, failure);
    failure->host[0] = '\0';
    return fd;
}

int socket_connect(const struct address *address, const struct socket_options *options, uint64_t timeout,
                   struct monitor *monitor, struct socket_failure *failure,
                   void (*report)(const struct socket_failure *failure, const struct address *address))
{
    *failure = (struct socket_failure){.datagram = options->datagram};
    if (address->family != AF_UNSPEC)
        return connect_direct(address, options, timeout, monitor, failure);
    struct addrinfo *list = socket_resolve(address->host, address->port, 0, options, failure);
    int fd = -1;
    for (struct addrinfo *to = list; to != NULL && fd < 0; to = to->ai_next) {
        fd = connect_one(to, options, timeout, monitor, failure);
        if (fd < 0 && to->ai_next != NULL && report != NULL)
            report(failure, address);
    }
    if (list != NULL)
        freeaddrinfo(list);
    return fd;
}
