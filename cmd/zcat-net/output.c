/* SPDX-License-Identifier: MIT */
/* Syncing and closing standard output. */
#include "output.h"

#include <errno.h>
#include <unistd.h>

#include "base/message.h"

const char output_name[] = "standard output";

bool output_finish(const struct settings *settings, bool closes)
{
    if (settings->sync && fsync(STDOUT_FILENO) != 0 && errno != EINVAL && errno != EROFS) {
        message_error(errno, "error syncing '%s'", output_name);
        return false;
    }
    if (closes && close(STDOUT_FILENO) != 0) {
        message_error(errno, "error writing '%s'", output_name);
        return false;
    }
    return true;
}
