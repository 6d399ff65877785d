/* SPDX-License-Identifier: MIT */
/* A name that grows and shrinks with a walk; and the directory part of one. */
#ifndef ZCP_PATH_H
#define ZCP_PATH_H

#include <stdbool.h>
#include <stddef.h>

struct path {
    char *text; /* ends in NUL; NULL before path_set */
    size_t length, room;
};

/* Both return false with errno when there is no memory, and change nothing then. */
bool path_set(struct path *path, const char *text);

/* Appends a name, after a slash if there is none. */
bool path_add(struct path *path, const char *name);

/* Where the last part of a name begins; slashes at its end belong to that. */
size_t path_last(const char *name);

/* What stands before that: the name of a directory, "." if it is nothing. To be freed; NULL: no memory. */
char *path_parent(const char *name);

/* Opens a directory; follow: also behind a symbolic link. One that cannot be read can still be written into
 * and have attributes: it is opened with O_PATH. Returns a descriptor, or -1 with errno. */
int path_open_directory(int dir, const char *name, bool follow);

/* Opens the directory that the name, as seen from the directory dir, stands in; the name may be longer than
 * PATH_MAX. Returns a descriptor, or -1 with errno. */
int path_open_parent(int dir, const char *name);

void path_cut(struct path *path, size_t length);
void path_free(struct path *path);

#endif
