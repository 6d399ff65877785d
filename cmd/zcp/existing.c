/* SPDX-License-Identifier: MIT */
/* Looking, refusing, skipping, asking, moving aside, removing. */
#include "existing.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "ask.h"
#include "backup.h"
#include "base/message.h"
#include "path.h"
#include "same.h"

static enum verdict refuse(struct copier *copier)
{
    run_fail(copier->run);
    return VERDICT_SKIP;
}

/* What is there is looked at itself where it will not be written through. */
static bool looks_at_link(const struct settings *settings, const struct entry *entry)
{
    return !entry_is_data(settings, entry->status.st_mode) || settings->making != MAKE_COPY ||
           settings->backup != BACKUP_NONE || settings->remove_destination;
}

/* Follows the link that is there, if it is to be followed and leads somewhere. */
static bool follow(const struct settings *settings, struct entry *entry)
{
    bool directory = S_ISDIR(entry->status.st_mode) && settings->keep_directory_symlink;
    struct stat status;

    if (!directory && looks_at_link(settings, entry))
        return true;
    if (fstatat(entry->to.dir, entry->to.name, &status, 0) != 0) {
        if (errno == ELOOP && settings->force)
            return true;           /* it cannot be opened, and will be removed then */
        entry->exists = directory; /* a dangling one counts as nothing, until it is to be created */
        return errno == ENOENT;
    }
    if (directory && !S_ISDIR(status.st_mode))
        return true;
    entry->existing = status;
    entry->through_link = true;
    return true;
}

static bool look(struct copier *copier, struct entry *entry)
{
    entry->exists = false;
    if (entry->fresh)
        return true;
    entry->exists = fstatat(entry->to.dir, entry->to.name, &entry->existing, AT_SYMLINK_NOFOLLOW) == 0;
    if (entry->exists ? !S_ISLNK(entry->existing.st_mode) || follow(copier->settings, entry)
                      : errno == ENOENT)
        return true;
    message_error(errno, "cannot stat '%s'", entry->to.text);
    return false;
}

static bool is_as_new(const struct entry *entry)
{
    const struct timespec *source = &entry->status.st_mtim, *target = &entry->existing.st_mtim;

    return source->tv_sec < target->tv_sec ||
           (source->tv_sec == target->tv_sec && source->tv_nsec <= target->tv_nsec);
}

static enum verdict skip(struct copier *copier, const struct entry *entry)
{
    if (copier->settings->transfer.debug)
        message_result("skipped '%s'", entry->to.text);
    return VERDICT_SKIP;
}

static enum verdict keep(struct copier *copier, const struct entry *entry)
{
    skip(copier, entry);
    return VERDICT_KEEP;
}

/* -i, -n, -u and --update, for anything but a directory. */
static enum verdict ask_whether(struct copier *copier, const struct entry *entry)
{
    switch (copier->settings->overwrite) {
    case OVERWRITE_YES:
        return VERDICT_GO_ON;
    case OVERWRITE_SKIP:
        return skip(copier, entry);
    case OVERWRITE_FAIL:
        message_note("not replacing '%s'", entry->to.text);
        return refuse(copier);
    case OVERWRITE_OLDER:
        return is_as_new(entry) ? keep(copier, entry) : VERDICT_GO_ON;
    case OVERWRITE_ASK_OLDER:
        if (is_as_new(entry))
            return keep(copier, entry);
        break;
    case OVERWRITE_ASK:
        break;
    }
    queue_drain(&copier->queue);
    return ask_overwrite(copier->settings, &entry->to, &entry->existing) ? VERDICT_GO_ON : refuse(copier);
}

/* Directories go over directories only, and nothing goes over what this run has made for another operand. */
static enum verdict check_kinds(struct copier *copier, const struct entry *entry)
{
    bool from = S_ISDIR(entry->status.st_mode), to = S_ISDIR(entry->existing.st_mode);

    if (from && !to) {
        message_note("cannot overwrite non-directory '%s' with directory '%s'", entry->to.text,
                     entry->from.text);
        return refuse(copier);
    }
    if (!from && to) {
        message_note("cannot overwrite directory '%s' with non-directory", entry->to.text);
        return refuse(copier);
    }
    if (from || entry->through_link || copier->settings->backup == BACKUP_NUMBERED ||
        !entry_was_made(copier, entry))
        return VERDICT_GO_ON;
    message_note("will not overwrite just-created '%s' with '%s'", entry->to.text, entry->from.text);
    return refuse(copier);
}

