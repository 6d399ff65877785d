/* SPDX-License-Identifier: MIT */
/* How many files are copied at a time. */
#ifndef ZCP_JOBS_H
#define ZCP_JOBS_H

#include <stddef.h>

#include "settings.h"

/*
 * Threads to copy files with; 0: one file at a time, in the order of the walk. Without -j as many as there
 * are processors for us, at most four; but one where a disk has to move its head. Always one with --bwlimit
 * and --debug, and for one file.
 */
size_t jobs_choose(const struct settings *settings);

#endif
