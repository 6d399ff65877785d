/* SPDX-License-Identifier: MIT */
/* The option table of ztee, and its command line. */
#include "settings.h"

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/digest_request.h"
#include "base/message.h"
#include "base/option.h"
#include "base/size.h"
#include "net/address.h"

enum {
    OPTION_OUTPUT_ERROR = OPTION_COMMAND,
    OPTION_TCP,
    OPTION_UNIX,
    OPTION_FD,
    OPTION_EXEC,
    OPTION_HASH,
    OPTION_NO_STDOUT,
    OPTION_SLOW,
    OPTION_SLOW_TIMEOUT,
    OPTION_BUFFER,
    OPTION_FSYNC
};

enum { BUFFER_MIN = 4096 /* bytes: the smallest pipe */ };

static const struct option_row rows[] = {
    OPTION_HEADING("As with tee"),
    {'a', "append", NULL, "append to the files, do not overwrite", OPTION_ABBREVIATED},
    {'i', "ignore-interrupts", NULL, "ignore interrupt signals", OPTION_ABBREVIATED},
    {'p', NULL, NULL, "the same as --output-error=warn-nopipe"},
    {OPTION_OUTPUT_ERROR, "output-error", "[=MODE]",
     "what to do when an output fails: warn, exit,\n"
     "warn-nopipe (the same as no MODE), exit-nopipe",
     OPTION_ABBREVIATED},

    OPTION_HEADING("More outputs, each as often as you like"),
    {OPTION_TCP, "tcp", "HOST:PORT", "connect and send"},
    {OPTION_UNIX, "unix", "PATH", "connect to a UNIX socket; @NAME is an abstract one"},
    {OPTION_FD, "fd", "N", "the descriptor N, which the shell has opened"},
    {OPTION_EXEC, "exec", "COMMAND", "standard input of a command, run by sh -c"},
    {OPTION_HASH, "hash", "ALGO[:FILE]",
     "print the digest of the stream on standard error,\n"
     "or into FILE: " DIGEST_REQUEST_HELP},
    {OPTION_NO_STDOUT, "no-stdout", NULL, "leave standard output out"},

    OPTION_HEADING("Slow outputs"),
    {OPTION_SLOW, "slow", "WHAT",
     "block: wait for them (default); drop: cut off a\n"
     "pipe, socket or terminal that takes nothing"},
    {OPTION_SLOW_TIMEOUT, "slow-timeout", "SECONDS", "for so long (default 10)"},
    {OPTION_BUFFER, "buffer", "SIZE", "room of its own that each of them has first\n(at least 4K)"},

    OPTION_HEADING("Connecting"),
    CONNECT_OPTION_ROWS,

    OPTION_HEADING("Moving bytes"),
    TRANSFER_METHOD_ROW("splice or tee (which go together), mmap, read"),
    TRANSFER_PIPE_SIZE_ROW,
    TRANSFER_BWLIMIT_ROW("read at most RATE bytes a second"),
    TRANSFER_REPORT_ROWS,
    {OPTION_FSYNC, "fsync", NULL, "have files on disk before exit 0"},

    OPTION_HEADING("Other"),
    {OPTION_HELP, "help", NULL, "display this help and exit", OPTION_ABBREVIATED},
    {OPTION_VERSION, "version", NULL, "output version information and exit", OPTION_ABBREVIATED},
};

static const struct option_table table = {
    .usage = "Usage: ztee [OPTION]... [FILE]...",
    .description = "Copy standard input to each FILE, and also to standard output, to sockets and to\n"
                   "commands; duplicate it inside the kernel wherever the outputs allow that.",
    .rows = rows,
    .row_count = sizeof rows / sizeof *rows,
    .epilogue = "A FILE named - is a file of that name. Without -p and --output-error a broken\n"
                "pipe ends ztee by SIGPIPE, and other errors are told and do not stop the other\n"
                "outputs. SIZE and RATE take the suffixes K, M, G and T (powers of 1024).\n"
                "SECONDS may have a fraction. SIGUSR1 prints a status line.\n"
                "\n"
                "Exit status is 0 if every byte arrived at every output, 1 if not, or if the\n"
                "command line is wrong.\n",
};

