/* SPDX-License-Identifier: MIT */
/* What zsend and zrecv have in common before a session: addresses, keys, listening, connecting. */
#ifndef ZCOPY_NET_PEER_H
#define ZCOPY_NET_PEER_H

#include "base/monitor.h"
#include "net/connect_options.h"
#include "net/door.h"
#include "net/peer_options.h"

#define PEER_PORT "9390"

/*
 * "HOST[:PORT]", to listen on "[ADDR:]PORT", or "unix:/PATH"; an IPv6 address stands in brackets, and only
 * digits behind a colon are a port. NULL, or what is wrong with it.
 */
const char *peer_parse(const char *text, bool listens, struct address *address);

/* The key of a session, in the forms in which it is used. */
struct peer_secrets {
    enum session_security security;
    struct openssl openssl;
    struct key key;
    struct tls tls;      /* with SESSION_ENCRYPTED */
    bool drawn;          /* the key is a new one, that nobody knows yet: */
    char text[KEY_TEXT]; /* this */
};

/*
 * Loads OpenSSL and finds the key: asks for it, or draws a new one, if none was given. Returns SESSION_DONE,
 * or the exit status (reported). With --no-key there is nothing to do.
 */
enum session_status peer_open_secrets(struct peer_secrets *secrets, const struct peer_options *options,
                                      bool asks, bool draws);
void peer_close_secrets(struct peer_secrets *secrets);

/* Prints a new key on standard output; returns the exit status. */
int peer_print_new_key(void);

/* What is said to a peer; secrets have to stay. timeout: of the session, nanoseconds, 0: none. */
struct greeting_settings peer_greeting(const struct peer_secrets *secrets, enum session_role role,
                                       uint64_t timeout);

/* Listens on the address, or takes over the sockets that systemd has opened (sd_listen_fds(3)). False
 * (reported). */
bool peer_listen(struct listener *listener, const struct address *address,
                 const struct socket_options *options);

/* --no-key serves anybody: only from this host, or from where the user has said. False (reported): it may
 * not. */
bool peer_may_listen(const struct listener *listener, const struct peer_options *options);

/* Connects once and greets. SESSION_DONE with *guest, whose socket and channel are the caller's; or the exit
 * status (reported). */
enum session_status peer_connect(const struct address *address, const struct connect_options *options,
                                 struct monitor *monitor, bool verbose,
                                 const struct greeting_settings *greeting, struct guest *guest);

/* Whether another try may do better than one with this end. */
bool peer_may_come_back(enum session_status status);

#endif
