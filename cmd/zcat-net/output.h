/* SPDX-License-Identifier: MIT */
/* What standard output still owes at the end. */
#ifndef ZCAT_NET_OUTPUT_H
#define ZCAT_NET_OUTPUT_H

#include "settings.h"

/* "standard output", for messages. */
extern const char output_name[];

/* --fsync, and, if it is to be closed, the errors that only close(2) reports (NFS, quotas). False: a failure
 * (reported). */
bool output_finish(const struct settings *settings, bool closes);

#endif
