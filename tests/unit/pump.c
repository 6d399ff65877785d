/* SPDX-License-Identifier: MIT */
/* Checks the pump over real descriptors: every method and pair, limits, halts, methods that are refused. */
#include "move/pump.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "channel.h"

enum { PATIENCE = 20000 /* milliseconds */ };

static void check_method(enum end in, enum end out, enum method method, size_t pipe_size)
{
    struct transfer transfer;

    open_transfer(&transfer, in, out, pipe_size);
    if (method_serves(method, transfer.pump.route.in_kind, transfer.pump.route.out_kind)) {
        transfer.pump.ladder = (struct ladder){1, {method}};
        bool same = move_all(&transfer);
        check(same && transfer.pump.by_method[method] == TOTAL, "%s to %s by %s with a pipe of %zu bytes",
              end_names[in], end_names[out], method_table[method].name, pipe_size);
    }
    close_transfer(&transfer);
}

static void check_pairs(void)
{
    for (enum end in = 0; in < END_COUNT; in++)
        for (enum end out = 0; out < END_COUNT; out++)
            for (enum method method = 0; method < METHOD_COUNT; method++)
                check_method(in, out, method, PUMP_PIPE_SIZE);
    check_method(END_PIPE, END_PIPE, METHOD_SPLICE, 4096);
    check_method(END_FILE, END_TCP, METHOD_SPLICE, 4096);
    check_method(END_TCP, END_FILE, METHOD_SPLICE, 4096);
    check_method(END_UNIX, END_TCP, METHOD_SPLICE, 4096);
}

/* By default: every pair works, and the first of the ladder has moved all, for all are good ones here. */
static void check_defaults(void)
{
    for (enum end in = 0; in < END_COUNT; in++) {
        for (enum end out = 0; out < END_COUNT; out++) {
            struct transfer transfer;
            open_transfer(&transfer, in, out, PUMP_PIPE_SIZE);
            enum method first = transfer.pump.ladder.steps[0];
            bool same = move_all(&transfer);
            check(same && transfer.pump.by_method[first] == TOTAL, "%s to %s by itself takes %s",
                  end_names[in], end_names[out], method_table[first].name);
            close_transfer(&transfer);
        }
    }
}

static bool set_flag(int fd, int flag)
{
    return fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | flag) == 0;
}

/* Descriptors that come with O_NONBLOCK stay so and lose nothing. */
static void check_nonblocking(void)
{
    for (enum end in = END_PIPE; in <= END_TCP; in++) {
        for (enum end out = END_PIPE; out <= END_TCP; out++) {
            for (int method = METHOD_SPLICE; method <= METHOD_READ; method += METHOD_READ - METHOD_SPLICE) {
                struct transfer transfer;
                open_transfer(&transfer, in, out, PUMP_PIPE_SIZE);
                transfer.pump.ladder = (struct ladder){1, {(enum method)method}};
                set_flag(transfer.in.ours, O_NONBLOCK);
                set_flag(transfer.out.ours, O_NONBLOCK);
                check(move_all(&transfer) && (fcntl(transfer.in.ours, F_GETFL) & O_NONBLOCK) &&
                          (transfer.out_flags & O_NONBLOCK),
                      "%s to %s by %s, both O_NONBLOCK", end_names[in], end_names[out],
                      method_table[method].name);
                close_transfer(&transfer);
            }
        }
    }
}

/* A pump of so many bytes leaves the rest to others. */
static void check_length(enum end in, enum method method)
{
    const size_t length = TOTAL / 2 + 1;
    struct transfer transfer;
    char *rest = malloc(TOTAL);
    size_t left = 0;
    ssize_t n;

    open_transfer(&transfer, in, END_TCP, PUMP_PIPE_SIZE);
    if (method_serves(method, transfer.pump.route.in_kind, KIND_STREAM)) {
        transfer.pump.ladder = (struct ladder){1, {method}};
        transfer.pump.length = length;
        if (!is_stored(&transfer.in))
            start(&transfer.feeder, &transfer.in, feed, TOTAL);
        start(&transfer.collector, &transfer.out, collect, 0);
        pump_run(&transfer.pump);
        check(transfer.pump.end == PUMP_FULL && transfer.pump.moved == length, "%s by %s stops at a length",
              end_names[in], method_table[method].name);
        close_one(&transfer.out.ours);
        check(collected(&transfer.collector, length), "and has delivered that much");
        while ((n = read(transfer.in.ours, rest + left, TOTAL - left)) > 0)
            left += (size_t)n;
        check(left == TOTAL - length && memcmp(rest, data + length, left) == 0,
              "and the next byte of the source is the one behind it");
        if (!is_stored(&transfer.in))
            pthread_join(transfer.feeder.thread, NULL);
    }
    close_transfer(&transfer);
    free(rest);
}

