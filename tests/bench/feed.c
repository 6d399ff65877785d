/* SPDX-License-Identifier: MIT */
/* feed [-z] MIB: so many MiB into standard output, by write, or with -z into a pipe without copying
 * (vmsplice). */
#include <err.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

enum { PIECE = 128 * 1024 /* bytes */ };

int main(int argc, char **argv)
{
    bool splices = argc == 3 && strcmp(argv[1], "-z") == 0;
    if (argc != 2 + splices)
        errx(2, "usage: feed [-z] MIB");
    long long left = atoll(argv[argc - 1]) * 1024 * 1024;
    char *data = mmap(NULL, PIECE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (data == MAP_FAILED)
        err(1, "mmap");
    for (int i = 0; i < PIECE; i++)
        data[i] = (char)(i * 7);

    while (left > 0) {
        struct iovec piece = {data, left < PIECE ? (size_t)left : PIECE};
        ssize_t n = splices ? vmsplice(1, &piece, 1, 0) : write(1, piece.iov_base, piece.iov_len);
        if (n < 0)
            err(1, "standard output");
        left -= n;
    }
    return 0;
}
