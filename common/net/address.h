/* SPDX-License-Identifier: MIT */
/* Where a connection goes, as people write it. */
#ifndef ZCOPY_NET_ADDRESS_H
#define ZCOPY_NET_ADDRESS_H

#include <netdb.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <linux/vm_sockets.h>

enum { ADDRESS_TEXT = NI_MAXHOST + NI_MAXSERV + 8 };

struct address {
    int family;                                               /* AF_UNSPEC (a host), AF_UNIX, AF_VSOCK */
    char host[NI_MAXHOST];                                    /* name or number, "" for any; a CID or "any" */
    char port[NI_MAXSERV];                                    /* service name or number */
    char path[sizeof((struct sockaddr_un *)0)->sun_path + 1]; /* "@name" for an abstract one */
};

/*
 * "HOST:PORT", "[V6]:PORT", "unix:/PATH", "unix:@NAME" or "vsock:CID:PORT". Returns NULL, or what is wrong
 * with text.
 */
const char *address_parse(const char *text, struct address *address);

/* The same from a host and a port, which are given apart, a path, or "CID:PORT". NULL, or what is wrong. */
const char *address_set(struct address *address, const char *host, const char *port);
const char *address_set_unix(struct address *address, const char *path);
const char *address_set_vsock(struct address *address, const char *text);

/* Whether address_parse takes the text for a vsock address, be it a good one or not. */
bool address_is_vsock(const char *text);

/* NULL, or why nothing can connect to the address, which is one to listen on: a vsock address without CID or
 * port. A host is left to the system. */
const char *address_check_peer(const struct address *address);

/* "HOST:PORT", "[V6]:PORT", "vsock:CID:PORT" or the path; returns text. */
const char *address_text(const struct address *address, char text[ADDRESS_TEXT]);

/* The socket address of a UNIX or vsock address, which needs no look-up; returns its length. */
socklen_t address_to_sockaddr(const struct address *address, struct sockaddr_storage *to);

/* The address of a vsock socket or its peer. */
void address_from_vsock(struct address *address, const struct sockaddr_vm *from);

/* A port that is a number from min to 65535, or a service name: NULL, or what is wrong. */
const char *port_check(const char *port, int min);

#endif
