/* SPDX-License-Identifier: MIT */
/* Checks the steps that ztee puts together itself: duplicating, staging, rescuing, loading, splicing on. */
#include "move/method.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "unit.h"

enum { PAGE = 4096, PIPE_SIZE = 16 * PAGE, TOTAL = 3 * PAGE + 17 /* bytes */ };

static char data[PIPE_SIZE + PAGE];

static void make_data(void)
{
    unsigned state = 2463534242;

    for (size_t i = 0; i < sizeof data; i++) {
        state ^= state << 13, state ^= state >> 17, state ^= state << 5;
        data[i] = (char)state;
    }
}

/* A pipe that is never waited for, of at most size bytes. */
static void make_pipe(int ends[2], int size)
{
    if (pipe2(ends, O_NONBLOCK | O_CLOEXEC) != 0)
        ends[0] = ends[1] = -1;
    fcntl(ends[1], F_SETPIPE_SZ, size);
}

static void close_pipe(int ends[2])
{
    close(ends[0]);
    close(ends[1]);
}

/* An unnamed file with length bytes of data. */
static int make_file(size_t length)
{
    char path[] = "/tmp/zcopy-method-XXXXXX";
    int fd = mkstemp(path);

    unlink(path);
    if (length > 0 && write(fd, data, length) != (ssize_t)length)
        return -1;
    return fd;
}

/* A route whose private pipe has the first length bytes of data. */
static struct route filled_route(size_t length)
{
    struct route route = route_make(-1, -1, PIPE_SIZE);

    if (route_open_pipe(&route)) {
        ssize_t n = write(route.pipe[1], data, length);
        route.in_pipe = n > 0 ? (size_t)n : 0;
    }
    return route;
}

/* What can be read at once is exactly length bytes of data from the byte first on. */
static bool has(int fd, size_t first, size_t length)
{
    static char found[sizeof data];
    size_t done = 0;
    ssize_t n;

    while (done < sizeof found && (n = read(fd, found + done, sizeof found - done)) > 0)
        done += (size_t)n;
    return done == length && memcmp(found, data + first, length) == 0;
}

static void check_duplicate(void)
{
    struct route route = filled_route(TOTAL);
    int one[2], two[2];

    make_pipe(one, PIPE_SIZE);
    make_pipe(two, PIPE_SIZE);
    check(route_duplicate(&route, one[1], TOTAL) == TOTAL && has(one[0], 0, TOTAL),
          "all that is in the pipe is duplicated");
    check(route_duplicate(&route, two[1], TOTAL) == TOTAL && has(two[0], 0, TOTAL),
          "and the same bytes once more");
    check(route_duplicate(&route, one[1], 100) == 100 && has(one[0], 0, 100), "or a beginning of them");
    check(route.in_pipe == TOTAL && route.in_memory == 0, "the route holds what it has held");
    check(has(route.pipe[0], 0, TOTAL), "and nothing of it has been consumed");
    close_pipe(one);
    close_pipe(two);
    route_free(&route);
}

static void check_duplicate_to_little_room(void)
{
    struct route route = filled_route(TOTAL);
    int to[2];

    make_pipe(to, PAGE);
    ssize_t n = route_duplicate(&route, to[1], TOTAL);
    check(n > 0 && n < TOTAL, "a small pipe is given a beginning (%zd bytes)", n);
    check(route_duplicate(&route, to[1], TOTAL) == -1 && errno == EAGAIN, "a full one says EAGAIN");
    check(n > 0 && has(to[0], 0, (size_t)n), "and has what it was given, once");
    check(route_splice_to(&route, to[1], 10) == 10 && has(to[0], 0, 10) && route.in_pipe == TOTAL - 10,
          "when ten bytes have been delivered,");
    check(route_duplicate(&route, to[1], 20) == 20 && has(to[0], 10, 20), "the next ones are duplicated");
    close_pipe(to);
    route_free(&route);
}

static void check_duplicate_to_what_is_no_good(void)
{
    struct route route = filled_route(TOTAL);
    int to[2], file = make_file(0), sockets[2] = {-1, -1};

    make_pipe(to, PAGE);
    close(to[0]);
    check(route_duplicate(&route, to[1], TOTAL) == -1 && errno == EPIPE, "a broken pipe says EPIPE");
    close(to[1]);
    check(route_duplicate(&route, file, TOTAL) == -1 && errno == EINVAL, "a file says EINVAL");
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, sockets) == 0)
        check(route_duplicate(&route, sockets[0], TOTAL) == -1 && errno == EINVAL, "a socket says EINVAL");
    close_pipe(sockets);
    check(route_duplicate(&route, route.pipe[1], TOTAL) == -1 && errno == EINVAL,
          "the same pipe says EINVAL");
    check(route.in_pipe == TOTAL && has(route.pipe[0], 0, TOTAL), "and nothing is lost by any of that");
    struct route empty = filled_route(0);
    make_pipe(to, PAGE);
    check(route_duplicate(&empty, to[1], 1) == -1 && errno != 0, "of nothing there is no duplicate");
    close_pipe(to);
    close(file);
    route_free(&empty);
    route_free(&route);
}

static void check_stage(void)
{
    struct route route = filled_route(0);

    route.data = data;
    route.in_memory = sizeof data;
    ssize_t n = route_stage(&route);
    check(n == PIPE_SIZE && route.in_pipe == PIPE_SIZE && route.in_memory == sizeof data - PIPE_SIZE,
          "what is in memory is staged as far as the pipe has room (%zd bytes)", n);
    check(route_stage(&route) == -1 && errno == EAGAIN && route_held(&route) == sizeof data,
          "then it is full, and nothing has changed");
    check(has(route.pipe[0], 0, PIPE_SIZE), "the bytes are there in their order");
    route.in_pipe = 0;
    check(route_stage(&route) == PAGE && route.in_memory == 0 && has(route.pipe[0], PIPE_SIZE, PAGE),
          "and the rest follows when they have gone");
    route_free(&route);
}

