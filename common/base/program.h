/* SPDX-License-Identifier: MIT */
/* The first act of every command. */
#ifndef ZCOPY_BASE_PROGRAM_H
#define ZCOPY_BASE_PROGRAM_H

#include <stdbool.h>

/*
 * Fills missing standard descriptors (descriptor.h), and makes name the one that messages begin with,
 * getopt_long(3)'s among them. False: a descriptor could not be filled (reported).
 */
bool program_begin(char *name, int argc, char **argv);

#endif
