/* SPDX-License-Identifier: MIT */
/* The option table of zcat-net, and its command line. */
#include "settings.h"

#include <getopt.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/option.h"
#include "base/size.h"
#include "conflicts.h"
#include "operands.h"
#include "tos.h"

enum {
    OPTION_EXIT_ON = OPTION_COMMAND,
    OPTION_NO_HALF_CLOSE,
    OPTION_SEND_ONLY,
    OPTION_RECV_ONLY,
    OPTION_PRINT_PORT,
    OPTION_FSYNC,
    OPTION_HASH,
    OPTION_HEX_DUMP
};

static const struct option_row rows[] = {
    OPTION_HEADING("Connecting and listening"),
    {'l', NULL, NULL, "listen for a connection instead of making one"},
    {'k', NULL, NULL, "with -l: go on to the next client after each one"},
    {'p', NULL, "PORT", "use this local port"},
    {'s', NULL, "ADDR", "use this local address; with -u -U it is a path"},
    {'U', NULL, NULL, "use a UNIX socket; @NAME is an abstract one"},
    {'u', NULL, NULL, "use UDP, or with -U datagrams, not a stream"},
    {'n', NULL, NULL, "do not look up names"},
    {'w', NULL, "SECONDS",
     "give up connecting after so long, and leave when\n"
     "no byte has moved either way for so long"},
    {'z', NULL, NULL,
     "only see whether the ports can be connected to;\n"
     "PORT may be a range, LOW-HIGH"},
    {'r', NULL, NULL, "with -z: try the ports in random order"},
    {'F', NULL, NULL,
     "pass the connected socket over standard output\n"
     "and leave, for ssh's ProxyUseFdpass"},
    {OPTION_PRINT_PORT, "print-port", NULL, "with -l: print the port's number on standard error"},
    {'v', NULL, NULL, "tell about connections on standard error"},
    CONNECT_OPTION_ROWS,
    CONNECT_NODELAY_ROW,
    PROXY_OPTION_ROWS,

    OPTION_HEADING("Ending"),
    {'N', NULL, NULL,
     "half-close at the end of standard input; this is\n"
     "what zcat-net does anyway"},
    {OPTION_NO_HALF_CLOSE, "no-half-close", NULL, "keep both directions open until the peer closes"},
    {'q', NULL, "SECONDS",
     "leave so long after the end of standard input;\n"
     "negative: wait for the peer, as without -q"},
    {OPTION_EXIT_ON, "exit-on", "WHO",
     "leave when this one has ended: eof (standard\n"
     "input), peer, or both; the manual says more"},
    {'d', NULL, NULL, "do not read standard input"},
    {OPTION_RECV_ONLY, "recv-only", NULL, "the same as -d"},
    {OPTION_SEND_ONLY, "send-only", NULL,
     "throw away what the peer sends, and leave at the\n"
     "end of standard input"},
    {'W', NULL, "N", "leave after N pieces have been received"},

    OPTION_HEADING("Moving bytes"),
    LINE_OPTION_ROWS,
    TRANSFER_OPTION_ROWS,
    {OPTION_FSYNC, "fsync", NULL, "have standard output on disk before exit 0"},
    {OPTION_HASH, "hash", "ALGO[:FILE]",
     "print the digest of what went through on standard\n"
     "error, or into FILE: " DIGEST_REQUEST_HELP},
    {OPTION_HEX_DUMP, "hex-dump", "FILE", "write what goes through into FILE, in hexadecimal"},

    OPTION_HEADING("Socket options"),
    {'I', NULL, "BYTES", "size of the receive buffer"},
    {'O', NULL, "BYTES", "size of the send buffer"},
    {'T', NULL, "TOS",
     "type of service: a DSCP name such as af11 or ef,\n"
     "lowdelay, throughput, ..., or a number"},
    {'M', NULL, "TTL", "time to live of outgoing packets"},
    {'m', NULL, "TTL", "smallest time to live of incoming packets"},
    {'b', NULL, NULL, "permit broadcasts"},
    {'D', NULL, NULL, "switch on debugging of the socket (SO_DEBUG)"},

    OPTION_HEADING("Other"),
    {'h', NULL, NULL, "the same as --help"},
    {OPTION_HELP, "help", NULL, "display this help and exit"},
    {OPTION_VERSION, "version", NULL, "output version information and exit"},

    /* nc has these; they are refused by name and not as unknown. */
    {'S', NULL, NULL, NULL},
    {'V', NULL, "", NULL},
    {'Z', NULL, NULL, NULL},
};

