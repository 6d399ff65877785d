/* SPDX-License-Identifier: MIT */
/* The one file that names the calls which move bytes inside the kernel. */
#include "move/method.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#define SET(kind) (1u << (kind))
#define FILES (SET(KIND_FILE) | SET(KIND_APPEND) | SET(KIND_BLOCK))
#define REGULAR (SET(KIND_FILE) | SET(KIND_APPEND)) /* as a source */
#define ANY (SET(KIND_COUNT) - 1)
/* Sinks that take pages from a pipe. A terminal opened O_APPEND refuses at run time: EINVAL. */
#define SPLICE_SINKS                                                                         \
    (SET(KIND_FILE) | SET(KIND_BLOCK) | SET(KIND_PIPE) | SET(KIND_STREAM) | SET(KIND_NULL) | \
     SET(KIND_TERMINAL) | SET(KIND_DEVICE))

bool method_clone(int in, int out)
{
    return ioctl(out, FICLONE, in) == 0;
}

/* At most n bytes, which is far below 1 GiB: for more, CIFS says EINVAL, and ZFS more than an int holds. */
static ssize_t take_by_copy_file_range(struct route *route, size_t n)
{
    return copy_file_range(route->in, NULL, route->out, NULL, n, 0);
}

static ssize_t take_by_sendfile(struct route *route, size_t n)
{
    return sendfile(route->out, route->in, NULL, n);
}

bool route_open_pipe(struct route *route)
{
    if (route->pipe[0] >= 0)
        return true;
    if (pipe2(route->pipe, O_CLOEXEC | O_NONBLOCK) != 0)
        return false;
    pipe_grow(route->pipe[1], route->pipe_size);
    return true;
}

static ssize_t take_by_splice(struct route *route, size_t n)
{
    if (!route_open_pipe(route))
        return -1;
    /* The flag as well as O_NONBLOCK: before Linux 5.1 splice looked at the flag alone. */
    ssize_t taken = splice(route->in, NULL, route->pipe[1], NULL, n, SPLICE_F_NONBLOCK);
    if (taken > 0)
        route->in_pipe += (size_t)taken;
    return taken;
}

ssize_t route_duplicate(const struct route *route, int to, size_t n)
{
    ssize_t given = tee(route->pipe[0], to, n, SPLICE_F_NONBLOCK);
    if (given == 0) /* tee(2): nothing to duplicate, which cannot be here, and nobody who could add to it */
        errno = EIO;
    return given > 0 ? given : -1;
}

static void unmap(struct route *route)
{
    if (route->map != NULL)
        munmap(route->map, route->map_length);
    route->map = NULL;
}

/* Where it ends; the descriptor stays at position. -1 with errno. */
static off_t end_of(int fd, const struct stat *status, off_t position)
{
    if (!S_ISBLK(status->st_mode))
        return status->st_size;
    off_t end = lseek(fd, 0, SEEK_END);
    return lseek(fd, position, SEEK_SET) < 0 ? -1 : end;
}

/* Maps the next window of at most n bytes at the descriptor's position, and moves that on. The mapping is
 * only ever the argument of a system call: if the file is cut short, that says EFAULT; nobody gets SIGBUS. */
static ssize_t take_by_mmap(struct route *route, size_t n)
{
    struct stat status;
    off_t position = lseek(route->in, 0, SEEK_CUR);

    if (position < 0 || fstat(route->in, &status) != 0)
        return -1;
    off_t end = end_of(route->in, &status, position);
    if (end < 0)
        return -1;
    if (position > end && route->map_length > 0) { /* what was sent last was not all in the file */
        errno = EFAULT;
        return -1;
    }
    if (position >= end)
        return 0;
    size_t before = (size_t)(position % sysconf(_SC_PAGESIZE));
    if (n > (uint64_t)(end - position))
        n = (size_t)(end - position);
    if (n > ROUTE_WINDOW - before)
        n = ROUTE_WINDOW - before;
    unmap(route);
    route->map_length = before + n;
    route->map = mmap(NULL, route->map_length, PROT_READ, MAP_SHARED, route->in, position - (off_t)before);
    if (route->map == MAP_FAILED) {
        route->map = NULL;
        return -1;
    }
    if (lseek(route->in, position + (off_t)n, SEEK_SET) < 0)
        return -1;
    route->data = route->map + before;
    route->in_memory = n;
    return (ssize_t)n;
}

