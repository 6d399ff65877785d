/* SPDX-License-Identifier: MIT */
/* What connect.c and listen.c share with socket.c. */
#ifndef ZCOPY_NET_SOCKET_PRIVATE_H
#define ZCOPY_NET_SOCKET_PRIVATE_H

#include "base/descriptor.h"
#include "net/socket.h"

/* A socket with the options set, O_NONBLOCK and FD_CLOEXEC; -1 with *failure. */
int socket_open(int family, const struct socket_options *options, struct socket_failure *failure);

/* getaddrinfo(3); the list is the caller's to free. NULL with *failure. */
struct addrinfo *socket_resolve(const char *host, const char *port, int flags,
                                const struct socket_options *options, struct socket_failure *failure);

/* True when the path is a socket that nobody has bound any more: it has then been removed. */
bool socket_remove_stale(const struct sockaddr_storage *name, socklen_t length);

/* Sets *failure (but not its host) and returns -1. */
int socket_failed(struct socket_failure *failure, const char *step, int error);

#endif
