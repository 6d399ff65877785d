/* SPDX-License-Identifier: MIT */
/*
 * The limit that zsend --raw and zcat-net -l are held against: the shortest loops over sendfile and splice,
 * without any of what makes them commands. bare send PORT <FILE; bare receive >OUTPUT prints its port.
 */
#include <arpa/inet.h>
#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PIPE = 1024 * 1024 /* bytes */ };

static int send_input(int fd, struct sockaddr_in *to)
{
    char byte;
    ssize_t n;

    if (connect(fd, (struct sockaddr *)to, sizeof *to) != 0)
        err(1, "connect");
    while ((n = sendfile(fd, 0, NULL, 8UL * PIPE)) > 0)
        ;
    if (n < 0 || shutdown(fd, SHUT_WR) != 0 || read(fd, &byte, 1) != 0)
        err(1, "send");
    return 0;
}

static int receive_output(int fd, struct sockaddr_in *at)
{
    socklen_t length = sizeof *at;
    int pipes[2];
    ssize_t n = 0, out;

    if (bind(fd, (struct sockaddr *)at, length) != 0 || listen(fd, 1) != 0 ||
        getsockname(fd, (struct sockaddr *)at, &length) != 0)
        err(1, "listen");
    fprintf(stderr, "%u\n", (unsigned)ntohs(at->sin_port));
    int from = accept(fd, NULL, NULL);
    if (from < 0 || pipe(pipes) != 0 || fcntl(pipes[1], F_SETPIPE_SZ, PIPE) < 0)
        err(1, "accept");
    while ((n = splice(from, NULL, pipes[1], NULL, PIPE, 0)) > 0)
        for (; n > 0; n -= out)
            if ((out = splice(pipes[0], NULL, 1, NULL, (size_t)n, 0)) <= 0)
                err(1, "standard output");
    if (n < 0)
        err(1, "receive");
    return 0;
}

int main(int argc, char **argv)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    if (argc == 3 && strcmp(argv[1], "send") == 0) {
        address.sin_port = htons((uint16_t)atoi(argv[2]));
        return send_input(fd, &address);
    }
    if (argc == 2 && strcmp(argv[1], "receive") == 0)
        return receive_output(fd, &address);
    errx(2, "usage: bare send PORT | bare receive");
}
