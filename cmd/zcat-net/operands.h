/* SPDX-License-Identifier: MIT */
/* The operands of zcat-net. */
#ifndef ZCAT_NET_OPERANDS_H
#define ZCAT_NET_OPERANDS_H

#include <stdbool.h>

#include "settings.h"

/* AF_UNIX (-U), AF_VSOCK, or AF_UNSPEC: a host and a port. */
int operands_family(bool is_unix, int count, char **operands);

/* Takes what stands behind the options. Returns SETTINGS_GO_ON, or EXIT_USAGE (reported). */
int operands_parse(struct settings *settings, int family, int count, char **operands);

#endif
