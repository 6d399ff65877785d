/* SPDX-License-Identifier: MIT */
/* --resume: how much of the target is the source's already, found out by reading both. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/message.h"
#include "mover_private.h"

enum { BLOCK = 4096 /* bytes: what is copied anew begins at a multiple of it */ };

static size_t common_length(const char *a, const char *b, size_t length)
{
    size_t n = 0;

    if (memcmp(a, b, length) == 0)
        return length;
    while (a[n] == b[n])
        n++;
    return n;
}

/* Compares a piece at *same, and moves that on by what is equal. Returns 1: all was; 0: not, or an end came;
 * -1: that failed (reported). */
static int compare_piece(struct copying *copy, char *buffer, uint64_t *same)
{
    size_t half = MOVER_BUFFER / 2, length = copy->old - *same < half ? (size_t)(copy->old - *same) : half;
    ssize_t read = bytes_read_at(copy->in, buffer, length, *same);
    if (read < 0)
        return copying_fail(copy, PUMP_IN, errno) - 1;
    ssize_t there = bytes_read_at(copy->out, buffer + half, (size_t)read, *same);
    if (there < 0) {
        message_error(errno, "error reading '%s'", copy->to->text);
        return -1;
    }
    size_t equal = common_length(buffer, buffer + half, (size_t)there);
    bool all = equal == length;
    if (!all || *same + equal < (uint64_t)copy->status->st_size)
        equal -= equal % BLOCK;
    if (copy->sums != NULL && copy->mover->pump.filter != NULL)
        sums_add(copy->sums, buffer, equal);
    *same += equal;
    return all && equal == length;
}

static bool compare(struct copying *copy, uint64_t *same)
{
    char *buffer = mover_buffer(copy->mover);
    int went = buffer != NULL ? 1 : copying_fail(copy, PUMP_OUT, errno) - 1;

    while (went > 0 && *same < copy->old) {
        if (copying_is_interrupted(copy))
            return false;
        went = compare_piece(copy, buffer, same);
    }
    return went >= 0;
}

bool resume_skip(struct copying *copy)
{
    const struct settings *settings = copy->mover->run->settings;
    uint64_t same = 0;

    if (!settings->resume || copy->old == 0 || !S_ISREG(copy->status->st_mode))
        return true;
    if (!compare(copy, &same)) {
        copy->old = 0; /* nothing of it has been replaced */
        return false;
    }
    if (settings->transfer.debug)
        message_note("debug: the first %llu bytes of '%s' are those of '%s' already",
                     (unsigned long long)same, copy->to->text, copy->from->text);
    copy->skipped = same;
    atomic_fetch_add_explicit(&copy->mover->run->bytes, same, memory_order_relaxed);
    return settings->in_place || in_place_cut(copy, same);
}