bool route_patch(void *page, size_t size)
{
    return mmap(page, size, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != MAP_FAILED;
}

static bool open_buffer(struct route *route)
{
    if (route->buffer == NULL)
        route->buffer = malloc(ROUTE_BUFFER);
    return route->buffer != NULL;
}

/* n bytes have come into the buffer, or an error. Returns n. */
static ssize_t filled(struct route *route, ssize_t n)
{
    if (n > 0) {
        route->data = route->buffer;
        route->in_memory = (size_t)n;
    }
    return n;
}

ssize_t route_load(struct route *route, int fd, off_t offset, size_t n)
{
    if (!open_buffer(route))
        return -1;
    return filled(route, pread(fd, route->buffer, n < ROUTE_BUFFER ? n : ROUTE_BUFFER, offset));
}

/* A socket with boundaries says 0 to an empty datagram, too, which ends nothing, except with SOCK_SEQPACKET.
 */
static bool is_end(int fd)
{
    struct pollfd shut = {.fd = fd, .events = POLLRDHUP};
    int type;
    socklen_t length = sizeof type;

    return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &length) != 0 || type != SOCK_DGRAM ||
           poll(&shut, 1, 0) != 0;
}

/* What read(2) has no room for is lost: n bounds what is wanted of a datagram, and not what is read. */
static ssize_t take_datagram(const struct route *route, size_t n)
{
    ssize_t got = recv(route->in, route->buffer, ROUTE_BUFFER, MSG_TRUNC);

    if (got > ROUTE_BUFFER)
        errno = EMSGSIZE;
    else if (got == 0 && !is_end(route->in))
        errno = EAGAIN;
    else
        return got < (ssize_t)n ? got : (ssize_t)n;
    return -1;
}

static ssize_t take_by_read(struct route *route, size_t n)
{
    if (!open_buffer(route))
        return -1;
    if (route->in_kind == KIND_DATAGRAM)
        return filled(route, take_datagram(route, n));
    return filled(route, read(route->in, route->buffer, n < ROUTE_BUFFER ? n : ROUTE_BUFFER));
}

const struct method_row method_table[METHOD_COUNT] = {
    [METHOD_CLONE] = {"clone", REGULAR, SET(KIND_FILE), true, NULL},
    [METHOD_COPY_FILE_RANGE] = {"copy_file_range", REGULAR, SET(KIND_FILE), true, take_by_copy_file_range},
    [METHOD_SENDFILE] = {"sendfile", FILES, SPLICE_SINKS, true, take_by_sendfile},
    [METHOD_SPLICE] = {"splice",
                       FILES | SET(KIND_PIPE) | SET(KIND_STREAM) | SET(KIND_TERMINAL) | SET(KIND_DEVICE),
                       SPLICE_SINKS, false, take_by_splice},
    [METHOD_TEE] = {"tee", SET(KIND_PIPE), SET(KIND_PIPE), false, NULL},
    [METHOD_MMAP] = {"mmap", FILES, ANY, false, take_by_mmap},
    [METHOD_READ] = {"read", ANY, ANY, false, take_by_read},
};

bool method_serves(enum method method, enum kind source, enum kind sink)
{
    const struct method_row *row = &method_table[method];
    return row->take != NULL && (row->sources & SET(source)) && (row->sinks & SET(sink));
}

bool method_is_sound(enum method method)
{
    struct utsname name;
    int major, minor;

    if (method != METHOD_COPY_FILE_RANGE || uname(&name) != 0 ||
        sscanf(name.release, "%d.%d", &major, &minor) != 2)
        return true;
    return major > 5 || (major == 5 && minor >= 3);
}

ssize_t sink_write(int fd, enum kind kind, const char *data, size_t n)
{
    bool is_socket = kind == KIND_STREAM || kind == KIND_DATAGRAM;
    return is_socket ? send(fd, data, n, MSG_DONTWAIT | MSG_NOSIGNAL) : write(fd, data, n);
}

void route_forget(struct route *route, size_t n)
{
    route->data += n;
    route->in_memory -= n;
    if (route->in_memory == 0)
        unmap(route);
}

