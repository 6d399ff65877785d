/* SPDX-License-Identifier: MIT */
/* Reads and writes sizes, counts and durations as people type and read them. */
#ifndef ZCOPY_BASE_SIZE_H
#define ZCOPY_BASE_SIZE_H

#include <stddef.h>
#include <stdint.h>

/* Room for any text that the formatting functions make, with its NUL. */
enum { SIZE_TEXT = 32 };

/*
 * The parsing functions return NULL and set *value, or return what is wrong with text ("invalid",
 * "too large", "too small"), to be put behind the name of the option, and leave *value alone.
 */

/* Bytes: digits and at most one of K M G T P E (powers of 1024, either case); from min to max. */
const char *size_parse(const char *text, uint64_t min, uint64_t max, uint64_t *value);

/* A whole number from min to max. */
const char *count_parse(const char *text, long long min, long long max, long long *value);

/* Seconds, also as a decimal fraction ("0.5"), into nanoseconds; from 0 to 10^9 seconds. */
const char *duration_parse(const char *text, uint64_t *nanoseconds);

/* "1.25 GiB" (powers of 1024, at most five digits); returns text. */
const char *size_format(char text[SIZE_TEXT], uint64_t bytes);

/* "1:02:03" or "2:03", rounded up to a second; returns text. */
const char *duration_format(char text[SIZE_TEXT], uint64_t nanoseconds);

#endif
