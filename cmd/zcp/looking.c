/* SPDX-License-Identifier: MIT */
/* Bytes that come into memory are looked at: they go into digests, and --sparse=always finds zeros in them.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/message.h"
#include "mover_private.h"

enum { BLOCK_MIN = 512, BLOCK_MAX = 64 * 1024 /* bytes; ZFS and network file systems name large ones */ };

/* Compares the piece with itself, one byte on: memcmp(3) uses the widest instructions that there are. */
static bool is_zero(const char *data, size_t n)
{
    return data[0] == 0 && memcmp(data, data + 1, n - 1) == 0;
}

/* How many of n bytes, which belong at position, are in blocks that are all zero, or all not, as the first.
 */
static size_t run_length(const char *data, size_t n, uint64_t position, size_t block, bool *zero)
{
    size_t used = 0;

    while (used < n) {
        size_t piece = block - (size_t)((position + used) % block);
        if (piece > n - used)
            piece = n - used;
        bool is = is_zero(data + used, piece);
        if (used == 0)
            *zero = is;
        else if (is != *zero)
            break;
        used += piece;
    }
    return used;
}

/* A piece of a block at the end of what has been read may be skipped, too: zeros are what is there then. */
static bool skip(struct copying *copy, size_t n)
{
    if (!in_place_hole(copy, copying_position(copy), n) || lseek(copy->out, (off_t)n, SEEK_CUR) < 0)
        return pump_fail(&copy->mover->pump, PUMP_OUT, errno);
    pump_count(&copy->mover->pump, METHOD_READ, n);
    return true;
}

static size_t next(struct pump *pump, const char *data, size_t n, struct pump_piece *piece, void *of)
{
    struct copying *copy = of;
    size_t used = n;

    (void)pump;
    if (copy->finds_zeros)
        used = run_length(data, n, copying_position(copy), copy->block, &copy->ends_in_hole);
    else
        copy->ends_in_hole = false;
    if (copy->sums != NULL)
        sums_add(copy->sums, data, used);
    if (copy->ends_in_hole)
        return skip(copy, used) ? used : 0;
    piece->data = data;
    piece->length = used;
    return used;
}

void looking_set(struct copying *copy)
{
    blksize_t block = copy->target.st_blksize;

    copy->block = block < BLOCK_MIN ? BLOCK_MIN : block > BLOCK_MAX ? BLOCK_MAX : (size_t)block;
    copy->filter = (struct pump_filter){.next = next, .of = copy};
    copy->filter.reason = copy->finds_zeros ? "--sparse=always looks for zeros" : "digests are computed";
    filter_set(&copy->mover->pump, &copy->filter);
}

/* A source that is read twice has to be the same both times, or the digest is that of something else. */
static bool is_unchanged(const struct copying *copy)
{
    const struct timespec *before = &copy->status->st_mtim;
    struct stat now;

    if (fstat(copy->in, &now) != 0)
        return copying_fail(copy, PUMP_IN, errno);
    if (now.st_size == copy->status->st_size && now.st_mtim.tv_sec == before->tv_sec &&
        now.st_mtim.tv_nsec == before->tv_nsec)
        return true;
    message_note("error reading '%s': it changed while it was being copied", copy->from->text);
    return false;
}

static bool read_again(struct copying *copy)
{
    uint64_t length = copying_position(copy), window = 0;
    char *buffer = mover_buffer(copy->mover);

    if (buffer == NULL)
        return copying_fail(copy, PUMP_IN, errno);
    if (copy->drops_cache)
        cache_open(&copy->cache);
    for (uint64_t at = 0; at < length;) {
        if (copy->drops_cache && at >= window)
            window = cache_begin(&copy->cache, at);
        size_t most = length - at < MOVER_BUFFER ? (size_t)(length - at) : MOVER_BUFFER;
        ssize_t n = pread(copy->in, buffer, most, (off_t)at);
        if (copying_is_interrupted(copy))
            return false;
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return copying_fail(copy, PUMP_IN, n < 0 ? errno : EFAULT);
        sums_add(copy->sums, buffer, (size_t)n);
        at += (uint64_t)n;
        if (copy->drops_cache && (at >= window || at == length))
            (void)cache_end(&copy->cache, at, false);
    }
    return true;
}

bool looking_again(struct copying *copy)
{
    return read_again(copy) && is_unchanged(copy);
}
