/* SPDX-License-Identifier: MIT */
/* Files that have not arrived as they were sent. */
#ifndef ZSEND_AGAIN_H
#define ZSEND_AGAIN_H

#include "sender.h"

/* Sends those that the receiver has asked for once more, whole. False: the session is over. */
bool again_send(struct sender *sender);

#endif
