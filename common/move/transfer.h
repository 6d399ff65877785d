/* SPDX-License-Identifier: MIT */
/* The options, and the closing line, that all commands share because each of them runs a pump. */
#ifndef ZCOPY_MOVE_TRANSFER_H
#define ZCOPY_MOVE_TRANSFER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/option.h"
#include "base/progress.h"
#include "move/ladder.h"
#include "move/pump.h"

struct transfer_options {
    unsigned offered;      /* the methods that --method may name, a set: 1u << method */
    struct ladder methods; /* of --method; none: the pump's own choice */
    enum progress_when progress;
    uint64_t rate;    /* bytes a second, 0: no limit */
    uint64_t timeout; /* nanoseconds without a byte that end a transfer, 0: none */
    size_t pipe_size; /* bytes */
    bool keep_pipes;
    bool stats, debug;
};

/* What the options are when none is given. Those that move streams are offered; others are the command's to
 * add. */
extern const struct transfer_options transfer_defaults;

enum {
    TRANSFER_METHOD = OPTION_TRANSFER,
    TRANSFER_PROGRESS,
    TRANSFER_BWLIMIT,
    TRANSFER_STATS,
    TRANSFER_DEBUG,
    TRANSFER_PIPE_SIZE,
    TRANSFER_TIMEOUT
};

/* The rows of the table, for commands that have other words for some, or no use for them; and all of them. */
#define TRANSFER_METHOD_ROW(names)                                                          \
    {                                                                                       \
        TRANSFER_METHOD, "method", "LIST", "use only these methods, in this order:\n" names \
    }
#define TRANSFER_PIPE_SIZE_ROW                                 \
    {                                                          \
        TRANSFER_PIPE_SIZE, "pipe-size", "SIZE",               \
            "bytes of the pipes that are used (default 1M);\n" \
            "'keep': leave those of standard input and\n"      \
            "output as they are"                               \
    }
#define TRANSFER_BWLIMIT_ROW(help)                \
    {                                             \
        TRANSFER_BWLIMIT, "bwlimit", "RATE", help \
    }
#define TRANSFER_REPORT_ROWS                                                                   \
    {TRANSFER_PROGRESS, "progress", "[=WHEN]",                                                 \
     "show a progress line: auto (on a terminal; the\n"                                        \
     "same as no WHEN), always, or never (default)"},                                          \
        {TRANSFER_STATS, "stats", NULL, "print bytes, time, CPU time and methods at the end"}, \
    {                                                                                          \
        TRANSFER_DEBUG, "debug", NULL, "explain which methods were used and why"               \
    }
#define TRANSFER_OPTION_ROWS                                                                 \
    TRANSFER_METHOD_ROW("sendfile, splice, mmap, read"), TRANSFER_PIPE_SIZE_ROW,             \
        TRANSFER_BWLIMIT_ROW("move at most RATE bytes a second each way"),                   \
        {TRANSFER_TIMEOUT, "timeout", "SECONDS", "fail when no byte has moved for so long"}, \
        TRANSFER_REPORT_ROWS

/*
 * Takes option id with its argument if it is one of the rows above. Returns 1 taken, 0 not one of them,
 * -1 its argument is wrong (reported as a usage error).
 */
int transfer_option(struct transfer_options *options, int id, const char *argument);

/* Prepares a pump as the options say. False: no method of --method serves its pair (reported). */
bool transfer_apply(const struct transfer_options *options, struct pump *pump);

struct transfer_totals {
    uint64_t started; /* nanoseconds */
    uint64_t bytes;
    uint64_t by_method[METHOD_COUNT];
};

/* Adds what a pump has moved. */
void transfer_add(struct transfer_totals *totals, const struct pump *pump);

/* --stats: one line on standard error. The CPU time is that of the whole process. */
void transfer_print_stats(const struct transfer_totals *totals);

/* "splice 4096, read 10", or "no bytes"; returns text. */
enum { TRANSFER_METHODS_TEXT = 256 };
const char *transfer_methods_text(const uint64_t by_method[METHOD_COUNT], char text[TRANSFER_METHODS_TEXT]);

/* --debug: what moved the bytes from source to sink (names for people), and what was refused. */
void transfer_print_debug(const struct pump *pump, const char *source, const char *sink);

#endif
