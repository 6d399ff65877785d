/* SPDX-License-Identifier: MIT */
/* Owner, extended attributes, mode and times of what has been received. */
#ifndef ZRECV_ATTRIBUTES_H
#define ZRECV_ATTRIBUTES_H

#include <stdbool.h>

#include "queue.h"

/* Gives the open file or directory what the entry says, as far as that was granted, and never a setuid or
 * setgid bit; modes pass the umask. False with errno. */
bool attributes_set(const struct receiver *receiver, int fd, const struct pending *pending);

#endif
