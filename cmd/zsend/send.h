/* SPDX-License-Identifier: MIT */
/* One session of the sending side, from its offer to its BYE. */
#ifndef ZSEND_SEND_H
#define ZSEND_SEND_H

#include "sender.h"

/*
 * Sends what the settings name over the channel, which stays the caller's, to the peer (a name for messages).
 * id is the transfer's, start the directory that zsend was started in. watch counts what moves. Returns the
 * exit status; what went wrong is reported. *used: something has been taken from standard input, so that the
 * session cannot be tried again.
 */
enum session_status send_session(const struct settings *settings, struct channel *channel, const char *peer,
                                 const uint8_t id[SESSION_ID], int start, struct watch *watch,
                                 struct transfer_totals *totals, bool *used);

#endif
