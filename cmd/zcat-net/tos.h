/* SPDX-License-Identifier: MIT */
/* Names for the type of service. */
#ifndef ZCAT_NET_TOS_H
#define ZCAT_NET_TOS_H

/* The value of the TOS or traffic class byte (0-255) for a name as nc(1) has it, or a number (decimal, octal
 * or hexadecimal); -1: none. */
int tos_parse(const char *text);

#endif
