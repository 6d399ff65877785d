/* SPDX-License-Identifier: MIT */
/* Standard input, as a file whose length nobody knows. */
#ifndef ZSEND_STREAM_H
#define ZSEND_STREAM_H

#include "sender.h"

/* Sends it to its end under the name (empty: none). False: the session is over, or standard input failed
 * (reported). */
bool stream_send(struct sender *sender, const char *name);

#endif
