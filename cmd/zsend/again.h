/* SPDX-License-Identifier: MIT */
/* Entries that have to be sent once more: files that have not arrived as they were sent, and what depends on
 * them. */
#ifndef ZSEND_AGAIN_H
#define ZSEND_AGAIN_H

#include "sender.h"

/* Sends those that the receiver has asked for, in their order, files whole. False: the session is over. */
bool again_send(struct sender *sender);

#endif
