/* SPDX-License-Identifier: MIT */
/* What the command line of zcat-net asks for. */
#ifndef ZCAT_NET_SETTINGS_H
#define ZCAT_NET_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

#include "line_options.h"
#include "move/transfer.h"
#include "net/address.h"
#include "net/connect_options.h"
#include "proxy_options.h"
#include "tap.h"

enum exit_status { EXIT_DONE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };

/* Who ends the session: see session.c. */
enum exit_on { EXIT_ON_AUTO, EXIT_ON_EOF, EXIT_ON_PEER, EXIT_ON_BOTH };

struct settings {
    struct transfer_options transfer;
    struct connect_options connect;
    struct proxy_options proxy;
    struct line_options lines;
    struct address address; /* where to connect to or to listen */
    const char *port_range; /* -z: the ports as given, "20-30" */
    bool listen, keep_listening;
    bool scan, random_ports; /* -z, -r */
    bool hand_over;          /* -F */
    bool no_stdin;           /* -d, --recv-only */
    bool send_only;
    bool half_close; /* at the end of standard input */
    enum exit_on exit_on;
    bool quits;           /* -q: leave quit_after nanoseconds after the end of standard input */
    uint64_t quit_after;  /* nanoseconds */
    uint64_t idle;        /* -w: nanoseconds without a byte after which to leave, 0: never */
    long long recv_limit; /* -W: pieces to receive, 0: no limit */
    bool verbose, print_port, sync;
    struct tap_settings tap; /* --hash, --hex-dump */
};

/* What settings_parse returns when the command is to go on. */
enum { SETTINGS_GO_ON = -1 };

/* Parses the command line. Returns SETTINGS_GO_ON, or the exit status when all is done (--help) or wrong
 * (reported). */
int settings_parse(struct settings *settings, int argc, char **argv);

#endif
