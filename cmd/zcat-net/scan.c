/* SPDX-License-Identifier: MIT */
/* Ports, one after the other. */
#include "scan.h"

#include <arpa/inet.h>
#include <bsd/stdlib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/message.h"
#include "base/size.h"
#include "net/connection.h"
#include "proxy.h"
#include "udp_probe.h"

void scan_tell_connected(const struct settings *settings, const char *number)
{
    const struct address *to = &settings->address;
    bool numeric = settings->connect.socket.numeric;
    const char *protocol = settings->connect.socket.datagram ? "udp" : "tcp";
    struct servent *service = numeric ? NULL : getservbyport(htons((uint16_t)atoi(to->port)), protocol);
    bool known = numeric || *number == '\0' || strcmp(number, to->host) == 0;

    char text[ADDRESS_TEXT];

    if (settings->verbose && to->family == AF_VSOCK)
        message_plain("Connection to %s succeeded!", address_text(to, text));
    if (settings->verbose && to->family == AF_UNSPEC)
        message_plain("Connection to %s%s%s%s %s port [%s/%s] succeeded!", to->host, known ? "" : " (",
                      known ? "" : number, known ? "" : ")", to->port, protocol,
                      service ? service->s_name : "*");
}

static bool try_port(const struct settings *settings, struct proxy_login *login, struct monitor *monitor)
{
    char number[NI_MAXHOST];
    int fd = target_connect(settings, login, monitor, !settings->verbose, number);

    if (fd < 0)
        return false;
    bool open = !settings->connect.socket.datagram || settings->address.family == AF_UNIX ||
                udp_probe(fd, settings, monitor, number);
    if (open)
        scan_tell_connected(settings, number);
    connection_close(fd);
    return open;
}

/* "LOW-HIGH" (in either order) into two numbers; false: it is not that. */
static bool parse_range(const char *text, long long *low, long long *high)
{
    char first[8];
    size_t length = strcspn(text, "-");

    if (length >= sizeof first)
        return false;
    memcpy(first, text, length);
    first[length] = '\0';
    if (count_parse(first, 1, 65535, low) != NULL || count_parse(text + length + 1, 1, 65535, high) != NULL)
        return false;
    if (*low > *high) {
        long long swapped = *low;
        *low = *high;
        *high = swapped;
    }
    return true;
}

/* The numbers from low on; count of them. */
static void fill_ports(uint16_t *ports, size_t count, uint16_t low, bool shuffle)
{
    for (size_t i = 0; i < count; i++) {
        size_t other = shuffle ? arc4random_uniform((uint32_t)i + 1) : i;
        ports[i] = ports[other];
        ports[other] = (uint16_t)(low + i);
    }
}

/* -i: between two ports. */
static void pause_scan(const struct settings *settings, struct monitor *monitor)
{
    uint64_t deadline = clock_now() + settings->lines.interval;

    while (clock_now() < deadline)
        monitor_wait(monitor, NULL, 0, deadline);
}

static bool scan_range(struct settings *settings, struct proxy_login *login, struct monitor *monitor,
                       long long low, long long high)
{
    size_t count = (size_t)(high - low + 1);
    uint16_t *ports = calloc(count, sizeof *ports);
    bool found = false;

    if (ports == NULL)
        return false;
    fill_ports(ports, count, (uint16_t)low, settings->random_ports);
    for (size_t i = 0; i < count; i++) {
        snprintf(settings->address.port, sizeof settings->address.port, "%u", ports[i]);
        if (i > 0)
            pause_scan(settings, monitor);
        found = try_port(settings, login, monitor) || found;
    }
    free(ports);
    return found;
}

int scan(struct settings *settings, struct monitor *monitor)
{
    struct proxy_login login = {0};
    long long low, high;

    if (settings->port_range != NULL && !parse_range(settings->port_range, &low, &high)) {
        option_usage_error("invalid port range: '%s'", settings->port_range);
        return EXIT_USAGE;
    }
    bool found = settings->port_range ? scan_range(settings, &login, monitor, low, high)
                                      : try_port(settings, &login, monitor);
    proxy_forget(&login);
    return found ? EXIT_DONE : EXIT_FAILED;
}
