/* SPDX-License-Identifier: MIT */
/* Checks the text of the progress line and the moments at which it is due. */
#include "base/progress.h"

#include <string.h>

#include "base/clock.h"
#include "unit.h"

static const uint64_t start = 777 * NANOSECONDS;

static void check_text(struct progress *progress, uint64_t bytes, double after, const char *expected)
{
    char text[PROGRESS_TEXT];

    progress_text(progress, bytes, start + (uint64_t)(after * 1e9), text);
    check(strcmp(text, expected) == 0, "%llu bytes after %.1f s: '%s' (it is '%s')",
          (unsigned long long)bytes, after, expected, text);
}

static void check_without_total(void)
{
    struct progress progress = {.when = PROGRESS_ALWAYS, .started = start};

    check_text(&progress, 2048, 1, "2.00 KiB  2.00 KiB/s now  2.00 KiB/s average");
    check_text(&progress, 2048 + 512, 1.5, "2.50 KiB  1.00 KiB/s now  1.67 KiB/s average");
    check_text(&progress, 2048 + 512, 2, "2.50 KiB  0 B/s now  1.25 KiB/s average");
}

static void check_with_total(void)
{
    struct progress progress = {.when = PROGRESS_ALWAYS, .started = start, .total = 100 << 20};

    check_text(&progress, 0, 1, "0 B    0%  -:-- left  0 B/s now  0 B/s average");
    check_text(&progress, 50 << 20, 2, "50.0 MiB   50%  0:02 left  50.0 MiB/s now  25.0 MiB/s average");
    check_text(&progress, 100 << 20, 4, "100.0 MiB  100%  0:00 left  25.0 MiB/s now  25.0 MiB/s average");
}

static void check_with_files(void)
{
    struct progress progress = {
        .when = PROGRESS_ALWAYS, .started = start, .total = 1024, .files = 3, .total_files = 12};

    check_text(&progress, 512, 1, "512 B  3 of 12 files   50%  0:01 left  512 B/s now  512 B/s average");
}

/* A file of unknown or wrong size may give more than its total. */
static void check_odd(void)
{
    struct progress more = {.started = start, .total = 1024};
    struct progress at_once = {.started = start, .total = 1024};
    struct progress endless = {.started = start, .total = INT64_MAX};
    char text[PROGRESS_TEXT];

    check_text(&more, 2048, 1, "2.00 KiB  200%  -:-- left  2.00 KiB/s now  2.00 KiB/s average");
    check_text(&at_once, 512, 0, "512 B   50%  -:-- left  0 B/s now  0 B/s average");
    progress_text(&endless, 1, start + 1000 * NANOSECONDS, text);
    check(strlen(text) < PROGRESS_TEXT && strstr(text, "left") != NULL, "no time left is too long: '%s'",
          text);
}

static void check_due(void)
{
    struct progress progress = {.when = PROGRESS_AUTO, .started = start};
    struct progress never = {.when = PROGRESS_NEVER, .started = start, .shown = start};
    char text[PROGRESS_TEXT];

    check(progress_due(&progress) == start + NANOSECONDS, "the first line is due after a second");
    progress_text(&progress, 1, start + NANOSECONDS, text);
    check(progress_due(&progress) == start + NANOSECONDS + NANOSECONDS / 2, "the next half a second later");
    check(progress_due(&never) == CLOCK_NEVER, "with never none is due");
}

static void check_parse(void)
{
    enum progress_when when = PROGRESS_NEVER;

    check(progress_parse("auto", &when) && when == PROGRESS_AUTO, "auto is taken");
    check(progress_parse("always", &when) && when == PROGRESS_ALWAYS, "always is taken");
    check(progress_parse("never", &when) && when == PROGRESS_NEVER, "never is taken");
    check(!progress_parse("", &when) && !progress_parse("alway", &when) && !progress_parse("ALWAYS", &when) &&
              when == PROGRESS_NEVER,
          "other words are not, and change nothing");
    check(progress_parse(NULL, &when) && when != PROGRESS_NEVER, "no word asks for progress");
}

int main(void)
{
    check_without_total();
    check_with_total();
    check_with_files();
    check_odd();
    check_due();
    check_parse();
    return unit_status();
}
