/* SPDX-License-Identifier: MIT */
/* A digest computed by a thread of its own from a pipe, beside the other outputs. */
#ifndef ZTEE_SIDE_DIGEST_H
#define ZTEE_SIDE_DIGEST_H

#include <stdbool.h>

#include "base/digest_request.h"

struct side_digest;

/* Starts a digest of what is written into a pipe, of which *input is the write end: O_NONBLOCK, FD_CLOEXEC,
 * the caller's to close. NULL: that failed (reported). */
struct side_digest *side_digest_start(const struct digest_request *request, int *input);

/*
 * To be called when the pipe has been closed: waits for the thread, and prints the digest as sha256sum(1)
 * does for a file of this name; with NULL it prints nothing. Frees it. False: that failed (reported).
 */
bool side_digest_finish(struct side_digest *side, const char *name);

#endif
