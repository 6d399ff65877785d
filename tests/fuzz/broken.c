/* SPDX-License-Identifier: MIT */
/* Fuzz target: one that is broken, by which the tests see that driver.c notices. */
#include "fuzz.h"

unsigned long fuzz_inputs(void)
{
    return 100000;
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc, (void)argv;
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    require(size < 4 || data[3] != 'Z');
    return 0;
}
