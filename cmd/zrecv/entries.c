/* SPDX-License-Identifier: MIT */
/* The policy of the receiving side, one entry at a time. */
#include "entries.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "base/size.h"
#include "publish.h"
#include "receiver.h"

enum verdict { WANTED, REPLACES, SKIPPED, REFUSED };

static enum verdict refuse(struct receiver *receiver, const char *why)
{
    receiver_refuse(receiver, receiver->entry.number, SESSION_REFUSED, 0, "'%s': %s", receiver->entry.path,
                    why);
    return REFUSED;
}

/* The directory that it belongs into cannot be entered. */
static enum verdict refuse_way(struct receiver *receiver, int error)
{
    if (error == ELOOP || error == ENOTDIR)
        return refuse(receiver, "the way to it is no directory");
    if (error == ENOENT)
        return refuse(receiver, "there is no directory for it");
    receiver_refuse(receiver, receiver->entry.number, SESSION_REFUSED, error,
                    "cannot enter the directory of '%s'", receiver->entry.path);
    return REFUSED;
}

static bool is_complete(const struct session_entry *entry, const struct known_file *file,
                        const struct stat *status)
{
    return file->state == KNOWN_DONE && known_is(file, status) && entry->stamp_length == file->stamp_length &&
           memcmp(entry->stamp, file->stamp, file->stamp_length) == 0;
}

/* A file of this name is there. */
static enum verdict judge_existing(struct receiver *receiver, const struct stat *status)
{
    const struct session_entry *entry = &receiver->entry;
    const struct known_file *file =
        receiver->has_store ? known_find(&receiver->store.known, entry->path) : NULL;
    bool ours = file != NULL && known_was(file, status);

    if (S_ISDIR(status->st_mode))
        return refuse(receiver, "it exists, and is a directory");
    if (ours) /* what is complete is not even announced by who is told of it */
        return receiver->granted & SESSION_DRY && is_complete(entry, file, status) ? SKIPPED : REPLACES;
    bool same = S_ISREG(status->st_mode) && (uint64_t)status->st_size == entry->size &&
                status->st_mtim.tv_sec == entry->seconds &&
                status->st_mtim.tv_nsec == (long)entry->nanoseconds;
    switch (receiver->settings->existing) {
    case EXISTING_UPDATE:
    case EXISTING_SKIP:
        if (!same && receiver->settings->existing == EXISTING_UPDATE)
            return REPLACES;
        if (same && entry->linked && receiver->has_store) /* as good as sent */
            known_note_linked(&receiver->store.known, status->st_ino);
        return SKIPPED;
    case EXISTING_OVERWRITE:
        return REPLACES;
    default:
        return refuse(receiver, "it exists");
    }
}

/* True when the file system has room for the bytes that are still to come. */
static bool has_room(struct receiver *receiver)
{
    const struct session_entry *entry = &receiver->entry;
    const struct known_file *file = known_find(&receiver->store.known, entry->path);
    uint64_t needed = entry->size == UINT64_MAX     ? 0
                      : entry->stored < entry->size ? entry->stored
                                                    : entry->size;
    struct statvfs status;
    char wanted[SIZE_TEXT], free[SIZE_TEXT];

    for (size_t i = 0; file != NULL && i < file->chunks.count; i++)
        needed -= needed < file->chunks.list[i].length ? needed : file->chunks.list[i].length;
    if (fstatvfs(receiver->root, &status) != 0 || status.f_blocks == 0)
        return true; /* some file systems do not say */
    uint64_t room = (uint64_t)status.f_bavail * status.f_frsize;
    if (needed <= room)
        return true;
    receiver_refuse(receiver, entry->number, SESSION_REFUSED, ENOSPC, "'%s': it needs %s, and %s are free",
                    entry->path, size_format(wanted, needed), size_format(free, room));
    return false;
}

static enum verdict judge_file(struct receiver *receiver)
{
    const struct session_entry *entry = &receiver->entry;
    struct stat status;
    const char *name;

    if (receiver->is_stream)
        return WANTED;
    int dir = beneath_parent(&receiver->beneath, entry->path, &name);
    /* A directory that is still in the queue comes before its files. */
    if (dir < 0 && errno == ENOENT && receiver->queue.count > 0) {
        if (!queue_flush(receiver))
            return REFUSED; /* the wire has failed, and says so to whoever uses it next */
        dir = beneath_parent(&receiver->beneath, entry->path, &name);
    }
    if (dir < 0 && errno == ENOENT && receiver->granted & SESSION_DRY)
        return WANTED;
    if (dir < 0)
        return refuse_way(receiver, errno);
    enum verdict verdict = WANTED;
    if (fstatat(dir, name, &status, AT_SYMLINK_NOFOLLOW) == 0)
        verdict = judge_existing(receiver, &status);
    if ((verdict == WANTED || verdict == REPLACES) && !has_room(receiver))
        return REFUSED;
    return verdict;
}

