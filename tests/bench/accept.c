/* SPDX-License-Identifier: MIT */
/*
 * accept COMMAND...: becomes COMMAND with one connection as its input and output, as inetd would start it.
 * The port, a free one of 127.0.0.1, is the last word of a line on standard error. So that a server that
 * would never end is measured with all its children.
 */
#include <arpa/inet.h>
#include <err.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (argc < 2)
        errx(2, "usage: accept COMMAND...");
    if (listener < 0 || bind(listener, (struct sockaddr *)&address, sizeof address) != 0 ||
        listen(listener, 1) != 0 || getsockname(listener, (struct sockaddr *)&address, &length) != 0)
        err(1, "no port to listen on");
    fprintf(stderr, "%u\n", (unsigned)ntohs(address.sin_port));
    int connection = accept(listener, NULL, NULL);
    if (connection < 0 || dup2(connection, 0) < 0 || dup2(connection, 1) < 0)
        err(1, "nobody has come");
    close(connection);
    execvp(argv[1], argv + 1);
    err(127, "%s", argv[1]);
}