static const struct option_table table = {
    .usage = "Usage: zcat-net [OPTION]... HOST PORT\n"
             "  or:  zcat-net -l [OPTION]... [ADDR] PORT\n"
             "  or:  zcat-net [-l] -U [OPTION]... PATH\n"
             "  or:  zcat-net [-l] [OPTION]... vsock:CID:PORT",
    .description = "Connect to a TCP, UDP, UNIX or vsock socket, or listen on one; send standard\n"
                   "input to the peer and what the peer sends to standard output, without\n"
                   "user-space buffers wherever the kernel can move the bytes itself.",
    .rows = rows,
    .row_count = sizeof rows / sizeof *rows,
    .epilogue = "At the end of standard input zcat-net half-closes, goes on receiving until the\n"
                "peer closes, and leaves. SIZE, BYTES and RATE take the suffixes K, M, G and T\n"
                "(powers of 1024). SECONDS may have a fraction. SIGUSR1 prints a status line.\n"
                "\n"
                "Exit status is 0 if every byte arrived (the peer's system has acknowledged all\n"
                "that was sent, and all that was received is written), 1 if not, 2 for a wrong\n"
                "command line.\n",
};

static int usage(const char *what, int letter, const char *argument)
{
    char option[] = {'-', (char)letter, '\0'};

    option_bad_argument(what, option, argument);
    return EXIT_USAGE;
}

static int take_number(int letter, const char *argument, long long min, long long max, int *value)
{
    long long number;
    const char *problem = count_parse(argument, min, max, &number);

    if (problem != NULL)
        return usage(problem, letter, argument);
    *value = (int)number;
    return SETTINGS_GO_ON;
}

static int take_size(int letter, const char *argument, int *value)
{
    uint64_t size;
    const char *problem = size_parse(argument, 1, INT_MAX, &size);

    if (problem != NULL)
        return usage(problem, letter, argument);
    *value = (int)size;
    return SETTINGS_GO_ON;
}

static int take_quit(struct settings *settings, const char *argument)
{
    bool negative = argument[0] == '-';
    const char *problem = duration_parse(argument + negative, &settings->quit_after);

    if (problem != NULL)
        return usage(problem, 'q', argument);
    settings->quits = !negative;
    return SETTINGS_GO_ON;
}

static int take_idle(struct settings *settings, const char *argument)
{
    const char *problem = duration_parse(argument, &settings->idle);

    if (problem == NULL && settings->idle == 0)
        problem = "too small";
    if (problem != NULL)
        return usage(problem, 'w', argument);
    settings->connect.timeout = settings->idle;
    return SETTINGS_GO_ON;
}

static int take_tos(struct settings *settings, const char *argument)
{
    settings->connect.socket.tos = tos_parse(argument);
    return settings->connect.socket.tos >= 0 ? SETTINGS_GO_ON : usage("invalid", 'T', argument);
}

static int take_exit_on(struct settings *settings, const char *argument)
{
    static const char *const names[] = {
        [EXIT_ON_AUTO] = "auto", [EXIT_ON_EOF] = "eof", [EXIT_ON_PEER] = "peer", [EXIT_ON_BOTH] = "both"};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (strcmp(names[i], argument) == 0) {
            settings->exit_on = (enum exit_on)i;
            return SETTINGS_GO_ON;
        }
    }
    option_bad_argument("invalid", "--exit-on", argument);
    return EXIT_USAGE;
}

static int take_recv_limit(struct settings *settings, const char *argument)
{
    const char *problem = count_parse(argument, 1, INT_MAX, &settings->recv_limit);
    return problem ? usage(problem, 'W', argument) : SETTINGS_GO_ON;
}

static int take_hash(struct settings *settings, const char *argument)
{
    settings->tap.hashes = digest_request_parse(argument, &settings->tap.digest);
    if (settings->tap.hashes)
        return SETTINGS_GO_ON;
    option_bad_argument("invalid", "--hash", argument);
    return EXIT_USAGE;
}

static int take_source_port(struct socket_options *socket, const char *argument)
{
    const char *problem = port_check(argument, 0);

    socket->source_port = argument;
    if (problem != NULL)
        option_usage_error("%s: '%s'", problem, argument);
    return problem ? EXIT_USAGE : SETTINGS_GO_ON;
}

