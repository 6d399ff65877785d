/* SPDX-License-Identifier: MIT */
/* Options of zcat-net that exclude or need each other. */
#ifndef ZCAT_NET_CONFLICTS_H
#define ZCAT_NET_CONFLICTS_H

#include "settings.h"

/* Returns SETTINGS_GO_ON, or EXIT_USAGE when two options do not go together (reported). family: of
 * the address, as struct address has it. */
int conflicts_check(const struct settings *settings, int family);

#endif
