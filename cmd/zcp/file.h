/* SPDX-License-Identifier: MIT */
/* A file that is copied by its bytes. */
#ifndef ZCP_FILE_H
#define ZCP_FILE_H

#include "entry.h"

struct file {
    struct place from, to;
    struct stat status;   /* of the source, */
    bool followed;        /* which may be a symbolic link */
    bool exists;          /* the target, */
    struct stat existing; /* with this status, */
    bool through_link;    /* and a symbolic link leads to it */
    const char *backup;   /* to be undone after a failure, "": none */
};

/* Bytes and attributes, from open to close, and what is to be told of that; by the thread that walks. False:
 * that failed (reported and noted). */
bool file_copy(struct mover *mover, const struct file *file);

/* The same by any thread and at some time. The strings are copied; the directories have to stay open. False:
 * no memory (reported and noted). */
bool file_put(struct queue *queue, const struct file *file);

#endif