static void check_lengths(void)
{
    for (enum method method = 0; method < METHOD_COUNT; method++) {
        check_length(END_FILE, method);
        check_length(END_PIPE, method);
    }
}

/* Waits for an event of another thread, looking every millisecond: one that nothing can be polled for. */
static bool happens(bool (*event)(struct transfer *transfer), struct transfer *transfer)
{
    for (int i = 0; i < PATIENCE && !event(transfer); i++)
        poll(NULL, 0, 1);
    return event(transfer);
}

static bool has_moved_some(struct transfer *transfer)
{
    return transfer->pump.moved >= 100000;
}

static bool sink_is_full(struct transfer *transfer)
{
    struct pollfd sink = {.fd = transfer->out.ours, .events = POLLOUT};
    return transfer->pump.moved > 0 && poll(&sink, 1, 0) == 0;
}

/* A sending socket that is full soon. */
static void make_small(int fd)
{
    int bytes = 32768;
    setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes);
}

static void check_halt_before(void)
{
    for (int how = PUMP_TAKE_NO_MORE; how <= PUMP_ABANDON; how++) {
        struct transfer transfer;
        open_transfer(&transfer, END_FILE, END_FILE, PUMP_PIPE_SIZE);
        pump_halt(&transfer.pump, (enum pump_halt)how);
        pump_run(&transfer.pump);
        check(transfer.pump.end == PUMP_HALTED && transfer.pump.moved == 0,
              "a pump halted before (%d) moves nothing", how);
        close_transfer(&transfer);
    }
}

/* The source stays open and has nothing more: the pump waits, until it is halted in whatever way. */
static void check_halt_idle(enum end in, enum pump_halt how, enum method method)
{
    struct transfer transfer;

    open_transfer(&transfer, in, END_PIPE, PUMP_PIPE_SIZE);
    transfer.pump.ladder = (struct ladder){1, {method}};
    start(&transfer.collector, &transfer.out, collect, 0);
    start_pump(&transfer);
    put(transfer.in.theirs, data, 100000);
    happens(has_moved_some, &transfer);
    pump_halt(&transfer.pump, how);
    pthread_join(transfer.thread, NULL);
    close_one(&transfer.out.ours);
    check(collected(&transfer.collector, 100000) && transfer.pump.end == PUMP_HALTED,
          "a pump that waits for a %s by %s can be halted (%d)", end_names[in], method_table[method].name,
          how);
    close_transfer(&transfer);
}

/* Idle means that nothing is ready: what is, is still moved. */
static void check_halt_when_idle(void)
{
    struct transfer transfer;

    open_transfer(&transfer, END_TCP, END_PIPE, PUMP_PIPE_SIZE);
    put(transfer.in.theirs, data, 50000);
    pump_halt(&transfer.pump, PUMP_WHEN_IDLE);
    pump_run(&transfer.pump);
    close_one(&transfer.out.ours);
    start(&transfer.collector, &transfer.out, collect, 0);
    check(collected(&transfer.collector, 50000) && transfer.pump.end == PUMP_HALTED,
          "a pump halted when idle moves what is there first");
    close_transfer(&transfer);
}

