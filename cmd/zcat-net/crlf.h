/* SPDX-License-Identifier: MIT */
/* zcat-net -C: line feeds become CR and LF. Pure. */
#ifndef ZCAT_NET_CRLF_H
#define ZCAT_NET_CRLF_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Copies n bytes from data to result (room for twice as many), with a CR before each LF that has none yet.
 * *after_cr: whether the byte before data was a CR, false at the start of a stream; kept up to date, so that
 * it does not matter how a stream is cut into pieces. Returns the bytes in result.
 */
size_t crlf_expand(bool *after_cr, const char *data, size_t n, char *result);

#endif
