/* SPDX-License-Identifier: MIT */
/* Names that came from outside: what is below one directory, and nothing else. */
#ifndef ZRECV_BENEATH_H
#define ZRECV_BENEATH_H

#include <limits.h>

/* The directory that all names are below, and the one of the last name: names come in the order of a tree. */
struct beneath {
    int root;              /* the caller's */
    int fd;                /* of parent, -1: none */
    char parent[PATH_MAX]; /* as seen from root, "" is root itself */
};

/* NULL, or why a name is none that is taken: "is absolute", ... */
const char *beneath_check(const char *path);

/*
 * The directory that a good name is in, without following a symbolic link at any point of the way
 * (openat2(2), Linux 5.6; a walk where that is missing). *last: where the last part of the name begins.
 * Returns a descriptor that stays the module's and is good until the next call; -1 with errno: ENOENT,
 * ENOTDIR or ELOOP (a part of it is a symbolic link), ...
 */
int beneath_parent(struct beneath *beneath, const char *path, const char **last);

/* Forgets the last directory: something of its name has been replaced. */
void beneath_forget(struct beneath *beneath);

#endif
