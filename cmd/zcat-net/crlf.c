/* SPDX-License-Identifier: MIT */
/* CR before LF. */
#include "crlf.h"

size_t crlf_expand(bool *after_cr, const char *data, size_t n, char *result)
{
    size_t length = 0;

    for (size_t i = 0; i < n; i++) {
        if (data[i] == '\n' && !*after_cr)
            result[length++] = '\r';
        result[length++] = data[i];
        *after_cr = data[i] == '\r';
    }
    return length;
}
