/* SPDX-License-Identifier: MIT */
/* drain [-z] MIB: takes standard input to its end, which has to come after so many MiB, by read, or with -z
 * from a pipe without copying (splice to /dev/null). */
#include <err.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PIECE = 128 * 1024 /* bytes */ };

int main(int argc, char **argv)
{
    static char data[PIECE];
    bool splices = argc == 3 && strcmp(argv[1], "-z") == 0;
    if (argc != 2 + splices)
        errx(2, "usage: drain [-z] MIB");
    long long expected = atoll(argv[argc - 1]) * 1024 * 1024, bytes = 0;
    int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
    ssize_t n;

    while ((n = splices ? splice(0, NULL, null, NULL, 8UL * PIECE, 0) : read(0, data, PIECE)) > 0)
        bytes += n;
    if (n < 0)
        err(1, "standard input");
    if (bytes != expected)
        errx(1, "%lld bytes have come instead of %lld", bytes, expected);
    return 0;
}
