/* SPDX-License-Identifier: MIT */
/* Descriptors and the program's name. */
#include "base/program.h"

#include <bsd/stdlib.h>
#include <errno.h>

#include "base/descriptor.h"
#include "base/message.h"

bool program_begin(char *name, int argc, char **argv)
{
    setprogname(name);
    if (argc > 0)
        argv[0] = name;
    if (descriptor_fill_standard())
        return true;
    message_error(errno, "cannot open '/dev/null'");
    return false;
}
