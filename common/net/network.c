/* SPDX-License-Identifier: MIT */
/* Addresses and prefixes. */
#include "net/network.h"

#include <arpa/inet.h>
#include <bsd/string.h>
#include <string.h>

#include "base/size.h"

static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};

static void map(const struct in_addr *from, uint8_t address[16])
{
    memcpy(address, mapped, sizeof mapped);
    memcpy(address + sizeof mapped, from, sizeof *from);
}

static bool parse(const char *text, struct network *network)
{
    char host[INET6_ADDRSTRLEN];
    size_t length = strcspn(text, "/");
    struct in_addr v4;
    long long bits;

    if (length >= sizeof host)
        return false;
    strlcpy(host, text, length + 1);
    bool is_v4 = inet_pton(AF_INET, host, &v4) == 1;
    unsigned most = is_v4 ? 32 : 128;
    if (is_v4)
        map(&v4, network->address);
    else if (inet_pton(AF_INET6, host, network->address) != 1)
        return false;
    network->bits = 128;
    if (text[length] == '\0')
        return true;
    if (count_parse(text + length + 1, 0, most, &bits) != NULL)
        return false;
    network->bits = 128 - most + (unsigned)bits;
    return true;
}

bool networks_add(struct networks *networks, const char *text)
{
    if (networks->count == NETWORKS_MOST || !parse(text, &networks->list[networks->count]))
        return false;
    networks->count++;
    return true;
}

/* False: it is of another family. */
static bool bytes_of(const struct sockaddr_storage *from, uint8_t address[16])
{
    if (from->ss_family == AF_INET)
        map(&((const struct sockaddr_in *)from)->sin_addr, address);
    else if (from->ss_family == AF_INET6)
        memcpy(address, &((const struct sockaddr_in6 *)from)->sin6_addr, 16);
    return from->ss_family == AF_INET || from->ss_family == AF_INET6;
}

static bool has(const struct network *network, const uint8_t address[16])
{
    unsigned whole = network->bits / 8, rest = network->bits % 8;

    if (memcmp(network->address, address, whole) != 0)
        return false;
    return rest == 0 || (network->address[whole] ^ address[whole]) >> (8 - rest) == 0;
}

bool networks_have(const struct networks *networks, const struct sockaddr_storage *address)
{
    uint8_t bytes[16];

    if (!bytes_of(address, bytes))
        return true;
    for (size_t i = 0; i < networks->count; i++)
        if (has(&networks->list[i], bytes))
            return true;
    return false;
}

bool network_is_local(const struct sockaddr_storage *address)
{
    static const struct networks local = {{{{[10] = 0xff, 0xff, 127}, 104}, {{[15] = 1}, 128}}, 2};
    return networks_have(&local, address);
}
