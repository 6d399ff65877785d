/* SPDX-License-Identifier: MIT */
/* Connecting and listening: a stream or datagram socket, its options, and what went wrong. */
#ifndef ZCOPY_NET_SOCKET_H
#define ZCOPY_NET_SOCKET_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/monitor.h"
#include "net/address.h"

/* Where opening a socket has failed: for one message at the top. */
struct socket_failure {
    const char *step;      /* "connect", "bind", "getaddrinfo", the name of an option, ... */
    int error;             /* errno, or 0 when resolver is set */
    int resolver;          /* EAI_... of getaddrinfo(3) */
    bool datagram;         /* the socket is one of datagrams */
    const char *source;    /* the local address or port that cannot be used, NULL: it is not that */
    char host[NI_MAXHOST]; /* the address in question as a number, or "" */
};

/* What happened, without the reason: "connect to localhost (127.0.0.1) port 1 (tcp) failed". Puts the reason
 * for message_error into *error, or appends it to text when it is none of errno. Returns text. */
enum { SOCKET_FAILURE_TEXT = 2 * NI_MAXHOST + 256 };
const char *socket_failure_text(const struct socket_failure *failure, const struct address *address,
                                char text[SOCKET_FAILURE_TEXT], int *error);

struct socket_options {
    int family;    /* AF_UNSPEC, AF_INET, AF_INET6 */
    bool numeric;  /* no name look-ups */
    bool datagram; /* UDP, or AF_UNIX datagrams, in the place of a stream; what concerns TCP is ignored */
    bool debug, broadcast, nodelay;
    bool mptcp;              /* MPTCP in the place of TCP */
    int receive_buffer;      /* bytes, 0: the system's choice; the same for the next */
    int send_buffer;         /* bytes */
    int tos, ttl, min_ttl;   /* -1: the system's choice */
    const char *congestion;  /* NULL: the system's choice */
    const char *source_host; /* NULL: any; of an AF_UNIX datagram socket the path, or "@name" */
    const char *source_port; /* NULL: any */
};

#define SOCKET_OPTIONS_DEFAULT                                   \
    {                                                            \
        .family = AF_UNSPEC, .tos = -1, .ttl = -1, .min_ttl = -1 \
    }

/*
 * Connects to the address, trying each of its socket addresses in turn, for timeout nanoseconds each (0: the
 * system's patience; looking up the names may take its own time). Returns a socket that is O_NONBLOCK,
 * FD_CLOEXEC and, if it is a stream, armed (connection.h), with failure->host as the number of the peer; or
 * -1 with *failure (the last address's; ETIMEDOUT after the timeout). report, if not NULL, is told of every
 * address that failed before the last. The path of source_host is the caller's to remove afterwards; it is
 * gone when -1 is returned.
 */
int socket_connect(const struct address *address, const struct socket_options *options, uint64_t timeout,
                   struct monitor *monitor, struct socket_failure *failure,
                   void (*report)(const struct socket_failure *failure, const struct address *address));

/*
 * The first IPv4 address of a host, looked up here (SOCKS 4 knows no names); numeric: it must be a number.
 * False with *failure.
 */
bool socket_resolve_ipv4(const char *host, bool numeric, struct in_addr *found,
                         struct socket_failure *failure);

enum { LISTENER_SOCKETS = 4 };

struct listener {
    int fds[LISTENER_SOCKETS];
    size_t count;
    char path[sizeof((struct address *)0)->path]; /* of a UNIX socket that listener_close removes, or "" */
};

/*
 * Listens on all socket addresses that the address has (an empty host: any address of both families). Port 0
 * means a free one, the same for all of them. A UNIX socket that nobody listens on any more is replaced.
 * Datagram sockets are bound and that is all. False with *failure.
 */
bool listener_open(struct listener *listener, const struct address *address,
                   const struct socket_options *options, struct socket_failure *failure);

/* The port (a number) and the address (a number or, with names, by name) that socket i is bound to. */
void listener_name(const struct listener *listener, size_t i, bool names, struct address *bound);

/* The peer at the socket address from: its host as a number or, with names, by name (a look-up that may take
 * its time); of a UNIX socket the path of the listener. */
void listener_peer_name(const struct listener *listener, const struct sockaddr_storage *from,
                        socklen_t length, bool names, struct address *peer);

/*
 * Waits for a client of a stream, while the monitor answers its signals. Returns a socket as socket_connect
 * does and sets *peer as listener_peer_name does; or -1 with *failure.
 */
int listener_accept(struct listener *listener, bool names, struct monitor *monitor, struct address *peer,
                    struct socket_failure *failure);

void listener_close(struct listener *listener);

#endif
