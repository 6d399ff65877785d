/* SPDX-License-Identifier: MIT */
/* Reading and writing of files to the end, however often the kernel interrupts it or moves less. */
#ifndef ZCOPY_BASE_BYTES_H
#define ZCOPY_BASE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Writes all of it where fd is. False with errno. */
bool bytes_write(int fd, const uint8_t *data, size_t length);

/* Writes all of it there. False with errno. */
bool bytes_write_at(int fd, const uint8_t *data, size_t length, uint64_t offset);

/* Reads so many bytes from there, fewer if the file ends. -1 with errno. */
ssize_t bytes_read_at(int fd, void *buffer, size_t length, uint64_t offset);

#endif
