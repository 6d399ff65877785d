/* SPDX-License-Identifier: MIT */
/* What the command line of zsend asks for. */
#ifndef ZSEND_SETTINGS_H
#define ZSEND_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

#include "move/transfer.h"
#include "net/address.h"
#include "net/connect_options.h"
#include "net/peer_options.h"

struct settings {
    struct transfer_options transfer;
    struct connect_options connect;
    struct address address;
    char **files; /* "-": standard input */
    size_t file_count;
    bool raw, verbose;

    /* Without raw. */
    struct peer_options peer;
    enum digest_algorithm algorithm;
    const char *name; /* of standard input at the receiver, NULL: none */
    bool owner, xattrs, dry_run;
    bool session_option; /* one of these was given */
    bool listens;

    /* With raw. */
    uint64_t offset; /* bytes to leave out at the start of the file */
    bool has_length;
    uint64_t length; /* bytes to send, with has_length */
};

enum { SETTINGS_GO_ON = -1 };

/* Parses the command line. Returns SETTINGS_GO_ON, or the exit status when all is done or wrong (reported).
 */
int settings_parse(struct settings *settings, int argc, char **argv);

#endif
