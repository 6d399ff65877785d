/* SPDX-License-Identifier: MIT */
/* The digests of one file that --hash and --verify ask for. */
#ifndef ZCP_SUMS_H
#define ZCP_SUMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/digest.h"
#include "settings.h"

struct sums {
    uint64_t length; /* bytes that have been added */

    /* Set by sums_close. */
    char hash[DIGEST_TEXT], verify[DIGEST_TEXT]; /* "": not asked for */

    /* Private. */
    struct digest *digests[DIGEST_COUNT];
};

/* False: that failed (reported). sums_free has to be called in any case. */
bool sums_open(struct sums *sums, const struct settings *settings);

void sums_add(struct sums *sums, const void *data, size_t length);

/* Adds as many zeros. */
void sums_add_zeros(struct sums *sums, uint64_t length);

/* Writes down what was asked for. False: a library has failed (reported). */
bool sums_close(struct sums *sums, const struct settings *settings);

void sums_free(struct sums *sums);

#endif
