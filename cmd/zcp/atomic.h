/* SPDX-License-Identifier: MIT */
/* --atomic: a file that gets its name when it is whole. */
#ifndef ZCP_ATOMIC_H
#define ZCP_ATOMIC_H

#include "file.h"
#include "temporary.h"

struct atomic {
    int dir;    /* the directory of the target itself, also where a symbolic link leads to it */
    char *name; /* its name there */
    char temporary[TEMPORARY_NAME]; /* the new file's name, "": it has none */
};

/*
 * Creates a file without a name (O_TMPFILE) in the directory of the target, or one with a name of its own
 * where the file system has no such thing. Returns its descriptor, or -1 with errno. atomic_close has to be
 * called in any case.
 */
int atomic_create(struct atomic *atomic, const struct file *file, mode_t mode);

/* Gives the file the target's name, and takes that away from what had it; with sync, when the file is on
 * disk. False with errno: the target is what it was. */
bool atomic_publish(struct atomic *atomic, int fd, bool sync);

/* Brings the name to the disk. False with errno. */
bool atomic_sync(const struct atomic *atomic);

/* Removes what has not been published. */
void atomic_close(struct atomic *atomic);

#endif
