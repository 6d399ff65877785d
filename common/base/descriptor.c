/* SPDX-License-Identifier: MIT */
/* Missing descriptors, waiting, closing. */
#include "base/descriptor.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

bool descriptor_fill_standard(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        if (fcntl(fd, F_GETFD) >= 0 || errno != EBADF)
            continue;
        /* open(2) takes the lowest free number, which is this one. */
        if (open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) != fd)
            return false;
    }
    return true;
}

int descriptor_wait(int fd, short events, int stop, int timeout)
{
    struct pollfd fds[2] = {{.fd = fd, .events = events}, {.fd = stop, .events = POLLIN}};
    int n;

    do
        n = poll(fds, 2, timeout);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return -1;
    return fds[0].revents != 0;
}

bool descriptor_pipe(int ends[2])
{
    if (pipe2(ends, O_CLOEXEC) != 0)
        return false;
    if (fcntl(ends[1], F_SETFL, O_NONBLOCK) == 0)
        return true;
    descriptor_close(&ends[0]);
    descriptor_close(&ends[1]);
    return false;
}

uint64_t descriptor_bytes_left(int fd)
{
    struct stat status;
    off_t position = lseek(fd, 0, SEEK_CUR);

    if (position < 0 || fstat(fd, &status) != 0 || !S_ISREG(status.st_mode))
        return 0;
    return status.st_size > position ? (uint64_t)(status.st_size - position) : 0;
}

bool descriptor_permits(int fd, int access)
{
    int flags = fcntl(fd, F_GETFL);

    return flags < 0 || (flags & O_ACCMODE) == O_RDWR || (flags & O_ACCMODE) == access;
}

bool descriptor_has_file(int fd, const char *path)
{
    struct stat opened, named;

    return fd >= 0 && fstat(fd, &opened) == 0 && S_ISREG(opened.st_mode) && stat(path, &named) == 0 &&
           same_inode(&opened, &named);
}

void descriptor_path(char path[DESCRIPTOR_PATH], int fd)
{
    snprintf(path, DESCRIPTOR_PATH, "/proc/self/fd/%d", fd);
}

/* Every close(2) of a file flushes it, not the last one alone. */
bool descriptor_flush(int fd)
{
    int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);

    return copy >= 0 && close(copy) == 0;
}

void descriptor_close(int *fd)
{
    int saved = errno;

    if (*fd >= 0)
        close(*fd);
    *fd = -1;
    errno = saved;
}
