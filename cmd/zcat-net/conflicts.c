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
    if (socket->nodelay || socket->congestion != NULL)
        return "--nodelay and --congestion exclude -u";
    if (settings->send_only && settings->keep_listening)
        return "-k with -u only receives: --send-only excludes it";
    if (settings->transfer.methods.count > 0 && !ladder_has(&settings->transfer.methods, METHOD_READ))
        return "of --method, -u can use read only";
    if (settings->proxy.given || settings->hand_over || settings->lines.telnet)
        return "-x, -F and -t exclude -u";
    return NULL;
}

int conflicts_check(const struct settings *settings, bool is_unix)
{
    const char *datagram = settings->connect.socket.datagram ? datagram_conflict(settings) : NULL;

    if (settings->keep_listening && !settings->listen)
        return conflict("-k works only with -l");
    if (settings->scan && settings->listen)
        return conflict("-z and -l exclude each other");
    if (settings->print_port && (!settings->listen || is_unix))
        return conflict("--print-port works only with -l and a port");
    if (settings->send_only && settings->no_stdin)
        return conflict("--send-only excludes -d and --recv-only");
    if (settings->proxy.given && (settings->listen || is_unix || settings->connect.socket.source_host))
        return conflict("-x excludes -l, -s and -U");
    if (settings->hand_over && settings->listen)
        return conflict("-F and -l exclude each other");
    if (settings->hand_over && is_unix)
        return conflict("-F and -U exclude each other");
    if (settings->hand_over && settings->scan)
        return conflict("-F and -z exclude each other");
    return datagram ? conflict(datagram) : check_lines(settings);
}
