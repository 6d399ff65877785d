/* SPDX-License-Identifier: MIT */
/* What a slow output has not taken yet, in a file without a name that is used as a ring. */
#ifndef ZTEE_SPILL_H
#define ZTEE_SPILL_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "move/method.h"

struct spill {
    int fd;         /* -1: not opened yet */
    uint64_t size;  /* bytes that the file may have */
    uint64_t start; /* bytes into the file where the oldest byte stands */
    uint64_t held;  /* bytes in it */
};

/* $TMPDIR, or /var/tmp. */
const char *spill_directory(void);

/*
 * Moves some of what the private pipe of the route holds (there is something) into the file, which is made in
 * spill_directory() when it is needed first. The pages are copied by the kernel: what was lent to the pipe
 * no longer matters. copies: by read and write, and not by splice, which alone keeps the rest of a packet
 * (pipe(2), O_DIRECT) of which it moves a part. Returns bytes, 0 when the file is full, or -1 with errno.
 */
ssize_t spill_store(struct spill *spill, struct route *route, bool copies);

/* Reads some of the oldest bytes (there are some) into the memory of the route, which holds none. Returns
 * bytes, or -1 with errno. */
ssize_t spill_load(struct spill *spill, struct route *route);

void spill_free(struct spill *spill);

#endif
