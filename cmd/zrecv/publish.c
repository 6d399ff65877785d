/* SPDX-License-Identifier: MIT */
/* Renaming partial files, and making what has no bytes. */
#include "publish.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "attributes.h"
#include "base/descriptor.h"
#include "receiver.h"

/* Where the entry goes. */
struct place {
    int dir;
    const char *name;
};

static bool find_place(struct receiver *receiver, const char *path, struct place *place)
{
    place->dir = beneath_parent(&receiver->beneath, path, &place->name);
    return place->dir >= 0;
}

/* File systems without RENAME_NOREPLACE say EINVAL: two steps, of which the first alone decides. */
static bool rename_new(int from, const char *slot, const struct place *to)
{
    if (renameat2(from, slot, to->dir, to->name, RENAME_NOREPLACE) == 0)
        return true;
    if (errno != EINVAL && errno != ENOSYS)
        return false;
    return linkat(from, slot, to->dir, to->name, 0) == 0 && unlinkat(from, slot, 0) == 0;
}

static bool publish_file(struct receiver *receiver, const struct pending *pending, const struct place *to)
{
    char slot[STORE_SLOT];

    store_slot_name(pending->file.slot, slot);
    if (pending->replaces)
        return renameat(receiver->store.dir, slot, to->dir, to->name) == 0;
    return rename_new(receiver->store.dir, slot, to);
}

bool publish_is_new(struct receiver *receiver, const char *path)
{
    struct place place;
    struct stat status;

    return (!find_place(receiver, path, &place) ||
            fstatat(place.dir, place.name, &status, AT_SYMLINK_NOFOLLOW) != 0) &&
           errno == ENOENT;
}

/* This transfer has made the directory. */
static bool is_ours(struct receiver *receiver, const char *path)
{
    const struct known_file *file = known_find(&receiver->store.known, path);

    return store_has_made(&receiver->store, path) || (file != NULL && file->state == KNOWN_MADE);
}

/* A directory that is there already is entered, and stays as it is. */
static bool publish_directory(struct receiver *receiver, const struct pending *pending,
                              const struct place *to, const char **problem)
{
    struct stat status;

    if (mkdirat(to->dir, to->name, 0700) == 0) {
        store_note_made(&receiver->store, pending->path);
        receiver->is_worth_keeping = true; /* a later try has to know that mode and times are for it to set */
        return true;
    }
    int error = errno;
    if (pending->is_new) /* it could not be made, or others have made it in the meantime */
        journal_forget(&receiver->store.journal, pending->path);
    errno = error;
    if (error != EEXIST || fstatat(to->dir, to->name, &status, AT_SYMLINK_NOFOLLOW) != 0)
        return false;
    if (S_ISDIR(status.st_mode)) {
        /* One of ours may have a mode already that keeps us out. */
        if (is_ours(receiver, pending->path) && (status.st_mode & 0700) != 0700)
            fchmodat(to->dir, to->name, (status.st_mode & 0777) | 0700, AT_SYMLINK_NOFOLLOW);
        return true;
    }
    *problem = "it exists, and is no directory";
    return false;
}

static bool leave_directory(struct receiver *receiver, const struct pending *pending, const struct place *to)
{
    if (!is_ours(receiver, pending->path) && receiver->settings->existing != EXISTING_OVERWRITE &&
        receiver->settings->existing != EXISTING_UPDATE)
        return true;
    int fd = openat(to->dir, to->name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    bool good = fd >= 0 && attributes_set(receiver, fd, pending);
    int error = errno;
    descriptor_close(&fd);
    store_forget_made(&receiver->store, pending->path);
    errno = error;
    return good;
}

/* True when what is there is the same link. */
static bool is_same_link(const struct place *to, const char *target)
{
    char text[PATH_MAX];
    ssize_t n = readlinkat(to->dir, to->name, text, sizeof text);

    return n >= 0 && (size_t)n == strlen(target) && memcmp(text, target, (size_t)n) == 0;
}

typedef bool make_function(struct receiver *receiver, const struct pending *pending,
                           const struct place *place);

/* Makes something under a name of our own, and puts it in its place when it is what it is to be. */
static bool make_whole(struct receiver *receiver, const struct pending *pending, const struct place *to,
                       make_function *make, bool replaces)
{
    const struct place ours = {receiver->store.dir, "new"};

    unlinkat(ours.dir, ours.name, 0);
    if (!make(receiver, pending, &ours))
        return false;
    return replaces ? renameat(ours.dir, ours.name, to->dir, to->name) == 0
                    : rename_new(ours.dir, ours.name, to);
}

static bool make_link(struct receiver *receiver, const struct pending *pending, const struct place *place)
{
    const struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, {pending->seconds, pending->nanoseconds}};
    bool made = symlinkat(pending->target, place->dir, place->name) == 0;

    if (made && receiver->granted & SESSION_OWNER)
        made = fchownat(place->dir, place->name, pending->uid, pending->gid, AT_SYMLINK_NOFOLLOW) == 0;
    return made &&
           (utimensat(place->dir, place->name, times, AT_SYMLINK_NOFOLLOW) == 0 || errno == EOPNOTSUPP);
}

