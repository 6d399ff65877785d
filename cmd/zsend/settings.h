/* SPDX-License-Identifier: MIT */
/* What the command line of zsend asks for. */
#ifndef ZSEND_SETTINGS_H
#define ZSEND_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

#include "move/transfer.h"
#include "net/address.h"
#include "net/connect_options.h"

enum exit_status {
    EXIT_DONE = 0,
    EXIT_LOCAL = 1, /* the source, or this machine */
    EXIT_USAGE = 2,
    EXIT_CONNECT = 3, /* the receiver could not be reached */
    EXIT_BROKEN = 4,  /* the connection broke off */
    EXIT_TIMEOUT = 8
};

struct settings {
    struct transfer_options transfer;
    struct connect_options connect;
    struct address address;
    const char *file; /* "-": standard input */
    bool raw, verbose;
    uint64_t offset; /* bytes to leave out at the start of the file */
    bool has_length;
    uint64_t length; /* bytes to send, with has_length */
};

enum { SETTINGS_GO_ON = -1 };

/* Parses the command line. Returns SETTINGS_GO_ON, or the exit status when all is done or wrong (reported).
 */
int settings_parse(struct settings *settings, int argc, char **argv);

#endif
