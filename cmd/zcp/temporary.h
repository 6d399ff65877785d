/* SPDX-License-Identifier: MIT */
/* Names of what is to be renamed as soon as it is complete. */
#ifndef ZCP_TEMPORARY_H
#define ZCP_TEMPORARY_H

#include <bsd/stdlib.h>
#include <stdio.h>

/* Bytes of a name with its NUL; and how many names are tried where one is taken (EEXIST). */
enum { TEMPORARY_NAME = sizeof ".zcp-12345678", TEMPORARY_TRIES = 16 };

static inline void temporary_name(char name[TEMPORARY_NAME])
{
    snprintf(name, TEMPORARY_NAME, ".zcp-%08x", arc4random());
}

#endif
