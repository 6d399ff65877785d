/* SPDX-License-Identifier: MIT */
/* Packing what fstat(2) says, and comparing it. */
#include "stamp.h"

#include <string.h>
#include <time.h>

#include "base/pack.h"

enum { SETTLED = 2 }; /* seconds */

/* All but the last byte, which says whether the rest can be relied on. */
static size_t pack(const struct stat *status, uint8_t stamp[SESSION_STAMP])
{
    struct packer packer = packer_make(stamp, SESSION_STAMP);

    pack_u64(&packer, status->st_dev);
    pack_u64(&packer, status->st_ino);
    pack_u64(&packer, (uint64_t)status->st_size);
    pack_u64(&packer, (uint64_t)status->st_mtim.tv_sec);
    pack_u32(&packer, (uint32_t)status->st_mtim.tv_nsec);
    pack_u64(&packer, (uint64_t)status->st_ctim.tv_sec);
    pack_u32(&packer, (uint32_t)status->st_ctim.tv_nsec);
    return packer.length;
}

size_t stamp_make(const struct stat *status, uint8_t stamp[SESSION_STAMP])
{
    size_t length = pack(status, stamp);
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    stamp[length++] = now.tv_sec > status->st_ctim.tv_sec + SETTLED;
    return length;
}

enum stamp_verdict stamp_compare(const struct stat *status, const uint8_t *stamp, size_t length)
{
    uint8_t ours[SESSION_STAMP];
    size_t packed = pack(status, ours);

    if (length != packed + 1 || memcmp(ours, stamp, packed) != 0)
        return STAMP_OTHER;
    return stamp[packed] ? STAMP_SAME : STAMP_DOUBTFUL;
}

bool stamp_is_unchanged(const struct stat *before, const struct stat *after)
{
    uint8_t one[SESSION_STAMP], other[SESSION_STAMP];
    size_t length = pack(before, one);

    pack(after, other);
    return memcmp(one, other, length) == 0;
}
