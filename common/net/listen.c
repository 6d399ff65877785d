/* SPDX-License-Identifier: MIT */
/* Listening on every address of a host, and accepting. */
#include <bsd/string.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "net/socket_private.h"

enum { PORT_TRIES = 16 };

static bool add_socket(struct listener *listener, int fd, const struct sockaddr *to, socklen_t length,
                       struct socket_failure *failure)
{
    int result = bind(fd, to, length);
    const char *step = "bind";

    if (result == 0 && !failure->datagram) {
        step = "listen";
        result = listen(fd, SOMAXCONN);
    }
    if (result != 0) {
        socket_failed(failure, step, errno);
        descriptor_close(&fd);
        return false;
    }
    listener->fds[listener->count++] = fd;
    return true;
}

static void set_port(struct sockaddr *to, in_port_t port)
{
    if (to->sa_family == AF_INET6)
        ((struct sockaddr_in6 *)to)->sin6_port = port;
    else
        ((struct sockaddr_in *)to)->sin_port = port;
}

static in_port_t bound_port(int fd)
{
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    } bound = {0};
    socklen_t length = sizeof bound;

    if (getsockname(fd, &bound.any, &length) != 0)
        return 0;
    return bound.any.sa_family == AF_INET6 ? bound.v6.sin6_port : bound.v4.sin_port;
}

static bool add_inet(struct listener *listener, const struct addrinfo *to,
                     const struct socket_options *options, struct socket_failure *failure)
{
    int on = 1;

    getnameinfo(to->ai_addr, to->ai_addrlen, failure->host, sizeof failure->host, NULL, 0, NI_NUMERICHOST);
    int fd = socket_open(to->ai_family, options, failure);
    if (fd < 0)
        return failure->error == EAFNOSUPPORT && listener->count > 0; /* one family is enough */
    /* It would let another program take the port, and the datagrams, away: socket(7). */
    if (!options->datagram)
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (to->ai_family == AF_INET6)
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on); /* IPv4 has a socket of its own */
    if (listener->count > 0)
        set_port(to->ai_addr, bound_port(listener->fds[0]));
    if (add_socket(listener, fd, to->ai_addr, to->ai_addrlen, failure))
        return true;
    return failure->error == EADDRNOTAVAIL && listener->count > 0; /* IPv6 is there, but off */
}

static bool add_all(struct listener *listener, const struct addrinfo *list,
                    const struct socket_options *options, struct socket_failure *failure)
{
    for (; list != NULL && listener->count < LISTENER_SOCKETS; list = list->ai_next)
        if (!add_inet(listener, list, options, failure))
            return false;
    return true;
}

/* With port 0 the first socket gets a free port, which may be taken for the second: try again with others. */
static bool open_inet(struct listener *listener, const struct address *address,
                      const struct socket_options *options, struct socket_failure *failure)
{
    const char *host = *address->host ? address->host : NULL;
    bool any_port = strspn(address->port, "0") == strlen(address->port), done = false;

    for (int i = 0; i < PORT_TRIES && !done; i++) {
        struct addrinfo *list = socket_resolve(host, address->port, AI_PASSIVE, options, failure);
        if (list == NULL)
            return false;
        done = add_all(listener, list, options, failure);
        freeaddrinfo(list);
        if (!done)
            listener_close(listener);
        if (!any_port || failure->error != EADDRINUSE)
            break;
    }
    return done;
}

/* It is asked by a datagram socket, of which a listener is not aware: it says EPROTOTYPE, where a stream
 * would be a client. */
bool socket_remove_stale(const struct sockaddr_storage *name, socklen_t length)
{
    const struct sockaddr_un *un = (const struct sockaddr_un *)name;
    struct stat status;
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    bool stale = fd >= 0 && un->sun_path[0] != '\0' && lstat(un->sun_path, &status) == 0 &&
                 S_ISSOCK(status.st_mode) && connect(fd, (const struct sockaddr *)un, length) != 0 &&
                 errno == ECONNREFUSED;
    descriptor_close(&fd);
    return stale && unlink(un->sun_path) == 0;
}

