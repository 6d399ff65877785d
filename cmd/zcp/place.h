/* SPDX-License-Identifier: MIT */
/* Where a file is: a name in an open directory, and the whole name as people know it. */
#ifndef ZCP_PLACE_H
#define ZCP_PLACE_H

struct place {
    int dir;          /* descriptor of the directory, or AT_FDCWD */
    const char *name; /* in that directory; an operand's may have slashes */
    const char *text; /* for messages: operand and what is below it */
};

#endif
