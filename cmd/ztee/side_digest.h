/* SPDX-License-Identifier: MIT */
/* A digest computed by a thread of its own from a pipe, beside the other outputs. */
#ifndef ZTEE_SIDE_DIGEST_H
#define ZTEE_SIDE_DIGEST_H

#include <stdbool.h>

struct side_digest;

/*
 * Starts what "ALGO[:FILE]" asks for; FILE is created now. *input is then the write end of the thread's pipe,
 * O_NONBLOCK and FD_CLOEXEC, the caller's to close. NULL: that failed (reported).
 */
struct side_digest *side_digest_start(const char *request, int *input);

/* To be called when the pipe has been closed: waits for the thread, and, if complete, prints the digest as
 * sha256sum(1) does for standard input. Frees it. False: that failed (reported). */
bool side_digest_finish(struct side_digest *side, bool complete);

#endif
