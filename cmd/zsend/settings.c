/* SPDX-License-Identifier: MIT */
/* The option table of zsend, and its command line. */
#include "settings.h"

#include <getopt.h>

#include "base/option.h"
#include "base/size.h"

enum { OPTION_RAW = OPTION_COMMAND, OPTION_OFFSET, OPTION_LENGTH };

static const struct option_row rows[] = {
    OPTION_HEADING("What is sent"),
    {OPTION_RAW, "raw", NULL,
     "send plain bytes, as zcat-net, nc and socat\n"
     "receive them; has to be given"},
    {OPTION_OFFSET, "offset", "SIZE", "begin so many bytes into the file"},
    {OPTION_LENGTH, "length", "SIZE", "send exactly so many bytes; fewer are an error"},

    OPTION_HEADING("Connecting"),
    CONNECT_OPTION_ROWS,
    CONNECT_NODELAY_ROW,

    OPTION_HEADING("Moving bytes"),
    TRANSFER_OPTION_ROWS,

    OPTION_HEADING("Other"),
    {'v', NULL, NULL, "tell about the connection on standard error"},
    {OPTION_HELP, "help", NULL, "display this help and exit"},
    {OPTION_VERSION, "version", NULL, "output version information and exit"},
};

static const struct option_table table = {
    .usage = "Usage: zsend --raw [OPTION]... FILE HOST:PORT\n"
             "  or:  zsend --raw [OPTION]... - HOST:PORT",
    .description = "Send a file, or standard input (-), to a TCP, UNIX or vsock socket straight\n"
                   "from the page cache. HOST:PORT may also be [IPV6]:PORT, unix:/PATH, unix:@NAME\n"
                   "or vsock:CID:PORT.",
    .rows = rows,
    .row_count = sizeof rows / sizeof *rows,
    .epilogue = "SIZE and RATE take the suffixes K, M, G and T (powers of 1024). SECONDS may have\n"
                "a fraction. SIGUSR1 prints a status line.\n"
                "\n"
                "Exit status is 0 if the receiver's system has acknowledged every byte and the\n"
                "receiver has closed the connection without an error, 1 for an error on this\n"
                "side (reading the file, for one), 2 for a wrong command line, 3 if the receiver\n"
                "could not be reached, 4 if the connection broke off, 8 for a timeout.\n",
};

static int take_size(const char *name, const char *argument, uint64_t *value)
{
    const char *problem = size_parse(argument, 0, INT64_MAX, value);

    if (problem == NULL)
        return SETTINGS_GO_ON;
    option_bad_argument(problem, name, argument);
    return EXIT_USAGE;
}

static int take_own(struct settings *settings, int id, const char *argument)
{
    switch (id) {
    case OPTION_HELP:
        return option_print_help(&table);
    case OPTION_VERSION:
        return option_print_version();
    case OPTION_RAW:
        settings->raw = true;
        return SETTINGS_GO_ON;
    case OPTION_OFFSET:
        return take_size("--offset", argument, &settings->offset);
    case OPTION_LENGTH:
        settings->has_length = true;
        return take_size("--length", argument, &settings->length);
    case 'v':
        settings->verbose = true;
        return SETTINGS_GO_ON;
    default:
        option_usage_error(NULL);
        return EXIT_USAGE;
    }
}

static int take_option(struct settings *settings, int id)
{
    int taken;

    if ((taken = transfer_option(&settings->transfer, id, optarg)) == 0 &&
        (taken = connect_option(&settings->connect, id, optarg)) == 0)
        return take_own(settings, id, optarg);
    return taken > 0 ? SETTINGS_GO_ON : EXIT_USAGE;
}

static int take_operands(struct settings *settings, int count, char **operands)
{
    const char *problem;

    if (!settings->raw)
        option_usage_error("only plain transfers are possible; give --raw");
    else if (count == 0)
        option_usage_error("missing file operand");
    else if (count == 1)
        option_usage_error("missing HOST:PORT after '%s'", operands[0]);
    else if (count > 2)
        option_usage_error("extra operand '%s'", operands[2]);
    else if ((problem = address_parse(operands[1], &settings->address)) != NULL ||
             (problem = address_check_peer(&settings->address)) != NULL)
        option_usage_error("%s: '%s'", problem, operands[1]);
    else if (settings->connect.socket.mptcp && settings->address.family != AF_UNSPEC)
        option_usage_error("--mptcp needs HOST:PORT");
    else {
        settings->file = operands[0];
        return SETTINGS_GO_ON;
    }
    return EXIT_USAGE;
}

int settings_parse(struct settings *settings, int argc, char **argv)
{
    int id;

    *settings = (struct settings){.transfer = transfer_defaults, .connect = CONNECT_OPTIONS_DEFAULT};
    while ((id = option_next(&table, argc, argv)) != -1) {
        int status = take_option(settings, id);
        if (status != SETTINGS_GO_ON)
            return status;
    }
    return take_operands(settings, argc - optind, argv + optind);
}
