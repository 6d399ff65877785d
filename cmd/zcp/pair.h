/* SPDX-License-Identifier: MIT */
/* A file and its copy, both open. */
#ifndef ZCP_PAIR_H
#define ZCP_PAIR_H

#include "atomic.h"
#include "file.h"

struct pair {
    struct mover *mover;
    const struct settings *settings;
    const struct file *file;
    struct stat status; /* of in, as it was opened */
    int in, out;        /* -1: not open */
    bool created;       /* out, by this run */
    bool atomic;        /* it is published at the end */
    struct atomic publication;
};

/* Opens both as cp(1) does: what is there is emptied, or removed and made anew. False: that failed
 * (reported). pair_close has to be called in any case. */
bool pair_open(struct pair *pair, struct mover *mover, const struct file *file);

/* Closes what is open, without a word, and removes what has not been published. */
void pair_close(struct pair *pair);

#endif