static bool take_file(struct receiver *receiver)
{
    struct incoming *incoming = &receiver->incoming;
    enum verdict verdict = judge_file(receiver);

    if ((verdict == WANTED || verdict == REPLACES) && !(receiver->granted & SESSION_DRY))
        return incoming_begin(receiver, verdict == REPLACES);
    incoming->state = INCOMING_UNWANTED;
    incoming->number = receiver->entry.number;
    if (verdict != REFUSED && !receiver_confirm(receiver, incoming->number, verdict != SKIPPED))
        return false;
    return wire_flush(&receiver->wire, false);
}

/* True when a symbolic link at path, which is relative, leads to something in the same tree, whatever is
 * there: ".." behind another part would lead from wherever that part, a link itself perhaps, has led to. */
static bool stays_inside(const char *path, const char *target)
{
    long depth = 0;
    bool begins = true;

    for (; (path = strchr(path, '/')) != NULL; path++)
        depth++;
    if (*target == '/')
        return false;
    for (size_t length; *target != '\0'; target += length + (target[length] == '/')) {
        length = strcspn(target, "/");
        bool is_up = length == 2 && strncmp(target, "..", 2) == 0;
        if (is_up && (!begins || --depth < 0))
            return false;
        begins = begins && (is_up || length == 0 || (length == 1 && *target == '.'));
    }
    return true;
}

/* NULL, or why the entry, which is no file, is not taken. */
static const char *check(const struct receiver *receiver)
{
    const struct session_entry *entry = &receiver->entry;

    if (receiver->is_stream)
        return "it is no file, and standard output takes nothing else";
    if (entry->kind == SESSION_HARD_LINK && beneath_check(entry->target) != NULL)
        return "it is a hard link to a name that is not taken";
    if (entry->kind == SESSION_SYMLINK && *entry->target == '\0')
        return "it is a symbolic link to nothing";
    if (entry->kind == SESSION_SYMLINK && !receiver->settings->accept_links &&
        !stays_inside(entry->path, entry->target))
        return "it is a symbolic link out of the directory (--accept=links takes those)";
    return NULL;
}

/* Numbers go up, but for an entry that is sent again: because it was given up, or was asked for. */
static bool takes_number(struct receiver *receiver, uint64_t number, unsigned *waits)
{
    struct again *again = &receiver->again[number % SESSION_WINDOW];
    bool repeats = number != 0 && again->number == number;

    *waits = repeats ? again->waits : 0;
    if (number > receiver->last_number)
        receiver->last_number = number;
    else if (!repeats)
        return false;
    if (repeats) {
        receiver->bad -= again->is_bad;
        *again = (struct again){.number = 0};
    }
    return true;
}

/* A link to a file, and the times of a directory, have to wait while a file before them is to come again; not
 * for ever, since the sender may have given it up. */
static bool has_to_wait(const struct receiver *receiver, unsigned waits)
{
    return receiver->bad > 0 && waits + 1 < SESSION_ROUNDS &&
           (receiver->entry.kind == SESSION_HARD_LINK || receiver->entry.kind == SESSION_LEAVE);
}

/* What would become of it. */
static bool try_only(struct receiver *receiver)
{
    bool passed = false;
    const char *problem = NULL;

    if (publish_would(receiver, &passed, &problem))
        return receiver_confirm(receiver, receiver->entry.number, !passed);
    return receiver_refuse(receiver, receiver->entry.number, SESSION_REFUSED, problem == NULL ? errno : 0,
                           "'%s': %s", receiver->entry.path, problem != NULL ? problem : "it cannot be made");
}

bool entries_take(struct receiver *receiver)
{
    const struct session_entry *entry = &receiver->entry;
    struct incoming *incoming = &receiver->incoming;
    bool unnamed = receiver->is_stream && entry->kind == SESSION_FILE;
    const char *problem = unnamed ? NULL : beneath_check(entry->path);
    unsigned waits;

    if (!takes_number(receiver, entry->number, &waits))
        return receiver_abort(receiver, "an entry with a number that has been used");
    if (entry->size != UINT64_MAX && entry->size > INT64_MAX)
        return receiver_abort(receiver, "a file that is larger than files can be");
    receiver->entries++;
    if (problem == NULL && entry->kind == SESSION_FILE)
        return take_file(receiver);
    if (problem == NULL)
        problem = check(receiver);
    incoming->state = problem != NULL ? INCOMING_UNWANTED : INCOMING_NONE; /* chunks may be on their way */
    incoming->number = entry->number;
    if (problem != NULL)
        return refuse(receiver, problem) == REFUSED;
    if (receiver->granted & SESSION_DRY)
        return try_only(receiver);
    if (has_to_wait(receiver, waits)) {
        receiver->again[entry->number % SESSION_WINDOW] =
            (struct again){.number = entry->number, .waits = waits + 1};
        return receiver_ask_again(receiver, entry->number, 0, 0) && wire_flush(&receiver->wire, false);
    }
    return queue_add(receiver, false, NULL);
}