/* The sink takes nothing; the pump is halted and the sink is then emptied. */
static void check_halt_stalled(enum end in, enum end out, enum method method)
{
    struct transfer transfer;

    open_transfer(&transfer, in, out, PUMP_PIPE_SIZE);
    if (method_serves(method, transfer.pump.route.in_kind, transfer.pump.route.out_kind)) {
        transfer.pump.ladder = (struct ladder){1, {method}};
        transfer.pump.limit.rate = 1 << 30; /* in pieces that leave something in the source */
        set_flag(transfer.out.ours, O_NONBLOCK);
        make_small(transfer.out.ours);
        if (!is_stored(&transfer.in))
            start(&transfer.feeder, &transfer.in, feed, TOTAL);
        start_pump(&transfer);
        bool full = happens(sink_is_full, &transfer);
        pump_halt(&transfer.pump, PUMP_TAKE_NO_MORE);
        start(&transfer.collector, &transfer.out, collect, 0);
        pthread_join(transfer.thread, NULL);
        close_one(&transfer.out.ours);
        size_t moved = transfer.pump.moved;
        bool halted = transfer.pump.end == PUMP_HALTED && moved < TOTAL;
        check(full && collected(&transfer.collector, moved) && halted &&
                  route_held(&transfer.pump.route) == 0,
              "%s to a stalled %s by %s: told to take no more, it delivers what it has taken (%zu)",
              end_names[in], end_names[out], method_table[method].name, moved);
        if (!is_stored(&transfer.in)) {
            close_one(&transfer.in.ours);
            pthread_join(transfer.feeder.thread, NULL);
        }
    }
    close_transfer(&transfer);
}

static void check_abandon(enum end out, enum method method, bool nonblocking)
{
    struct transfer transfer;

    open_transfer(&transfer, END_FILE, out, PUMP_PIPE_SIZE);
    transfer.pump.ladder = (struct ladder){1, {method}};
    if (nonblocking)
        set_flag(transfer.out.ours, O_NONBLOCK);
    make_small(transfer.out.ours);
    start_pump(&transfer);
    bool full = happens(sink_is_full, &transfer);
    pump_halt(&transfer.pump, PUMP_ABANDON);
    pthread_join(transfer.thread, NULL);
    check(full && transfer.pump.end == PUMP_HALTED && transfer.pump.moved < TOTAL,
          "a pump is abandoned while a %s takes nothing from %s", end_names[out], method_table[method].name);
    close_transfer(&transfer);
}

static void check_halts(void)
{
    check_halt_before();
    for (enum end in = END_PIPE; in <= END_TCP; in++) {
        for (int how = PUMP_WHEN_IDLE; how <= PUMP_ABANDON; how++) {
            check_halt_idle(in, (enum pump_halt)how, METHOD_SPLICE);
            check_halt_idle(in, (enum pump_halt)how, METHOD_READ);
        }
    }
    check_halt_when_idle();
    for (enum method method = 0; method < METHOD_COUNT; method++) {
        if (method_table[method].take == NULL)
            continue;
        check_halt_stalled(END_FILE, END_TCP, method);
        check_halt_stalled(END_FILE, END_UNIX, method);
        check_halt_stalled(END_PIPE, END_TCP, method);
        check_halt_stalled(END_PIPE, END_UNIX, method);
        if (method_serves(method, KIND_FILE, KIND_STREAM)) {
            check_abandon(END_TCP, method, true);
            check_abandon(END_UNIX, method, true);
        }
    }
    check_abandon(END_PIPE, METHOD_SPLICE, false);
    check_abandon(END_PIPE, METHOD_READ, true);
    check_abandon(END_TCP, METHOD_READ, false);
    check_abandon(END_UNIX, METHOD_READ, false);
}

/* The sink becomes one that cannot be spliced to: read and write take over with no byte lost or repeated. */
static void check_refused(enum end in, enum method first)
{
    struct transfer transfer;

    open_transfer(&transfer, in, END_FILE, PUMP_PIPE_SIZE);
    transfer.pump.length = 100000;
    if (!is_stored(&transfer.in))
        start(&transfer.feeder, &transfer.in, feed, TOTAL);
    pump_run(&transfer.pump);
    set_flag(transfer.out.ours, O_APPEND);
    transfer.pump.length = PUMP_TO_END;
    pump_run(&transfer.pump);
    const struct pump *pump = &transfer.pump;
    int refusal = first == METHOD_COPY_FILE_RANGE ? EBADF : EINVAL; /* its word for O_APPEND */
    check(pump->end == PUMP_ENDED && pump->refused[first] == refusal &&
              pump->refused[METHOD_SPLICE] == EINVAL && pump->by_method[first] == 100000 &&
              pump->by_method[METHOD_READ] == TOTAL - 100000,
          "%s to a file that becomes O_APPEND: %s is refused and read takes over", end_names[in],
          method_table[first].name);
    if (!is_stored(&transfer.in))
        pthread_join(transfer.feeder.thread, NULL);
    start(&transfer.collector, &transfer.out, collect, 0);
    check(collected(&transfer.collector, TOTAL), "and no byte is lost or repeated");
    close_transfer(&transfer);
}

