/* SPDX-License-Identifier: MIT */
/* Addresses: text to parts and back. */
#include "net/address.h"

#include <bsd/string.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/size.h"

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
    *address = (struct address){.family = AF_UNSPEC};
    if (strlcpy(address->host, host, sizeof address->host) >= sizeof address->host)
        return "host name too long";
    if (strlcpy(address->port, port, sizeof address->port) >= sizeof address->port)
        return "port name too long";
    return port_check(port, 0);
}

const char *address_set_unix(struct address *address, const char *path)
{
    *address = (struct address){.family = AF_UNIX};
    if (*path == '\0')
        return "empty socket path";
    /* An abstract name has a NUL in the place of '@', a path one behind it: the room is the same. */
    if (strlcpy(address->path, path, sizeof address->path) >= sizeof address->path - 1)
        return "socket path too long";
    return NULL;
}

/* The CIDs that have a name: vsock(7). That of local is in the headers since Linux 5.6 only. */
static const struct {
    const char *name;
    unsigned cid;
} cids[] = {
    {"", VMADDR_CID_ANY},   {"any", VMADDR_CID_ANY},
    {"-1", VMADDR_CID_ANY}, {"hypervisor", VMADDR_CID_HYPERVISOR},
    {"local", 1},           {"host", VMADDR_CID_HOST},
};

static bool parse_number(const char *text, unsigned *number)
{
    long long value;

    if (*text < '0' || *text > '9' || count_parse(text, 0, UINT32_MAX, &value) != NULL)
        return false;
    *number = (unsigned)value;
    return true;
}

static bool parse_cid(const char *text, unsigned *cid)
{
    for (size_t i = 0; i < sizeof cids / sizeof *cids; i++) {
        if (strcmp(cids[i].name, text) == 0) {
            *cid = cids[i].cid;
            return true;
        }
    }
    return parse_number(text, cid);
}

/* 0 means any here as it does with TCP; the kernel's own way of saying so is the largest number. */
static bool parse_vsock_port(const char *text, unsigned *port)
{
    if (strcmp(text, "any") == 0 || strcmp(text, "0") == 0) {
        *port = VMADDR_PORT_ANY;
        return true;
    }
    return parse_number(text, port);
}

bool address_is_vsock(const char *text)
{
    return strncmp(text, "vsock:", 6) == 0;
}

const char *address_set_vsock(struct address *address, const char *text)
{
    struct sockaddr_vm vm = {.svm_family = AF_VSOCK};
    char cid[16];
    size_t length = strcspn(text, ":");

    if (text[length] == '\0')
        return "a vsock address is written vsock:CID:PORT";
    if (length >= sizeof cid)
        return "invalid CID";
    memcpy(cid, text, length);
    cid[length] = '\0';
    if (!parse_cid(cid, &vm.svm_cid))
        return "invalid CID";
    if (text[length + 1] == '\0')
        return "missing port number";
    if (!parse_vsock_port(text + length + 1, &vm.svm_port))
        return "invalid port number";
    address_from_vsock(address, &vm);
    return NULL;
}

void address_from_vsock(struct address *address, const struct sockaddr_vm *from)
{
    *address = (struct address){.family = AF_VSOCK, .host = "any", .port = "0"};
    if (from->svm_cid != VMADDR_CID_ANY)
        snprintf(address->host, sizeof address->host, "%u", from->svm_cid);
    if (from->svm_port != VMADDR_PORT_ANY)
        snprintf(address->port, sizeof address->port, "%u", from->svm_port);
}

const char *address_check_peer(const struct address *address)
{
    if (address->family != AF_VSOCK)
        return NULL;
    if (strcmp(address->host, "any") == 0)
        return "missing CID";
    return strcmp(address->port, "0") == 0 ? "missing port number" : NULL;
}

const char *address_parse(const char *text, struct address *address)
{
    char host[NI_MAXHOST];
    const char *colon = strrchr(text, ':');

    if (strncmp(text, "unix:", 5) == 0)
        return address_set_unix(address, text + 5);
    if (address_is_vsock(text))
        return address_set_vsock(address, text + 6);
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

    if (address->family == AF_UNIX)
        snprintf(text, ADDRESS_TEXT, "%s", address->path);
    else if (address->family == AF_VSOCK)
        snprintf(text, ADDRESS_TEXT, "vsock:%s:%s", address->host, address->port);
    else
        snprintf(text, ADDRESS_TEXT, "%s%s%s:%s", v6 ? "[" : "", address->host, v6 ? "]" : "", address->port);
    return text;
}

static socklen_t to_unix(const struct address *address, struct sockaddr_un *un)
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

static socklen_t to_vsock(const struct address *address, struct sockaddr_vm *vm)
{
    *vm = (struct sockaddr_vm){.svm_family = AF_VSOCK};
    parse_cid(address->host, &vm->svm_cid);
    parse_vsock_port(address->port, &vm->svm_port);
    return sizeof *vm;
}

socklen_t address_to_sockaddr(const struct address *address, struct sockaddr_storage *to)
{
    return address->family == AF_UNIX ? to_unix(address, (struct sockaddr_un *)to)
                                      : to_vsock(address, (struct sockaddr_vm *)to);
}
