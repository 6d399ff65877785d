/* SPDX-License-Identifier: MIT */
/*
 * The order in which cp(1) asks and decides.
 *
 * Files are given to the queue only where nothing that is still in it can concern them: a target that has
 * other names, or is reached through a symbolic link, may be the target or the source of a file before it;
 * and a file that may have to be linked to has to be there. Those wait until the queue is empty.
 */
#include "entry.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/descriptor.h"
#include "base/message.h"
#include "existing.h"
#include "file.h"
#include "node.h"
#include "same.h"
#include "walk.h"

bool entry_is_data(const struct settings *settings, mode_t mode)
{
    bool special = !S_ISREG(mode) && !S_ISDIR(mode) && !S_ISLNK(mode);
    return S_ISREG(mode) || (special && (!settings->recursive || settings->copy_contents));
}

static bool follows(const struct settings *settings, const struct entry *entry)
{
    return settings->follow == FOLLOW_ALL || (entry->operand && settings->follow == FOLLOW_OPERANDS);
}

/* A link may lead to what is still to be copied. */
static void wait_for_referent(struct copier *copier, const struct entry *entry)
{
    struct stat status;

    if (entry->followed && copier->queue.head != NULL &&
        fstatat(entry->from.dir, entry->from.name, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
        S_ISLNK(status.st_mode))
        queue_drain(&copier->queue);
}

static bool examine_source(struct copier *copier, struct entry *entry)
{
    entry->followed = follows(copier->settings, entry);
    wait_for_referent(copier, entry);
    if (fstatat(entry->from.dir, entry->from.name, &entry->status,
                entry->followed ? 0 : AT_SYMLINK_NOFOLLOW) != 0)
        message_error(errno, "cannot stat '%s'", entry->from.text);
    else if (!S_ISDIR(entry->status.st_mode) || copier->settings->recursive)
        return true;
    else
        message_note("-r not specified; omitting directory '%s'", entry->from.text);
    return run_fail(copier->run);
}

/* One file as two operands would be copied twice, to one name. */
static bool is_operand_again(struct copier *copier, const struct entry *entry)
{
    struct stat parent;

    if (!entry->operand || copier->settings->operand_count < 2 + (copier->settings->target_directory == NULL))
        return false;
    char *last = same_directory_entry(&entry->from, &parent);
    bool again = last != NULL && seen_find(&copier->operands, &parent, last) != NULL;
    if (last != NULL && !again)
        seen_add(&copier->operands, &parent, last);
    free(last);
    if (!again || S_ISDIR(entry->status.st_mode) || copier->settings->backup != BACKUP_NONE)
        return false;
    message_note("warning: source file '%s' specified more than once", entry->from.text);
    return true;
}

/* The names of what has been made for operands are a set of their own. */
static struct stat key_of(const char *name)
{
    struct stat key = {.st_dev = 0};

    for (; *name != '\0'; name++)
        key.st_ino = key.st_ino * 31 + (unsigned char)*name;
    return key;
}

bool entry_was_made(const struct copier *copier, const struct entry *entry)
{
    const struct stat key = key_of(entry->to.text);
    return entry->operand && seen_find(&copier->made, &key, entry->to.text) != NULL;
}

/* What has been made for an operand is not to be overwritten by the next one. */
static void note_made(struct copier *copier, const struct entry *entry)
{
    const struct stat key = key_of(entry->to.text);

    if (entry->operand && copier->settings->operand_count > 1 && !entry_was_made(copier, entry))
        seen_add(&copier->made, &key, entry->to.text);
}

/* A symbolic link that an earlier operand has left here would lead the bytes elsewhere. */
static bool is_through_made_link(struct copier *copier, const struct entry *entry)
{
    struct stat status;

    if (copier->settings->backup != BACKUP_NONE || !entry_was_made(copier, entry) ||
        fstatat(entry->to.dir, entry->to.name, &status, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISLNK(status.st_mode))
        return false;
    message_note("will not copy '%s' through just-created symlink '%s'", entry->from.text, entry->to.text);
    return !run_fail(copier->run);
}

static void tell(const struct copier *copier, const struct entry *entry)
{
    if (copier->settings->verbose)
        message_result("'%s' -> '%s'%s%s%s", entry->from.text, entry->to.text,
                       *entry->backup ? " (backup: '" : "", entry->backup, *entry->backup ? "')" : "");
}

/* A failure of something that is not a file. */
static void undo(struct copier *copier, const struct entry *entry)
{
    run_fail(copier->run);
    if (*entry->backup != '\0')
        backup_undo(copier->settings, &entry->to, entry->backup);
}

/* True when other names of the file, in the source, may follow. */
static bool may_be_linked_to(const struct settings *settings, const struct entry *entry)
{
    return settings->preserve.links && settings->making != MAKE_HARD_LINK &&
           (entry->status.st_nlink > 1 || settings->follow == FOLLOW_ALL ||
            (entry->operand && settings->follow == FOLLOW_OPERANDS));
}

/* Where the copy is, by a name that system calls take: a long one as its last part in a directory that is
 * opened, *opened, -1 with errno. */
static struct place place_of(const struct seen_file *copy, int *opened)
{
    *opened = -1;
    if (strlen(copy->name) < PATH_MAX)
        return (struct place){.dir = AT_FDCWD, .name = copy->name, .text = copy->name};
    *opened = path_open_parent(AT_FDCWD, copy->name);
    return (struct place){.dir = *opened, .name = copy->name + path_last(copy->name), .text = copy->name};
}

/* The copy that this run has made of the file has to be still the one that it made. False with errno: that
 * cannot be found out, or 0: it is another one. */
static bool is_still_there(const struct seen_file *copy, const struct place *place)
{
    struct stat status;

    if (place->dir == -1 || fstatat(place->dir, place->name, &status, AT_SYMLINK_NOFOLLOW) != 0)
        return false;
    errno = 0;
    return status.st_dev == copy->copy_dev && status.st_ino == copy->copy_ino;
}

static void remember_copy(struct copier *copier, const struct entry *entry)
{
    struct stat status;

    if (fstatat(entry->to.dir, entry->to.name, &status, AT_SYMLINK_NOFOLLOW) != 0) {
        if (errno != ENOENT)
            run_complain(copier->run, errno, "cannot stat '%s'", entry->to.text);
        return;
    }
    struct seen_file *copy = seen_find(&copier->links, &entry->status, NULL);
    if (copy == NULL)
        copy = seen_add(&copier->links, &entry->status, entry->to.text);
    if (copy == NULL) {
        run_complain(copier->run, ENOMEM, "cannot keep the hard links of '%s'", entry->from.text);
        return;
    }
    copy->copy_dev = status.st_dev;
    copy->copy_ino = status.st_ino;
}

/* True when the entry has become another name of a copy that is there already, or that has failed. */
static bool link_to_copy(struct copier *copier, const struct entry *entry)
{
    const struct seen_file *copy = seen_find(&copier->links, &entry->status, NULL);
    struct entry as_it_is = *entry;
    int opened;

    if (copy == NULL)
        return false;
    const struct place place = place_of(copy, &opened);
    bool there = is_still_there(copy, &place);
    bool may_be = !there && errno != 0 && errno != ENOENT && errno != ENOTDIR;
    if (may_be)
        message_error(errno, "cannot create hard link '%s' to '%s'", entry->to.text, place.text);
    as_it_is.followed = false;
    if (may_be || (there && !node_link(&as_it_is, place.dir, place.name, place.text, true)))
        undo(copier, entry);
    descriptor_close(&opened);
    return may_be || there;
}

static bool copy_data(struct copier *copier, const struct entry *entry, bool at_once)
{
    const struct file file = {
        .from = entry->from,
        .to = entry->to,
        .status = entry->status,
        .followed = entry->followed,
        .exists = entry->exists,
        .existing = entry->existing,
        .through_link = entry->through_link,
        .backup = entry->backup,
    };
    return at_once ? file_copy(&copier->queue.mover, &file) : file_put(&copier->queue, &file);
}

static bool has_to_wait(const struct entry *entry)
{
    return !S_ISREG(entry->status.st_mode) ||
           (entry->exists &&
            (entry->through_link || !S_ISREG(entry->existing.st_mode) || entry->existing.st_nlink > 1));
}

static bool make_other(struct copier *copier, const struct entry *entry)
{
    const struct settings *settings = copier->settings;
    const struct place *from = &entry->from;

    switch (settings->making) {
    case MAKE_HARD_LINK:
        return node_link(entry, from->dir, from->name, from->text, settings->force);
    case MAKE_SYMBOLIC_LINK:
        return node_symlink_to(settings, entry);
    case MAKE_COPY:
        break;
    }
    return entry_is_data(settings, entry->status.st_mode) ? copy_data(copier, entry, true)
                                                          : node_copy(settings, entry);
}

/* Anything but a directory. */
static void copy_leaf(struct copier *copier, const struct entry *entry)
{
    bool linkable = may_be_linked_to(copier->settings, entry);
    bool plain = copier->settings->making == MAKE_COPY && !linkable && !has_to_wait(entry);

    tell(copier, entry);
    if (plain) {
        copy_data(copier, entry, false);
        return;
    }
    queue_drain(&copier->queue);
    if (linkable && link_to_copy(copier, entry))
        return;
    if (!make_other(copier, entry))
        undo(copier, entry);
    else if (linkable)
        remember_copy(copier, entry);
}

/* -u has left what is there: the other names of the file are to be names of that. */
static void keep_existing(struct copier *copier, const struct entry *entry)
{
    if (!may_be_linked_to(copier->settings, entry))
        return;
    queue_drain(&copier->queue);
    if (!link_to_copy(copier, entry))
        remember_copy(copier, entry);
}

/* The list of digests is no target: what is copied there and what is printed would be written over each
 * other.
 */
static bool is_list(const struct copier *copier, const struct entry *entry)
{
    int fd = copier->settings->hashes ? copier->settings->hash.output : -1;
    struct stat list, target;

    if (fd < 0 || fstat(fd, &list) != 0 || !S_ISREG(list.st_mode) ||
        fstatat(entry->to.dir, entry->to.name, &target, 0) != 0 || !same_inode(&list, &target))
        return false;
    run_complain(copier->run, 0, "'%s' is the file for the digests", entry->to.text);
    return true;
}

void entry_copy(struct copier *copier, struct entry *entry)
{
    *entry->backup = '\0';
    entry->through_link = false;
    if (entry_was_made(copier, entry))
        queue_drain(&copier->queue);
    if (!examine_source(copier, entry) || is_operand_again(copier, entry) || is_list(copier, entry))
        return;
    enum verdict verdict = existing_settle(copier, entry);
    if (verdict == VERDICT_KEEP)
        keep_existing(copier, entry);
    if (verdict != VERDICT_GO_ON || is_through_made_link(copier, entry))
        return;
    if (S_ISDIR(entry->status.st_mode)) {
        if (walk_enter(copier, entry))
            tell(copier, entry);
    } else
        copy_leaf(copier, entry);
    note_made(copier, entry);
}
