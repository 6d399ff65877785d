/* SPDX-License-Identifier: MIT */
/*
 * The data of a file, and the holes between them.
 *
 * Where data is, the source's file system says (lseek(2), SEEK_DATA), up to the size that the source had when
 * it was opened: one that is appended to meanwhile would have a next extent for ever. Then all that follows
 * is read, as far as there is something, so that files which grow or shrink, or whose size means nothing
 * (/proc, FUSE), give what read(2) gives.
 */
#include <errno.h>
#include <unistd.h>

#include "mover_private.h"

struct extent {
    uint64_t start, end; /* the same: no more data */
};

/* The first data from an offset on, within the first size bytes. A file system that does not say (EINVAL), or
 * an end that is not behind the start, makes data of it all. */
static struct extent next_data(int in, uint64_t offset, uint64_t size)
{
    off_t start = lseek(in, (off_t)offset, SEEK_DATA);

    if (start < 0 && errno == ENXIO)
        return (struct extent){size, size};
    if (start < (off_t)offset)
        return (struct extent){offset, size};
    if ((uint64_t)start >= size)
        return (struct extent){size, size};
    off_t end = lseek(in, start, SEEK_HOLE);
    return (struct extent){(uint64_t)start, end <= start || (uint64_t)end > size ? size : (uint64_t)end};
}

/* Bytes from one hole up to an offset. */
static bool skip_to(struct copying *copy, uint64_t offset)
{
    uint64_t position = copying_position(copy);

    if (offset <= position)
        return true;
    if (!in_place_hole(copy, position, offset - position))
        return copying_fail(copy, PUMP_OUT, errno);
    if (copy->sums != NULL && copy->mover->pump.filter != NULL)
        sums_add_zeros(copy->sums, offset - position);
    copy->skipped += offset - position;
    copy->ends_in_hole = true;
    atomic_fetch_add_explicit(&copy->mover->run->bytes, offset - position, memory_order_relaxed);
    return true;
}

static bool seek_both(const struct copying *copy)
{
    off_t position = (off_t)copying_position(copy);

    if (lseek(copy->in, position, SEEK_SET) < 0)
        return copying_fail(copy, PUMP_IN, errno);
    return lseek(copy->out, position, SEEK_SET) >= 0 || copying_fail(copy, PUMP_OUT, errno);
}

/* Moves up to length bytes. *ended: the source has no more. */
static bool move_piece(struct copying *copy, uint64_t length, bool *ended)
{
    struct pump *pump = &copy->mover->pump;
    uint64_t before = pump->moved;

    pump->length = length == PUMP_TO_END ? PUMP_TO_END : before + length;
    pump_run(pump);
    if (pump->moved > before && pump->filter == NULL) /* a filter says itself what it has made last */
        copy->ends_in_hole = false;
    *ended = pump->end == PUMP_ENDED;
    return *ended || pump->end == PUMP_FULL || copying_pump_failed(copy);
}

/* The same, in windows where the page cache is to stay as it was. */
static bool move(struct copying *copy, uint64_t length, bool *ended)
{
    if (!copy->drops_cache)
        return move_piece(copy, length, ended);
    while (length > 0 && !*ended) {
        uint64_t position = copying_position(copy);
        uint64_t piece = cache_begin(&copy->cache, position) - position;
        if (piece > length)
            piece = length;
        if (!move_piece(copy, piece, ended))
            return false;
        if (!cache_end(&copy->cache, copying_position(copy), true))
            return copying_fail(copy, PUMP_OUT, errno);
        length -= length == PUMP_TO_END ? 0 : piece;
    }
    return true;
}

/* The hole at the end, of a file that may have been cut short in it meanwhile. */
static bool skip_to_end(struct copying *copy, bool *ended)
{
    struct stat now;
    uint64_t size = (uint64_t)copy->status->st_size;

    if (fstat(copy->in, &now) != 0)
        return copying_fail(copy, PUMP_IN, errno);
    *ended = (uint64_t)now.st_size < size;
    return skip_to(copy, *ended ? (uint64_t)now.st_size : size);
}

static bool copy_extents(struct copying *copy, bool *ended)
{
    uint64_t size = (uint64_t)copy->status->st_size;

    while (!*ended && copying_position(copy) < size) {
        struct extent extent = next_data(copy->in, copying_position(copy), size);
        if (extent.start == extent.end)
            return skip_to_end(copy, ended) && seek_both(copy);
        if (!skip_to(copy, extent.start) || !seek_both(copy) || !move(copy, extent.end - extent.start, ended))
            return false;
    }
    return true;
}

/* What the size at the start has not shown. Only read sees it everywhere; what it finds is little, or comes
 * slowly. A list of --method is exclusive. */
static bool copy_tail(struct copying *copy)
{
    const struct settings *settings = copy->mover->run->settings;
    bool ended;

    if (settings->transfer.methods.count == 0)
        copy->mover->pump.ladder = (struct ladder){1, {METHOD_READ}};
    return move(copy, PUMP_TO_END, &ended);
}

bool extents_copy(struct copying *copy)
{
    uint64_t position = copying_position(copy), size = (uint64_t)copy->status->st_size;
    bool ended = false;

    if (position > 0 && !seek_both(copy))
        return false;
    if (copy->seeks_data) {
        if (!copy_extents(copy, &ended))
            return false;
    } else if (S_ISREG(copy->status->st_mode) && size > position && !move(copy, size - position, &ended))
        return false;
    if (!ended && !copy_tail(copy))
        return false;
    return !copy->drops_cache || cache_finish(&copy->cache) || copying_fail(copy, PUMP_OUT, errno);
}
