/* SPDX-License-Identifier: MIT */
/* What earlier sessions of the same transfer have left, for the sender. */
#ifndef ZRECV_RECALL_H
#define ZRECV_RECALL_H

#include <stdbool.h>

struct receiver;

/* Sends a HAVE for all that is there for certain. Files that were about to be published get their names.
 * False: the session cannot go on. */
bool recall_tell(struct receiver *receiver);

#endif
