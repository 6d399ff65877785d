/* SPDX-License-Identifier: MIT */
/* A thread that reads duplicates of a stream from a pipe, beside the stream. */
#ifndef ZCOPY_BASE_SIDE_H
#define ZCOPY_BASE_SIDE_H

#include <stddef.h>

struct side;

/*
 * Starts a thread that calls take(of, data, length) with all that is written into a pipe, of which *input is
 * the write end: O_NONBLOCK, FD_CLOEXEC, the caller's to close. NULL with errno.
 */
struct side *side_start(void (*take)(void *of, const char *data, size_t length), void *of, int *input);

/* To be called when the write end has been closed: waits until all has been taken. Frees it. Returns 0, or
 * the errno with which reading the pipe failed. */
int side_finish(struct side *side);

#endif
