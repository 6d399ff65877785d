/* SPDX-License-Identifier: MIT */
/* Failures, noted and told. */
#include "run.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

bool run_fail(struct run *run)
{
    atomic_store(&run->failed, true);
    return false;
}

bool run_complain(struct run *run, int error, const char *format, ...)
{
    va_list args;
    char *text;

    va_start(args, format);
    if (vasprintf(&text, format, args) < 0)
        text = NULL;
    va_end(args);
    message_error(error, "%s", text ? text : "out of memory");
    free(text);
    return run_fail(run);
}
