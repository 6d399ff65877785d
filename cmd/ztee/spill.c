/* SPDX-License-Identifier: MIT */
/*
 * The ring is written by splice from the pipe and read by pread into memory: a page of it is written over
 * later, so none may be lent to a reader.
 */
#include "spill.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/descriptor.h"

static int open_named(const char *directory)
{
    char *path;

    if (asprintf(&path, "%s/ztee.XXXXXX", directory) < 0)
        return -1;
    int fd = mkostemp(path, O_CLOEXEC);
    if (fd >= 0)
        unlink(path);
    free(path);
    return fd;
}

const char *spill_directory(void)
{
    const char *directory = getenv("TMPDIR");

    return directory != NULL && *directory != '\0' ? directory : "/var/tmp";
}

static int open_nameless(void)
{
    const char *directory = spill_directory();

    /* O_TMPFILE is refused by some file systems (EOPNOTSUPP) and by old kernels (EISDIR, open(2)). */
    int fd = open(directory, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    return fd >= 0 ? fd : open_named(directory);
}

/* Where splice is refused. What has been read and cannot be written is lost, which is the end of this
 * output anyway. */
static ssize_t store_by_copying(const struct spill *spill, struct route *route, off_t end, size_t n)
{
    char piece[16 * 1024];
    ssize_t taken = route_read_pipe(route, piece, n < sizeof piece ? n : sizeof piece), done = 0, written;

    if (taken <= 0)
        return -1;
    while (done < taken) {
        written = pwrite(spill->fd, piece + done, (size_t)(taken - done), end + done);
        if (written < 0 && errno != EINTR)
            return -1;
        done += written > 0 ? written : 0;
    }
    return taken;
}

ssize_t spill_store(struct spill *spill, struct route *route, bool copies)
{
    if (spill->held == spill->size)
        return 0;
    if (spill->fd < 0 && (spill->fd = open_nameless()) < 0)
        return -1;
    uint64_t end = (spill->start + spill->held) % spill->size;
    uint64_t room = end < spill->start ? spill->start - end : spill->size - end;
    size_t most = room < route->in_pipe ? (size_t)room : route->in_pipe;
    if (lseek(spill->fd, (off_t)end, SEEK_SET) < 0)
        return -1;
    ssize_t n = copies ? -1 : route_splice_to(route, spill->fd, most);
    if (n < 0 && (copies || method_refused(errno)))
        n = store_by_copying(spill, route, (off_t)end, most);
    if (n > 0)
        spill->held += (uint64_t)n;
    if (n == 0)
        errno = EIO;
    return n > 0 ? n : -1;
}

ssize_t spill_load(struct spill *spill, struct route *route)
{
    uint64_t to_end = spill->size - spill->start, most = spill->held < to_end ? spill->held : to_end;
    ssize_t n = route_load(route, spill->fd, (off_t)spill->start,
                           most < ROUTE_RESCUE ? (size_t)most : (size_t)ROUTE_RESCUE);
    if (n == 0)
        errno = EIO; /* somebody has cut the file short */
    if (n <= 0)
        return -1;
    spill->start = (spill->start + (uint64_t)n) % spill->size;
    spill->held -= (uint64_t)n;
    if (spill->held == 0)
        spill->start = 0; /* the file grows no larger than what stands in it at once, as long as it empties */
    return n;
}

void spill_free(struct spill *spill)
{
    descriptor_close(&spill->fd);
    spill->held = 0;
}
