/* SPDX-License-Identifier: MIT */
/* -i: asks before something is overwritten. */
#ifndef ZCP_ASK_H
#define ZCP_ASK_H

#include <stdbool.h>
#include <sys/stat.h>

#include "place.h"
#include "settings.h"

/* Asks in cp(1)'s words whether the destination, whose status this is, may be overwritten; the answer is a
 * line of standard input. For one thread at a time. */
bool ask_overwrite(const struct settings *settings, const struct place *to, const struct stat *status);

#endif
