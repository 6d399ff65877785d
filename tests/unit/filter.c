/* SPDX-License-Identifier: MIT */
/* Checks the filter of a pump: what it makes is delivered, its pauses are kept, and halting ends them. */
#include "move/filter.h"

#include <signal.h>

#include "base/clock.h"
#include "channel.h"

enum { HOUR = 3600 };

/* A filter that cuts into pieces of so many bytes, with a pause after each. */
struct cutter {
    struct pump_filter filter;
    size_t piece;
    uint64_t pause;
    _Atomic size_t calls;
    size_t fails_at; /* the call that fails, 0: none */
};

static size_t cut(struct pump *pump, const char *taken, size_t n, struct pump_piece *piece, void *of)
{
    struct cutter *cutter = of;

    if (++cutter->calls == cutter->fails_at) {
        pump->end = PUMP_FAILED;
        pump->side = PUMP_IN;
        pump->error = EPROTO;
        return 0;
    }
    size_t used = n < cutter->piece ? n : cutter->piece;
    *piece = (struct pump_piece){taken, used, cutter->pause};
    return used;
}

static void set_cutter(struct transfer *transfer, struct cutter *cutter, size_t piece, uint64_t pause)
{
    *cutter = (struct cutter){
        .filter = {.next = cut, .of = cutter, .reason = "a test"}, .piece = piece, .pause = pause};
    filter_set(&transfer->pump, &cutter->filter);
}

static void check_pieces(enum end in, enum end out, size_t piece)
{
    struct transfer transfer;
    struct cutter cutter;

    open_transfer(&transfer, in, out, PUMP_PIPE_SIZE);
    set_cutter(&transfer, &cutter, piece, 0);
    check(move_all(&transfer) && transfer.pump.by_method[METHOD_READ] == TOTAL &&
              cutter.calls >= TOTAL / piece && pump_held(&transfer.pump) == 0,
          "%s to %s through a filter, %zu bytes at a time, arrives whole by read", end_names[in],
          end_names[out], piece);
    close_transfer(&transfer);
}

/* Makes each byte two, or drops every second one. */
static size_t double_bytes(struct pump *pump, const char *taken, size_t n, struct pump_piece *piece, void *of)
{
    char *pair = of;

    (void)pump;
    pair[0] = pair[1] = *taken;
    *piece = (struct pump_piece){pair, 2, 0};
    return n > 0;
}

static size_t drop_bytes(struct pump *pump, const char *taken, size_t n, struct pump_piece *piece, void *of)
{
    (void)pump, (void)of;
    *piece = (struct pump_piece){taken, n == 1, 0};
    return n > 1 ? n - 1 : 1;
}

static void check_lengths(void)
{
    char pair[2], got[16];
    const struct pump_filter more = {double_bytes, pair, "a test"}, less = {drop_bytes, NULL, "a test"};

    for (int i = 0; i < 2; i++) {
        struct transfer transfer;
        open_transfer(&transfer, END_PIPE, END_PIPE, PUMP_PIPE_SIZE);
        filter_set(&transfer.pump, i == 0 ? &more : &less);
        put(transfer.in.theirs, "abc", 3);
        close_one(&transfer.in.theirs);
        pump_run(&transfer.pump);
        ssize_t n = read(transfer.out.theirs, got, sizeof got);
        const char *expected = i == 0 ? "aabbcc" : "c";
        check(transfer.pump.end == PUMP_ENDED && n == (ssize_t)strlen(expected) &&
                  memcmp(got, expected, (size_t)n) == 0 && transfer.pump.moved == (uint64_t)n,
              "a filter may make %s of the bytes, and counted is what arrives", i == 0 ? "more" : "less");
        close_transfer(&transfer);
    }
}

static void check_failure(void)
{
    struct transfer transfer;
    struct cutter cutter;

    open_transfer(&transfer, END_FILE, END_FILE, PUMP_PIPE_SIZE);
    set_cutter(&transfer, &cutter, 1000, 0);
    cutter.fails_at = 3;
    pump_run(&transfer.pump);
    check(transfer.pump.end == PUMP_FAILED && transfer.pump.error == EPROTO && transfer.pump.moved == 2000 &&
              pump_held(&transfer.pump) > 0,
          "a filter that fails stops the pump, and what it has not used is held");
    close_transfer(&transfer);
}

static void check_pauses(void)
{
    const uint64_t pause = NANOSECONDS / 20;
    struct transfer transfer;
    struct cutter cutter;

    open_transfer(&transfer, END_PIPE, END_PIPE, PUMP_PIPE_SIZE);
    set_cutter(&transfer, &cutter, 10, pause);
    put(transfer.in.theirs, data, 30);
    close_one(&transfer.in.theirs);
    uint64_t started = clock_now();
    pump_run(&transfer.pump);
    uint64_t elapsed = clock_now() - started;
    check(transfer.pump.moved == 30 && elapsed >= 2 * pause, "three pieces have two pauses between them");
    close_transfer(&transfer);

    open_transfer(&transfer, END_PIPE, END_PIPE, PUMP_PIPE_SIZE);
    set_cutter(&transfer, &cutter, 10, HOUR * NANOSECONDS);
    put(transfer.in.theirs, data, 10);
    close_one(&transfer.in.theirs);
    pump_run(&transfer.pump);
    check(transfer.pump.end == PUMP_ENDED && transfer.pump.moved == 10,
          "no pause before the first piece, and none after the last");
    close_transfer(&transfer);
}

/* Three pieces an hour apart: the first has been delivered when the pump is halted. */
static void check_halted_pause(enum pump_halt how)
{
    struct transfer transfer;
    struct cutter cutter;

    open_transfer(&transfer, END_PIPE, END_PIPE, PUMP_PIPE_SIZE);
    set_cutter(&transfer, &cutter, 10, HOUR * NANOSECONDS);
    put(transfer.in.theirs, data, 30);
    start_pump(&transfer);
    char first[10];
    bool came = read(transfer.out.theirs, first, sizeof first) == sizeof first;
    pump_halt(&transfer.pump, PUMP_WHEN_IDLE); /* has no business with a pause */
    pump_halt(&transfer.pump, how);
    pthread_join(transfer.thread, NULL);
    bool rest = how == PUMP_TAKE_NO_MORE;
    check(came && transfer.pump.end == PUMP_HALTED && transfer.pump.moved == (rest ? 30 : 10) &&
              pump_held(&transfer.pump) == (rest ? 0 : 20),
          "a pause ends when the pump is halted, and %s",
          rest ? "the rest is delivered" : "an abandoned one knows what it holds");
    close_transfer(&transfer);
}

int main(void)
{
    signal(SIGPIPE, SIG_IGN);
    make_data();
    for (enum end in = 0; in < END_COUNT; in++)
        for (enum end out = 0; out < END_COUNT; out++)
            check_pieces(in, out, 5003);
    check_pieces(END_PIPE, END_PIPE, TOTAL);
    check_lengths();
    check_failure();
    check_pauses();
    check_halted_pause(PUMP_TAKE_NO_MORE);
    check_halted_pause(PUMP_ABANDON);
    free(data);
    return unit_status();
}
