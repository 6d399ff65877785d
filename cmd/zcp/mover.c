/* SPDX-License-Identifier: MIT */
/* One file after the other: a clone, or its bytes by the methods that the options leave. */
#include "mover.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/message.h"
#include "mover_private.h"

enum {
    READ_AHEAD = 1024 * 1024, /* bytes, from which on a hint pays */
    ALIGNMENT = 4096          /* bytes, what O_DIRECT asks for at most */
};

bool mover_open(struct mover *mover, struct run *run)
{
    *mover = (struct mover){.run = run, .offload_is_sound = method_is_sound(METHOD_COPY_FILE_RANGE)};
    mover->totals.started = clock_now();
    if (!pump_init(&mover->pump, -1, -1, run->settings->transfer.pipe_size)) {
        message_error(errno, "cannot make an eventfd");
        return false;
    }
    mover->pump.limit.rate = run->settings->transfer.rate;
    mover->pump.keep_pipes = run->settings->transfer.keep_pipes;
    mover->pump.interrupt = &run->signal;
    mover->pump.tally = &run->bytes;
    return true;
}

void mover_close(struct mover *mover)
{
    pump_free(&mover->pump);
    free(mover->buffer);
}

char *mover_buffer(struct mover *mover)
{
    void *buffer = NULL;

    if (mover->buffer == NULL) {
        errno = posix_memalign(&buffer, ALIGNMENT, MOVER_BUFFER);
        mover->buffer = buffer;
    }
    return mover->buffer;
}

bool copying_fail(const struct copying *copy, enum pump_side side, int error)
{
    if (error == EINTR && copying_is_interrupted(copy))
        return false;
    if (side == PUMP_IN && error == EFAULT)
        message_note("error reading '%s': it was cut short while it was being copied", copy->from->text);
    else
        message_error(error, "error %s '%s'", side == PUMP_IN ? "reading" : "writing",
                      side == PUMP_IN ? copy->from->text : copy->to->text);
    return false;
}

static bool no_method(const struct copying *copy, int error)
{
    const struct route *route = &copy->mover->pump.route;

    message_error(error, "no method that is allowed can move bytes from '%s' (%s) to '%s' (%s)",
                  copy->from->text, kind_name(route->in_kind), copy->to->text, kind_name(route->out_kind));
    return false;
}

bool copying_pump_failed(const struct copying *copy)
{
    const struct pump *pump = &copy->mover->pump;

    if (pump->end != PUMP_FAILED) /* halted, by run->signal */
        return false;
    if (pump->ladder.count == 1 && pump->refused[pump->ladder.steps[0]] == pump->error)
        return no_method(copy, pump->error);
    return copying_fail(copy, pump->side, pump->error);
}

/* Reads the status of out and turns the pump. Nothing is asked of the system that the two do not tell. */
static bool begin(struct copying *copy)
{
    struct mover_pair *pair = &copy->mover->pair;
    enum kind in_kind = S_ISREG(copy->status->st_mode) ? KIND_FILE : kind_of(copy->in);

    if (fstat(copy->out, &copy->target) != 0) {
        message_error(errno, "cannot fstat '%s'", copy->to->text);
        return false;
    }
    copy->drops_cache = copy->mover->run->settings->drop_cache && S_ISREG(copy->status->st_mode) &&
                        S_ISREG(copy->target.st_mode);
    copy->cache.in = copy->in;
    copy->cache.out = copy->out;
    enum kind out_kind = S_ISREG(copy->target.st_mode) ? KIND_FILE : kind_of(copy->out);
    pump_turn(&copy->mover->pump, copy->in, in_kind, copy->out, out_kind);
    if (pair->from != copy->status->st_dev || pair->to != copy->target.st_dev)
        *pair = (struct mover_pair){.from = copy->status->st_dev, .to = copy->target.st_dev};
    return true;
}

/* A clone is all that may be done. */
static bool clone_is_all(const struct copying *copy)
{
    const struct settings *settings = copy->mover->run->settings;
    const struct ladder *methods = &settings->transfer.methods;

    if (settings->reflink != REFLINK_AUTO)
        return settings->reflink == REFLINK_ALWAYS;
    return settings->sparse != SPARSE_NEVER && methods->count == 1 && methods->steps[0] == METHOD_CLONE;
}

/* Of a list it has to be the first: behind another method it would have to share what is left of a file that
 * is half copied. A clone has the holes of its source, and not those that --sparse asks for. */
static bool wants_clone(const struct copying *copy)
{
    const struct settings *settings = copy->mover->run->settings;
    const struct ladder *methods = &settings->transfer.methods;

    if (clone_is_all(copy))
        return true;
    return settings->reflink == REFLINK_AUTO && settings->sparse == SPARSE_AUTO &&
           !copy->mover->pair.no_clone && (methods->count == 0 || methods->steps[0] == METHOD_CLONE) &&
           S_ISREG(copy->status->st_mode) && S_ISREG(copy->target.st_mode);
}

/* ioctl_ficlone(2), and what GNU cp holds for an error that copying would meet, too. */
static bool is_final(int error)
{
    return error == EIO || error == ENOMEM || error == ENOSPC || error == EDQUOT;
}

static bool is_of_file_system(int error)
{
    return error == EOPNOTSUPP || error == EXDEV || error == ENOSYS || error == ENOTTY;
}

