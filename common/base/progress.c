/* SPDX-License-Identifier: MIT */
/* The text of the progress line. */
#include "base/progress.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/size.h"

bool progress_parse(const char *text, enum progress_when *when)
{
    static const char *const names[] = {
        [PROGRESS_NEVER] = "never", [PROGRESS_AUTO] = "auto", [PROGRESS_ALWAYS] = "always"};

    if (text == NULL)
        text = "auto";
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (strcmp(text, names[i]) == 0) {
            *when = (enum progress_when)i;
            return true;
        }
    }
    return false;
}

uint64_t progress_due(const struct progress *progress)
{
    if (progress->when == PROGRESS_NEVER)
        return CLOCK_NEVER;
    return progress->shown == 0 ? progress->started + NANOSECONDS : progress->shown + NANOSECONDS / 2;
}

static double rate(uint64_t bytes, uint64_t duration)
{
    return duration == 0 ? 0 : (double)bytes * (double)NANOSECONDS / (double)duration;
}

static void add_left(char *text, size_t room, const struct progress *progress, uint64_t bytes, double average)
{
    const double longest = 1e9; /* seconds, as duration_parse has it */
    char left[SIZE_TEXT] = "-:--";

    if (progress->total == 0)
        return;
    double seconds =
        average > 0 && bytes <= progress->total ? (double)(progress->total - bytes) / average : -1;
    if (seconds >= 0 && seconds < longest)
        duration_format(left, (uint64_t)(seconds * (double)NANOSECONDS));
    snprintf(text, room, "  %3.0f%%  %s left", 100.0 * (double)bytes / (double)progress->total, left);
}

static void add_files(char *text, size_t room, const struct progress *progress)
{
    if (progress->total_files > 0)
        snprintf(text, room, "  %llu of %llu files", (unsigned long long)progress->files,
                 (unsigned long long)progress->total_files);
}

const char *progress_text(struct progress *progress, uint64_t bytes, uint64_t now, char text[PROGRESS_TEXT])
{
    char done[SIZE_TEXT], current[SIZE_TEXT], mean[SIZE_TEXT], left[2 * SIZE_TEXT] = "", files[64] = "";
    uint64_t since = progress->shown == 0 ? progress->started : progress->shown;
    double average = rate(bytes, now - progress->started);

    add_left(left, sizeof left, progress, bytes, average);
    add_files(files, sizeof files, progress);
    snprintf(text, PROGRESS_TEXT, "%s%s%s  %s/s now  %s/s average", size_format(done, bytes), files, left,
             size_format(current, (uint64_t)rate(bytes - progress->bytes, now - since)),
             size_format(mean, (uint64_t)average));
    progress->shown = now;
    progress->bytes = bytes;
    return text;
}
