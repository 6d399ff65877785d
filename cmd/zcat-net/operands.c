/* SPDX-License-Identifier: MIT */
/* The operands of zcat-net: where to connect to, or where to listen. */
#include "operands.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "base/option.h"

/* The operands of the listening forms: PORT, ADDR PORT, -p PORT, -p PORT ADDR; -s ADDR is an ADDR too. */
static const char *take_listen_operands(struct settings *settings, int count, char **operands)
{
    struct socket_options *socket = &settings->connect.socket;
    const char *host = socket->source_host ? socket->source_host : "";
    const char *port = socket->source_port;

    if (count == 2 || (count == 1 && port != NULL))
        host = *operands++;
    if (port == NULL || count == 2)
        port = *operands;
    socket->source_host = socket->source_port = NULL;
    return port == NULL ? "missing port number" : address_set(&settings->address, host, port);
}

/* nc(1) shows services by their numbers. One that is not known is left to getaddrinfo(3). */
static void number_port(struct address *address, bool datagram)
{
    const struct servent *service = getservbyname(address->port, datagram ? "udp" : "tcp");

    if (service != NULL)
        snprintf(address->port, sizeof address->port, "%d", ntohs((uint16_t)service->s_port));
}

static const char *take_connect_operands(struct settings *settings, int count, char **operands)
{
    const char *port = count > 1 ? operands[1] : "";

    if (count == 0)
        return "missing host and port";
    if (settings->scan && port[strspn(port, "0123456789")] == '-' && *port != '-') {
        settings->port_range = port;
        port = "1";
    }
    const char *problem = address_set(&settings->address, operands[0], port);
    number_port(&settings->address, settings->connect.socket.datagram);
    return problem ? problem : port_check(port, 1);
}

int operands_parse(struct settings *settings, bool is_unix, int count, char **operands)
{
    const char *problem;

    if (count > (is_unix ? 1 : 2))
        option_usage_error("extra operand '%s'", operands[is_unix ? 1 : 2]);
    else if (is_unix && count == 0)
        option_usage_error("missing socket path");
    else if ((problem = is_unix            ? address_set_unix(&settings->address, operands[0])
                        : settings->listen ? take_listen_operands(settings, count, operands)
                                           : take_connect_operands(settings, count, operands)) != NULL)
        option_usage_error(count > 0 ? "%s: '%s'" : "%s", problem, count > 0 ? operands[count - 1] : "");
    else
        return SETTINGS_GO_ON;
    return EXIT_USAGE;
}
