/* SPDX-License-Identifier: MIT */
/* One entry under its final name. */
#ifndef ZRECV_PUBLISH_H
#define ZRECV_PUBLISH_H

#include <stdbool.h>

#include "queue.h"

/* Whether nothing has the name of the entry yet. */
bool publish_is_new(struct receiver *receiver, const char *path);

/* Makes the entry what it is to be. False: with *problem, or with errno. */
bool publish(struct receiver *receiver, struct pending *pending, const char **problem);

/* Whether the announced entry, which is no file, would be made, as far as can be said before; *passed: what
 * is there would stay. False with *problem, or errno. */
bool publish_would(struct receiver *receiver, bool *passed, const char **problem);

#endif
