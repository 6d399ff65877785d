/* SPDX-License-Identifier: MIT */
/* The names in a directory, some at a time. */
#ifndef ZCP_NAMES_H
#define ZCP_NAMES_H

#include <stdbool.h>
#include <stddef.h>

enum { NAMES_BUFFER = 65536 /* bytes: for names_next */ };

/* To be zeroed before the first use. */
struct names {
    char *text;    /* names, each with its NUL */
    size_t length; /* bytes in text */
    size_t at;     /* of the next name */
    bool ended;    /* the directory has no more, or they cannot be read: */
    int error;     /* errno, 0: none */
};

/*
 * The next name in the directory that fd reads, without "." and "..", in the order of inode numbers as far as
 * they are read at a time; valid until the next call. NULL at the end, or with *error set to an errno.
 * buffer: NAMES_BUFFER bytes, used only during the call.
 */
const char *names_next(struct names *names, int fd, char *buffer, int *error);

/* Reads all names that are left, so that fd can be closed; an error is names_next's to tell, behind them. */
void names_rest(struct names *names, int fd, char *buffer);

void names_free(struct names *names);

#endif