static void check_rescue(void)
{
    struct route route = filled_route(ROUTE_RESCUE + 100);

    check(route_rescue(&route) == ROUTE_RESCUE && route.in_memory == ROUTE_RESCUE && route.in_pipe == 100 &&
              memcmp(route.data, data, ROUTE_RESCUE) == 0,
          "a piece of what is in the pipe is rescued into memory");
    route_forget(&route, ROUTE_RESCUE);
    check(route_rescue(&route) == 100 && route_held(&route) == 100 &&
              memcmp(route.data, data + ROUTE_RESCUE, 100) == 0,
          "then the rest, and no more");
    route_forget(&route, 100);
    route.in_pipe = 1; /* as if somebody else had read it */
    check(route_rescue(&route) == -1 && errno == EAGAIN && route.in_memory == 0, "an empty pipe says EAGAIN");
    route_free(&route);
}

static void check_load(void)
{
    struct route route = route_make(-1, -1, PIPE_SIZE);
    int file = make_file(TOTAL);

    lseek(file, 5, SEEK_SET);
    check(route_load(&route, file, 100, 50) == 50 && route.in_memory == 50 &&
              memcmp(route.data, data + 100, 50) == 0,
          "bytes are loaded from an offset");
    check(lseek(file, 0, SEEK_CUR) == 5, "and the file's own offset stays");
    route_forget(&route, 50);
    check(route_load(&route, file, TOTAL - 7, PAGE) == 7 && memcmp(route.data, data + TOTAL - 7, 7) == 0,
          "not more than there are");
    route_forget(&route, 7);
    check(route_load(&route, file, TOTAL, PAGE) == 0 && route.in_memory == 0, "behind the end are none");
    check(route_load(&route, -1, 0, 1) == -1 && errno == EBADF && route.in_memory == 0, "no file says EBADF");
    close(file);
    route_free(&route);
}

static void check_splice_to(void)
{
    struct route route = filled_route(TOTAL);
    int to[2], file = make_file(0), append = make_file(0);

    make_pipe(to, PIPE_SIZE);
    check(route_splice_to(&route, to[1], 100) == 100 && route.in_pipe == TOTAL - 100 && has(to[0], 0, 100),
          "no more than is asked for goes to another sink");
    check(route_splice_to(&route, file, PAGE) == PAGE && route.in_pipe == TOTAL - 100 - PAGE,
          "the next ones into a file");
    lseek(file, 0, SEEK_SET);
    check(has(file, 100, PAGE), "where they are");
    fcntl(append, F_SETFL, O_APPEND);
    check(route_splice_to(&route, append, PAGE) == -1 && errno == EINVAL &&
              route.in_pipe == TOTAL - 100 - PAGE,
          "a sink that refuses changes nothing");
    close(to[0]);
    check(route_splice_to(&route, to[1], PAGE) == -1 && errno == EPIPE && route.in_pipe == TOTAL - 100 - PAGE,
          "nor does a broken pipe");
    check(has(route.pipe[0], 100 + PAGE, TOTAL - 100 - PAGE), "the rest is still there");
    close(to[1]);
    close(file);
    close(append);
    route_free(&route);
}

static void check_forget(void)
{
    int file = make_file(TOTAL);
    struct route route = route_make(file, -1, PIPE_SIZE);

    lseek(file, 0, SEEK_SET);
    check(method_table[METHOD_MMAP].take(&route, TOTAL) == TOTAL && route.map != NULL, "a file is mapped");
    route_forget(&route, PAGE + 1);
    check(route.in_memory == TOTAL - PAGE - 1 && route.map != NULL &&
              memcmp(route.data, data + PAGE + 1, route.in_memory) == 0,
          "what is forgotten is so from the start on");
    route_forget(&route, 0);
    check(route.in_memory == TOTAL - PAGE - 1, "nothing of it can be forgotten, too");
    route_forget(&route, TOTAL - PAGE - 1);
    check(route.in_memory == 0 && route.map == NULL, "with the last byte the mapping goes");
    close(file);
    route_free(&route);
}

static void check_sink_write(void)
{
    int to[2], sockets[2] = {-1, -1}, size = PAGE;
    ssize_t n, all = 0;

    make_pipe(to, PAGE);
    check(sink_write(to[1], KIND_PIPE, data, sizeof data) == PAGE && has(to[0], 0, PAGE),
          "a pipe is written what it takes");
    close(to[0]);
    check(sink_write(to[1], KIND_PIPE, data, 1) == -1 && errno == EPIPE, "a broken one says EPIPE");
    close(to[1]);
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, sockets) != 0)
        return;
    setsockopt(sockets[0], SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
    while ((n = sink_write(sockets[0], KIND_STREAM, data, PAGE)) > 0 && all < 1 << 24)
        all += n;
    check(n == -1 && errno == EAGAIN && all > 0, "a socket that blocks is not waited for (%zd bytes)", all);
    close(sockets[1]);
    signal(SIGPIPE, SIG_DFL); /* which would end this program */
    check(sink_write(sockets[0], KIND_STREAM, data, 1) == -1 && errno == EPIPE,
          "one whose peer has left says EPIPE without a signal");
    signal(SIGPIPE, SIG_IGN);
    close(sockets[0]);
}

int main(void)
{
    signal(SIGPIPE, SIG_IGN);
    make_data();
    check_duplicate();
    check_duplicate_to_little_room();
    check_duplicate_to_what_is_no_good();
    check_stage();
    check_rescue();
    check_load();
    check_splice_to();
    check_forget();
    check_sink_write();
    return unit_status();
}
