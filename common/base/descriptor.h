/* SPDX-License-Identifier: MIT */
/* What a program does to its descriptors before anything else, how it waits for them, and whether two are
 * one. */
#ifndef ZCOPY_BASE_DESCRIPTOR_H
#define ZCOPY_BASE_DESCRIPTOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

/*
 * The first act of every command. Opens /dev/null in the place of each missing descriptor of 0-2 so that
 * using it fails with EBADF (0 write-only, 1 and 2 read-only): otherwise the next file or pipe would take
 * the number and messages would land in it, and a plain /dev/null would make lost output look like success.
 * Returns false with errno when that fails.
 */
bool descriptor_fill_standard(void);

/*
 * Waits until fd is ready for events (or in error), or stop is readable; stop may be -1.
 * timeout: milliseconds, -1 for ever. Returns 1 ready, 0 not (timeout or stop), -1 with errno of poll(2).
 * Goes on after EINTR, then with the whole timeout again.
 */
int descriptor_wait(int fd, short events, int stop, int timeout);

/* A pipe, both ends FD_CLOEXEC, the write end alone O_NONBLOCK. False with errno. */
bool descriptor_pipe(int ends[2]);

/* How many bytes a regular file has beyond the position of fd; 0 for anything else. */
uint64_t descriptor_bytes_left(int fd);

/* The name in /proc of an open descriptor, which leads to the file that it was opened for, whatever has that
 * file's name now. */
enum { DESCRIPTOR_PATH = 32 };
void descriptor_path(char path[DESCRIPTOR_PATH], int fd);

/* False when fd was opened only for what access (O_RDONLY or O_WRONLY) is not: read(2) or write(2) says EBADF
 * then, and poll(2) waits for ever. */
bool descriptor_permits(int fd, int access);

/* True when fd, which may be -1, has the regular file open that path leads to. */
bool descriptor_has_file(int fd, const char *path);

/* What close(2) would say, and fd stays open: network file systems tell there at the latest what they could
 * not store. False with errno. */
bool descriptor_flush(int fd);

/* Closes fd, if it is not -1, and sets it to -1. Keeps errno. */
void descriptor_close(int *fd);

/* True when the two are one file, whatever it is opened or called by. */
static inline bool same_inode(const struct stat *a, const struct stat *b)
{
    return a->st_ino == b->st_ino && a->st_dev == b->st_dev;
}

#endif
