/* SPDX-License-Identifier: MIT */
/* fsync(2) of a directory, or syncfs(2) of a tree. */
#include "sync.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/descriptor.h"

/* The file system in question has no such call, or the file no such need. */
static bool is_needless(int error)
{
    return error == EINVAL || error == EROFS;
}

static bool on_disk(int fd, bool tree)
{
    return (tree ? syncfs(fd) : fsync(fd)) == 0 || is_needless(errno);
}

/* A mount point, or what a symbolic link leads to, is on another file system than the name that was copied
 * to.
 */
static bool other_on_disk(int parent, int dir, const char *name)
{
    struct stat here, there;

    if (fstat(parent, &here) != 0)
        return false;
    if (fstatat(dir, name, &there, 0) != 0)
        return errno == ENOENT || errno == ELOOP; /* a link that leads nowhere */
    if (here.st_dev == there.st_dev || !(S_ISREG(there.st_mode) || S_ISDIR(there.st_mode)))
        return true;
    int fd = openat(dir, name, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    bool synced = fd >= 0 && on_disk(fd, true);
    descriptor_close(&fd);
    return synced;
}

void sync_place(struct copier *copier, int dir, const char *name, const char *text)
{
    bool tree = copier->settings->recursive || copier->settings->parents;

    queue_drain(&copier->queue);
    int fd = path_open_parent(dir, name);
    if (fd < 0 || !on_disk(fd, tree) || (tree && !other_on_disk(fd, dir, name)))
        run_complain(copier->run, errno, "cannot sync '%s'", text);
    descriptor_close(&fd);
}
