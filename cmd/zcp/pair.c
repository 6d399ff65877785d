/* SPDX-License-Identifier: MIT */
/* Opening and creating as cp does. */
#include "pair.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "attributes.h"
#include "base/descriptor.h"
#include "base/message.h"
#include "same.h"

enum {
    WAIT = 100,       /* milliseconds between looks for a signal */
    LEASE_WAITS = 600 /* of these: the kernel ends a lease after fs.lease-break-time, 45 seconds */
};

/* What has been written is to be read as well. */
static int writing(const struct pair *pair)
{
    return pair->settings->verifies || pair->settings->resume ? O_RDWR : O_WRONLY;
}

/* A FIFO is waited for, as cp does it, but not in open(2): a signal may end the run meanwhile. */
static bool wait_for_writer(const struct pair *pair)
{
    struct pollfd ready = {.fd = pair->in, .events = POLLIN};

    while (!run_is_halted(pair->mover->run))
        if (poll(&ready, 1, WAIT) != 0)
            return true;
    return false;
}

/* The same for what open(2) would wait for, as the error tells; so often at most, -1: without end. */
static int open_waiting(const struct pair *pair, const struct place *place, int flags, int error, int most)
{
    int fd = openat(place->dir, place->name, flags | O_NONBLOCK);

    for (int n = 0; fd < 0 && errno == error && n != most && !run_is_halted(pair->mover->run); n++) {
        poll(NULL, 0, WAIT);
        fd = openat(place->dir, place->name, flags | O_NONBLOCK);
    }
    return fd;
}

/* EAGAIN: another process has a lease on the file, and has been asked to give it back, fcntl(2). */
static int open_leased(const struct pair *pair, const struct place *place, int flags)
{
    return open_waiting(pair, place, flags, EAGAIN, LEASE_WAITS);
}

static bool open_source(struct pair *pair)
{
    const struct file *file = pair->file;

    pair->in = open_leased(pair, &file->from, O_RDONLY | O_CLOEXEC | (file->followed ? 0 : O_NOFOLLOW));
    if (pair->in >= 0 && S_ISFIFO(file->status.st_mode) && !wait_for_writer(pair))
        return false;
    if (pair->in < 0 && errno == EAGAIN && run_is_halted(pair->mover->run))
        return false;
    if (pair->in < 0)
        return run_complain(pair->mover->run, errno, "cannot open '%s' for reading", file->from.text);
    if (fstat(pair->in, &pair->status) != 0)
        return run_complain(pair->mover->run, errno, "cannot fstat '%s'", file->from.text);
    return same_inode(&pair->status, &file->status) ||
           run_complain(pair->mover->run, 0, "skipping file '%s', as it was replaced while being copied",
                        file->from.text);
}

/* What is there is emptied only when it is known to be what was looked at, and not the source. */
static bool check_existing(struct pair *pair)
{
    struct stat status;

    if (fstat(pair->out, &status) != 0)
        return run_complain(pair->mover->run, errno, "cannot fstat '%s'", pair->file->to.text);
    if (same_inode(&status, &pair->status)) {
        message_note("'%s' and '%s' are the same file", pair->file->from.text, pair->file->to.text);
        return false;
    }
    bool keeps = pair->settings->in_place || pair->settings->resume || pair->settings->attributes_only;
    bool empties = S_ISREG(status.st_mode) && !keeps; /* of no size, too: its time changes */
    return !empties || ftruncate(pair->out, 0) == 0 ||
           run_complain(pair->mover->run, errno, "error writing '%s'", pair->file->to.text);
}

/* -f. False: it is still there. */
static bool remove_existing(const struct pair *pair, int error)
{
    const struct place *to = &pair->file->to;

    if (!pair->settings->force)
        return run_complain(pair->mover->run, error, "cannot create regular file '%s'", to->text);
    if (unlinkat(to->dir, to->name, 0) != 0 && errno != ENOENT)
        return run_complain(pair->mover->run, errno, "cannot remove '%s'", to->text);
    if (pair->settings->verbose)
        message_result("removed '%s'", to->text);
    return true;
}

