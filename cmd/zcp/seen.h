/* SPDX-License-Identifier: MIT */
/* Files that have been met before, by device and inode. */
#ifndef ZCP_SEEN_H
#define ZCP_SEEN_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

/* A file, and a name that goes with it. */
struct seen_file {
    dev_t dev;
    ino_t ino;
    dev_t copy_dev; /* of the copy with that name */
    ino_t copy_ino;
    char name[];
};

/* A set of them, to be zeroed before its first use. */
struct seen {
    struct seen_file **slots; /* open addressing; a power of two of them */
    size_t room, count;
};

/* The file of this status (and, if name is not NULL, of this name as well), or NULL. */
struct seen_file *seen_find(const struct seen *seen, const struct stat *status, const char *name);

/* Adds one that is not there. NULL: no memory. */
struct seen_file *seen_add(struct seen *seen, const struct stat *status, const char *name);

void seen_free(struct seen *seen);

#endif
