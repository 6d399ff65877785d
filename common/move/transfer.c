/* SPDX-License-Identifier: MIT */
/* Shared options, --stats and --debug. */
#include "move/transfer.h"

#include <bsd/string.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "base/clock.h"
#include "base/message.h"
#include "base/size.h"
#include "move/filter.h"

const struct transfer_options transfer_defaults = {.offered = 1u << METHOD_SENDFILE | 1u << METHOD_SPLICE |
                                                              1u << METHOD_MMAP | 1u << METHOD_READ,
                                                   .pipe_size = PUMP_PIPE_SIZE};

enum { PIPE_SIZE_MIN = 4096, PIPE_SIZE_MAX = 1 << 30 };

static int wrong(const char *what, const char *name, const char *argument)
{
    option_bad_argument(what, name, argument);
    return -1;
}

static int take_methods(struct transfer_options *options, const char *argument)
{
    bool good = ladder_parse(argument, &options->methods);

    for (size_t i = 0; good && i < options->methods.count; i++)
        good = options->offered & 1u << options->methods.steps[i];
    return good ? 1 : wrong("invalid", "--method", argument);
}

static int take_pipe_size(struct transfer_options *options, const char *argument)
{
    uint64_t size;

    options->keep_pipes = strcmp(argument, "keep") == 0;
    if (options->keep_pipes)
        return 1;
    const char *problem = size_parse(argument, PIPE_SIZE_MIN, PIPE_SIZE_MAX, &size);
    if (problem != NULL)
        return wrong(problem, "--pipe-size", argument);
    options->pipe_size = (size_t)size;
    return 1;
}

static int take_rate(struct transfer_options *options, const char *argument)
{
    const char *problem = size_parse(argument, 1, INT64_MAX, &options->rate);
    return problem == NULL ? 1 : wrong(problem, "--bwlimit", argument);
}

static int take_timeout(struct transfer_options *options, const char *argument)
{
    const char *problem = duration_parse(argument, &options->timeout);
    return problem == NULL ? 1 : wrong(problem, "--timeout", argument);
}

int transfer_option(struct transfer_options *options, int id, const char *argument)
{
    switch (id) {
    case TRANSFER_METHOD:
        return take_methods(options, argument);
    case TRANSFER_PROGRESS:
        return progress_parse(argument, &options->progress) ? 1 : wrong("invalid", "--progress", argument);
    case TRANSFER_PIPE_SIZE:
        return take_pipe_size(options, argument);
    case TRANSFER_BWLIMIT:
        return take_rate(options, argument);
    case TRANSFER_TIMEOUT:
        return take_timeout(options, argument);
    case TRANSFER_STATS:
        options->stats = true;
        return 1;
    case TRANSFER_DEBUG:
        options->debug = true;
        return 1;
    default:
        return 0;
    }
}

bool transfer_apply(const struct transfer_options *options, struct pump *pump)
{
    const struct route *route = &pump->route;

    pump->limit.rate = options->rate;
    pump->keep_pipes = options->keep_pipes;
    if (options->methods.count == 0)
        return true;
    pump->ladder = ladder_restrict(&options->methods, route->in_kind, route->out_kind);
    if (pump->ladder.count > 0)
        return true;
    message_error(EINVAL, "no method of --method can move bytes from a %s to a %s", kind_name(route->in_kind),
                  kind_name(route->out_kind));
    return false;
}

void transfer_add(struct transfer_totals *totals, const struct pump *pump)
{
    totals->bytes += pump->moved;
    for (enum method method = 0; method < METHOD_COUNT; method++)
        totals->by_method[method] += pump->by_method[method];
}

static double seconds(struct timeval time)
{
    return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

const char *transfer_methods_text(const uint64_t by_method[METHOD_COUNT], char text[TRANSFER_METHODS_TEXT])
{
    size_t used = 0;

    for (enum method method = 0; method < METHOD_COUNT; method++)
        if (by_method[method] > 0)
            used +=
                (size_t)snprintf(text + used, TRANSFER_METHODS_TEXT - used, "%s%s %llu", used > 0 ? ", " : "",
                                 method_table[method].name, (unsigned long long)by_method[method]);
    if (used == 0)
        strlcpy(text, "no bytes", TRANSFER_METHODS_TEXT);
    return text;
}

void transfer_print_stats(const struct transfer_totals *totals)
{
    struct rusage usage;
    char rate[SIZE_TEXT], methods[TRANSFER_METHODS_TEXT];
    double elapsed = (double)(clock_now() - totals->started) / (double)NANOSECONDS;

    getrusage(RUSAGE_SELF, &usage);
    double cpu = seconds(usage.ru_utime) + seconds(usage.ru_stime);
    double gib = (double)totals->bytes / (1024.0 * 1024 * 1024);
    message_note("%llu bytes, %.3f s, %s/s, %.3f s CPU, %.3f s CPU/GiB%s%s",
                 (unsigned long long)totals->bytes, elapsed,
                 size_format(rate, elapsed > 0 ? (uint64_t)((double)totals->bytes / elapsed) : 0), cpu,
                 gib > 0 ? cpu / gib : 0, gib > 0 ? ", " : "",
                 gib > 0 ? transfer_methods_text(totals->by_method, methods) : "");
}

void transfer_print_debug(const struct pump *pump, const char *source, const char *sink)
{
    const struct route *route = &pump->route;
    char methods[TRANSFER_METHODS_TEXT];

    message_note("debug: '%s' (%s) to '%s' (%s): %s", source, kind_name(route->in_kind), sink,
                 kind_name(route->out_kind), transfer_methods_text(pump->by_method, methods));
    if (pump->filter != NULL) {
        message_note("debug: %s: read and write", pump->filter->reason);
        return;
    }
    for (enum method method = 0; method < METHOD_COUNT; method++) {
        if (method_table[method].take == NULL)
            continue;
        if (pump->refused[method] != 0)
            message_error(pump->refused[method], "debug: %s was refused", method_table[method].name);
        else if (method == METHOD_COPY_FILE_RANGE && !method_serves(method, route->in_kind, route->out_kind))
            continue; /* it is for two files, and nobody expects it elsewhere */
        else if (!method_serves(method, route->in_kind, route->out_kind))
            message_note("debug: %s cannot serve this pair", method_table[method].name);
        else if (pump->by_method[method] == 0)
            message_note("debug: %s was not needed", method_table[method].name);
    }
}
