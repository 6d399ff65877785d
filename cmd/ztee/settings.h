/* SPDX-License-Identifier: MIT */
/* What the command line of ztee asks for. */
#ifndef ZTEE_SETTINGS_H
#define ZTEE_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "move/transfer.h"
#include "net/connect_options.h"

/* Wrong command lines are 1 too, as with tee(1). */
enum exit_status { EXIT_DONE = 0, EXIT_FAILED = 1 };

enum output_type {
    OUTPUT_STDOUT,
    OUTPUT_FILE,    /* a path */
    OUTPUT_FD,      /* the number of a descriptor */
    OUTPUT_TCP,     /* HOST:PORT */
    OUTPUT_UNIX,    /* the path of a socket */
    OUTPUT_COMMAND, /* for sh -c */
    OUTPUT_DIGEST   /* ALGO[:FILE] */
};

struct output_request {
    enum output_type type;
    const char *argument; /* of the command line; NULL for OUTPUT_STDOUT */
    int fd, error;        /* of OUTPUT_FD: see outputs_claim; error: errno where fd is -1 */
};

/* --output-error: what an output that cannot be written to means. */
enum output_errors {
    ERRORS_SIGPIPE,     /* tee's default: told and gone on, but a broken pipe ends the run by SIGPIPE */
    ERRORS_WARN,        /* told, and gone on */
    ERRORS_WARN_NOPIPE, /* the same, but a broken pipe is no error */
    ERRORS_EXIT,        /* told, and the run is over */
    ERRORS_EXIT_NOPIPE  /* the same, but a broken pipe is no error */
};

struct settings {
    struct transfer_options transfer;
    struct connect_options connect;
    enum output_errors errors;
    bool append, ignore_interrupts, sync;
    bool drops;        /* --slow=drop */
    uint64_t patience; /* nanoseconds that an output may take nothing, with drops */
    uint64_t buffer;   /* bytes that an output may be behind */
    struct output_request *outputs;
    size_t output_count;
};

/* The first error ends the run. */
static inline bool settings_exits(const struct settings *settings)
{
    return settings->errors == ERRORS_EXIT || settings->errors == ERRORS_EXIT_NOPIPE;
}

/* A pipe that nobody reads any more is no error. */
static inline bool settings_forgives_pipes(const struct settings *settings)
{
    return settings->errors == ERRORS_WARN_NOPIPE || settings->errors == ERRORS_EXIT_NOPIPE;
}

enum { SETTINGS_GO_ON = -1 };

/* Parses the command line. Returns SETTINGS_GO_ON, or the exit status when all is done or wrong (reported).
 */
int settings_parse(struct settings *settings, int argc, char **argv);

#endif
