/* SPDX-License-Identifier: MIT */
/* What all threads of one run of zcp share. */
#ifndef ZCP_RUN_H
#define ZCP_RUN_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/message.h"
#include "settings.h"

struct run {
    const struct settings *settings;
    _Atomic uint64_t bytes;            /* of files, that have been copied, cloned or skipped as holes */
    _Atomic uint64_t files;            /* that are done */
    uint64_t total_bytes, total_files; /* to be copied, 0: not known */
    bool memory_told;                  /* by the walking thread: a copy could only be verified in memory */
    _Atomic bool failed;               /* something was told, the exit status is 1 */
    _Atomic int signal;                /* of this number, which asks the run to end: 0 none */
};

/* True when a signal has asked the run to end. */
static inline bool run_is_halted(const struct run *run)
{
    return atomic_load_explicit(&run->signal, memory_order_relaxed) != 0;
}

/* Both note that the exit status is 1 and return false; the second one prints a message (see message_error).
 */
bool run_fail(struct run *run);
bool run_complain(struct run *run, int error, const char *format, ...) MESSAGE_FORMAT(3, 4);

#endif
