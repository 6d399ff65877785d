/* SPDX-License-Identifier: MIT */
/* One name of the source and its place in the target: what is to be done, in cp's order. */
#ifndef ZCP_ENTRY_H
#define ZCP_ENTRY_H

#include <stdbool.h>
#include <sys/stat.h>

#include "backup.h"
#include "copier.h"
#include "place.h"

struct entry {
    /* Set by the caller. */
    struct place from, to;
    bool operand; /* of the command line */
    bool fresh;   /* nothing can be there: the directory has just been made */

    /* Found out. */
    struct stat status;       /* of the source */
    bool followed;            /* the source: a symbolic link would have been followed */
    bool exists;              /* something is there, */
    struct stat existing;     /* with this status */
    bool through_link;        /* found by following a symbolic link */
    char backup[BACKUP_TEXT]; /* what was there has this name now, "": it has not been moved */
};

/* Copies it, or gives it to the queue; a directory is entered (copier->level). Failures are reported. */
void entry_copy(struct copier *copier, struct entry *entry);

/* True when the entry is an operand, and an earlier one has been copied to its name. */
bool entry_was_made(const struct copier *copier, const struct entry *entry);

/* True when a file of this mode is copied by its bytes. */
bool entry_is_data(const struct settings *settings, mode_t mode);

#endif
