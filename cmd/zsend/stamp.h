/* SPDX-License-Identifier: MIT */
/* By what a source is known to be the same in a later session. */
#ifndef ZSEND_STAMP_H
#define ZSEND_STAMP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include "net/session.h"

/* Device, inode, size and times of the file, and whether it had been left alone for two seconds: within that,
 * a change may have the same time as what came before it. Returns the length. */
size_t stamp_make(const struct stat *status, uint8_t stamp[SESSION_STAMP]);

enum stamp_verdict {
    STAMP_SAME,     /* the file is what it was then */
    STAMP_DOUBTFUL, /* it may be: its bytes have to be looked at */
    STAMP_OTHER
};

enum stamp_verdict stamp_compare(const struct stat *status, const uint8_t *stamp, size_t length);

/* True when nothing of what a stamp says has changed between the two. */
bool stamp_is_unchanged(const struct stat *before, const struct stat *after);

#endif