/* A UNIX or vsock address. */
static bool open_direct(struct listener *listener, const struct address *address,
                        const struct socket_options *options, struct socket_failure *failure)
{
    struct sockaddr_storage name;
    socklen_t length = address_to_sockaddr(address, &name);
    bool again;

    do {
        int fd = socket_open(address->family, options, failure);
        if (fd < 0)
            return false;
        if (add_socket(listener, fd, (struct sockaddr *)&name, length, failure)) {
            if (address->family == AF_UNIX && *address->path != '@')
                strlcpy(listener->path, address->path, sizeof listener->path);
            return true;
        }
        again =
            failure->error == EADDRINUSE && address->family == AF_UNIX && socket_remove_stale(&name, length);
    } while (again);
    return false;
}

bool listener_open(struct listener *listener, const struct address *address,
                   const struct socket_options *options, struct socket_failure *failure)
{
    *listener = (struct listener){.count = 0};
    *failure = (struct socket_failure){.datagram = options->datagram};
    return (address->family == AF_UNSPEC ? open_inet : open_direct)(listener, address, options, failure);
}

/* Of an AF_UNIX socket, nothing. */
static void name_socket(const struct sockaddr_storage *name, socklen_t length, bool names,
                        struct address *address)
{
    *address = (struct address){.family = AF_UNSPEC};
    if (name->ss_family == AF_VSOCK)
        address_from_vsock(address, (const struct sockaddr_vm *)name);
    else
        getnameinfo((const struct sockaddr *)name, length, address->host, sizeof address->host, address->port,
                    sizeof address->port, NI_NUMERICSERV | (names ? 0 : NI_NUMERICHOST));
}

void listener_name(const struct listener *listener, size_t i, bool names, struct address *bound)
{
    struct sockaddr_storage name = {.ss_family = AF_UNSPEC};
    socklen_t length = sizeof name;

    getsockname(listener->fds[i], (struct sockaddr *)&name, &length);
    name_socket(&name, length, names, bound);
}

void listener_peer_name(const struct listener *listener, const struct sockaddr_storage *from,
                        socklen_t length, bool names, struct address *peer)
{
    if (from->ss_family != AF_UNIX) {
        name_socket(from, length, names, peer);
        return;
    }
    *peer = (struct address){.family = AF_UNIX};
    strlcpy(peer->path, *listener->path ? listener->path : "unix socket", sizeof peer->path);
}

/* Errors of accept(2) that concern one client, not the listener. */
static bool is_passing(int error)
{
    return error == EAGAIN || error == EINTR || error == ECONNABORTED || error == EPROTO ||
           error == ENETDOWN || error == EHOSTDOWN || error == ENONET || error == EHOSTUNREACH ||
           error == EOPNOTSUPP || error == ENETUNREACH || error == ENOPROTOOPT;
}

/* The ready ones are asked until one has a client. */
static int accept_ready(const struct pollfd *fds, size_t count, struct sockaddr_storage *from,
                        socklen_t *length)
{
    errno = EAGAIN;
    for (size_t i = 0; i < count; i++) {
        if (fds[i].revents == 0)
            continue;
        *length = sizeof *from;
        int fd = accept4(fds[i].fd, (struct sockaddr *)from, length, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (fd >= 0)
            return fd;
    }
    return -1;
}

int listener_accept(struct listener *listener, bool names, struct monitor *monitor, struct address *peer,
                    struct socket_failure *failure)
{
    struct pollfd fds[LISTENER_SOCKETS];
    struct sockaddr_storage from = {0};
    socklen_t length;

    *failure = (struct socket_failure){.source = NULL};
    for (size_t i = 0; i < listener->count; i++)
        fds[i] = (struct pollfd){.fd = listener->fds[i], .events = POLLIN};
    for (;;) {
        if (monitor_wait(monitor, fds, listener->count, CLOCK_NEVER) < 0)
            return socket_failed(failure, "poll", errno);
        int fd = accept_ready(fds, listener->count, &from, &length);
        if (fd >= 0) {
            listener_peer_name(listener, &from, length, names, peer);
            return fd;
        }
        if (!is_passing(errno))
            return socket_failed(failure, "accept", errno);
    }
}

void listener_close(struct listener *listener)
{
    for (size_t i = 0; i < listener->count; i++)
        descriptor_close(&listener->fds[i]);
    listener->count = 0;
    if (*listener->path != '\0')
        unlink(listener->path);
    listener->path[0] = '\0';
}
