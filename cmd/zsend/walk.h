/* SPDX-License-Identifier: MIT */
/* The operands, and the trees below them. */
#ifndef ZSEND_WALK_H
#define ZSEND_WALK_H

#include "sender.h"

/* False (reported): two operands would have the same name at the receiver. */
bool walk_check_names(const struct settings *settings);

/* Sends all that the settings name but standard input. What goes wrong with an entry alone is reported and
 * noted. False: the session is over. */
bool walk_send(struct sender *sender);

/* How many bytes the files have; for the progress line. */
uint64_t walk_count(const struct settings *settings);

#endif
