/* SPDX-License-Identifier: MIT */
/* What the tests of the pump run on: channels of every kind, with threads that feed and collect. */
#ifndef ZCOPY_TESTS_CHANNEL_H
#define ZCOPY_TESTS_CHANNEL_H

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "move/pump.h"
#include "unit.h"

enum { TOTAL = 3 * 1024 * 1024 + 4321 };

static char *data; /* TOTAL bytes that never repeat */

static void make_data(void)
{
    uint32_t state = 2463534242;

    data = malloc(TOTAL);
    for (size_t i = 0; i < TOTAL; i++) {
        state ^= state << 13, state ^= state >> 17, state ^= state << 5;
        data[i] = (char)state;
    }
}

/* The two ends of a test: what the pump reads, and what it writes, each with its far end. */
enum end { END_PIPE, END_UNIX, END_TCP, END_FILE, END_APPEND, END_COUNT };
static const char *const end_names[] = {"pipe", "unix socket", "tcp socket", "file", "appended file"};

struct channel {
    enum end end;
    int ours, theirs; /* ours is the pump's; theirs the far end, or the same file opened once more */
};

static void make_tcp(int fds[2])
{
    struct sockaddr_in name = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof name;
    int listener = socket(AF_INET, SOCK_STREAM, 0);

    if (bind(listener, (struct sockaddr *)&name, length) != 0 || listen(listener, 1) != 0 ||
        getsockname(listener, (struct sockaddr *)&name, &length) != 0)
        abort();
    fds[0] = socket(AF_INET, SOCK_STREAM, 0);
    if (connect(fds[0], (struct sockaddr *)&name, length) != 0)
        abort();
    fds[1] = accept(listener, NULL, NULL);
    close(listener);
}

static void make_file(int fds[2], int flags)
{
    char path[] = "/tmp/zcopy-pump-XXXXXX";

    fds[1] = mkstemp(path);
    fds[0] = open(path, O_RDWR | flags);
    unlink(path);
    if (fds[0] < 0 || fds[1] < 0)
        abort();
}

static struct channel channel_open(enum end end, bool is_source)
{
    int fds[2];

    if (end == END_PIPE && pipe(fds) != 0)
        abort();
    if (end == END_UNIX && socketpair(AF_UNIX, SOCK_STREAM, 0, fds) != 0)
        abort();
    if (end == END_TCP)
        make_tcp(fds);
    if (end == END_FILE || end == END_APPEND)
        make_file(fds, end == END_APPEND ? O_APPEND : 0);
    bool swap = end == END_PIPE && !is_source;
    return (struct channel){end, fds[swap], fds[!swap]};
}

static void close_one(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

static void channel_close(struct channel *channel)
{
    close_one(&channel->ours);
    close_one(&channel->theirs);
}

static bool is_stored(const struct channel *channel)
{
    return channel->end == END_FILE || channel->end == END_APPEND;
}

static void put(int fd, const char *from, size_t length)
{
    while (length > 0) {
        ssize_t n = write(fd, from, length);
        if (n < 0 && errno != EINTR)
            return;
        from += n > 0 ? n : 0;
        length -= n > 0 ? (size_t)n : 0;
    }
}

/* A thread that feeds a channel from data, or collects what comes out of one. */
struct worker {
    pthread_t thread;
    struct channel *channel;
    size_t length;
    char *got;
    size_t piece;
};

static void *feed(void *argument)
{
    struct worker *worker = argument;

    for (size_t done = 0; done < worker->length; done += worker->piece)
        put(worker->channel->theirs, data + done,
            worker->length - done < worker->piece ? worker->length - done : worker->piece);
    if (!is_stored(worker->channel))
        close_one(&worker->channel->theirs);
    return NULL;
}

static void *collect(void *argument)
{
    struct worker *worker = argument;
    ssize_t n;

    while (worker->length < TOTAL + 1 &&
           (n = read(worker->channel->theirs, worker->got + worker->length, TOTAL + 1 - worker->length)) > 0)
        worker->length += (size_t)n;
    return NULL;
}

static void start(struct worker *worker, struct channel *channel, void *(*work)(void *), size_t length)
{
    *worker = (struct worker){.channel = channel, .length = length, .piece = 50001};
    worker->got = work == collect ? malloc(TOTAL + 1) : NULL;
    if (pthread_create(&worker->thread, NULL, work, worker) != 0)
        abort();
}

/* Joins a collector; true if it has got exactly the first length bytes of data. */
static bool collected(struct worker *worker, size_t length)
{
    pthread_join(worker->thread, NULL);
    bool same = worker->length == length && memcmp(worker->got, data, length) == 0;
    if (!same)
        printf("# %zu bytes instead of %zu\n", worker->length, length);
    free(worker->got);
    return same;
}

/* A whole transfer of TOTAL bytes between two channels of these kinds. */
struct transfer {
    struct channel in, out;
    struct worker feeder, collector;
    struct pump pump;
    pthread_t thread;
    int out_flags, out_size; /* of the sink when the pump had ended: flags, and bytes of a pipe */
};

static void *run(void *argument)
{
    pump_run(argument);
    return NULL;
}

static void open_transfer(struct transfer *transfer, enum end in, enum end out, size_t pipe_size)
{
    transfer->in = channel_open(in, true);
    transfer->out = channel_open(out, false);
    if (is_stored(&transfer->in))
        put(transfer->in.theirs, data, TOTAL);
    if (!pump_init(&transfer->pump, transfer->in.ours, transfer->out.ours, pipe_size))
        abort();
}

static void start_pump(struct transfer *transfer)
{
    if (pthread_create(&transfer->thread, NULL, run, &transfer->pump) != 0)
        abort();
}

static void close_transfer(struct transfer *transfer)
{
    pump_free(&transfer->pump);
    channel_close(&transfer->in);
    channel_close(&transfer->out);
}

/* Feeds everything, runs the pump to its end, and compares. */
static bool move_all(struct transfer *transfer)
{
    bool feeds = !is_stored(&transfer->in), stored = is_stored(&transfer->out);

    if (feeds)
        start(&transfer->feeder, &transfer->in, feed, TOTAL);
    if (!stored)
        start(&transfer->collector, &transfer->out, collect, 0);
    pump_run(&transfer->pump);
    if (feeds) {
        if (transfer->pump.end == PUMP_FAILED)
            close_one(&transfer->in.ours); /* lets the feeder go */
        pthread_join(transfer->feeder.thread, NULL);
    }
    transfer->out_flags = fcntl(transfer->out.ours, F_GETFL);
    transfer->out_size = fcntl(transfer->out.ours, F_GETPIPE_SZ);
    close_one(&transfer->out.ours);
    if (stored)
        start(&transfer->collector, &transfer->out, collect, 0);
    return collected(&transfer->collector, TOTAL) && transfer->pump.end == PUMP_ENDED &&
           transfer->pump.moved == TOTAL;
}

#endif
