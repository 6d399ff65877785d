/* SPDX-License-Identifier: MIT */
/* Bytes to and from a proxy, exactly as many as the protocols say, and what is said when that fails. */
#include "handshake.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "handshake_private.h"

static bool broken(struct handshake *handshake, const char *doing, int error)
{
    char name[ADDRESS_TEXT];

    address_text(&handshake->proxy->address, name);
    snprintf(handshake->why, sizeof handshake->why, "error %s proxy '%s'%s", doing, name,
             error ? "" : ": it closed the connection without a complete answer");
    handshake->error = error;
    return false;
}

/* 0: the socket may be ready for that event; or an errno. */
static int wait_for(struct handshake *handshake, short event)
{
    struct pollfd ready = {.fd = handshake->fd, .events = event};
    int result = monitor_wait(handshake->monitor, &ready, 1, handshake->deadline);

    return result > 0 ? 0 : result == 0 ? ETIMEDOUT : errno;
}

bool handshake_give(struct handshake *handshake, const void *bytes, size_t size)
{
    const char *at = bytes;

    while (size > 0) {
        ssize_t n = send(handshake->fd, at, size, MSG_NOSIGNAL);
        int error = n >= 0 ? 0 : errno == EAGAIN ? wait_for(handshake, POLLOUT) : errno;
        if (error != 0 && error != EINTR)
            return broken(handshake, "writing to", error);
        at += n > 0 ? n : 0;
        size -= n > 0 ? (size_t)n : 0;
    }
    return true;
}

bool handshake_take(struct handshake *handshake, void *bytes, size_t size)
{
    char *at = bytes;

    while (size > 0) {
        ssize_t n = recv(handshake->fd, at, size, 0);
        int error = n >= 0 ? 0 : errno == EAGAIN ? wait_for(handshake, POLLIN) : errno;
        if (n == 0 || (error != 0 && error != EINTR))
            return broken(handshake, "reading from", error);
        at += n > 0 ? n : 0;
        size -= n > 0 ? (size_t)n : 0;
    }
    return true;
}

enum handshake_outcome handshake_lost(const struct handshake *handshake)
{
    return handshake->asked ? HANDSHAKE_REFUSED : HANDSHAKE_HOPELESS;
}

enum handshake_outcome handshake_fail(struct handshake *handshake, enum handshake_outcome outcome,
                                      const char *format, ...)
{
    char name[ADDRESS_TEXT];
    va_list args;

    int length = snprintf(handshake->why, sizeof handshake->why, "proxy '%s' ",
                          address_text(&handshake->proxy->address, name));
    va_start(args, format);
    vsnprintf(handshake->why + length, sizeof handshake->why - (size_t)length, format, args);
    va_end(args);
    handshake->error = 0;
    return outcome;
}

enum handshake_outcome handshake_refuse(struct handshake *handshake, const char *words, const char *protocol,
                                        unsigned code)
{
    char name[ADDRESS_TEXT];

    return handshake_fail(handshake, HANDSHAKE_REFUSED, "cannot connect to '%s': %s (%s code %u)",
                          address_text(handshake->target, name), words, protocol, code);
}

enum handshake_outcome handshake_alien(struct handshake *handshake, const char *protocol, unsigned char byte)
{
    return handshake_fail(handshake, HANDSHAKE_HOPELESS, "does not speak %s: its answer begins with 0x%02x",
                          protocol, byte);
}

uint16_t handshake_port(const struct handshake *handshake)
{
    return (uint16_t)strtoul(handshake->target->port, NULL, 10);
}

enum handshake_outcome handshake_run(struct handshake *handshake)
{
    handshake->asked = false;
    switch (handshake->proxy->protocol) {
    case PROXY_SOCKS4:
        return handshake_socks4(handshake);
    case PROXY_CONNECT:
        return handshake_connect(handshake);
    case PROXY_SOCKS5:
    default:
        return handshake_socks5(handshake);
    }
}