/* The same while bytes are in the private pipe: only splice asked for, so that the refusal is the failure. */
static void check_refused_for_good(void)
{
    struct transfer transfer;

    open_transfer(&transfer, END_FILE, END_FILE, PUMP_PIPE_SIZE);
    transfer.pump.ladder = (struct ladder){1, {METHOD_SPLICE}};
    set_flag(transfer.out.ours, O_APPEND);
    pump_run(&transfer.pump);
    check(transfer.pump.end == PUMP_FAILED && transfer.pump.side == PUMP_OUT &&
              transfer.pump.error == EINVAL && transfer.pump.moved == 0,
          "when no other method is left the refusal is the failure, of the sink");
    transfer.pump.ladder.count = 0;
    pump_run(&transfer.pump);
    check(transfer.pump.end == PUMP_FAILED && transfer.pump.error == EINVAL,
          "without any method nothing runs");
    close_transfer(&transfer);
}

/* Failures: which side, and the errno that read or write gives. */
static void check_failure(int in, int out, enum pump_side side, int error, const char *title)
{
    struct pump pump;

    lseek(in, 0, SEEK_SET);
    if (!pump_init(&pump, in, out, PUMP_PIPE_SIZE))
        abort();
    pump_run(&pump);
    check(pump.end == PUMP_FAILED && pump.side == side && pump.error == error, "%s (%d, %s)", title,
          (int)pump.side, strerror(pump.error));
    pump_free(&pump);
}

static void check_failures(void)
{
    struct channel file = channel_open(END_FILE, true), broken = channel_open(END_PIPE, false),
                   gone = channel_open(END_UNIX, false), sink = channel_open(END_FILE, false);
    int full = open("/dev/full", O_WRONLY), directory = open("/", O_RDONLY),
        none = open("/dev/null", O_WRONLY), only_read = open("/dev/null", O_RDONLY);

    put(file.theirs, data, 10000);
    close_one(&broken.theirs);
    close_one(&gone.theirs);
    check_failure(file.ours, full, PUMP_OUT, ENOSPC, "/dev/full says that there is no space");
    check_failure(directory, sink.ours, PUMP_IN, EISDIR, "a directory cannot be read");
    check_failure(none, sink.ours, PUMP_IN, EBADF, "what is not open for reading cannot be read");
    check_failure(file.ours, only_read, PUMP_OUT, EBADF, "what is not open for writing cannot be written");
    check_failure(file.ours, broken.ours, PUMP_OUT, EPIPE, "a pipe without a reader is broken");
    check_failure(file.ours, gone.ours, PUMP_OUT, EPIPE,
                  "a socket without a peer is broken, also for sendfile");
    channel_close(&file);
    channel_close(&broken);
    channel_close(&gone);
    channel_close(&sink);
    close(full);
    close(directory);
    close(none);
    close(only_read);
}

/* A file that is cut short under its mapping is an error of the source, and no SIGBUS. */
static void check_cut_short(void)
{
    struct transfer transfer;

    open_transfer(&transfer, END_FILE, END_UNIX, PUMP_PIPE_SIZE);
    transfer.pump.ladder = (struct ladder){1, {METHOD_MMAP}};
    set_flag(transfer.out.ours, O_NONBLOCK);
    make_small(transfer.out.ours);
    start_pump(&transfer);
    bool full = happens(sink_is_full, &transfer);
    bool cut = ftruncate(transfer.in.theirs, 0) == 0;
    start(&transfer.collector, &transfer.out, collect, 0);
    pthread_join(transfer.thread, NULL);
    close_one(&transfer.out.ours);
    check(full && cut && transfer.pump.end == PUMP_FAILED && transfer.pump.side == PUMP_IN &&
              transfer.pump.error == EFAULT,
          "a file cut short while it is mapped is an error");
    check(collected(&transfer.collector, transfer.pump.moved), "and what went before is what it was");
    close_transfer(&transfer);
}

static bool has_moved_all(struct transfer *transfer)
{
    return transfer->pump.moved == TOTAL;
}