static bool make_fifo(struct receiver *receiver, const struct pending *pending, const struct place *place)
{
    const struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, {pending->seconds, pending->nanoseconds}};
    mode_t mode = pending->mode & 0777 & ~receiver->settings->umask;

    return mkfifoat(place->dir, place->name, mode) == 0 &&
           (!(receiver->granted & SESSION_OWNER) ||
            fchownat(place->dir, place->name, pending->uid, pending->gid, AT_SYMLINK_NOFOLLOW) == 0) &&
           utimensat(place->dir, place->name, times, AT_SYMLINK_NOFOLLOW) == 0;
}

static bool make_hard_link(struct receiver *receiver, const struct pending *pending,
                           const struct place *place)
{
    struct beneath beneath = {.root = receiver->root, .fd = -1};
    const char *name;
    int dir = beneath_parent(&beneath, pending->target, &name);
    bool good = dir >= 0 && linkat(dir, name, place->dir, place->name, 0) == 0;
    int error = errno;

    beneath_forget(&beneath);
    errno = error;
    return good;
}

/* The other name of a hard link is a file that this transfer has brought, reached without symbolic links. */
static bool has_sent_target(struct receiver *receiver, const struct pending *pending, struct stat *status)
{
    struct beneath beneath = {.root = receiver->root, .fd = -1};
    const struct known *known = &receiver->store.known;
    const struct known_file *file = known_find(known, pending->target);
    const char *name;
    int dir = beneath_parent(&beneath, pending->target, &name);
    bool good = dir >= 0 && fstatat(dir, name, status, AT_SYMLINK_NOFOLLOW) == 0 &&
                S_ISREG(status->st_mode) &&
                (known_is_linked(known, status->st_ino) ||
                 (file != NULL && file->state == KNOWN_DONE && known_is(file, status)));

    beneath_forget(&beneath);
    return good;
}

/* What may be replaced has to have the same attributes, too, or it is. */
static bool has_attributes(const struct receiver *receiver, const struct pending *pending,
                           const struct stat *status)
{
    enum existing_policy policy = receiver->settings->existing;
    mode_t mode = pending->mode & 0777 & ~receiver->settings->umask;

    if (policy != EXISTING_OVERWRITE && policy != EXISTING_UPDATE)
        return true;
    return status->st_mtim.tv_sec == pending->seconds &&
           status->st_mtim.tv_nsec == (long)pending->nanoseconds &&
           (pending->kind == SESSION_SYMLINK || (status->st_mode & 07777) == mode) &&
           (!(receiver->granted & SESSION_OWNER) ||
            (status->st_uid == pending->uid && status->st_gid == pending->gid));
}

/* What is there already is what it is to be. */
static bool is_there(const struct receiver *receiver, const struct pending *pending, const struct place *to,
                     const struct stat *status, const struct stat *target)
{
    switch (pending->kind) {
    case SESSION_SYMLINK:
        return is_same_link(to, pending->target) && has_attributes(receiver, pending, status);
    case SESSION_FIFO:
        return S_ISFIFO(status->st_mode) && has_attributes(receiver, pending, status);
    default:
        return same_inode(status, target);
    }
}

/* What is there has come from an earlier try: as a file, when that could not read the one that it is a link
 * to, or as a link to what was sent of that one then. */
