/* SPDX-License-Identifier: MIT */
/* --fsync: what has been copied is on disk. */
#ifndef ZCP_SYNC_H
#define ZCP_SYNC_H

#include "copier.h"

/*
 * For an operand that has been copied to name in dir: waits until it is done, and until it is on disk. One
 * file has been synced by itself, and needs its directory; of a tree, or with --parents, the whole file
 * system is synced, once (syncfs(2), which tells of errors since Linux 5.8). text: for messages. Failures are
 * reported and noted.
 */
void sync_place(struct copier *copier, int dir, const char *name, const char *text);

#endif