static ssize_t deliver_memory(struct route *route, int to, enum kind kind, size_t most)
{
    ssize_t n = sink_write(to, kind, route->data, route->in_memory < most ? route->in_memory : most);
    if (n > 0)
        route_forget(route, (size_t)n);
    return n;
}

ssize_t route_stage(struct route *route)
{
    ssize_t n = deliver_memory(route, route->pipe[1], KIND_PIPE, route->in_memory);
    if (n > 0)
        route->in_pipe += (size_t)n;
    return n;
}

ssize_t route_splice_to(struct route *route, int to, size_t n)
{
    ssize_t moved = splice(route->pipe[0], NULL, to, NULL, n, SPLICE_F_NONBLOCK);
    if (moved > 0)
        route->in_pipe -= (size_t)moved;
    return moved;
}

ssize_t route_read_pipe(struct route *route, void *buffer, size_t n)
{
    ssize_t taken = read(route->pipe[0], buffer, n < route->in_pipe ? n : route->in_pipe);
    if (taken > 0)
        route->in_pipe -= (size_t)taken;
    return taken;
}

ssize_t route_rescue(struct route *route)
{
    if (!open_buffer(route))
        return -1;
    ssize_t n = filled(route, route_read_pipe(route, route->buffer, ROUTE_RESCUE));
    return n > 0 ? n : -1;
}

ssize_t route_deliver(struct route *route, size_t most)
{
    if (route->in_memory == 0 && route->sink_refused && route_rescue(route) < 0)
        return -1;
    if (route->in_memory > 0)
        return deliver_memory(route, route->out, route->out_kind, most);
    return route_splice_to(route, route->out, route->in_pipe < most ? route->in_pipe : most);
}

struct route route_make(int in, int out, size_t pipe_size)
{
    return (struct route){.in = in,
                          .out = out,
                          .in_kind = kind_of(in),
                          .out_kind = kind_of(out),
                          .pipe_size = pipe_size,
                          .pipe = {-1, -1}};
}

static void close_pipe(struct route *route)
{
    if (route->pipe[0] >= 0) {
        close(route->pipe[0]);
        close(route->pipe[1]);
    }
    route->pipe[0] = route->pipe[1] = -1;
}

void route_turn(struct route *route, int in, enum kind in_kind, int out, enum kind out_kind)
{
    unmap(route);
    if (route->in_pipe > 0)
        close_pipe(route);
    *route = (struct route){.in = in,
                            .out = out,
                            .in_kind = in_kind,
                            .out_kind = out_kind,
                            .pipe_size = route->pipe_size,
                            .pipe = {route->pipe[0], route->pipe[1]},
                            .buffer = route->buffer};
}

void route_free(struct route *route)
{
    unmap(route);
    free(route->buffer);
    close_pipe(route);
}

bool method_refused(int error)
{
    switch (error) {
    case EINVAL:
    case ENOSYS:
    case EOPNOTSUPP:
    case EXDEV:
    case EPERM:
    case EACCES:
    case ENODEV: /* mmap of something without pages */
    case EMFILE: /* no descriptor, */
    case ENFILE:
    case ENOMEM: /* or no memory, for a private pipe or a mapping */
        return true;
    default:
        return false;
    }
}

bool method_gives_up(enum method method, int error)
{
    if (method != METHOD_COPY_FILE_RANGE)
        return method != METHOD_READ && method_refused(error);
    switch (error) { /* what GNU cp and Go have met where read and write work: CIFS, FUSE, NFS, old kernels */
    case ENOTTY:
    case EBADF: /* a sink that has become O_APPEND */
    case ETXTBSY:
    case ENOENT:
    case EIO:
    case EFBIG: /* Linux 6.17: at the end of the file */
        return true;
    default:
        return method_refused(error);
    }
}

void pipe_grow(int fd, size_t size)
{
    int now = fcntl(fd, F_GETPIPE_SZ);

    /* Beyond the system's limit (EPERM) half or a quarter is still better than 64 KiB. */
    for (; now >= 0 && (size_t)now < size; size /= 2)
        if (fcntl(fd, F_SETPIPE_SZ, (int)size) >= 0)
            return;
}
