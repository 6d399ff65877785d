/* SPDX-License-Identifier: MIT */
/* zcat-net -C, -i and -t: what is done to lines and to telnet's requests. */
#ifndef ZCAT_NET_LINE_OPTIONS_H
#define ZCAT_NET_LINE_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/option.h"
#include "move/ladder.h"

struct line_options {
    bool crlf;         /* -C */
    bool telnet;       /* -t */
    uint64_t interval; /* -i: nanoseconds between lines, and between ports; 0: none */
};

#define LINE_OPTION_ROWS                                                   \
    {'C', NULL, NULL, "send each line with CR and LF at its end"},         \
        {'i', NULL, "SECONDS",                                             \
         "wait so long between lines (with -u: datagrams)\n"               \
         "sent, between those received, and between the\n"                 \
         "ports of -z"},                                                   \
    {                                                                      \
        't', NULL, NULL, "answer telnet's DO and WILL with WONT and DON'T" \
    }

/* Takes option id with its argument if it is one of the rows above; returns as transfer_option does. */
int line_option(struct line_options *options, int id, const char *argument);

/* The letter of the first option given that needs the bytes in memory, '\0': none. */
char line_options_letter(const struct line_options *options);

#endif
