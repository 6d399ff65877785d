/* SPDX-License-Identifier: MIT */
/* A nameless file, a link to it beside the target, and rename(2) over the target. */
#include "atomic.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/descriptor.h"
#include "path.h"
#include "same.h"

/* True when that is the file's name, and not one that it had ("b (deleted)"). */
static bool leads_to(const char *name, int fd)
{
    struct stat there, file;

    if (fstat(fd, &file) != 0 || lstat(name, &there) != 0)
        return false;
    errno = ENOENT;
    return same_inode(&there, &file);
}

/* The name of an open file, to be freed; NULL with errno. */
static char *name_of(int fd)
{
    char path[DESCRIPTOR_PATH], text[PATH_MAX];

    descriptor_path(path, fd);
    ssize_t n = readlink(path, text, sizeof text);
    if (n <= 0 || (size_t)n >= sizeof text) {
        errno = n < 0 ? errno : ENAMETOOLONG;
        return NULL;
    }
    text[n] = '\0';
    return leads_to(text, fd) ? strdup(text) : NULL;
}

/* The target without symbolic links, to be freed; NULL with errno. */
static char *resolve(const struct file *file)
{
    int fd = openat(file->to.dir, file->to.name, O_PATH | O_CLOEXEC);
    char *name = fd >= 0 ? name_of(fd) : NULL;

    descriptor_close(&fd);
    return name;
}

/* Takes the name apart: a directory, which is opened, and the rest. */
static bool find_directory(struct atomic *atomic, int dir, const char *name)
{
    atomic->name = strdup(name + path_last(name));
    atomic->dir = path_open_parent(dir, name);
    return atomic->dir >= 0 && atomic->name != NULL;
}

static bool find_target(struct atomic *atomic, const struct file *file)
{
    if (!file->through_link)
        return find_directory(atomic, file->to.dir, file->to.name);
    char *resolved = resolve(file);
    bool found = resolved != NULL && find_directory(atomic, AT_FDCWD, resolved);
    free(resolved);
    return found;
}

/* For file systems without O_TMPFILE. */
static int create_named(struct atomic *atomic, mode_t mode)
{
    int fd = -1;

    errno = EEXIST;
    for (int i = 0; i < TEMPORARY_TRIES && fd < 0 && errno == EEXIST; i++) {
        temporary_name(atomic->temporary);
        fd = openat(atomic->dir, atomic->temporary, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    }
    if (fd < 0)
        atomic->temporary[0] = '\0';
    return fd;
}

int atomic_create(struct atomic *atomic, const struct file *file, mode_t mode)
{
    *atomic = (struct atomic){.dir = -1};
    if (!find_target(atomic, file))
        return -1;
    int fd = openat(atomic->dir, ".", O_RDWR | O_TMPFILE | O_CLOEXEC, mode);
    bool has_none = fd < 0 && (errno == EOPNOTSUPP || errno == EISDIR || errno == ENOENT || errno == EINVAL);
    return has_none ? create_named(atomic, mode) : fd;
}

/* linkat(2) by the descriptor itself needs a privilege; by its name in /proc it does not. */
static bool link_as(const struct atomic *atomic, int fd, const char *name)
{
    char path[DESCRIPTOR_PATH];

    descriptor_path(path, fd);
    return linkat(AT_FDCWD, path, atomic->dir, name, AT_SYMLINK_FOLLOW) == 0;
}

/* Gives a file that has none a name beside the target. */
static bool name_it(struct atomic *atomic, int fd)
{
    bool named = *atomic->temporary != '\0';

    errno = EEXIST;
    for (int i = 0; i < TEMPORARY_TRIES && !named && errno == EEXIST; i++) {
        temporary_name(atomic->temporary);
        named = link_as(atomic, fd, atomic->temporary);
    }
    if (!named)
        atomic->temporary[0] = '\0';
    return named;
}

bool atomic_publish(struct atomic *atomic, int fd, bool sync)
{
    if (sync && fsync(fd) != 0)
        return false;
    /* Where nothing has the name, one call does it all. */
    bool linked = *atomic->temporary == '\0' && link_as(atomic, fd, atomic->name);
    if (!linked &&
        (!name_it(atomic, fd) || renameat(atomic->dir, atomic->temporary, atomic->dir, atomic->name) != 0))
        return false;
    atomic->temporary[0] = '\0';
    return true;
}

bool atomic_sync(const struct atomic *atomic)
{
    return fsync(atomic->dir) == 0 || errno == EINVAL;
}

void atomic_close(struct atomic *atomic)
{
    int saved = errno;

    if (*atomic->temporary != '\0')
        unlinkat(atomic->dir, atomic->temporary, 0);
    descriptor_close(&atomic->dir);
    free(atomic->name);
    errno = saved;
}
