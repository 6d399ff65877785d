/* SPDX-License-Identifier: MIT */
/* Sockets with their options, and what is said when one cannot be had. */
#include "net/socket.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>

#include "net/connection.h"
#include "net/socket_private.h"

#ifndef IPPROTO_MPTCP
#define IPPROTO_MPTCP 262 /* the C library may be older than the kernel */
#endif

static bool set(int fd, int level, int name, int value)
{
    return setsockopt(fd, level, name, &value, sizeof value) == 0;
}

static bool is_inet(int family)
{
    return family == AF_INET || family == AF_INET6;
}

/* The options in a row each: the first that fails is named. */
static const char *failing_option(int fd, int family, const struct socket_options *options)
{
    bool v6 = family == AF_INET6;
    int ip = v6 ? IPPROTO_IPV6 : IPPROTO_IP;

    if (options->debug && !set(fd, SOL_SOCKET, SO_DEBUG, 1))
        return "SO_DEBUG";
    if (options->broadcast && !set(fd, SOL_SOCKET, SO_BROADCAST, 1))
        return "SO_BROADCAST";
    if (options->receive_buffer > 0 && !set(fd, SOL_SOCKET, SO_RCVBUF, options->receive_buffer))
        return "SO_RCVBUF";
    if (options->send_buffer > 0 && !set(fd, SOL_SOCKET, SO_SNDBUF, options->send_buffer))
        return "SO_SNDBUF";
    if (!is_inet(family))
        return NULL;
    if (options->tos >= 0 && !set(fd, ip, v6 ? IPV6_TCLASS : IP_TOS, options->tos))
        return "type of service";
    if (options->ttl >= 0 && !set(fd, ip, v6 ? IPV6_UNICAST_HOPS : IP_TTL, options->ttl))
        return "time to live";
    if (options->min_ttl >= 0 && !set(fd, ip, v6 ? IPV6_MINHOPCOUNT : IP_MINTTL, options->min_ttl))
        return "minimum time to live";
    if (options->datagram)
        return NULL;
    if (options->nodelay && !set(fd, IPPROTO_TCP, TCP_NODELAY, 1))
        return "TCP_NODELAY";
    if (options->congestion != NULL && setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, options->congestion,
                                                  (socklen_t)strlen(options->congestion)) != 0)
        return "congestion control";
    return NULL;
}

int socket_open(int family, const struct socket_options *options, struct socket_failure *failure)
{
    int type = options->datagram ? SOCK_DGRAM : SOCK_STREAM;
    bool mptcp = options->mptcp && is_inet(family);
    int fd = socket(family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, mptcp ? IPPROTO_MPTCP : 0);
    if (fd < 0)
        return socket_failed(failure, mptcp ? "MPTCP socket" : "socket", errno);
    const char *option =
        options->datagram || connection_arm(fd) ? failing_option(fd, family, options) : "SO_LINGER";
    if (option != NULL) {
        socket_failed(failure, option, errno);
        descriptor_close(&fd);
    }
    return fd;
}

struct addrinfo *socket_resolve(const char *host, const char *port, int flags,
                                const struct socket_options *options, struct socket_failure *failure)
{
    struct addrinfo *list, hints = {.ai_family = options->family,
                                    .ai_socktype = options->datagram ? SOCK_DGRAM : SOCK_STREAM,
                                    .ai_flags = flags | (options->numeric ? AI_NUMERICHOST : 0)};
    int result = getaddrinfo(host, port, &hints, &list);

    if (result == 0)
        return list;
    socket_failed(failure, "getaddrinfo", result == EAI_SYSTEM ? errno : 0);
    failure->resolver = result;
    return NULL;
}

bool socket_resolve_ipv4(const char *host, bool numeric, struct in_addr *found,
                         struct socket_failure *failure)
{
    struct socket_options options = {.family = AF_INET, .numeric = numeric};

    *failure = (struct socket_failure){0};
    struct addrinfo *list = socket_resolve(host, NULL, 0, &options, failure);
    if (list == NULL)
        return false;
    *found = ((const struct sockaddr_in *)(const void *)list->ai_addr)->sin_addr;
    freeaddrinfo(list);
    return true;
}

int socket_failed(struct socket_failure *failure, const char *step, int error)
{
    failure->step = step;
    failure->error = error;
    failure->resolver = 0;
    return -1;
}

const char *socket_failure_text(const struct socket_failure *failure, const struct address *address,
                                char text[SOCKET_FAILURE_TEXT], int *error)
{
    bool named = *failure->host != '\0' && strcmp(failure->host, address->host) != 0;
    char host[2 * NI_MAXHOST + 4], direct[ADDRESS_TEXT];

    *error = failure->error;
    snprintf(host, sizeof host, "%s%s%s%s", address->host, named ? " (" : "", named ? failure->host : "",
             named ? ")" : "");
    if (failure->source != NULL) {
        snprintf(text, SOCKET_FAILURE_TEXT, "cannot connect from '%s'%s%s", failure->source,
                 failure->resolver ? ": " : "", failure->resolver ? gai_strerror(failure->resolver) : "");
    } else if (failure->resolver != 0) {
        snprintf(text, SOCKET_FAILURE_TEXT, "getaddrinfo for host \"%s\" port %s: %s", address->host,
                 address->port, gai_strerror(failure->resolver));
    } else if (address->family != AF_UNSPEC) {
        snprintf(text, SOCKET_FAILURE_TEXT, "%s '%s' failed", failure->step, address_text(address, direct));
    } else if (strcmp(failure->step, "connect") == 0) {
        snprintf(text, SOCKET_FAILURE_TEXT, "connect to %s port %s (%s) failed", host, address->port,
                 failure->datagram ? "udp" : "tcp");
    } else {
        snprintf(text, SOCKET_FAILURE_TEXT, "%s for %s port %s failed", failure->step,
                 *host ? host : "any address", address->port);
    }
    return text;
}