/* The options that have a value of their own. */
static int take_value(struct settings *settings, int id, const char *argument)
{
    struct socket_options *socket = &settings->connect.socket;

    switch (id) {
    case 'q':
        return take_quit(settings, argument);
    case 'w':
        return take_idle(settings, argument);
    case 'W':
        return take_recv_limit(settings, argument);
    case 'I':
        return take_size(id, argument, &socket->receive_buffer);
    case 'O':
        return take_size(id, argument, &socket->send_buffer);
    case 'M':
        return take_number(id, argument, 1, 255, &socket->ttl);
    case 'm':
        return take_number(id, argument, 1, 255, &socket->min_ttl);
    case 'T':
        return take_tos(settings, argument);
    case 'p':
        return take_source_port(socket, argument);
    case 's':
        socket->source_host = argument;
        return SETTINGS_GO_ON;
    case OPTION_EXIT_ON:
        return take_exit_on(settings, argument);
    case OPTION_HASH:
        return take_hash(settings, argument);
    case OPTION_HEX_DUMP:
        settings->tap.dump_file = argument;
        return SETTINGS_GO_ON;
    default:
        option_usage_error("the option '-%c' of nc is not supported by zcat-net", id);
        return EXIT_USAGE;
    }
}

/* The options without a value. Returns false if id is none of them. */
static bool take_switch(struct settings *settings, int id, bool *is_unix)
{
    switch (id) {
    case 'l':
        return settings->listen = true;
    case 'k':
        return settings->keep_listening = true;
    case 'U':
        return *is_unix = true;
    case 'u':
        return settings->connect.socket.datagram = true;
    case 'n':
        return settings->connect.socket.numeric = true;
    case 'z':
        return settings->scan = true;
    case 'r':
        return settings->random_ports = true;
    case 'F':
        return settings->hand_over = true;
    case 'v':
        return settings->verbose = true;
    case 'N':
        return settings->half_close = true;
    case OPTION_NO_HALF_CLOSE:
        settings->half_close = false;
        return true;
    case 'd':
    case OPTION_RECV_ONLY:
        return settings->no_stdin = true;
    case OPTION_SEND_ONLY:
        return settings->send_only = true;
    case OPTION_PRINT_PORT:
        return settings->print_port = true;
    case OPTION_FSYNC:
        return settings->sync = true;
    case 'b':
        return settings->connect.socket.broadcast = true;
    case 'D':
        return settings->connect.socket.debug = true;
    default:
        return false;
    }
}

static int take_option(struct settings *settings, int id, bool *is_unix)
{
    int taken;

    if (id == 'h' || id == OPTION_HELP)
        return option_print_help(&table);
    if (id == OPTION_VERSION)
        return option_print_version();
    if (id == '?') {
        option_usage_error(NULL);
        return EXIT_USAGE;
    }
    if ((taken = transfer_option(&settings->transfer, id, optarg)) == 0 &&
        (taken = connect_option(&settings->connect, id, optarg)) == 0 &&
        (taken = proxy_option(&settings->proxy, id, optarg)) == 0 &&
        (taken = line_option(&settings->lines, id, optarg)) == 0)
        return take_switch(settings, id, is_unix) ? SETTINGS_GO_ON : take_value(settings, id, optarg);
    return taken > 0 ? SETTINGS_GO_ON : EXIT_USAGE;
}

/* The pauses of -i are no standstill. */
static void allow_pauses(struct settings *settings)
{
    if (settings->idle > 0)
        settings->idle += settings->lines.interval;
    if (settings->transfer.timeout > 0)
        settings->transfer.timeout += settings->lines.interval;
}

int settings_parse(struct settings *settings, int argc, char **argv)
{
    bool is_unix = false;
    int id;

    *settings = (struct settings){
        .transfer = transfer_defaults, .connect = CONNECT_OPTIONS_DEFAULT, .half_close = true};
    while ((id = option_next(&table, argc, argv)) != -1) {
        int status = take_option(settings, id, &is_unix);
        if (status != SETTINGS_GO_ON)
            return status;
    }
    if (settings->send_only && settings->exit_on == EXIT_ON_AUTO)
        settings->exit_on = EXIT_ON_EOF;
    allow_pauses(settings);
    int family = operands_family(is_unix, argc - optind, argv + optind);
    int status = conflicts_check(settings, family);
    if (status == SETTINGS_GO_ON && !proxy_options_finish(&settings->proxy))
        return EXIT_USAGE;
    return status == SETTINGS_GO_ON ? operands_parse(settings, family, argc - optind, argv + optind) : status;
}
