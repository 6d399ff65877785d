/* SPDX-License-Identifier: MIT */
/* The methods by which bytes move from one descriptor to another, one row each. */
#ifndef ZCOPY_MOVE_METHOD_H
#define ZCOPY_MOVE_METHOD_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "move/kind.h"

/*
 * Named after their system calls, the fastest first; mmap is mmap + write. Two of them take nothing from a
 * source: clone shares a whole file's extents with another (method_clone), tee duplicates what is in a pipe
 * (route_duplicate).
 */
enum method {
    METHOD_CLONE,
    METHOD_COPY_FILE_RANGE,
    METHOD_SENDFILE,
    METHOD_SPLICE,
    METHOD_TEE,
    METHOD_MMAP,
    METHOD_READ,
    METHOD_COUNT
};

/*
 * Two descriptors and what has been taken from the first but not yet been delivered to the second: in
 * memory first, then in the private pipe. Every splice goes through that pipe, also where one end is a pipe
 * already: the ends are then held only while references to pages change hands and not while they cross the
 * network (measured: 1.9 x the speed, 0.6 of the CPU time between pipes over loopback; CONTRIBUTING.md),
 * and a failure has a side.
 */
struct route {
    int in, out;
    enum kind in_kind, out_kind;
    size_t pipe_size;  /* bytes wanted for the private pipe */
    int pipe[2];       /* the private pipe, -1 until splice needs it */
    size_t in_pipe;    /* bytes in it */
    const char *data;  /* the bytes in memory: in buffer or in map */
    size_t in_memory;  /* how many */
    char *buffer;      /* of ROUTE_BUFFER bytes, NULL until read needs it */
    char *map;         /* the mapped window, NULL: none */
    size_t map_length; /* bytes */
    bool sink_refused; /* the sink cannot be spliced to: what is in the pipe goes by read and write */
};

/* Bytes: of the buffer; of a mapped window; that are read at once to rescue what is in the private pipe. */
enum { ROUTE_BUFFER = 256 * 1024, ROUTE_WINDOW = 1024 * 1024, ROUTE_RESCUE = 32 * 1024 };

/* A route from in to out; nothing is opened yet. pipe_size: bytes. */
struct route route_make(int in, int out, size_t pipe_size);

/* Turns a route to another pair of these kinds. What it held is lost; an empty pipe and the buffer stay. */
void route_turn(struct route *route, int in, enum kind in_kind, int out, enum kind out_kind);

/* Frees the pipe, the buffer and the mapping, with what is in them. */
void route_free(struct route *route);

struct method_row {
    const char *name;
    unsigned sources, sinks; /* sets of kinds: 1u << kind */
    bool direct;             /* what is taken has been delivered by the same call */
    /*
     * Takes at most n bytes (n > 0) from the source; only while the route holds none. What a datagram has
     * beyond n is lost. Never waits for a source that is a pipe; may wait for others that are not O_NONBLOCK
     * (poll them first). Returns bytes, 0 at the end of the source, or -1 with errno: EAGAIN (source empty,
     * or sink full when direct), EFAULT (mmap: the file was cut short), EMSGSIZE (a datagram is longer than
     * the buffer), or what the system call says. NULL: the method takes nothing, and no ladder has it.
     */
    ssize_t (*take)(struct route *route, size_t n);
};

extern const struct method_row method_table[METHOD_COUNT];

/* True when the method can carry bytes from a source of this kind to a sink of that kind. */
bool method_serves(enum method method, enum kind source, enum kind sink);

/* False: this kernel's copy_file_range is not to be called (before Linux 5.3: copy_file_range(2), BUGS). */
bool method_is_sound(enum method method);

/*
 * Makes the file out share all extents of the file in, by FICLONE: what out had there is replaced, and what
 * it had behind that stays. False with errno: EOPNOTSUPP (file systems without reflinks), EXDEV (two of
 * them), EINVAL (among others a source of odd length and a longer out), or those of ioctl_ficlone(2).
 */
bool method_clone(int in, int out);

/* Opens the private pipe, if it is not open yet. False with errno. */
bool route_open_pipe(struct route *route);

/*
 * Duplicates at most n bytes (n > 0), from the start of what the private pipe holds, into the pipe that to is
 * the write end of, by tee(2): references to the same pages, and nothing is consumed. So a second call gives
 * the same bytes once more, and what a short one has left out can be had only when that much has been
 * delivered. Never waits. Returns bytes (more than 0), or -1 with errno: EAGAIN (that pipe is full), EPIPE,
 * EINVAL (not a pipe).
 */
ssize_t route_duplicate(const struct route *route, int to, size_t n);

/* Writes some of the bytes in memory into the private pipe, which is open. Returns bytes, or -1 with errno:
 * EAGAIN when that is full, EFAULT as take_by_mmap. */
ssize_t route_stage(struct route *route);

/* Reads at most n bytes of the private pipe into a buffer. Returns as read(2). */
ssize_t route_read_pipe(struct route *route, void *buffer, size_t n);

/* Reads some of what is in the private pipe into memory, where nothing is. Returns bytes, or -1 with errno.
 */
ssize_t route_rescue(struct route *route);

/* Reads at most n bytes at an offset of the file fd into memory, where nothing is. Returns as pread(2). */
ssize_t route_load(struct route *route, int fd, off_t offset, size_t n);

/* Puts a page of zeros in the place of one, at page, that a mapped file has lost. For a handler of SIGBUS: it
 * is one system call. False: that failed. */
bool route_patch(void *page, size_t size);

/* Forgets n bytes at the start of the memory, which holds as many. */
void route_forget(struct route *route, size_t n);

/* Writes to a descriptor of this kind; to a socket without waiting and without SIGPIPE. Returns as write(2).
 */
ssize_t sink_write(int fd, enum kind kind, const char *data, size_t n);

/* As route_deliver, but at most n bytes of the private pipe (it holds as many), and to another sink. */
ssize_t route_splice_to(struct route *route, int to, size_t n);

/*
 * Delivers at most most bytes of what the route holds (there is something) to the sink. Never waits for a
 * sink that is a pipe being spliced to, a regular file or a socket being written to; may wait for others that
 * are not O_NONBLOCK. Returns bytes, or -1 with errno; EINVAL and the like from a splice leave everything
 * where it is and can be retried after setting sink_refused.
 */
ssize_t route_deliver(struct route *route, size_t most);

/* Bytes that the route holds. */
static inline size_t route_held(const struct route *route)
{
    return route->in_memory + route->in_pipe;
}

/* True when error says that a method is refused here, and not that the transfer has failed. */
bool method_refused(int error);

/* The same for what taking by this method has said: copy_file_range has further ways to refuse. */
bool method_gives_up(enum method method, int error);

/* Makes the pipe that fd is one end of at least size bytes large, as far as the system permits. */
void pipe_grow(int fd, size_t size);

#endif
