/* SPDX-License-Identifier: MIT */
/* SOCKS 4, and SOCKS 5 (RFC 1928, RFC 1929), as bytes. Pure: the caller has the socket. */
#ifndef ZCOPY_NET_SOCKS_H
#define ZCOPY_NET_SOCKS_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    SOCKS_TEXT_MAX = 255, /* bytes of a name, a user or a password: their lengths are one byte */
    SOCKS_ROOM = 516,     /* bytes: room for each of the requests below */
};

/* What a proxy answers. */
enum {
    SOCKS4_VERSION = 0, /* the first byte of an answer */
    SOCKS4_GRANTED = 90,
    SOCKS5_VERSION = 5,
    SOCKS5_SUCCEEDED = 0,
    SOCKS5_NO_LOGIN = 0, /* the ways to log in */
    SOCKS5_PASSWORD = 2,
    SOCKS5_NO_METHOD = 0xff,
};

/* The lengths of answers in bytes. */
enum {
    SOCKS4_REPLY = 8,
    SOCKS5_METHOD = 2, /* version, way to log in */
    SOCKS5_STATUS = 2, /* version, 0 if the password is right */
    SOCKS5_HEAD = 5,   /* version, code, 0, type of address, first byte of the address */
};

/*
 * The requests return their length in bytes, or 0 if a text is empty where it must not be, or too long. port
 * is in the host's byte order, host in the network's. user may be NULL, which means none.
 */
size_t socks4_request(unsigned char request[SOCKS_ROOM], struct in_addr host, uint16_t port,
                      const char *user);

/* The ways to log in that are offered: none, and by a password. */
size_t socks5_greeting(unsigned char request[SOCKS_ROOM], bool with_password);

size_t socks5_login(unsigned char request[SOCKS_ROOM], const char *user, const char *password);

/* host: a number of either family is sent as such (without the zone of "fe80::1%eth0"), a name as a name. */
size_t socks5_request(unsigned char request[SOCKS_ROOM], const char *host, uint16_t port);

/* How many bytes follow the SOCKS5_HEAD ones of an answer; 0: its type of address is unknown. */
size_t socks5_rest(const unsigned char head[SOCKS5_HEAD]);

/* What an answer's code means, in words. */
const char *socks4_words(unsigned char code);
const char *socks5_words(unsigned char code);

#endif
