/* SPDX-License-Identifier: MIT */
/* How a connection ends: in order when all has been said and heard, by a reset in every other case. */
#ifndef ZCOPY_NET_CONNECTION_H
#define ZCOPY_NET_CONNECTION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/monitor.h"

/*
 * Arms a new socket: once it is connected, whatever closes it (an error, a signal, SIGKILL) resets it
 * (SO_LINGER with 0 seconds, socket(7)), so that the peer's transfer fails as well; only connection_close
 * ends it in order. Turns keepalive on. What is accepted on a listening socket inherits both. AF_UNIX and
 * AF_VSOCK know no reset: the peer sees an end. False with errno when that is impossible.
 */
bool connection_arm(int fd);

/* Takes back what arming and opening the socket have set, for a program that is to get it: no SO_LINGER, no
 * keepalive, no O_NONBLOCK. False with errno. */
bool connection_disarm(int fd);

/*
 * Waits until the peer's kernel has acknowledged every byte and our FIN (SIOCOUTQ is 0), with short sleeps
 * since no event tells; what the peer says meanwhile is thrown away. patience: nanoseconds without a byte
 * acknowledged that end in ETIMEDOUT, 0: none. Returns 0; ETIMEDOUT; ECONNRESET or what else has become of
 * the connection. Takes the error out of the socket: it is told once. One that another call has already
 * returned shows as ECONNRESET here with TCP, and not at all with AF_UNIX.
 */
int connection_settle(int fd, struct monitor *monitor, uint64_t patience);

/* The same for a connection that is not ours alone: without a FIN, and what the peer says stays for others.
 */
int connection_settle_lent(int fd, struct monitor *monitor, uint64_t patience);

/* True for TCP, where the peer's kernel acknowledges; a UNIX socket has none but its reader, as a pipe. */
bool connection_is_tcp(int fd);

/* Bytes (and the FIN) that the peer has not acknowledged yet; -1 with errno when that cannot be known. With
 * AF_VSOCK: that its system has not taken yet, and 0 where that cannot be known, for nothing will tell later.
 */
int connection_unacknowledged(int fd);

/* The peer's system takes no more bytes now. With AF_VSOCK this alone tells of bytes that could not be sent:
 * they stay with whoever sends, and SIOCOUTQ is 0. */
bool connection_is_full(int fd);

/* Whether error, which receiving has met with, is the end: AF_VSOCK says ENOTCONN to who has shut down his
 * half after the peer has closed (vsock_shutdown() takes SOCK_DONE back). */
bool connection_has_ended(int fd, int error);

/*
 * Throws away what the peer has sent so far (bounded: it may go on for ever). Returns 0, or the error of the
 * connection, which no other call will tell again.
 */
int connection_drain(int fd);

/* Ends the connection in order, unless the peer has sent bytes that nobody has read: closing resets it then.
 */
void connection_close(int fd);

/* Resets it. */
void connection_reset(int fd);

#endif