static const char *const error_names[] = {[ERRORS_WARN] = "warn",
                                          [ERRORS_WARN_NOPIPE] = "warn-nopipe",
                                          [ERRORS_EXIT] = "exit",
                                          [ERRORS_EXIT_NOPIPE] = "exit-nopipe"};

static int wrong(const char *problem, const char *name, const char *argument)
{
    option_bad_argument(problem, name, argument);
    return EXIT_FAILED;
}

/* As GNU does it: a name, or a beginning that only one name has. */
static int take_output_error(struct settings *settings, const char *argument)
{
    int found = 0, matches = 0;

    for (int i = ERRORS_WARN; argument != NULL && i <= ERRORS_EXIT_NOPIPE; i++) {
        if (strncmp(error_names[i], argument, strlen(argument)) != 0)
            continue;
        found = i;
        matches++;
        if (strcmp(error_names[i], argument) == 0) {
            matches = 1;
            break;
        }
    }
    if (argument != NULL && matches != 1)
        return wrong(matches > 1 ? "ambiguous" : "invalid", "--output-error", argument);
    settings->errors = argument == NULL ? ERRORS_WARN_NOPIPE : (enum output_errors)found;
    return SETTINGS_GO_ON;
}

static int add_output(struct settings *settings, enum output_type type, const char *argument)
{
    settings->outputs[settings->output_count++] = (struct output_request){type, argument, -1};
    return SETTINGS_GO_ON;
}

static int add_socket(struct settings *settings, bool is_unix, const char *argument)
{
    struct address address;
    const char *problem = is_unix ? address_set_unix(&address, argument) : address_parse(argument, &address);

    if (problem == NULL && address.family == AF_VSOCK)
        problem = "not HOST:PORT";
    if (problem == NULL)
        return add_output(settings, is_unix ? OUTPUT_UNIX : OUTPUT_TCP, argument);
    option_usage_error("%s: '%s'", problem, argument);
    return EXIT_FAILED;
}

static int add_descriptor(struct settings *settings, const char *argument)
{
    long long number;
    const char *problem = count_parse(argument, 0, INT_MAX, &number);

    return problem ? wrong(problem, "--fd", argument) : add_output(settings, OUTPUT_FD, argument);
}

static int add_digest(struct settings *settings, const char *argument)
{
    struct digest_request request;

    if (!digest_request_parse(argument, &request))
        return wrong("invalid", "--hash", argument);
    return add_output(settings, OUTPUT_DIGEST, argument);
}

static int take_slow(struct settings *settings, const char *argument)
{
    settings->drops = strcmp(argument, "drop") == 0;
    return settings->drops || strcmp(argument, "block") == 0 ? SETTINGS_GO_ON
                                                             : wrong("invalid", "--slow", argument);
}

static int take_patience(struct settings *settings, const char *argument)
{
    const char *problem = duration_parse(argument, &settings->patience);

    if (problem == NULL && settings->patience == 0)
        problem = "too small";
    return problem ? wrong(problem, "--slow-timeout", argument) : SETTINGS_GO_ON;
}

static int take_buffer(struct settings *settings, const char *argument)
{
    const char *problem = size_parse(argument, BUFFER_MIN, INT64_MAX, &settings->buffer);
    return problem ? wrong(problem, "--buffer", argument) : SETTINGS_GO_ON;
}

