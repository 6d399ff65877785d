/* SPDX-License-Identifier: MIT */
/* One line for each pair of options. */
#include "conflicts.h"

static int conflict(const char *text)
{
    option_usage_error("%s", text);
    return EXIT_USAGE;
}

/* -C, -i and -t. */
static int check_lines(const struct settings *settings)
{
    const struct ladder *methods = &settings->transfer.methods;
    char letter = line_options_letter(&settings->lines);

    if (letter == '\0' || settings->scan)
        return SETTINGS_GO_ON;
    if (!settings->hand_over && (methods->count == 0 || ladder_has(methods, METHOD_READ)))
        return SETTINGS_GO_ON;
    if (settings->hand_over)
        option_usage_error("-F and -%c exclude each other", letter);
    else
        option_usage_error("-%c needs the method read, which is not in the list of --method", letter);
    return EXIT_USAGE;
}

/* Datagrams have no end, no connection and one method. */
static const char *datagram_conflict(const struct settings *settings)
{
    const struct socket_options *socket = &settings->connect.socket;

    if (settings->exit_on == EXIT_ON_PEER || settings->exit_on == EXIT_ON_BOTH)
        return "with -u the peer has no end: --exit-on=peer and --exit-on=both exclude it";
    if (socket->nodelay || socket->congestion != NULL || socket->mptcp)
        return "--nodelay, --congestion and --mptcp exclude -u";
    if (settings->send_only && settings->keep_listening)
        return "-k with -u only receives: --send-only excludes it";
    if (settings->transfer.methods.count > 0 && !ladder_has(&settings->transfer.methods, METHOD_READ))
        return "of --method, -u can use read only";
    if (settings->proxy.given || settings->hand_over || settings->lines.telnet)
        return "-x, -F and -t exclude -u";
    return NULL;
}

/* It has neither datagrams (but for VMware's) nor a local address to choose, and no proxy leads there. */
static bool vsock_conflict(const struct settings *settings)
{
    const struct socket_options *socket = &settings->connect.socket;

    return socket->source_port != NULL || socket->source_host != NULL || socket->datagram ||
           settings->proxy.given != NULL;
}

int conflicts_check(const struct settings *settings, int family)
{
    const char *datagram = settings->connect.socket.datagram ? datagram_conflict(settings) : NULL;

    if (settings->keep_listening && !settings->listen)
        return conflict("-k works only with -l");
    if (settings->scan && settings->listen)
        return conflict("-z and -l exclude each other");
    if (settings->print_port && (!settings->listen || family == AF_UNIX))
        return conflict("--print-port works only with -l and a port");
    if (settings->send_only && settings->no_stdin)
        return conflict("--send-only excludes -d and --recv-only");
    if (settings->proxy.given &&
        (settings->listen || family == AF_UNIX || settings->connect.socket.source_host))
        return conflict("-x excludes -l, -s and -U");
    if (settings->hand_over && settings->listen)
        return conflict("-F and -l exclude each other");
    if (settings->hand_over && family == AF_UNIX)
        return conflict("-F and -U exclude each other");
    if (settings->hand_over && settings->scan)
        return conflict("-F and -z exclude each other");
    if (datagram != NULL)
        return conflict(datagram);
    if (family == AF_VSOCK && vsock_conflict(settings))
        return conflict("-p, -s, -u and -x exclude a vsock address");
    if (settings->connect.socket.mptcp && family != AF_UNSPEC)
        return conflict("--mptcp excludes -U and a vsock address");
    return check_lines(settings);
}
