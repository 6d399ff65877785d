/* SPDX-License-Identifier: MIT */
/* One digest for each algorithm that is asked for, by either option. */
#include "sums.h"

#include <errno.h>
#include <string.h>

#include "base/message.h"

static bool is_wanted(const struct settings *settings, enum digest_algorithm algorithm)
{
    return (settings->hashes && settings->hash.algorithm == algorithm) ||
           (settings->verifies && settings->verify == algorithm);
}

bool sums_open(struct sums *sums, const struct settings *settings)
{
    const char *problem;

    *sums = (struct sums){.length = 0};
    for (int i = 0; i < DIGEST_COUNT; i++) {
        if (!is_wanted(settings, (enum digest_algorithm)i))
            continue;
        sums->digests[i] = digest_open((enum digest_algorithm)i, &problem);
        if (sums->digests[i] == NULL) {
            message_note("cannot compute the digest: %s", problem);
            return false;
        }
    }
    return true;
}

void sums_add(struct sums *sums, const void *data, size_t length)
{
    sums->length += length;
    for (int i = 0; i < DIGEST_COUNT; i++)
        if (sums->digests[i] != NULL)
            digest_add(sums->digests[i], data, length);
}

void sums_add_zeros(struct sums *sums, uint64_t length)
{
    static const char zeros[64 * 1024];

    for (size_t n; length > 0; length -= n) {
        n = length < sizeof zeros ? (size_t)length : sizeof zeros;
        sums_add(sums, zeros, n);
    }
}

bool sums_close(struct sums *sums, const struct settings *settings)
{
    char text[DIGEST_TEXT];
    bool good = true;

    for (int i = 0; i < DIGEST_COUNT; i++) {
        if (sums->digests[i] == NULL)
            continue;
        good = digest_close(sums->digests[i], text) != NULL && good;
        sums->digests[i] = NULL;
        if (settings->hashes && settings->hash.algorithm == (enum digest_algorithm)i)
            strcpy(sums->hash, text);
        if (settings->verifies && settings->verify == (enum digest_algorithm)i)
            strcpy(sums->verify, text);
    }
    if (!good)
        message_error(EIO, "cannot compute the digest");
    return good;
}

void sums_free(struct sums *sums)
{
    for (int i = 0; i < DIGEST_COUNT; i++)
        if (sums->digests[i] != NULL)
            digest_free(sums->digests[i]);
}
