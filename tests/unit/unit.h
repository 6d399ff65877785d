/* SPDX-License-Identifier: MIT */
/* The little that a unit test needs: check() prints a TAP line; main returns unit_status(). */
#ifndef ZCOPY_TESTS_UNIT_H
#define ZCOPY_TESTS_UNIT_H

#include <stdbool.h>
#include <stdio.h>

#define check(condition, ...) unit_check((condition), #condition, __FILE__, __LINE__, __VA_ARGS__)

__attribute__((format(printf, 5, 6))) static inline bool
unit_check(bool holds, const char *condition, const char *file, int line, const char *title, ...)
{
    char text[256];
    __builtin_va_list args;

    __builtin_va_start(args, title);
    vsnprintf(text, sizeof text, title, args);
    __builtin_va_end(args);
    printf("%s - %s\n", holds ? "ok" : "not ok", text);
    if (!holds) {
        printf("# %s:%d: %s\n", file, line, condition);
    }
    return holds;
}

/* 0: a failure has been printed as "not ok" already. */
static inline int unit_status(void)
{
    fflush(stdout);
    return 0;
}

#endif
