/* SPDX-License-Identifier: MIT */
/* What the receiver says while it is being sent to. */
#ifndef ZSEND_ANSWERS_H
#define ZSEND_ANSWERS_H

#include "sender.h"

/* Takes the answers that have come; wait: waits for at least one. False: the session is over. */
bool answers_take(struct sender *sender, bool wait);

/* A place for the entry of this number, which holds its two names; waits until there is one. NULL: the
 * session is over, there is no memory, or (answers_again) a file that has to be sent again is in its place.
 */
struct outstanding *answers_expect(struct sender *sender, uint64_t number, enum session_kind kind,
                                   const char *path, const char *source);

/* Behind the entry of a file of so many bytes: waits until the receiver has said whether it wants them, if it
 * has that many that it says so. False: the session is over. */
bool answers_wanted(struct sender *sender, uint64_t size);

/* The entry will not be answered. */
void answers_forget(struct sender *sender, struct outstanding *outstanding);

/* The same of the one with this number, if there is any. */
void answers_give_up(struct sender *sender, uint64_t number);

/* Waits until everything has been answered, or has to be sent again. False: the session is over. */
bool answers_await(struct sender *sender);

/* The first one that has to be sent again; NULL: none. */
struct outstanding *answers_again(struct sender *sender);

#endif
