/* SPDX-License-Identifier: MIT */
/* A mapping that user code reads, of a file that somebody may cut short meanwhile. */
#ifndef ZSEND_GUARD_H
#define ZSEND_GUARD_H

#include <stdbool.h>
#include <stddef.h>

/* From now on, until guard_release, a page of the mapping that is gone reads as zeros, where the process
 * would be killed by SIGBUS (mmap(2)). One at a time in a process. */
void guard_set(const void *data, size_t length);

/* Ends that. True if a page was gone: what was read is not what the file has. */
bool guard_release(void);

#endif
