/* SPDX-License-Identifier: MIT */
/* One regular file. */
#ifndef ZSEND_FILE_H
#define ZSEND_FILE_H

#include "sender.h"

/* A file as it is found: in the directory dir by this name, known to the receiver by path and to the user by
 * text. */
struct source_file {
    int dir;
    const char *name;
    const char *path, *text;
    bool follow; /* the name may be a symbolic link */
};

/*
 * Sends it, under a new number, or under number if that is not 0. What goes wrong with the file alone is
 * reported and noted. False: the session is over.
 */
bool file_send(struct sender *sender, const struct source_file *file, uint64_t number);

#endif
