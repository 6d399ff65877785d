/* SPDX-License-Identifier: MIT */
/*
 * Writing over a file that has bytes already, so that none of these is left, whatever happens.
 *
 * The target keeps its pages and blocks, which is what --in-place is for. It never has old bytes beyond the
 * source's size, and a run that fails cuts it where the new bytes end. A target without bytes is one without
 * old ones: nothing of this costs a system call then.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <unistd.h>

#include "base/message.h"
#include "mover_private.h"

static bool set_size(const struct copying *copy, uint64_t size, const char *what)
{
    while (ftruncate(copy->out, (off_t)size) != 0) {
        if (errno == EINTR)
            continue;
        message_error(errno, "failed to %s '%s'", what, copy->to->text);
        return false;
    }
    return true;
}

bool in_place_cut(struct copying *copy, uint64_t size)
{
    if (!set_size(copy, size, "truncate"))
        return false;
    copy->old = size;
    return true;
}

bool in_place_begin(struct copying *copy)
{
    uint64_t size = S_ISREG(copy->status->st_mode) ? (uint64_t)copy->status->st_size : 0;

    copy->old = S_ISREG(copy->target.st_mode) ? (uint64_t)copy->target.st_size : 0;
    /* An empty one over an empty one changes its time, as O_TRUNC does. */
    bool touches =
        size == 0 && copy->old == 0 && S_ISREG(copy->target.st_mode) && copy->mover->run->settings->in_place;
    return (copy->old <= size && !touches) || in_place_cut(copy, size);
}

static bool punch(int fd, uint64_t offset, uint64_t length)
{
    int done;

    do
        done = fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)offset, (off_t)length);
    while (done != 0 && errno == EINTR);
    return done == 0;
}

static bool write_zeros(const struct copying *copy, uint64_t offset, uint64_t length)
{
    static const char zeros[16 * 1024];

    while (length > 0) {
        size_t n = length < sizeof zeros ? (size_t)length : sizeof zeros;
        ssize_t written = pwrite(copy->out, zeros, n, (off_t)offset);
        if (copying_is_interrupted(copy) || written == 0)
            errno = EINTR;
        else if (written > 0) {
            offset += (uint64_t)written;
            length -= (uint64_t)written;
            continue;
        } else if (errno == EINTR)
            continue;
        return false;
    }
    return true;
}

/* Where a hole cannot be punched (NFS before 4.2, vfat, seccomp), zeros are as good. */
bool in_place_hole(const struct copying *copy, uint64_t offset, uint64_t length)
{
    if (offset >= copy->old) {
        if (copy->finds_zeros) /* xfs has allocated ahead of what was written: that would stay in the hole */
            punch(copy->out, offset, length);
        return true;
    }
    if (length > copy->old - offset)
        length = copy->old - offset;
    return punch(copy->out, offset, length) || write_zeros(copy, offset, length);
}

bool in_place_end(const struct copying *copy, bool done)
{
    uint64_t position = copying_position(copy);

    if (!done) {
        if (copy->old > 0)
            set_size(copy, position, "truncate");
        return false;
    }
    if (position < copy->old)
        return set_size(copy, position, "truncate");
    return !copy->ends_in_hole || set_size(copy, position, "extend");
}
