/* SPDX-License-Identifier: MIT */
/* What is complete and waits to be published, in the order in which it came. */
#ifndef ZRECV_QUEUE_H
#define ZRECV_QUEUE_H

#include "known.h"

struct receiver;

/* So many entries are published at once: one wait for the disk serves all of them. */
enum { QUEUE_MOST = 256 };

struct pending {
    enum session_kind kind;
    uint64_t number;
    char *path, *target;
    bool replaces, linked;
    bool is_new; /* of a directory: nothing has its name, and the journal says that it is made */
    bool passed; /* over: what has its name stays */
    uint32_t mode, uid, gid;
    int64_t seconds;
    uint32_t nanoseconds;
    uint8_t *xattrs; /* of a directory that is left */
    size_t xattrs_length;
    struct known_file file; /* of a file: what the journal is to say; its path is this path */
    bool failed;
};

struct queue {
    struct pending *list; /* of QUEUE_MOST */
    size_t count, files;
    uint64_t bytes;
    uint64_t since; /* nanoseconds: when the first one came */
};

/* Adds the announced entry; a full queue is published. file: of a file, else NULL. False: the session cannot
 * go on. */
bool queue_add(struct receiver *receiver, bool replaces, const struct known_file *file);

/* Publishes all, and tells the sender. False: the session cannot go on. */
bool queue_flush(struct receiver *receiver);

/* Whether nothing is gained by waiting for more. idle: nothing more has come yet. now: nanoseconds. */
bool queue_is_due(const struct receiver *receiver, bool idle, uint64_t now);

void queue_free(struct queue *queue);

#endif
