/* SPDX-License-Identifier: MIT */
/* A directory to receive into, with something beside it that has to stay as it is. */
#ifndef ZCOPY_TESTS_SANDBOX_H
#define ZCOPY_TESTS_SANDBOX_H

#include <stdbool.h>
#include <sys/stat.h>

struct sandbox {
    char top[64];          /* its path; below it: in, where things are received, and out, with a file */
    int fd, in;            /* of top, and of in while it is there */
    struct stat out, file; /* as they were */
};

/* Makes the directory, below /dev/shm if that is there. It is removed when the process ends in order. */
void sandbox_open(struct sandbox *sandbox);

/* Makes the directory in. has_links: with a file, a directory and symbolic links that lead out, as the user's
 * own. */
void sandbox_begin(struct sandbox *sandbox, bool has_links);

/* Nothing beside in has changed, and nothing is in it that may not be: devices, setuid bits, and, unless
 * free_links, symbolic links that lead out. */
void sandbox_check(const struct sandbox *sandbox, bool free_links);

/* True when there is something of this name in it. */
bool sandbox_has(const struct sandbox *sandbox, const char *name);

/* Removes in. */
void sandbox_end(struct sandbox *sandbox);

#endif