/* A request whose sender waits for the answer is delivered although data gather, and the mark is put back. */
static void check_gather(void)
{
    struct transfer transfer;
    int mark = 0;
    socklen_t length = sizeof mark;

    open_transfer(&transfer, END_TCP, END_PIPE, PUMP_PIPE_SIZE);
    transfer.pump.gather = true;
    start(&transfer.collector, &transfer.out, collect, 0);
    start_pump(&transfer);
    put(transfer.in.theirs, data, TOTAL - 100000);
    put(transfer.in.theirs, data + TOTAL - 100000, 100000);
    check(happens(has_moved_all, &transfer), "a request after bulk is delivered while its sender waits");
    pump_halt(&transfer.pump, PUMP_TAKE_NO_MORE);
    pthread_join(transfer.thread, NULL);
    close_one(&transfer.out.ours);
    check(collected(&transfer.collector, TOTAL), "and nothing else");
    getsockopt(transfer.in.ours, SOL_SOCKET, SO_RCVLOWAT, &mark, &length);
    check(mark == 1, "the socket's low mark is 1 again (%d)", mark);
    close_transfer(&transfer);
}

static void check_takes(void)
{
    struct transfer transfer;

    open_transfer(&transfer, END_UNIX, END_PIPE, PUMP_PIPE_SIZE);
    transfer.pump.ladder = (struct ladder){1, {METHOD_READ}};
    transfer.pump.max_takes = 2;
    put(transfer.in.theirs, data, 10);
    start_pump(&transfer);
    char piece[100];
    ssize_t first = read(transfer.out.theirs, piece, sizeof piece);
    put(transfer.in.theirs, data, 20);
    pthread_join(transfer.thread, NULL);
    ssize_t second = read(transfer.out.theirs, piece, sizeof piece);
    check(first == 10 && second == 20 && transfer.pump.end == PUMP_FULL, "a pump stops after so many pieces");
    close_transfer(&transfer);
}

/* Pipes from outside may be grown after 1 MiB, are never shrunk, and with keep_pipes stay as they are. */
static void check_growth(void)
{
    for (int keep = 0; keep <= 1; keep++) {
        struct transfer transfer;
        open_transfer(&transfer, END_PIPE, END_PIPE, PUMP_PIPE_SIZE);
        transfer.pump.keep_pipes = keep;
        int before = fcntl(transfer.in.ours, F_GETPIPE_SZ);
        bool same = move_all(&transfer);
        int in = fcntl(transfer.in.ours, F_GETPIPE_SZ), out = transfer.out_size;
        bool kept = in == before && out == before;
        check(same && (keep ? kept : in >= before && out >= before), "pipes are %s (%d, %d bytes)",
              keep ? "kept" : "not shrunk", in, out);
        close_transfer(&transfer);
    }
    struct transfer transfer;
    open_transfer(&transfer, END_PIPE, END_PIPE, 4096);
    int before = fcntl(transfer.in.ours, F_GETPIPE_SZ);
    check(move_all(&transfer) && fcntl(transfer.in.ours, F_GETPIPE_SZ) == before,
          "a small --pipe-size does not shrink them");
    close_transfer(&transfer);
}

static void check_rate(void)
{
    struct transfer transfer;
    uint64_t began = clock_now();

    open_transfer(&transfer, END_FILE, END_FILE, PUMP_PIPE_SIZE);
    transfer.pump.limit.rate = UINT64_C(10) << 20;
    check(move_all(&transfer) && clock_now() - began > NANOSECONDS / 4,
          "a rate is kept: 3 MiB at 10 MiB a second take a quarter of a second and more");
    close_transfer(&transfer);
}

static void check_kind(int fd, enum kind kind)
{
    check(kind_of(fd) == kind, "descriptor %d is a %s (it is a %s)", fd, kind_name(kind),
          kind_name(kind_of(fd)));
    if (fd >= 0)
        close(fd);
}

static void check_kinds(void)
{
    static const enum kind ends[] = {KIND_PIPE, KIND_STREAM, KIND_STREAM, KIND_FILE, KIND_APPEND};
    int pair[2], master = posix_openpt(O_RDWR | O_NOCTTY);

    for (enum end end = 0; end < END_COUNT; end++) {
        struct channel channel = channel_open(end, true);
        check_kind(channel.ours, ends[end]);
        close(channel.theirs);
    }
    check_kind(open("/dev/null", O_RDWR), KIND_NULL);
    check_kind(open("/dev/zero", O_RDWR), KIND_DEVICE);
    check_kind(open("/dev/full", O_WRONLY), KIND_DEVICE);
    check_kind(open("/", O_RDONLY), KIND_OTHER);
    check_kind(open("/proc/self/stat", O_RDONLY), KIND_FILE);
    check_kind(memfd_create("test", 0), KIND_FILE);
    check_kind(eventfd(0, 0), KIND_OTHER);
    check_kind(-1, KIND_OTHER);
    check_kind(socket(AF_INET, SOCK_DGRAM, 0), KIND_DATAGRAM);
    if (check(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair) == 0, "there are seqpacket sockets")) {
        check_kind(pair[0], KIND_DATAGRAM);
        close(pair[1]);
    }
    if (check(master >= 0 && grantpt(master) == 0 && unlockpt(master) == 0, "there are pseudo-terminals")) {
        check_kind(open(ptsname(master), O_RDWR | O_NOCTTY), KIND_TERMINAL);
        check_kind(master, KIND_TERMINAL);
    }
}

