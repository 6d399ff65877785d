/* SPDX-License-Identifier: MIT */
/* Descriptors and the program's name. */
#include "base/program.h"

#include <bsd/stdlib.h>

#include "base/descriptor.h"

bool program_begin(char *name, int argc, char **argv)
{
    if (!descriptor_fill_standard())
        return false;
    setprogname(name);
    if (argc > 0)
        argv[0] = name;
    return true;
}
