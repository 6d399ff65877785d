/* SPDX-License-Identifier: MIT */
/* Attributes, in the order in which none takes another one back. */
#include "attributes.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "receiver.h"

static const char user[] = "user.";

/* Those of the user's name space, and no others, whatever the sender says. */
static bool set_xattrs(int fd, const uint8_t *data, size_t length)
{
    struct unpacker unpacker = unpacker_make(data, length);
    char name[XATTR_NAME_MAX + 1];

    while (unpacker.left > 0 && !unpacker.bad) {
        size_t size;
        unpack_text(&unpacker, name, sizeof name);
        const uint8_t *value = unpack_block(&unpacker, SESSION_XATTRS, &size);
        if (unpacker.bad || strncmp(name, user, sizeof user - 1) != 0)
            continue;
        if (fsetxattr(fd, name, value, size, 0) != 0)
            return false;
    }
    return true;
}

static bool has_name(const uint8_t *data, size_t length, const char *wanted)
{
    struct unpacker unpacker = unpacker_make(data, length);
    char name[XATTR_NAME_MAX + 1];
    size_t size;

    while (unpacker.left > 0 && !unpacker.bad) {
        unpack_text(&unpacker, name, sizeof name);
        unpack_block(&unpacker, SESSION_XATTRS, &size);
        if (!unpacker.bad && strcmp(name, wanted) == 0)
            return true;
    }
    return false;
}

/* A directory may have had others. */
static bool remove_other_xattrs(int fd, const uint8_t *data, size_t length)
{
    char names[XATTR_LIST_MAX];
    ssize_t n = flistxattr(fd, names, sizeof names);

    if (n < 0)
        return errno == ENOTSUP;
    for (const char *name = names; name < names + n; name += strlen(name) + 1)
        if (strncmp(name, user, sizeof user - 1) == 0 && !has_name(data, length, name) &&
            fremovexattr(fd, name) != 0)
            return false;
    return true;
}

bool attributes_set(const struct receiver *receiver, int fd, const struct pending *pending)
{
    const struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, {pending->seconds, pending->nanoseconds}};

    if (receiver->granted & SESSION_OWNER && fchown(fd, pending->uid, pending->gid) != 0)
        return false;
    if (receiver->granted & SESSION_XATTR &&
        !(remove_other_xattrs(fd, pending->xattrs, pending->xattrs_length) &&
          set_xattrs(fd, pending->xattrs, pending->xattrs_length)))
        return false;
    return fchmod(fd, pending->mode & 0777 & ~receiver->settings->umask) == 0 && futimens(fd, times) == 0;
}
