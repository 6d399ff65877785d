/* SPDX-License-Identifier: MIT */
/* What the receiver has of this transfer from before. */
#ifndef ZSEND_HAVE_H
#define ZSEND_HAVE_H

#include "net/chunks.h"

struct have_file {
    char *path;
    uint8_t stamp[SESSION_STAMP];
    size_t stamp_length;
    bool complete;
    uint8_t digest[DIGEST_BYTES]; /* with complete */
    struct chunks chunks;
};

struct have {
    void *tree; /* tsearch(3) */
};

/* Adds what a HAVE frame says. False: no memory. */
bool have_add(struct have *have, const struct session_have *said);

/* NULL: nothing. */
const struct have_file *have_find(const struct have *have, const char *path);

void have_free(struct have *have);

#endif
