/* SPDX-License-Identifier: MIT */
/* --verify: what has been written is read back, from the device. */
#ifndef ZCP_VERIFY_H
#define ZCP_VERIFY_H

#include <stdbool.h>

#include "mover.h"

/*
 * Has out (open for reading, too; O_DIRECT may be set on it) written to its device, takes it out of the page
 * cache, reads it back, and compares it with sums, which are closed. *from_memory: the device could not be
 * asked. False: it differs, or that failed (reported, but for a signal that ends the run).
 */
bool verify_copy(struct mover *mover, const struct place *from, int out, const struct place *to,
                 const struct sums *sums, bool *from_memory);

#endif
