/* SPDX-License-Identifier: MIT */
/* Announcing an entry. */
#ifndef ZSEND_ENTRY_H
#define ZSEND_ENTRY_H

#include <sys/stat.h>

#include "sender.h"

/*
 * Announces an entry with what its status says. fd: open, for extended attributes; -1: none. target: of a
 * link, or NULL. number: 0 for a new one. have: what the receiver has of it; NULL is put there when it has to
 * come whole again, also in a later session, since its attributes cannot be sent. Returns the number, or 0:
 * the session is over.
 */
uint64_t entry_send(struct sender *sender, enum session_kind kind, const struct stat *status, int fd,
                    const char *path, const char *text, const char *target, uint64_t number,
                    const struct have_file **have);

#endif
