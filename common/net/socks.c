/* SPDX-License-Identifier: MIT */
/* Requests and answers of SOCKS proxies. */
#include "net/socks.h"

#include <netdb.h>
#include <string.h>
#include <sys/socket.h>

enum { SOCKS4 = 4, CONNECT = 1, LOGIN_VERSION = 1 };
enum { ADDRESS_V4 = 1, ADDRESS_NAME = 3, ADDRESS_V6 = 4 };

static unsigned char *put_port(unsigned char *to, uint16_t port)
{
    to[0] = (unsigned char)(port >> 8);
    to[1] = (unsigned char)port;
    return to + 2;
}

/* The length as one byte, and the text. NULL: too long. */
static unsigned char *put_text(unsigned char *to, const char *text)
{
    size_t length = strlen(text);

    if (length > SOCKS_TEXT_MAX)
        return NULL;
    *to++ = (unsigned char)length;
    return mempcpy(to, text, length);
}

size_t socks4_request(unsigned char request[SOCKS_ROOM], struct in_addr host, uint16_t port, const char *user)
{
    size_t length = user ? strlen(user) : 0;

    if (length > SOCKS_TEXT_MAX)
        return 0;
    request[0] = SOCKS4;
    request[1] = CONNECT;
    unsigned char *end = put_port(request + 2, port);
    memcpy(end, &host, sizeof host);
    end += sizeof host;
    if (length > 0)
        memcpy(end, user, length);
    end[length] = 0;
    return (size_t)(end - request) + length + 1;
}

size_t socks5_greeting(unsigned char request[SOCKS_ROOM], bool with_password)
{
    request[0] = SOCKS5_VERSION;
    request[1] = with_password ? 2 : 1;
    request[2] = SOCKS5_NO_LOGIN;
    request[3] = SOCKS5_PASSWORD;
    return 2 + (size_t)request[1];
}

size_t socks5_login(unsigned char request[SOCKS_ROOM], const char *user, const char *password)
{
    request[0] = LOGIN_VERSION;
    unsigned char *end = put_text(request + 1, user);
    end = end ? put_text(end, password) : NULL;
    return end ? (size_t)(end - request) : 0;
}

/* The type and the bytes of a number. NULL: host is none. getaddrinfo(3) knows all ways to write one, as
 * nc(1) takes them, and with this flag asks nobody. */
static unsigned char *put_number(unsigned char *to, const char *host)
{
    struct addrinfo *found, hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICHOST};

    if (getaddrinfo(host, NULL, &hints, &found) != 0)
        return NULL;
    if (found->ai_family == AF_INET) {
        const struct sockaddr_in *in = (const void *)found->ai_addr;
        *to++ = ADDRESS_V4;
        memcpy(to, &in->sin_addr, sizeof in->sin_addr);
        to += sizeof in->sin_addr;
    } else {
        const struct sockaddr_in6 *in6 = (const void *)found->ai_addr;
        *to++ = ADDRESS_V6;
        memcpy(to, &in6->sin6_addr, sizeof in6->sin6_addr);
        to += sizeof in6->sin6_addr;
    }
    freeaddrinfo(found);
    return to;
}

size_t socks5_request(unsigned char request[SOCKS_ROOM], const char *host, uint16_t port)
{
    request[0] = SOCKS5_VERSION;
    request[1] = CONNECT;
    request[2] = 0;
    unsigned char *end = *host ? put_number(request + 3, host) : NULL;
    if (end == NULL && *host != '\0') {
        request[3] = ADDRESS_NAME;
        end = put_text(request + 4, host);
    }
    return end ? (size_t)(put_port(end, port) - request) : 0;
}

size_t socks5_rest(const unsigned char head[SOCKS5_HEAD])
{
    switch (head[3]) {
    case ADDRESS_V4:
        return 3 + 2;
    case ADDRESS_NAME:
        return (size_t)head[4] + 2;
    case ADDRESS_V6:
        return 15 + 2;
    default:
        return 0;
    }
}

const char *socks4_words(unsigned char code)
{
    switch (code) {
    case SOCKS4_GRANTED:
        return "granted";
    case 91:
        return "rejected or failed";
    case 92:
        return "the proxy cannot ask identd on this host";
    case 93:
        return "identd on this host names another user";
    default:
        return "unknown error";
    }
}

const char *socks5_words(unsigned char code)
{
    static const char *const words[] = {
        "succeeded",           "general failure",       "not allowed by ruleset",
        "network unreachable", "host unreachable",      "connection refused",
        "TTL expired",         "command not supported", "address type not supported",
    };

    return code < sizeof words / sizeof *words ? words[code] : "unknown error";
}
