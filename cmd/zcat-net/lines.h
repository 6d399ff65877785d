/* SPDX-License-Identifier: MIT */
/* The filters of a session with -C, -i or -t. */
#ifndef ZCAT_NET_LINES_H
#define ZCAT_NET_LINES_H

#include "line_options.h"
#include "move/worker.h"

/* What the two directions of a session need for it; see lines.c. */
struct lines;

/*
 * Puts filters on the two workers of a session with the connection fd, as far as the options ask for them.
 * They have been opened and not started; send may be one that is not opened (-d). Sets *lines, which goes to
 * lines_close after them, or to NULL where no filter is needed. False with errno: no memory.
 */
bool lines_open(struct lines **lines, const struct line_options *options, int fd, struct worker *send,
                struct worker *receive);

/* lines may be NULL. */
void lines_close(struct lines *lines);

#endif
