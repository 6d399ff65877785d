/* SPDX-License-Identifier: MIT */
/* What is announced: whether it may come in, and what becomes of it. */
#ifndef ZRECV_ENTRIES_H
#define ZRECV_ENTRIES_H

#include <stdbool.h>

struct receiver;

/* Takes the entry in receiver->entry. False: the session cannot go on. */
bool entries_take(struct receiver *receiver);

#endif
