/* SPDX-License-Identifier: MIT */
/*
 * The limit that ztee is held against: the shortest loops over tee and splice that lose nothing, without any
 * of what makes a command. baretee OUTPUT... <PIPE >PIPE; several outputs have to be pipes.
 */
#include <err.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

enum { PIPE = 1024 * 1024 /* bytes */ };

static void move(int from, int to, ssize_t n)
{
    for (ssize_t moved; n > 0; n -= moved)
        if ((moved = splice(from, NULL, to, NULL, (size_t)n, 0)) <= 0)
            err(1, "splice");
}

/* Standard output is given duplicates, and how many it took is what the other output is given. */
static void copy_to_one(int other)
{
    ssize_t n;

    while ((n = tee(0, 1, PIPE, 0)) > 0)
        move(0, other, n);
    if (n < 0)
        err(1, "tee");
}

/*
 * tee always begins at the head of its source, so an output that took only a part of the round could not be
 * given the rest. So each is given the whole round from a pipe in between, which is empty and has as many
 * slots as the source; one after the other, waiting for each.
 */
static void copy_to_many(const int *outputs, int count)
{
    int between[2];
    ssize_t n;

    if (pipe(between) != 0 || fcntl(between[1], F_SETPIPE_SZ, PIPE) < 0)
        err(1, "pipe");
    while ((n = tee(0, between[1], PIPE, 0)) > 0) {
        move(between[0], outputs[0], n);
        for (int i = 1; i < count; i++) {
            if (tee(0, between[1], (size_t)n, 0) != n)
                errx(1, "tee is short of what it gave before");
            move(between[0], outputs[i], n);
        }
        move(0, 1, n);
    }
    if (n < 0)
        err(1, "tee");
}

int main(int argc, char **argv)
{
    int count = argc - 1, *outputs = calloc((size_t)argc, sizeof *outputs);

    if (count < 1 || outputs == NULL)
        errx(2, "usage: baretee OUTPUT...");
    for (int i = 0; i < count; i++) {
        outputs[i] = open(argv[i + 1], O_WRONLY | O_CREAT | O_TRUNC, 0600);
        if (outputs[i] < 0)
            err(1, "%s", argv[i + 1]);
        fcntl(outputs[i], F_SETPIPE_SZ, PIPE); /* fails where it is none */
    }
    if (fcntl(0, F_SETPIPE_SZ, PIPE) < 0 || fcntl(1, F_SETPIPE_SZ, PIPE) < 0)
        err(1, "standard input and output have to be pipes");
    if (count == 1)
        copy_to_one(outputs[0]);
    else
        copy_to_many(outputs, count);
    return 0;
}