/* A pump that was given up with bytes in hand is turned to another pair: nothing of the first is left. */
static void check_turn(enum method method)
{
    static _Atomic int interrupt;
    static _Atomic uint64_t tally;
    struct transfer transfer, next;

    open_transfer(&transfer, END_FILE, END_TCP, PUMP_PIPE_SIZE);
    open_transfer(&next, END_FILE, END_FILE, PUMP_PIPE_SIZE);
    transfer.pump.interrupt = &interrupt;
    transfer.pump.tally = &tally;
    transfer.pump.ladder = (struct ladder){1, {method}};
    set_flag(transfer.out.ours, O_NONBLOCK);
    make_small(transfer.out.ours);
    atomic_store(&tally, 0);
    start_pump(&transfer);
    bool full = happens(sink_is_full, &transfer);
    atomic_store(&interrupt, SIGINT);
    pthread_join(transfer.thread, NULL);
    uint64_t moved = transfer.pump.moved;
    check(full && transfer.pump.end == PUMP_HALTED && moved < TOTAL && atomic_load(&tally) == moved,
          "a pump that waits for its sink notices an interrupt (%s)", method_table[method].name);
    atomic_store(&interrupt, 0);
    pump_turn(&transfer.pump, next.in.ours, KIND_FILE, next.out.ours, KIND_FILE);
    check(pump_held(&transfer.pump) == 0 && transfer.pump.ladder.steps[0] == METHOD_COPY_FILE_RANGE &&
              transfer.pump.by_method[method] == 0 && transfer.pump.moved == 0,
          "turned to another pair it holds nothing of the first (%s)", method_table[method].name);
    transfer.pump.ladder = (struct ladder){1, {method}};
    pump_run(&transfer.pump);
    start(&next.collector, &next.out, collect, 0);
    check(collected(&next.collector, TOTAL) && transfer.pump.end == PUMP_ENDED &&
              atomic_load(&tally) == moved + TOTAL,
          "and moves that one's bytes, and no others (%s)", method_table[method].name);
    close_transfer(&next);
    close_transfer(&transfer);
}

/* What vsock does is done here by a TCP socket that has never been connected. */
static void check_lost(bool is_end)
{
    int source = socket(AF_INET, SOCK_STREAM, 0), sink = open("/dev/null", O_WRONLY);
    struct pump pump;

    if (!check(pump_init(&pump, source, sink, 0), "a pump from an unconnected socket is made"))
        return;
    pump.lost_is_end = is_end;
    pump.ladder = (struct ladder){.count = 1, .steps = {METHOD_READ}};
    pump_run(&pump);
    check(pump.end == (is_end ? PUMP_ENDED : PUMP_FAILED), "ENOTCONN is %s", is_end ? "an end" : "an error");
    pump_free(&pump);
    close(source);
    close(sink);
}

int main(void)
{
    signal(SIGPIPE, SIG_IGN);
    make_data();
    check_kinds();
    check_pairs();
    check_defaults();
    check_nonblocking();
    check_lengths();
    check_halts();
    check_refused(END_PIPE, METHOD_SPLICE);
    check_refused(END_TCP, METHOD_SPLICE);
    check_refused(END_FILE, METHOD_COPY_FILE_RANGE);
    check_refused_for_good();
    check_failures();
    check_cut_short();
    check_gather();
    check_takes();
    check_growth();
    check_rate();
    check_lost(false);
    check_lost(true);
    check_turn(METHOD_SENDFILE);
    check_turn(METHOD_SPLICE);
    check_turn(METHOD_MMAP);
    check_turn(METHOD_READ);
    free(data);
    return unit_status();
}
