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

#endif
