/* SPDX-License-Identifier: MIT */
/* The file that is sent: opening it, and seeing whether it has stayed what it was. */
#ifndef ZSEND_SOURCE_H
#define ZSEND_SOURCE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "settings.h"

struct source {
    int fd;
    const char *name; /* for messages */
    bool is_sized;    /* it is a regular file or a block device, whose size means something */
    uint64_t size;    /* bytes, when it was opened */
    uint64_t start;   /* bytes into it at which sending begins */
    uint64_t length;  /* bytes to send, or PUMP_TO_END */
};

/* Opens what the settings name and goes to the offset. False: that failed, or the file has less than was
 * asked for (reported). */
bool source_open(struct source *source, const struct settings *settings);

/*
 * After sent bytes have been sent: true if they were all, and the file has still the size it had (with
 * --length: still reaches as far). Reports. A file is lent to the network, not copied (CAVEATS in the
 * manual): to be asked again when the receiver has everything.
 */
bool source_check(const struct source *source, const struct settings *settings, uint64_t sent);

#endif
