/* SPDX-License-Identifier: MIT */
/* One table per command, from which its options are parsed and its --help is printed. */
#ifndef ZCOPY_BASE_OPTION_H
#define ZCOPY_BASE_OPTION_H

#include <stddef.h>

struct option_row {
    int id;               /* what option_next returns: the letter of a short option, or a value above 255 */
    const char *name;     /* long name without dashes, or NULL */
    const char *argument; /* NULL: none; "SECONDS": required; "[=WHEN]": optional (long form only) */
    const char *help;     /* lines separated by \n; NULL: understood, but not shown */
    int flags;            /* OPTION_ABBREVIATED or nothing */
};

/* A heading above the rows that follow it. */
#define OPTION_HEADING(text)  \
    {                         \
        .id = 0, .help = text \
    }

/* The ends of every table. */
enum {
    OPTION_HELP = 256,
    OPTION_VERSION,
    OPTION_TRANSFER = 260, /* here start the ids of move/transfer.h, */
    OPTION_CONNECT = 280,  /* of net/connect_options.h, */
    OPTION_PEER = 290,     /* of net/peer_options.h, */
    OPTION_COMMAND = 300   /* and a command's own */
};

/* A long name that the peer has: unambiguous abbreviations of it keep working. Other long names are
 * spelled in full, so that new ones never take an abbreviation away. */
enum { OPTION_ABBREVIATED = 1 };

struct option_table {
    const char *usage;       /* "Usage: zcat-net ...", lines separated by \n */
    const char *description; /* what stands between the usage and the options */
    const struct option_row *rows;
    size_t row_count;
    const char *epilogue; /* what stands below the options */
};

/*
 * The next option of argv as getopt_long(3) finds it: the id of its row, with optarg set; -1 at the end
 * (optind is then the first operand); '?' after an error, which getopt_long has reported in GNU's wording.
 */
int option_next(const struct option_table *table, int argc, char **argv);

/* Prints the help on standard output. Returns 0, or 1 when it could not be written (reported). */
int option_print_help(const struct option_table *table);

/* Prints "PROGRAM (zcopy) VERSION" and the licence; returns as option_print_help. */
int option_print_version(void);

/* Reports a usage error in GNU's wording ("PROGRAM: text", "Try 'PROGRAM --help' ..."); format may be NULL
 * when getopt_long has reported it already. */
void option_usage_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The usage error of an argument: "invalid argument 'x' for '--retry'". problem: as size_parse returns it. */
void option_bad_argument(const char *problem, const char *option, const char *argument);

#endif
