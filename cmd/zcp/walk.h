/* SPDX-License-Identifier: MIT */
/* Directories, entered and left by their descriptors. */
#ifndef ZCP_WALK_H
#define ZCP_WALK_H

#include "entry.h"

/*
 * Makes the directory of the entry, unless it exists, and enters it: copier->level. Returns true when it was
 * made. Failures are reported and noted, and nothing is entered then.
 */
bool walk_enter(struct copier *copier, const struct entry *entry);

/* Copies all that is in the directories entered, and leaves them. */
void walk_all(struct copier *copier);

#endif
