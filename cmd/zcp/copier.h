/* SPDX-License-Identifier: MIT */
/* The thread that walks through the source and decides, and what it knows. */
#ifndef ZCP_COPIER_H
#define ZCP_COPIER_H

#include <stdbool.h>
#include <stddef.h>

#include "path.h"
#include "queue.h"
#include "seen.h"

struct level;

struct copier {
    struct run *run;
    const struct settings *settings;
    struct queue queue;
    struct path source, target; /* of what is being copied, as people know it */
    struct level *level;        /* the innermost directory that is being copied, or NULL */
    char *names;                /* for reading directories */
    struct seen links;          /* files of which a copy may be linked to, with the copy's name */
    struct seen operands;       /* with --backup off: names that were operands, each with its directory */
    struct seen folders;        /* directories that were operands, with the names of their copies */
    struct seen made;           /* names that copies of operands have */
    bool top_made;              /* a directory has been made for the operand at hand: */
    struct stat top;            /* this one, which is not to be copied into itself */
    bool top_met;               /* it was met: nothing more is copied for the operand, as in cp(1) */
    const char *top_source, *top_target; /* the names of the operand and its copy */
};

/* False: no memory or no descriptors (reported). */
bool copier_open(struct copier *copier, struct run *run, size_t workers);

/* Ends the threads; adds what has been moved to totals. */
void copier_close(struct copier *copier, struct transfer_totals *totals);

#endif
