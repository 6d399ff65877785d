/* SPDX-License-Identifier: MIT */
/* Checks the token bucket of --bwlimit by a clock of its own. */
#include "base/limit.h"

#include "base/clock.h"
#include "unit.h"

static const uint64_t start = 12345 * NANOSECONDS;

/*
 * Moves bytes for so many seconds of a made-up clock, which goes on by what limit_wait says, as a whole
 * number of steps (nanoseconds) like the milliseconds of poll(2), and by late nanoseconds more.
 */
static double rate_kept(uint64_t rate, unsigned seconds, size_t want, uint64_t step, uint64_t late)
{
    struct limit limit = {.rate = rate};
    uint64_t now = start, moved = 0, from = start;

    while (now < start + seconds * NANOSECONDS) {
        size_t granted = limit_grant(&limit, want, now);
        if (granted > want)
            return -1;
        if (granted == 0) {
            uint64_t wait = limit_wait(&limit);
            if (wait == 0)
                return -2;
            now += (wait + step - 1) / step * step + late;
        }
        limit_spend(&limit, granted);
        moved += granted;
    }
    return (double)moved * (double)NANOSECONDS / (double)(now - from) / (double)rate;
}

static void check_rate(uint64_t rate, unsigned seconds, size_t want, uint64_t step, uint64_t late)
{
    double kept = rate_kept(rate, seconds, want, step, late);

    check(kept > 0.99 && kept < 1.01,
          "%llu bytes a second for %u s, %zu at a time, waking at steps of %llu ns and %llu late: %.4f of it",
          (unsigned long long)rate, seconds, want, (unsigned long long)step, (unsigned long long)late, kept);
}

static void check_rates(void)
{
    static const uint64_t rates[] = {
        100, 1000, 4096, 100000, 1 << 20, UINT64_C(100) << 20, UINT64_C(10) << 30};

    for (size_t i = 0; i < sizeof rates / sizeof *rates; i++) {
        check_rate(rates[i], 1000, 8 << 20, 1, 0);
        check_rate(rates[i], 1000, 8 << 20, 1000000, 0);
        check_rate(rates[i], 1000, 8 << 20, 1000000, 20000000);
        if (rates[i] <= 1 << 20)
            check_rate(rates[i], 60, 7, 1000000, 0);
    }
    check_rate(1, 1000, 8 << 20, 1, 0);
    check_rate(7, 1000, 8 << 20, 1, 0);
}

/* All that is granted without waiting. */
static uint64_t burst(struct limit *limit, uint64_t now)
{
    uint64_t all = 0;
    size_t granted;

    while ((granted = limit_grant(limit, 1 << 20, now)) > 0) {
        limit_spend(limit, granted);
        all += granted;
    }
    return all;
}

static void check_idle(void)
{
    struct limit limit = {.rate = 1000000};

    check(burst(&limit, start) <= 50000, "at the start at most 50 ms worth go at once");
    uint64_t all = burst(&limit, start + 1000 * NANOSECONDS);
    check(all > 0 && all <= 50000, "after 1000 s of idling at most 50 ms worth go at once (%llu bytes)",
          (unsigned long long)all);
    check(limit_wait(&limit) > 0, "then it is time to wait");
    all = burst(&limit, start + 1000 * NANOSECONDS);
    check(all == 0, "time that stands still grants nothing");
    all = burst(&limit, start + 900 * NANOSECONDS);
    check(all == 0, "a clock that goes back grants nothing");
}

static void check_grants(void)
{
    struct limit none = {.rate = 0}, slow = {.rate = 1}, fast = {.rate = UINT64_C(1) << 40};

    check(limit_grant(&none, 123456789, start) == 123456789, "without a rate all that is wanted is granted");
    limit_spend(&none, 123456789);
    check(limit_wait(&none) == 0, "without a rate nobody waits");
    check(limit_grant(&fast, 10, start) <= 10 && limit_grant(&fast, 10, start + NANOSECONDS) == 10,
          "never more is granted than is wanted");
    check(limit_grant(&slow, 100, start) == 0, "at one byte a second the first byte has to be waited for");
    uint64_t wait = limit_wait(&slow);
    check(wait > NANOSECONDS / 2 && wait <= NANOSECONDS + 1, "for a second (%llu ns)",
          (unsigned long long)wait);
    check(limit_grant(&slow, 100, start + wait) == 1, "then it is granted");
    limit_spend(&slow, 1);
    check(limit_grant(&slow, 100, start + wait + NANOSECONDS / 2) == 0, "and no other half a second later");
    limit_grant(&fast, 0, start);
    check(limit_grant(&fast, 0, start + NANOSECONDS) == 0, "nothing wanted, nothing granted");
}

/* A piece that was taken from less than what was granted leaves the rest for later. */
static void check_unused(void)
{
    struct limit limit = {.rate = 1000000};

    limit_grant(&limit, 1, start);
    size_t granted = limit_grant(&limit, 1 << 20, start + NANOSECONDS);
    limit_spend(&limit, granted / 2);
    size_t rest = limit_grant(&limit, 1 << 20, start + NANOSECONDS);
    check(granted == 50000 && rest == 25000, "what was granted and not used is still there (%zu, %zu)",
          granted, rest);
}

int main(void)
{
    check_rates();
    check_idle();
    check_grants();
    check_unused();
    return unit_status();
}
