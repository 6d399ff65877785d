/* SPDX-License-Identifier: MIT */
/* -p, -a, --preserve and --no-preserve. */
#ifndef ZCP_PRESERVE_H
#define ZCP_PRESERVE_H

#include <stdbool.h>

#include "settings.h"

/* -p, and --preserve without a list. */
void preserve_usual(struct preserve *preserve);

/* What -a preserves. */
void preserve_archive(struct preserve *preserve);

/* The attributes of a list are wanted, or (on is false) are not. False: the list is wrong (reported). */
bool preserve_list(struct preserve *preserve, const char *list, bool on);

/* True when the kernel has SELinux. */
bool preserve_has_selinux(void);

#endif