static bool is_of_earlier_try(const struct receiver *receiver, const struct pending *pending,
                              const struct stat *status)
{
    const struct known *known = &receiver->store.known;
    const struct known_file *file = known_find(known, pending->path),
                            *target = pending->kind == SESSION_HARD_LINK ? known_find(known, pending->target)
                                                                         : NULL;

    return (file != NULL && known_was(file, status)) || (target != NULL && known_was(target, status));
}

enum judgement { CANNOT, STAYS, MAKES };

/* What becomes of a link or a FIFO where something has its name; the same thing may be there from an earlier
 * try. */
static enum judgement judge_special(const struct receiver *receiver, struct pending *pending,
                                    const struct place *to, const struct stat *status,
                                    const struct stat *target, const char **problem)
{
    enum existing_policy policy = receiver->settings->existing;

    if (is_there(receiver, pending, to, status, target))
        return STAYS;
    if (policy == EXISTING_REFUSE && !is_of_earlier_try(receiver, pending, status))
        *problem = "it exists";
    else if (S_ISDIR(status->st_mode))
        *problem = "it exists, and is a directory";
    else
        return MAKES;
    return CANNOT;
}

static bool publish_special(struct receiver *receiver, struct pending *pending, const struct place *to,
                            const char **problem)
{
    struct stat status, target = {.st_ino = 0};
    make_function *make = pending->kind == SESSION_SYMLINK ? make_link
                          : pending->kind == SESSION_FIFO  ? make_fifo
                                                           : make_hard_link;
    bool exists = fstatat(to->dir, to->name, &status, AT_SYMLINK_NOFOLLOW) == 0;

    if (!exists && errno != ENOENT)
        return false;
    if (exists && receiver->settings->existing == EXISTING_SKIP)
        return pending->passed = true;
    if (make == make_hard_link && !has_sent_target(receiver, pending, &target)) {
        *problem = "it is a hard link to something that was not sent";
        return false;
    }
    switch (exists ? judge_special(receiver, pending, to, &status, &target, problem) : MAKES) {
    case STAYS:
        return true;
    case MAKES:
        return make_whole(receiver, pending, to, make, exists);
    default:
        return false;
    }
}

bool publish_would(struct receiver *receiver, bool *passed, const char **problem)
{
    const struct session_entry *entry = &receiver->entry;
    struct pending pending = {.kind = entry->kind,
                              .path = receiver->entry.path,
                              .target = receiver->entry.target,
                              .mode = entry->mode,
                              .uid = entry->uid,
                              .gid = entry->gid,
                              .seconds = entry->seconds,
                              .nanoseconds = entry->nanoseconds};
    struct stat status, target = {.st_ino = 0};
    struct place to;
    bool found = find_place(receiver, entry->path, &to);

    if (!found && (errno == ELOOP || errno == ENOTDIR))
        *problem = "the way to it is no directory";
    if (!found || fstatat(to.dir, to.name, &status, AT_SYMLINK_NOFOLLOW) != 0)
        return errno == ENOENT; /* what it belongs into may not be there yet */
    if (entry->kind == SESSION_LEAVE)
        return true;
    if (entry->kind == SESSION_DIRECTORY) {
        *problem = "it exists, and is no directory";
        return S_ISDIR(status.st_mode);
    }
    *passed = receiver->settings->existing == EXISTING_SKIP;
    if (entry->kind == SESSION_HARD_LINK && find_place(receiver, entry->target, &to))
        (void)fstatat(to.dir, to.name, &target, AT_SYMLINK_NOFOLLOW);
    return *passed || judge_special(receiver, &pending, &to, &status, &target, problem) != CANNOT;
}

bool publish(struct receiver *receiver, struct pending *pending, const char **problem)
{
    struct place to;

    if (!find_place(receiver, pending->path, &to)) {
        if (errno == ELOOP || errno == ENOTDIR)
            *problem = "the way to it is no directory";
        return false;
    }
    switch (pending->kind) {
    case SESSION_FILE:
        if (publish_file(receiver, pending, &to))
            return true;
        *problem = errno == EEXIST ? "it exists" : errno == EISDIR ? "it exists, and is a directory" : NULL;
        return false;
    case SESSION_DIRECTORY:
        return publish_directory(receiver, pending, &to, problem);
    case SESSION_LEAVE:
        return leave_directory(receiver, pending, &to);
    default:
        return publish_special(receiver, pending, &to, problem);
    }
}
