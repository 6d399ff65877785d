/* SPDX-License-Identifier: MIT */
/* Sets of addresses, as --allow names them. */
#ifndef ZCOPY_NET_NETWORK_H
#define ZCOPY_NET_NETWORK_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

struct network {
    uint8_t address[16]; /* IPv6, or IPv4 as ::ffff:A.B.C.D */
    unsigned bits;       /* how many of them count */
};

enum { NETWORKS_MOST = 64 };

struct networks {
    struct network list[NETWORKS_MOST];
    size_t count;
};

/* Adds "ADDRESS" or "ADDRESS/BITS". False: it is neither, or there is no room. */
bool networks_add(struct networks *networks, const char *text);

/* True when one of them has the address; an address that is neither IPv4 nor IPv6 (a UNIX socket) is in all.
 */
bool networks_have(const struct networks *networks, const struct sockaddr_storage *address);

/* True for addresses that only this host has: 127.0.0.0/8, ::1, and UNIX sockets. */
bool network_is_local(const struct sockaddr_storage *address);

#endif
