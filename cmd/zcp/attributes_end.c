/* SPDX-License-Identifier: MIT */
/* One end of a copy: the calls on a file that is open, or is not. */
#include <bsd/string.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "attributes_private.h"

static bool is_opened(const struct end *end)
{
    return end->opened >= 0;
}

/* The descriptor that is good for a name alone: of O_PATH, or of the directory that "." is. */
static int name_only(const struct place *place, int fd)
{
    if (fd >= 0)
        return fcntl(fd, F_GETFL) & O_PATH ? fd : -1;
    return place->dir != AT_FDCWD && strcmp(place->name, ".") == 0 ? place->dir : -1;
}

void end_make(struct end *end, const struct place *place, int fd)
{
    end->opened = name_only(place, fd);
    end->fd = end->opened < 0 ? fd : -1;
    end->place = place;
    if (is_opened(end))
        descriptor_path(end->name, end->opened);
    if (place->dir == AT_FDCWD || place->name[0] == '/')
        strlcpy(end->path, place->name, sizeof end->path);
    else
        snprintf(end->path, sizeof end->path, "/proc/self/fd/%d/%s", place->dir, place->name);
}

int end_stat(const struct end *end, struct stat *status)
{
    if (end->fd >= 0)
        return fstat(end->fd, status);
    return is_opened(end) ? fstat(end->opened, status)
                          : fstatat(end->place->dir, end->place->name, status, AT_SYMLINK_NOFOLLOW);
}

int end_chown(const struct end *end, uid_t user, gid_t group)
{
    if (end->fd >= 0)
        return fchown(end->fd, user, group);
    return is_opened(end) ? fchownat(end->opened, "", user, group, AT_EMPTY_PATH)
                          : fchownat(end->place->dir, end->place->name, user, group, AT_SYMLINK_NOFOLLOW);
}

int end_set_times(const struct end *end, const struct timespec times[2])
{
    if (end->fd >= 0)
        return futimens(end->fd, times);
    return is_opened(end) ? utimensat(AT_FDCWD, end->name, times, 0)
                          : utimensat(end->place->dir, end->place->name, times, AT_SYMLINK_NOFOLLOW);
}

ssize_t end_get(const struct end *end, const char *name, void *value, size_t size)
{
    if (end->fd >= 0)
        return fgetxattr(end->fd, name, value, size);
    return is_opened(end) ? getxattr(end->name, name, value, size) : lgetxattr(end->path, name, value, size);
}

int end_set(const struct end *end, const char *name, const void *value, size_t size)
{
    if (end->fd >= 0)
        return fsetxattr(end->fd, name, value, size, 0);
    return is_opened(end) ? setxattr(end->name, name, value, size, 0)
                          : lsetxattr(end->path, name, value, size, 0);
}

int end_remove(const struct end *end, const char *name)
{
    if (end->fd >= 0)
        return fremovexattr(end->fd, name);
    return is_opened(end) ? removexattr(end->name, name) : lremovexattr(end->path, name);
}

/* Before Linux 6.6 no call changes the mode of a file and leaves a symbolic link in its place alone; a link
 * in /proc to a descriptor leads to the file that was opened, whatever has its name now. */
int end_chmod(const struct end *end, mode_t mode)
{
    char path[DESCRIPTOR_PATH];

    if (end->fd >= 0)
        return fchmod(end->fd, mode);
    if (is_opened(end))
        return chmod(end->name, mode);
    int fd = openat(end->place->dir, end->place->name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return -1;
    descriptor_path(path, fd);
    int status = chmod(path, mode), error = errno;
    close(fd);
    errno = error;
    return status;
}
