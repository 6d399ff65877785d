/* SPDX-License-Identifier: MIT */
/*
 * Reading back from the device.
 *
 * O_DIRECT reads go past the page cache, and what is in the cache is given up before, for file systems that
 * read into the cache all the same (btrfs compressed, ext4 with data=journal). tmpfs has no device; since
 * Linux 6.6 it takes O_DIRECT, and says nothing by that.
 */
#include "verify.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/message.h"
#include "cache.h"

struct reading {
    struct mover *mover;
    const struct place *from, *to;
    const struct sums *sums;
    struct digest *digest;
    int fd;
    bool *from_memory; /* what is read may come from there */
    bool device;       /* a block device, which goes on behind what has been copied */
    uint64_t length;
};

static bool lives_in_memory(int fd)
{
    struct statfs status;

    return fstatfs(fd, &status) == 0 && (status.f_type == TMPFS_MAGIC || status.f_type == RAMFS_MAGIC);
}

static bool set_direct(int fd, bool direct)
{
    int flags = fcntl(fd, F_GETFL);

    return flags >= 0 && fcntl(fd, F_SETFL, direct ? flags | O_DIRECT : flags & ~O_DIRECT) == 0;
}

/* On its device, and out of memory, unless it stays there, or is not to be had from elsewhere. */
static bool prepare(struct reading *reading)
{
    while (fsync(reading->fd) != 0) {
        if (errno == EINVAL) /* nothing to sync */
            break;
        if (errno == EINTR && !run_is_halted(reading->mover->run))
            continue;
        message_error(errno, "error writing '%s'", reading->to->text);
        return false;
    }
    posix_fadvise(reading->fd, 0, 0, POSIX_FADV_DONTNEED);
    bool direct = set_direct(reading->fd, true);
    *reading->from_memory = lives_in_memory(reading->fd) || (!direct && cache_holds_some(reading->fd));
    return true;
}

/* As pread(2), without O_DIRECT where it is refused only now. */
static ssize_t read_some(const struct reading *reading, char *buffer)
{
    for (;;) {
        ssize_t n = pread(reading->fd, buffer, MOVER_BUFFER, (off_t)reading->length);
        if (n >= 0 || (errno != EINTR && errno != EINVAL))
            return n;
        if (errno == EINTR)
            continue;
        if (!(fcntl(reading->fd, F_GETFL) & O_DIRECT) || !set_direct(reading->fd, false))
            return -1;
        if (reading->length == 0 && cache_holds_some(reading->fd)) /* else it is an end that is not aligned */
            *reading->from_memory = true;
    }
}

static bool read_back(struct reading *reading, char *buffer)
{
    uint64_t wanted = reading->sums->length;
    ssize_t n = 1;

    while (n > 0 && (!reading->device || reading->length < wanted)) {
        if (run_is_halted(reading->mover->run))
            return false;
        n = read_some(reading, buffer);
        if (n < 0) {
            message_error(errno, "error reading '%s' back", reading->to->text);
            return false;
        }
        size_t used = (size_t)n;
        if (reading->device && used > wanted - reading->length)
            used = (size_t)(wanted - reading->length);
        digest_add(reading->digest, buffer, used);
        reading->length += used;
    }
    return true;
}

static bool compare(struct reading *reading)
{
    char text[DIGEST_TEXT];
    bool known = digest_close(reading->digest, text) != NULL;

    reading->digest = NULL;
    if (!known)
        message_error(EIO, "cannot compute the digest");
    else if (reading->length == reading->sums->length && strcmp(text, reading->sums->verify) == 0)
        return true;
    else
        message_note("verification failed: '%s', read back, is not what was read from '%s'",
                     reading->to->text, reading->from->text);
    return false;
}

static bool begin(struct reading *reading)
{
    struct stat status;
    const char *problem;

    if (fstat(reading->fd, &status) != 0 || (!S_ISREG(status.st_mode) && !S_ISBLK(status.st_mode))) {
        message_note("cannot verify '%s', which is neither a file nor a block device", reading->to->text);
        return false;
    }
    reading->device = S_ISBLK(status.st_mode);
    reading->digest = digest_open(reading->mover->run->settings->verify, &problem);
    if (reading->digest == NULL)
        message_note("cannot compute the digest: %s", problem);
    return reading->digest != NULL;
}

bool verify_copy(struct mover *mover, const struct place *from, int out, const struct place *to,
                 const struct sums *sums, bool *from_memory)
{
    struct reading reading = {
        .mover = mover, .from = from, .to = to, .sums = sums, .fd = out, .from_memory = from_memory};
    char *buffer = mover_buffer(mover);

    if (buffer == NULL) {
        message_error(errno, "cannot verify '%s'", to->text);
        return false;
    }
    bool same = begin(&reading) && prepare(&reading) && read_back(&reading, buffer) && compare(&reading);
    if (reading.digest != NULL)
        digest_free(reading.digest);
    return same;
}
