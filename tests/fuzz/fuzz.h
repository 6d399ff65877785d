/* SPDX-License-Identifier: MIT */
/* What a fuzz target offers: libFuzzer's main calls it, or driver.c where there is no libFuzzer. */
#ifndef ZCOPY_TESTS_FUZZ_H
#define ZCOPY_TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* Tries one input. It ends the process by abort(3) or a sanitizer's report when something is wrong. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* To be called once before that. */
int LLVMFuzzerInitialize(int *argc, char ***argv);

/* How many changed seeds are a short run; libFuzzer does not ask. */
unsigned long fuzz_inputs(void);

#define require(condition)                                                            \
    do {                                                                              \
        if (!(condition)) {                                                           \
            fprintf(stderr, "%s:%d: not true: %s\n", __FILE__, __LINE__, #condition); \
            abort();                                                                  \
        }                                                                             \
    } while (0)

#endif
