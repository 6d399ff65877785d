/* SPDX-License-Identifier: MIT */
/* A file whose bytes have all come. */
#ifndef ZRECV_COMPLETE_H
#define ZRECV_COMPLETE_H

#include <stdbool.h>

#include "net/session.h"

struct receiver;

/* Gives the incoming file its length, holes and attributes, reads it back if that is wanted, and queues it
 * for its final name. False: the session cannot go on. */
bool complete_file(struct receiver *receiver, const struct session_finish *finish);

#endif
