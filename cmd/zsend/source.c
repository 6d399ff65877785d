/* SPDX-License-Identifier: MIT */
/* The size of a file, before and after. */
#include "source.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/message.h"

/* The size of a regular file or a block device (whose st_size is 0). False: it has none. */
static bool size_of(int fd, uint64_t *size)
{
    struct stat status;

    if (fstat(fd, &status) != 0)
        return false;
    if (S_ISBLK(status.st_mode))
        return ioctl(fd, BLKGETSIZE64, size) == 0;
    *size = (uint64_t)status.st_size;
    return S_ISREG(status.st_mode);
}

static bool open_file(struct source *source, const char *file)
{
    if (strcmp(file, "-") == 0) {
        source->fd = STDIN_FILENO;
        source->name = "standard input";
        return true;
    }
    source->fd = open(file, O_RDONLY | O_CLOEXEC);
    source->name = file;
    if (source->fd < 0)
        message_error(errno, "error reading '%s'", file);
    return source->fd >= 0;
}

static bool seek(const struct source *source, uint64_t offset, uint64_t *start)
{
    off_t position = lseek(source->fd, (off_t)offset, SEEK_CUR);

    if (position < 0 && offset > 0) {
        message_error(errno, "cannot go to offset %llu of '%s'", (unsigned long long)offset, source->name);
        return false;
    }
    *start = position < 0 ? 0 : (uint64_t)position;
    return true;
}

/* Files of /proc have size 0 and content nevertheless: whether there is any before offset, a read tells. */
static bool reaches(const struct source *source, uint64_t offset)
{
    char byte;

    if (offset <= source->size)
        return true;
    return source->size == 0 && pread(source->fd, &byte, 1, (off_t)offset - 1) == 1;
}

static bool too_short(const struct source *source)
{
    message_note("error reading '%s': it has only %llu bytes", source->name,
                 (unsigned long long)source->size);
    return false;
}

bool source_open(struct source *source, const struct settings *settings)
{
    *source = (struct source){.fd = -1};
    if (!open_file(source, settings->files[0]) || !seek(source, settings->offset, &source->start))
        return false;
    source->is_sized = size_of(source->fd, &source->size);
    source->length = settings->has_length ? settings->length : PUMP_TO_END;
    if (!source->is_sized)
        return true;
    if (settings->offset > 0 && !reaches(source, source->start))
        return too_short(source);
    uint64_t rest = source->start < source->size ? source->size - source->start : 0;
    if (source->size > 0 && settings->has_length && settings->length > rest)
        return too_short(source);
    if (source->size > 0 && !settings->has_length)
        source->length = rest;
    return true;
}

/* Files of /sys say that they have 4096 bytes and have less. One that was cut short has another size now. */
static bool size_was_a_lie(const struct source *source, const struct settings *settings, uint64_t sent)
{
    uint64_t size;
    char byte;

    return source->is_sized && !settings->has_length && size_of(source->fd, &size) && size == source->size &&
           pread(source->fd, &byte, 1, (off_t)(source->start + sent)) == 0;
}

bool source_check(const struct source *source, const struct settings *settings, uint64_t sent)
{
    uint64_t size = source->size;

    if (source->length != PUMP_TO_END && sent < source->length && !size_was_a_lie(source, settings, sent)) {
        message_note("error reading '%s': it ended after %llu of %llu bytes", source->name,
                     (unsigned long long)sent, (unsigned long long)source->length);
        return false;
    }
    if (!source->is_sized || source->size == 0 || !size_of(source->fd, &size) || size == source->size)
        return true;
    if (settings->has_length && size >= source->start + source->length)
        return true;
    message_note("error reading '%s': its size changed from %llu to %llu bytes while it was being sent",
                 source->name, (unsigned long long)source->size, (unsigned long long)size);
    return false;
}