static void count_clone(struct copying *copy)
{
    struct mover *mover = copy->mover;
    uint64_t size = (uint64_t)copy->status->st_size;
    struct stat now;

    /* Of a source that became shorter the clone has left what out had behind it. */
    copy->skipped = size;
    if (copy->old > 0 && fstat(copy->in, &now) == 0 && (uint64_t)now.st_size < size)
        copy->skipped = (uint64_t)now.st_size;
    copy->reflink = SAID_YES;
    mover->totals.bytes += size;
    mover->totals.by_method[METHOD_CLONE] += size;
    atomic_fetch_add_explicit(&mover->run->bytes, size, memory_order_relaxed);
}

enum cloned { CLONED, CLONE_REFUSED, CLONE_FAILED };

static enum cloned clone_failed(struct copying *copy, int error)
{
    struct mover *mover = copy->mover;

    copy->reflink = SAID_UNSUPPORTED;
    mover->pump.refused[METHOD_CLONE] = error;
    mover->pair.no_clone |= is_of_file_system(error);
    if (!clone_is_all(copy) && !is_final(error))
        return CLONE_REFUSED;
    message_error(error, "failed to clone '%s' from '%s'", copy->to->text, copy->from->text);
    return CLONE_FAILED;
}

static enum cloned clone_file(struct copying *copy)
{
    if (!wants_clone(copy))
        return CLONE_REFUSED;
    while (!method_clone(copy->in, copy->out)) {
        if (errno != EINTR)
            return clone_failed(copy, errno);
        if (copying_is_interrupted(copy))
            return CLONE_FAILED;
    }
    count_clone(copy);
    return CLONED;
}

static bool offload_is_allowed(const struct copying *copy)
{
    const struct mover *mover = copy->mover;
    const struct settings *settings = mover->run->settings;

    return mover->offload_is_sound && settings->reflink != REFLINK_NEVER && settings->sparse != SPARSE_NEVER;
}

/* The bytes have to come into memory on their way. Where a list says how they go, and they can be read once
 * more, digests are no reason for that. */
static bool has_to_look(const struct copying *copy)
{
    const struct ladder *wanted = &copy->mover->run->settings->transfer.methods;

    return copy->finds_zeros ||
           (copy->sums != NULL && (wanted->count == 0 || copy->mover->pump.ladder.steps[0] == METHOD_READ ||
                                   !S_ISREG(copy->status->st_mode)));
}

/* The methods that the options leave, and of these the ones that pay. False: none (reported). */
static bool choose_methods(struct copying *copy)
{
    struct mover *mover = copy->mover;
    struct pump *pump = &mover->pump;
    const struct ladder *wanted = &mover->run->settings->transfer.methods;

    if (wanted->count > 0)
        pump->ladder = ladder_restrict(wanted, pump->route.in_kind, pump->route.out_kind);
    else if (copying_is_small(copy))
        pump->ladder = (struct ladder){1, {METHOD_READ}};
    if (!offload_is_allowed(copy) || (wanted->count == 0 && mover->pair.no_offload))
        ladder_drop(&pump->ladder, METHOD_COPY_FILE_RANGE);
    copy->finds_zeros = copy->makes_holes && mover->run->settings->sparse == SPARSE_ALWAYS;
    if (has_to_look(copy)) {
        if (wanted->count > 0 && !ladder_has(wanted, METHOD_READ))
            pump->ladder.count = 0;
        else
            looking_set(copy);
    }
    return pump->ladder.count > 0 || no_method(copy, EINVAL);
}

static void remember(struct mover *mover)
{
    const struct pump *pump = &mover->pump;

    if (pump->by_method[METHOD_COPY_FILE_RANGE] == 0 &&
        is_of_file_system(pump->refused[METHOD_COPY_FILE_RANGE]))
        mover->pair.no_offload = true;
    transfer_add(&mover->totals, pump);
}

static bool copy_bytes(struct copying *copy)
{
    const struct stat *status = copy->status;
    enum sparse_when sparse = copy->mover->run->settings->sparse;

    copy->makes_holes = S_ISREG(copy->target.st_mode) && sparse != SPARSE_NEVER;
    /* st_blocks counts 512 bytes (inode(7)). Compression says the same of a file without holes: harmless. */
    copy->seeks_data =
        copy->makes_holes && S_ISREG(status->st_mode) && status->st_blocks < status->st_size / 512;
    if (!choose_methods(copy) || !resume_skip(copy))
        return false;
    if (copy->drops_cache)
        cache_open(&copy->cache);
    else if (status->st_size >= READ_AHEAD)
        posix_fadvise(copy->in, 0, 0, POSIX_FADV_SEQUENTIAL);
    bool done = extents_copy(copy);
    remember(copy->mover);
    return done;
}

bool mover_copy(struct mover *mover, int in, const struct stat *status, const struct place *from, int out,
                const struct place *to, struct sums *sums)
{
    struct copying copy = {
        .mover = mover, .in = in, .out = out, .status = status, .from = from, .to = to, .sums = sums};

    if (copying_is_interrupted(&copy) || !begin(&copy) || !in_place_begin(&copy))
        return false;
    enum cloned cloned = clone_file(&copy);
    bool done = cloned == CLONED || (cloned == CLONE_REFUSED && copy_bytes(&copy));
    done = in_place_end(&copy, done);
    if (done && sums != NULL && mover->pump.filter == NULL)
        done = looking_again(&copy);
    if (mover->run->settings->transfer.debug)
        explain(&copy);
    return done;
}