static int take_own(struct settings *settings, int id, const char *argument, bool *no_stdout)
{
    switch (id) {
    case 'a':
        settings->append = true;
        return SETTINGS_GO_ON;
    case 'i':
        settings->ignore_interrupts = true;
        return SETTINGS_GO_ON;
    case 'p':
        return take_output_error(settings, NULL);
    case OPTION_OUTPUT_ERROR:
        return take_output_error(settings, argument);
    case OPTION_TCP:
    case OPTION_UNIX:
        return add_socket(settings, id == OPTION_UNIX, argument);
    case OPTION_FD:
        return add_descriptor(settings, argument);
    case OPTION_EXEC:
        return add_output(settings, OUTPUT_COMMAND, argument);
    case OPTION_HASH:
        return add_digest(settings, argument);
    case OPTION_NO_STDOUT:
        *no_stdout = true;
        return SETTINGS_GO_ON;
    case OPTION_SLOW:
        return take_slow(settings, argument);
    case OPTION_SLOW_TIMEOUT:
        return take_patience(settings, argument);
    case OPTION_BUFFER:
        return take_buffer(settings, argument);
    case OPTION_FSYNC:
        settings->sync = true;
        return SETTINGS_GO_ON;
    case OPTION_HELP:
        return option_print_help(&table);
    case OPTION_VERSION:
        return option_print_version();
    default:
        option_usage_error(NULL);
        return EXIT_FAILED;
    }
}

static int take_option(struct settings *settings, int id, bool *no_stdout)
{
    int taken;

    if ((taken = transfer_option(&settings->transfer, id, optarg)) == 0 &&
        (taken = connect_option(&settings->connect, id, optarg)) == 0)
        return take_own(settings, id, optarg, no_stdout);
    return taken > 0 ? SETTINGS_GO_ON : EXIT_FAILED;
}

static int take_options(struct settings *settings, int argc, char **argv, bool *no_stdout)
{
    int id, status = SETTINGS_GO_ON;

    while (status == SETTINGS_GO_ON && (id = option_next(&table, argc, argv)) != -1)
        status = take_option(settings, id, no_stdout);
    return status;
}

/* tee duplicates what splice has taken and is no method without it: either name stands for both. */
static void unite_tee_with_splice(struct ladder *methods)
{
    struct ladder united = {0};

    for (size_t i = 0; i < methods->count; i++) {
        enum method method = methods->steps[i] == METHOD_TEE ? METHOD_SPLICE : methods->steps[i];
        if (!ladder_has(&united, method))
            united.steps[united.count++] = method;
    }
    *methods = united;
}

/* Standard output and the files come first, as with tee, then the others in their order. */
static int put_in_order(struct settings *settings, bool no_stdout, int count, char **files)
{
    size_t before = (size_t)count + !no_stdout;

    memmove(settings->outputs + before, settings->outputs,
            settings->output_count * sizeof *settings->outputs);
    if (!no_stdout)
        settings->outputs[0] = (struct output_request){OUTPUT_STDOUT, NULL, -1};
    for (int i = 0; i < count; i++)
        settings->outputs[!no_stdout + i] = (struct output_request){OUTPUT_FILE, files[i], -1};
    settings->output_count += before;
    if (settings->output_count > 0)
        return SETTINGS_GO_ON;
    option_usage_error("--no-stdout leaves no output");
    return EXIT_FAILED;
}

int settings_parse(struct settings *settings, int argc, char **argv)
{
    bool no_stdout = false;

    *settings = (struct settings){.transfer = transfer_defaults,
                                  .connect = CONNECT_OPTIONS_DEFAULT,
                                  .patience = 10 * NANOSECONDS,
                                  .outputs = calloc((size_t)argc + 1, sizeof *settings->outputs)};
    settings->transfer.offered |= 1u << METHOD_TEE;
    settings->connect.socket.nodelay = true; /* every byte goes out as soon as it came in */
    if (settings->outputs == NULL) {
        message_error(errno, "cannot start");
        return EXIT_FAILED;
    }
    int status = take_options(settings, argc, argv, &no_stdout);
    unite_tee_with_splice(&settings->transfer.methods);
    return status == SETTINGS_GO_ON ? put_in_order(settings, no_stdout, argc - optind, argv + optind)
                                    : status;
}
