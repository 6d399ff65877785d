/* SPDX-License-Identifier: MIT */
/* Addresses: text to parts and back. */
#include "net/address.h"

#include <bsd/string.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *port_check(const char *port, int min)
{
    if (*port == '\0')
        return "missing port number";
    if (strspn(port, "0123456789") < strlen(port))
        return NULL; /* a service name: getaddrinfo(3) knows */
    if (strlen(port) > 5 || atoi(port) > 65535)
        return "port number too large";
    return atoi(port) < min ? "port number too small" : NULL;
}

const char *address_set(struct address *address, const char *host, const char *port)
{
    *address = (struct address){.is_unix = false};
    if (strlcpy(address->host, host, sizeof address->host) >= sizeof address->host)
        return "host name too long";
    if (strlcpy(address->port, port, sizeof address->port) >= sizeof address->port)
        return "port name too long";
    return port_check(port, 0);
}

const char *address_set_unix(struct address *address, const char *path)
{
    *address = (struct address){.is_unix = true};
    if (*path == '\0')
        return "empty socket path";
    /* An abstract name has a NUL in the place of '@', a path one behind it: the room is the same. */
    if (strlcpy(address->path, path, sizeof address->path) >= sizeof address->path - 1)
        return "socket path too long";
    return NULL;
}

const char *address_parse(const char *text, struct address *address)
{
    char host[NI_MAXHOST];
    const char *colon = strrchr(text, ':');

    if (strncmp(text, "unix:", 5) == 0)
        return address_set_unix(address, text + 5);
    if (colon == NULL || colon[1] == '\0')
        return "missing port number";
    size_t length = (size_t)(colon - text);
    if (*text == '[' && length >= 2 && colon[-1] == ']') {
        text++;
        length -= 2;
    } else if (memchr(text, ':', length) != NULL) {
        return "an IPv6 address with a port is written [ADDRESS]:PORT";
    }
    if (length == 0)
        return "missing host name";
    if (length >= sizeof host)
        return "host name too long";
    memcpy(host, text, length);
    host[length] = '\0';
    return address_set(address, host, colon + 1);
}

const char *address_text(const struct address *address, char text[ADDRESS_TEXT])
{
    bool v6 = strchr(address->host, ':') != NULL;

    if (address->is_unix)
        snprintf(text, ADDRESS_TEXT, "%s", address->path);
    else
        snprintf(text, ADDRESS_TEXT, "%s%s%s:%s", v6 ? "[" : "", address->host, v6 ? "]" : "", address->port);
    return text;
}

socklen_t address_to_unix(const struct address *address, struct sockaddr_un *un)
{
    size_t length = strlen(address->path);

    *un = (struct sockaddr_un){.sun_family = AF_UNIX};
    memcpy(un->sun_path, address->path, length);
    if (un->sun_path[0] == '@')
        un->sun_path[0] = '\0'; /* unix(7): an abstract name is as long as the length says */
    else
        length++;
    return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length);
}
