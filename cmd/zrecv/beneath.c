/* SPDX-License-Identifier: MIT */
/* Checking names, and opening directories below another. */
#include "beneath.h"

#include <bsd/string.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/descriptor.h"
#include "store.h"

static const char *check_part(const char *part, size_t length)
{
    if (length == 0)
        return "its name has an empty part";
    if (length > NAME_MAX)
        return "its name has a part that is too long";
    if ((length == 1 && part[0] == '.') || (length == 2 && strncmp(part, "..", 2) == 0))
        return "its name has '.' or '..' in it";
    return NULL;
}

const char *beneath_check(const char *path)
{
    size_t length = strcspn(path, "/");

    if (*path == '\0')
        return "its name is empty";
    if (*path == '/')
        return "its name is absolute";
    if (length == strlen(STORE_NAME) && strncmp(path, STORE_NAME, length) == 0)
        return "partial files are kept there";
    for (;; path += length + 1, length = strcspn(path, "/")) {
        const char *problem = check_part(path, length);
        if (problem != NULL || path[length] == '\0')
            return problem;
    }
}

/* Part by part; path is taken to pieces. */
static int walk(int root, char *path)
{
    int fd = dup(root);

    for (char *part = strtok_r(path, "/", &path); part != NULL && fd >= 0;
         part = strtok_r(NULL, "/", &path)) {
        int next = openat(fd, part, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        descriptor_close(&fd);
        fd = next;
    }
    return fd;
}

static int open_below(int root, const char *path)
{
    struct open_how how = {.flags = O_PATH | O_DIRECTORY | O_CLOEXEC,
                           .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS};
    char copy[PATH_MAX];
    int fd;

    do /* EAGAIN: something was renamed meanwhile */
        fd = (int)syscall(SYS_openat2, root, path, &how, sizeof how);
    while (fd < 0 && errno == EAGAIN);
    if (fd >= 0 || (errno != ENOSYS && errno != EPERM))
        return fd;
    strlcpy(copy, path, sizeof copy);
    return walk(root, copy);
}

void beneath_forget(struct beneath *beneath)
{
    descriptor_close(&beneath->fd);
}

int beneath_parent(struct beneath *beneath, const char *path, const char **last)
{
    const char *slash = strrchr(path, '/');
    size_t length = slash == NULL ? 0 : (size_t)(slash - path);

    *last = slash == NULL ? path : slash + 1;
    if (length == 0)
        return beneath->root;
    if (beneath->fd >= 0 && strlen(beneath->parent) == length && strncmp(beneath->parent, path, length) == 0)
        return beneath->fd;
    beneath_forget(beneath);
    strlcpy(beneath->parent, path, length + 1);
    beneath->fd = open_below(beneath->root, beneath->parent);
    return beneath->fd;
}
