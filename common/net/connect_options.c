/* SPDX-License-Identifier: MIT */
/* Parsing the options for connecting, and connecting by them. */
#include "net/connect_options.h"

#include "base/clock.h"
#include "base/message.h"
#include "base/size.h"

static int wrong(const char *what, const char *name, const char *argument)
{
    option_bad_argument(what, name, argument);
    return -1;
}

int connect_option(struct connect_options *options, int id, const char *argument)
{
    const char *problem;

    switch (id) {
    case CONNECT_RETRY:
        problem = count_parse(argument, 0, 1000000, &options->retries);
        return problem ? wrong(problem, "--retry", argument) : 1;
    case CONNECT_TIMEOUT:
        problem = duration_parse(argument, &options->timeout);
        return problem ? wrong(problem, "--connect-timeout", argument) : 1;
    case CONNECT_CONGESTION:
        options->socket.congestion = argument;
        return 1;
    case CONNECT_NODELAY:
        options->socket.nodelay = true;
        return 1;
    case CONNECT_MPTCP:
        options->socket.mptcp = true;
        return 1;
    case '4':
        options->socket.family = AF_INET;
        return 1;
    case '6':
        options->socket.family = AF_INET6;
        return 1;
    default:
        return 0;
    }
}

void connect_report(const struct socket_failure *failure, const struct address *address)
{
    char text[SOCKET_FAILURE_TEXT];
    int error;

    socket_failure_text(failure, address, text, &error);
    message_error(error, "%s", text);
}

bool connect_try_again(const struct connect_options *options, long long tries, struct monitor *monitor)
{
    uint64_t deadline = clock_now() + NANOSECONDS;

    if (tries > options->retries)
        return false;
    while (monitor_wait(monitor, NULL, 0, deadline) > 0)
        ;
    return true;
}

int connect_by_options(const struct address *address, const struct connect_options *options,
                       struct monitor *monitor, bool verbose, bool quiet, struct socket_failure *failure)
{
    int fd;
    long long tries = 0;

    do {
        fd = socket_connect(address, &options->socket, options->timeout, monitor, failure,
                            verbose ? connect_report : NULL);
        tries++;
        if (fd < 0 && (tries > options->retries ? !quiet : verbose))
            connect_report(failure, address);
    } while (fd < 0 && connect_try_again(options, tries, monitor));
    return fd;
}
