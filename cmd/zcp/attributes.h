/* SPDX-License-Identifier: MIT */
/* What a copy gets of the original besides its bytes. */
#ifndef ZCP_ATTRIBUTES_H
#define ZCP_ATTRIBUTES_H

#include <stdbool.h>
#include <sys/stat.h>

#include "place.h"
#include "settings.h"

/* One file and its copy. */
struct attributes {
    const struct place *from, *to;
    const struct stat *status; /* of the original */
    int in, out;  /* open, perhaps with O_PATH, or -1 for what cannot be (links, devices, FIFOs) */
    bool created; /* the copy was made by this run, with no more permissions than mode_at_first */
    mode_t widen; /* permissions that the copy is to get in any case without preserve.mode, if created; what
                     attributes_mode_at_first has left out comes by itself */
};

/*
 * To be called once by every thread that makes files, by the first one before there are others: tells the
 * kernel the context of --context (which is a thread's own), and reads what libattr reads once, without a
 * lock. False: that failed (reported).
 */
bool attributes_begin(const struct settings *settings);

/* The permissions to create a copy with: never more than the original has; with preserve.owner none for group
 * and others until it has its owner, as cp(1) does it. directory: searchable and writable by us meanwhile. */
mode_t attributes_mode_at_first(const struct settings *settings, const struct stat *status);

/*
 * Owner, extended attributes, access control lists and mode, then times, as the options say. A failure is
 * reported where they say so (see struct preserve). False: the exit status is 1.
 */
bool attributes_copy(const struct settings *settings, const struct attributes *attributes);

#endif
