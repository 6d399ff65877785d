/* SPDX-License-Identifier: MIT */
/* Whether source and target are one file. */
#ifndef ZCP_SAME_H
#define ZCP_SAME_H

#include "base/descriptor.h"
#include "entry.h"

enum same {
    SAME_NO,   /* it may be copied */
    SAME_DONE, /* nothing is left to do: the target is what was asked for */
    SAME_YES   /* copying would lose it */
};

/* For an entry that exists: cp's rules, which depend on links, backups and on what is to be made. */
enum same same_check(const struct settings *settings, const struct entry *entry);

/*
 * What makes a name one, however it is written: the directory that holds it, and its last part, which is
 * returned (to be freed). NULL: no memory, or no such directory.
 */
char *same_directory_entry(const struct place *place, struct stat *parent);

/* True when the two are the same name in the same directory. */
bool same_name(const struct place *a, const struct place *b);

#endif
