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

static const char *take_vsock_operand(struct settings *settings, const char *operand)
{
    const char *problem = address_parse(operand, &settings->address);

    return problem || settings->listen ? problem : address_check_peer(&settings->address);
}

int operands_family(bool is_unix, int count, char **operands)
{
    if (is_unix)
        return AF_UNIX;
    return count > 0 && address_is_vsock(operands[0]) ? AF_VSOCK : AF_UNSPEC;
}

static const char *take_operands(struct settings *settings, int family, int count, char **operands)
{
    if (family == AF_UNIX)
        return address_set_unix(&settings->address, operands[0]);
    if (family == AF_VSOCK)
        return take_vsock_operand(settings, operands[0]);
    return (settings->listen ? take_listen_operands : take_connect_operands)(settings, count, operands);
}

int operands_parse(struct settings *settings, int family, int count, char **operands)
{
    const char *problem;
    int most = family == AF_UNSPEC ? 2 : 1;

    if (count > most)
        option_usage_error("extra operand '%s'", operands[most]);
    else if (family == AF_UNIX && count == 0)
        option_usage_error("missing socket path");
    else if ((problem = take_operands(settings, family, count, operands)) != NULL)
        option_usage_error(count > 0 ? "%s: '%s'" : "%s", problem, count > 0 ? operands[count - 1] : "");
    else
        return SETTINGS_GO_ON;
    return EXIT_USAGE;
}
