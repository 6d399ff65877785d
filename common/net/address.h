/* SPDX-License-Identifier: MIT */
/* Where a connection goes, as people write it. */
#ifndef ZCOPY_NET_ADDRESS_H
#define ZCOPY_NET_ADDRESS_H

#include <netdb.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <sys/un.h>

enum { ADDRESS_TEXT = NI_MAXHOST + NI_MAXSERV + 4 };

struct address {
    bool is_unix;
    char host[NI_MAXHOST];                                    /* name or number, "" for any */
    char port[NI_MAXSERV];                                    /* service name or number */
    char path[sizeof((struct sockaddr_un *)0)->sun_path + 1]; /* "@name" for an abstract one */
};

/*
 * "HOST:PORT", "[V6]:PORT", "unix:/PATH" or "unix:@NAME". Returns NULL, or what is wrong with text.
 */
const char *address_parse(const char *text, struct address *address);

/* The same from a host and a port, which are given apart, or a path. NULL, or what is wrong. */
const char *address_set(struct address *address, const char *host, const char *port);
const char *address_set_unix(struct address *address, const char *path);

/* "HOST:PORT", "[V6]:PORT" or the path; returns text. */
const char *address_text(const struct address *address, char text[ADDRESS_TEXT]);

/* The socket address of a UNIX address; returns its length. */
socklen_t address_to_unix(const struct address *address, struct sockaddr_un *un);

/* A port that is a number from min to 65535, or a service name: NULL, or what is wrong. */
const char *port_check(const char *port, int min);

#endif
