/* SPDX-License-Identifier: MIT */
/* What is made without copying bytes: links, FIFOs, devices, sockets. */
#ifndef ZCP_NODE_H
#define ZCP_NODE_H

#include "entry.h"

/* All return false after a failure, which has been reported. None asks what is there: see existing.h. */

/* -l, or a file of which this run has made a copy already: another name for what is at dir and name. */
bool node_link(const struct entry *entry, int dir, const char *name, const char *text, bool replace);

/* -s: a symbolic link to the source, with what of its attributes a link can have. */
bool node_symlink_to(const struct settings *settings, const struct entry *entry);

/* The like of a symbolic link, FIFO, device or socket, with its attributes. */
bool node_copy(const struct settings *settings, const struct entry *entry);

#endif
