/* SPDX-License-Identifier: MIT */
/* Which methods are tried for a pair of descriptors, in which order. Pure. */
#ifndef ZCOPY_MOVE_LADDER_H
#define ZCOPY_MOVE_LADDER_H

#include <stdbool.h>
#include <stddef.h>

#include "move/method.h"

struct ladder {
    size_t count;
    enum method steps[METHOD_COUNT];
};

/*
 * The order for a pair. mmap is never chosen by itself: without a transformation on the way it saves one
 * copy where sendfile and splice save two. Terminals and character devices are read and written: splice
 * moves a line at a time there, at best.
 */
struct ladder ladder_for(enum kind source, enum kind sink);

/* What of the wanted ladder, in its order, can serve the pair. */
struct ladder ladder_restrict(const struct ladder *wanted, enum kind source, enum kind sink);

/* True when method is one of its steps. */
bool ladder_has(const struct ladder *ladder, enum method method);

/* Takes a method out of it, if it is there. */
void ladder_drop(struct ladder *ladder, enum method method);

/* A list of methods as --method= takes it, separated by commas. False: an unknown or a repeated name.
 * Which of the methods a command offers is none of this function's business (move/transfer.h); one that the
 * pair at hand cannot use is left out by ladder_restrict. */
bool ladder_parse(const char *list, struct ladder *ladder);

#endif
