/* SPDX-License-Identifier: MIT */
/* What the command line of zrecv asks for. */
#ifndef ZRECV_SETTINGS_H
#define ZRECV_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "move/transfer.h"
#include "net/connect_options.h"
#include "net/peer_options.h"

enum existing_policy { EXISTING_REFUSE, EXISTING_OVERWRITE, EXISTING_UPDATE, EXISTING_SKIP };

struct settings {
    struct transfer_options transfer;
    struct connect_options connect;
    struct address address;
    const char *directory; /* "-": standard output */
    struct peer_options peer;
    enum existing_policy existing;
    uint32_t accept;    /* SESSION_OWNER, SESSION_XATTR */
    bool accept_links;  /* symbolic links to anywhere */
    bool connects;      /* --connect: the sender listens */
    bool keep;          /* one session after the other */
    bool has_directory; /* it was named */
    bool verify, sync;
    bool new_key, verbose;
    uint64_t resume_wait; /* nanoseconds */
    mode_t umask;
};

enum { SETTINGS_GO_ON = -1 };

/* Parses the command line. Returns SETTINGS_GO_ON, or the exit status when all is done or wrong (reported).
 */
int settings_parse(struct settings *settings, int argc, char **argv);

#endif
