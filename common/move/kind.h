/* SPDX-License-Identifier: MIT */
/* What kind of thing a descriptor refers to, as far as that decides how bytes can be moved. */
#ifndef ZCOPY_MOVE_KIND_H
#define ZCOPY_MOVE_KIND_H

enum kind {
    KIND_FILE,     /* regular file, memfd */
    KIND_APPEND,   /* regular file opened O_APPEND: as a source it is a KIND_FILE */
    KIND_BLOCK,    /* block device */
    KIND_PIPE,     /* pipe, FIFO */
    KIND_STREAM,   /* TCP, AF_UNIX or vsock stream socket */
    KIND_DATAGRAM, /* any other socket: boundaries matter, splice would cut them */
    KIND_TERMINAL,
    KIND_NULL,   /* /dev/null */
    KIND_DEVICE, /* any other character device */
    KIND_OTHER,  /* directory, eventfd, ...: read(2) or write(2) will say what is wrong */
    KIND_COUNT
};

/* The kind of fd. A descriptor that is not open is KIND_OTHER. */
enum kind kind_of(int fd);

/* "regular file", "pipe", ... */
const char *kind_name(enum kind kind);

#endif
