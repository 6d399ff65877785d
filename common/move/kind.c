/* SPDX-License-Identifier: MIT */
/* fstat(2) and what it leaves open. */
#include "move/kind.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

static enum kind socket_kind(int fd)
{
    int type;
    socklen_t length = sizeof type;

    if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &length) != 0)
        return KIND_OTHER; /* what is sound for datagrams loses bytes of a stream, and the other way round */
    return type == SOCK_STREAM ? KIND_STREAM : KIND_DATAGRAM;
}

static enum kind character_kind(int fd, dev_t device)
{
    if (device == makedev(1, 3)) /* Documentation/admin-guide/devices.txt */
        return KIND_NULL;
    return isatty(fd) ? KIND_TERMINAL : KIND_DEVICE;
}

enum kind kind_of(int fd)
{
    struct stat status;

    if (fstat(fd, &status) != 0)
        return KIND_OTHER;
    switch (status.st_mode & S_IFMT) {
    case S_IFREG:
        return fcntl(fd, F_GETFL) & O_APPEND ? KIND_APPEND : KIND_FILE;
    case S_IFBLK:
        return KIND_BLOCK;
    case S_IFIFO:
        return KIND_PIPE;
    case S_IFSOCK:
        return socket_kind(fd);
    case S_IFCHR:
        return character_kind(fd, status.st_rdev);
    default:
        return KIND_OTHER;
    }
}

const char *kind_name(enum kind kind)
{
    static const char *const names[KIND_COUNT] = {
        [KIND_FILE] = "regular file",       [KIND_APPEND] = "file opened for appending",
        [KIND_BLOCK] = "block device",      [KIND_PIPE] = "pipe",
        [KIND_STREAM] = "stream socket",    [KIND_DATAGRAM] = "datagram socket",
        [KIND_TERMINAL] = "terminal",       [KIND_NULL] = "/dev/null",
        [KIND_DEVICE] = "character device", [KIND_OTHER] = "descriptor of another kind",
    };
    return names[kind];
}
