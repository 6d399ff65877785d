/* SPDX-License-Identifier: MIT */
/* --progress: how much there is to copy. */
#ifndef ZCP_SURVEY_H
#define ZCP_SURVEY_H

#include <stdint.h>

#include "run.h"

/*
 * Adds up the sizes and the number of all files that the operands lead to, into run->total_bytes and
 * run->total_files; they stay 0 without --progress. What cannot be read is left out without a word: the copy
 * will tell.
 */
void survey(struct run *run);

#endif