static int without_nonblock(int fd)
{
    if (fd >= 0)
        fcntl(fd, F_SETFL, 0);
    return fd;
}

static bool open_existing(struct pair *pair)
{
    const struct file *file = pair->file;
    int flags = O_CLOEXEC | (file->through_link ? 0 : O_NOFOLLOW);

    if (S_ISFIFO(file->existing.st_mode)) /* ENXIO: nobody reads it */
        pair->out = open_waiting(pair, &file->to, O_WRONLY | flags, ENXIO, -1);
    else if (S_ISREG(file->existing.st_mode))
        pair->out = without_nonblock(open_leased(pair, &file->to, writing(pair) | flags));
    else
        pair->out = openat(file->to.dir, file->to.name, writing(pair) | flags);
    return pair->out >= 0 && check_existing(pair);
}

static bool is_link(const struct place *place)
{
    struct stat status;

    return fstatat(place->dir, place->name, &status, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(status.st_mode);
}

/* Only a directory can have such a name. */
static bool ends_in_slash(const char *name)
{
    return *name != '\0' && name[strlen(name) - 1] == '/';
}

static bool create_failed(const struct pair *pair, int error)
{
    const struct place *to = &pair->file->to;

    if (error == EEXIST && is_link(to))
        return run_complain(pair->mover->run, 0, "not writing through dangling symlink '%s'", to->text);
    if (error == EISDIR && ends_in_slash(to->name))
        error = ENOTDIR;
    return run_complain(pair->mover->run, error, "cannot create regular file '%s'", to->text);
}

static bool create(struct pair *pair)
{
    const struct place *to = &pair->file->to;

    pair->out = openat(to->dir, to->name, writing(pair) | O_CREAT | O_EXCL | O_CLOEXEC,
                       attributes_mode_at_first(pair->settings, &pair->file->status));
    pair->created = pair->out >= 0;
    return pair->created || create_failed(pair, errno);
}

/* --atomic concerns files: the place of a device or a FIFO is not taken by one. */
static bool is_atomic(const struct pair *pair)
{
    return pair->settings->atomic && !pair->settings->attributes_only &&
           (!pair->file->exists || S_ISREG(pair->file->existing.st_mode));
}

static bool open_publication(struct pair *pair)
{
    const struct place *to = &pair->file->to;
    mode_t mode = attributes_mode_at_first(pair->settings, &pair->file->status);

    if (!pair->file->exists && is_link(to))
        return create_failed(pair, EEXIST);
    if (ends_in_slash(to->name)) /* said now, and not by rename(2) when all has been copied */
        return create_failed(pair, EISDIR);
    pair->atomic = pair->created = true;
    pair->out = atomic_create(&pair->publication, pair->file, pair->file->exists ? mode & S_IRWXU : mode);
    if (pair->out < 0)
        return run_complain(pair->mover->run, errno, "cannot create a file beside '%s'", to->text);
    if (pair->file->exists && pair->file->existing.st_nlink > 1)
        message_note("warning: '%s' has other hard links, which keep what it was", to->text);
    return true;
}

static bool open_target(struct pair *pair)
{
    if (is_atomic(pair))
        return open_publication(pair);
    if (!pair->file->exists)
        return create(pair);
    if (open_existing(pair))
        return true;
    if (pair->out >= 0 || run_is_halted(pair->mover->run))
        return false;
    return remove_existing(pair, errno) && create(pair);
}

bool pair_open(struct pair *pair, struct mover *mover, const struct file *file)
{
    *pair =
        (struct pair){.mover = mover, .settings = mover->run->settings, .file = file, .in = -1, .out = -1};
    return open_source(pair) && open_target(pair);
}

void pair_close(struct pair *pair)
{
    if (pair->atomic)
        atomic_close(&pair->publication);
    descriptor_close(&pair->in);
    descriptor_close(&pair->out);
}
