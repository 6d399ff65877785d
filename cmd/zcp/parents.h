/* SPDX-License-Identifier: MIT */
/* --parents: the directories of a source, made in the target. */
#ifndef ZCP_PARENTS_H
#define ZCP_PARENTS_H

#include "copier.h"

struct parent;

struct parents {
    struct copier *copier;
    struct parent *list; /* the innermost first */
};

/*
 * Makes those directories of the name source that the directory dir, which people know as target, does not
 * have. False: that failed (reported and noted). parents_finish has to be called in any case.
 */
bool parents_make(struct parents *parents, struct copier *copier, const char *source, int dir,
                  const char *target);

/* Gives them the attributes that the options say, when all in them is done. */
void parents_finish(struct parents *parents);

#endif
