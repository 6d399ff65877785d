/* SPDX-License-Identifier: MIT */
/* What the progress line says and when it is due. Pure: the caller has the clock and the terminal. */
#ifndef ZCOPY_BASE_PROGRESS_H
#define ZCOPY_BASE_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

enum progress_when { PROGRESS_NEVER, PROGRESS_AUTO, PROGRESS_ALWAYS };

/* Room for any progress line with its NUL. */
enum { PROGRESS_TEXT = 192 };

struct progress {
    enum progress_when when;
    uint64_t total;              /* bytes to move, 0: unknown */
    uint64_t files, total_files; /* that are done, and are to be done; 0 and 0: it is not about files */
    uint64_t started;            /* nanoseconds */
    uint64_t shown;              /* nanoseconds: when the last line was made, 0: never */
    uint64_t bytes;              /* bytes that it showed */
};

/* "auto", "always" or "never", or NULL which means auto, into *when; false when it is none of these. */
bool progress_parse(const char *text, enum progress_when *when);

/* The moment (nanoseconds) of the next line: one second after the start, then every half second. */
uint64_t progress_due(const struct progress *progress);

/*
 * Writes the line into text: bytes, files if there are any, percent and time left when the total is known,
 * the current rate (since the line before) and the average. Remembers bytes and now for the next current
 * rate. Returns text.
 */
const char *progress_text(struct progress *progress, uint64_t bytes, uint64_t now, char text[PROGRESS_TEXT]);

#endif