static bool is_dot(const char *name)
{
    const char *last = name + path_last(name);
    return strcmp(last, ".") == 0 || strcmp(last, "..") == 0;
}

/* The source is the backup that would be made of what is there, and would be lost. */
static bool is_own_backup(const struct settings *settings, const struct entry *entry)
{
    size_t length = strlen(entry->to.name), suffix = strlen(settings->suffix);
    struct stat status;
    char name[PATH_MAX];

    if (settings->backup == BACKUP_NUMBERED || length + suffix >= sizeof name)
        return false;
    memcpy(name, entry->to.name, length);
    memcpy(name + length, settings->suffix, suffix + 1);
    return fstatat(entry->to.dir, name, &status, 0) == 0 && same_inode(&status, &entry->status);
}

static enum verdict move_aside(struct copier *copier, struct entry *entry)
{
    const struct settings *settings = copier->settings;

    queue_drain(&copier->queue); /* the name of the backup may be that of a copy which is still being made */
    if (is_own_backup(settings, entry)) {
        message_note("backing up '%s' might destroy source;  '%s' not copied", entry->to.text,
                     entry->from.text);
        return refuse(copier);
    }
    if (!backup_make(settings, &entry->to, entry->backup, sizeof entry->backup))
        return refuse(copier);
    entry->exists = settings->atomic;
    return VERDICT_GO_ON;
}

static enum verdict remove_it(struct copier *copier, struct entry *entry)
{
    if (unlinkat(entry->to.dir, entry->to.name, 0) != 0 && errno != ENOENT) {
        message_error(errno, "cannot remove '%s'", entry->to.text);
        return refuse(copier);
    }
    if (copier->settings->verbose)
        message_result("removed '%s'", entry->to.text);
    entry->exists = false;
    return VERDICT_GO_ON;
}

/* -H is about operands; below them it is -P. */
static bool follows_none(const struct settings *settings, const struct entry *entry)
{
    return settings->follow == FOLLOW_NONE || (settings->follow == FOLLOW_OPERANDS && !entry->operand);
}

/* A link that others share, or a link that is to take the place of a file, is not written through. */
static bool has_to_go(const struct settings *settings, const struct entry *entry)
{
    if (settings->atomic && S_ISREG(entry->status.st_mode) && S_ISREG(entry->existing.st_mode))
        return false; /* what takes its name removes it */
    return settings->remove_destination ||
           (!settings->attributes_only &&
            ((settings->preserve.links && entry->existing.st_nlink > 1) ||
             (follows_none(settings, entry) && !S_ISREG(entry->status.st_mode))));
}

static enum verdict make_way(struct copier *copier, struct entry *entry)
{
    if (S_ISDIR(entry->existing.st_mode))
        return VERDICT_GO_ON;
    if (copier->settings->backup != BACKUP_NONE && !is_dot(entry->from.name))
        return move_aside(copier, entry);
    return has_to_go(copier->settings, entry) ? remove_it(copier, entry) : VERDICT_GO_ON;
}

/* Where nothing is overwritten, not even the source can be. */
static enum verdict check_same(struct copier *copier, const struct entry *entry)
{
    enum overwrite overwrite = copier->settings->overwrite;

    if (overwrite == OVERWRITE_SKIP || overwrite == OVERWRITE_FAIL)
        return VERDICT_GO_ON;
    switch (same_check(copier->settings, entry)) {
    case SAME_YES:
        message_note("'%s' and '%s' are the same file", entry->from.text, entry->to.text);
        return refuse(copier);
    case SAME_DONE:
        return VERDICT_SKIP;
    default:
        return VERDICT_GO_ON;
    }
}

enum verdict existing_settle(struct copier *copier, struct entry *entry)
{
    if (!look(copier, entry))
        return refuse(copier);
    if (!entry->exists)
        return VERDICT_GO_ON;
    enum verdict verdict = check_same(copier, entry);
    if (verdict == VERDICT_GO_ON && !S_ISDIR(entry->status.st_mode))
        verdict = ask_whether(copier, entry);
    if (verdict == VERDICT_GO_ON)
        verdict = check_kinds(copier, entry);
    return verdict == VERDICT_GO_ON ? make_way(copier, entry) : verdict;
}
