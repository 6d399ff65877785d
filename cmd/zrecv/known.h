/* SPDX-License-Identifier: MIT */
/* What a transfer has left behind: files that are published, in part, and directories it has made. */
#ifndef ZRECV_KNOWN_H
#define ZRECV_KNOWN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include "net/chunks.h"

enum known_state { KNOWN_NOTHING, KNOWN_PARTIAL, KNOWN_DONE, KNOWN_MADE };

/* By which a file is known again that a transfer has published. */
struct published {
    bool is_set;
    uint64_t inode, size; /* bytes */
    int64_t seconds;
    uint32_t nanoseconds;
};

struct known_file {
    char *path;
    enum known_state state;
    uint64_t slot; /* the number of the partial file */
    uint8_t stamp[SESSION_STAMP];
    size_t stamp_length;
    uint64_t size;                /* bytes */
    struct chunks chunks;         /* KNOWN_PARTIAL: what is there for certain */
    uint8_t digest[DIGEST_BYTES]; /* KNOWN_DONE: over the list */
    struct published published;   /* what it was when it was published last, whatever has come since, */
    struct published before;      /* and the time before: the last one may have been about to be */
    bool unproven; /* nothing says that what is known of it has come to the disk, or with which digests */
};

enum { LINKED_MOST = 1000000 }; /* files to which hard links may be made */

struct known {
    void *tree;   /* tsearch(3): of files, by their paths */
    void *linked; /* and of inode numbers */
    size_t linked_count;
};

/* What is known of a path; NULL: nothing. */
struct known_file *known_find(const struct known *known, const char *path);

/* The same, made if there is none. NULL: no memory. */
struct known_file *known_add(struct known *known, const char *path);

/* Forgets all that is said of a file but its path, and what was published. */
void known_reset(struct known_file *file);

/* Forgets the path as well. */
void known_remove(struct known *known, struct known_file *file);

/* Calls with each of them, in no order to rely on; false from the function ends that. */
bool known_each(const struct known *known, bool (*call)(struct known_file *file, void *of), void *of);

/* True when the status is that of the file that the transfer has published under this name. */
bool known_is(const struct known_file *file, const struct stat *status);

/* The same, or of one that it has published before. */
bool known_was(const struct known_file *file, const struct stat *status);

/* Remembers a file that has been published, or was there as it was sent, for hard links to it; not without
 * memory, and no more than LINKED_MOST. */
void known_note_linked(struct known *known, uint64_t inode);
bool known_is_linked(const struct known *known, uint64_t inode);

void known_free(struct known *known);

#endif
