/* SPDX-License-Identifier: MIT */
/*
 * A stack of open directories instead of recursion. Everything is named relative to them, so a directory that
 * is replaced by a link meanwhile is never entered. Of a deep tree the outermost ones are closed, when
 * nothing in the queue needs them any more, and opened again by ".." from the inner one, which has to lead
 * back to the same device and inode.
 *
 * A directory gets its attributes when all that is in it is there: its end is a task in the queue.
 */
#include "walk.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "attributes.h"
#include "base/descriptor.h"
#include "base/message.h"
#include "names.h"
#include "same.h"

enum { OPEN_LEVELS = 32 }; /* with what waits in the queue, 256 descriptors are enough: two each */

struct level {
    struct task task; /* its end */
    struct level *parent;
    struct copier *copier;
    int source, target;         /* -1 while closed */
    struct stat status, copied; /* of the two */
    bool created;               /* the target, by this run */
    bool by_link;               /* a symbolic link led to one of them: ".." leads elsewhere */
    size_t source_length, target_length;
    struct names names;
    char *source_text, *target_text; /* while it waits for its end */
};

static bool is_cyclic(const struct copier *copier, const struct stat *status)
{
    for (const struct level *level = copier->level; level != NULL; level = level->parent)
        if (same_inode(&level->status, status))
            return true;
    return false;
}

/* A directory that was an operand before is not copied to its copy once more. */
static bool is_again(struct copier *copier, const struct entry *entry)
{
    const struct seen_file *earlier = seen_find(&copier->folders, &entry->status, NULL);

    if (earlier != NULL) {
        const struct place copy = {.dir = AT_FDCWD, .name = earlier->name, .text = earlier->name};
        if (!same_name(&entry->to, &copy))
            return false;
        message_note("warning: source directory '%s' specified more than once", copier->top_source);
        return true;
    }
    if (entry->operand)
        seen_add(&copier->folders, &entry->status, entry->to.text);
    return false;
}

static bool may_be_entered(struct copier *copier, const struct entry *entry)
{
    if (is_cyclic(copier, &entry->status))
        return run_complain(copier->run, 0, "cannot copy cyclic symbolic link '%s'", entry->from.text);
    if (!copier->top_made || !same_inode(&copier->top, &entry->status))
        return !is_again(copier, entry);
    message_note("cannot copy a directory, '%s', into itself, '%s'", copier->top_source, copier->top_target);
    copier->top_met = true;
    return run_fail(copier->run);
}

static bool open_target(struct level *level, const struct entry *entry)
{
    level->target = path_open_directory(entry->to.dir, entry->to.name, entry->through_link);
    if (level->target >= 0 && fstat(level->target, &level->copied) == 0)
        return true;
    run_complain(level->copier->run, errno, "cannot access '%s'", entry->to.text);
    descriptor_close(&level->target); /* nothing is known that could get attributes */
    return false;
}

/* Makes the directory, which nobody else can enter before it has its permissions. */
static bool make_target(struct level *level, const struct entry *entry)
{
    struct copier *copier = level->copier;

    if (!entry->exists && mkdirat(entry->to.dir, entry->to.name,
                                  attributes_mode_at_first(copier->settings, &entry->status)) != 0)
        return run_complain(copier->run, errno, "cannot create directory '%s'", entry->to.text);
    level->created = !entry->exists;
    if (!open_target(level, entry))
        return false;
    if (level->created && !copier->top_made) {
        copier->top = level->copied;
        copier->top_made = true;
    }
    return true;
}

/* Another file system, with -x, is an empty directory. */
static bool is_left_out(const struct copier *copier, const struct entry *entry)
{
    return copier->settings->one_file_system && copier->level != NULL &&
           copier->level->status.st_dev != entry->status.st_dev;
}

static bool open_source(struct level *level, const struct entry *entry)
{
    struct stat status;

    level->source = openat(entry->from.dir, entry->from.name,
                           O_RDONLY | O_DIRECTORY | O_CLOEXEC | (entry->followed ? 0 : O_NOFOLLOW));
    level->names.ended = level->source < 0 || is_left_out(level->copier, entry);
    if (level->source < 0) {
        run_complain(level->copier->run, errno, "cannot access '%s'", entry->from.text);
        level->source =
            path_open_directory(entry->from.dir, entry->from.name, entry->followed); /* for its attributes */
    }
    if (level->source < 0)
        return false;
    if (fstat(level->source, &status) != 0) {
        level->names.ended = true;
        return run_complain(level->copier->run, errno, "cannot fstat '%s'", entry->from.text);
    }
    if (same_inode(&status, &level->status))
        return true;
    level->names.ended = true;
    return run_complain(level->copier->run, 0,
                        "skipping directory '%s', as it was replaced while being copied", entry->from.text);
}

/* --fsync: see sync.h; a directory on another file system than the one around it is not reached from there.
 */
static bool other_on_disk(const struct level *level)
{
    bool other = level->copier->settings->sync && level->target >= 0 && level->parent != NULL &&
                 level->copied.st_dev != level->parent->copied.st_dev;

    return !other || syncfs(level->target) == 0 || errno == EROFS ||
           run_complain(level->copier->run, errno, "cannot sync '%s'", level->target_text);
}

/* The end of a directory, when all in it is done. */
static void finish(struct task *task)
{
    struct level *level = (struct level *)task;
    struct copier *copier = level->copier;
    const struct place from = {.dir = level->source, .name = ".", .text = level->source_text},
                       to = {.dir = level->target, .name = ".", .text = level->target_text};
    const struct attributes attributes = {.from = &from,
                                          .to = &to,
                                          .status = &level->status,
                                          .in = level->source,
                                          .out = level->target,
                                          .created = level->created};

    if (level->target >= 0 && !attributes_copy(copier->settings, &attributes))
        run_fail(copier->run);
    other_on_disk(level);
    descriptor_close(&level->source);
    descriptor_close(&level->target);
    free(level->source_text);
    free(level->target_text);
    names_free(&level->names);
    free(level);
}

/* Closes a directory that is far above, once nothing waits for it. */
static void close_level(struct level *level)
{
    struct copier *copier = level->copier;

    queue_drain(&copier->queue);
    names_rest(&level->names, level->source, copier->names);
    descriptor_close(&level->source);
    descriptor_close(&level->target);
}

/* No more than so many directories are open, unless a link has led into one: then its parent stays open. */
static void limit_levels(struct copier *copier)
{
    struct level *inner = copier->level, *level = inner->parent;

    for (size_t n = 1; level != NULL && n < OPEN_LEVELS; n++) {
        inner = level;
        level = level->parent;
    }
    if (level != NULL && level->source >= 0 && !inner->by_link)
        close_level(level);
}

/* What is there instead of the parent is no parent: errno ESTALE. */
static int open_parent(int fd, const struct stat *expected)
{
    struct stat status;
    int parent = path_open_directory(fd, "..", false);

    if (parent >= 0 && (fstat(parent, &status) != 0 || !same_inode(&status, expected))) {
        descriptor_close(&parent);
        errno = ESTALE;
    }
    return parent;
}

static bool reopen_both(struct level *level, const struct level *inner)
{
    level->source = open_parent(inner->source, &level->status);
    if (level->source < 0)
        return false;
    level->target = open_parent(inner->target, &level->copied);
    if (level->target < 0)
        descriptor_close(&level->source);
    return level->target >= 0;
}

/* There is no way to a directory that was closed when there is none to one in it, which has been told. */
static void reopen_level(struct level *level, const struct level *inner)
{
    struct copier *copier = level->copier;
    bool told = inner->source < 0;

    if (level->source >= 0 || (!told && reopen_both(level, inner)))
        return;
    path_cut(&copier->source, level->source_length);
    if (!told && errno == ESTALE)
        run_complain(copier->run, 0, "the rest of '%s', and of what it is in, is not copied: moved meanwhile",
                     copier->source.text);
    else if (!told)
        run_complain(copier->run, errno,
                     "cannot go back to '%s', to copy the rest of it and of what it is in",
                     copier->source.text);
    level->names.at = level->names.length;
}

static struct level *new_level(struct copier *copier, const struct entry *entry)
{
    struct level *level = malloc(sizeof *level);

    if (level == NULL) {
        run_complain(copier->run, errno, "cannot copy '%s'", entry->from.text);
        return NULL;
    }
    *level = (struct level){
        .task = {.finish = finish, .holds = true},
        .parent = copier->level,
        .copier = copier,
        .source = -1,
        .target = -1,
        .status = entry->status,
        .by_link = entry->through_link || (entry->followed && copier->settings->follow == FOLLOW_ALL),
        .source_length = copier->source.length,
        .target_length = copier->target.length,
    };
    return level;
}

/* A directory into which this run copies, in its own source: what is in it has to be there. */
static bool is_target(const struct copier *copier, const struct stat *status)
{
    for (const struct level *level = copier->level; level != NULL; level = level->parent)
        if (same_inode(&level->copied, status))
            return true;
    return false;
}

bool walk_enter(struct copier *copier, const struct entry *entry)
{
    struct level *level = may_be_entered(copier, entry) ? new_level(copier, entry) : NULL;

    if (level == NULL)
        return false;
    if (entry->through_link || entry->followed || is_target(copier, &entry->status))
        queue_drain(&copier->queue);
    if (!make_target(level, entry)) {
        finish(&level->task);
        return false;
    }
    open_source(level, entry);
    bool created = level->created;
    copier->level = level;
    limit_levels(copier);
    return created;
}

/* The innermost directory is done, but for what is in the queue. */
static void leave(struct copier *copier)
{
    struct level *level = copier->level;

    path_cut(&copier->source, level->source_length);
    path_cut(&copier->target, level->target_length);
    level->source_text = strdup(copier->source.text);
    level->target_text = strdup(copier->target.text);
    if (level->parent != NULL)
        reopen_level(level->parent, level);
    copier->level = level->parent;
    bool drains = level->by_link;
    queue_put(&copier->queue, &level->task);
    if (drains)
        queue_drain(&copier->queue);
}

static void copy_name(struct copier *copier, const struct level *level, const char *name)
{
    struct entry entry;

    path_cut(&copier->source, level->source_length);
    path_cut(&copier->target, level->target_length);
    if (!path_add(&copier->source, name) || !path_add(&copier->target, name)) {
        run_complain(copier->run, errno, "cannot copy '%s'", name);
        return;
    }
    entry.from = (struct place){.dir = level->source, .name = name, .text = copier->source.text};
    entry.to = (struct place){.dir = level->target, .name = name, .text = copier->target.text};
    entry.operand = false;
    entry.fresh = level->created;
    entry_copy(copier, &entry);
}

void walk_all(struct copier *copier)
{
    while (copier->level != NULL) {
        struct level *level = copier->level;
        int error = 0;
        const char *name = run_is_halted(copier->run) || copier->top_met
                               ? NULL
                               : names_next(&level->names, level->source, copier->names, &error);

        if (name != NULL) {
            copy_name(copier, level, name);
            continue;
        }
        if (error != 0) {
            path_cut(&copier->source, level->source_length);
            run_complain(copier->run, error, "error reading '%s'", copier->source.text);
        }
        leave(copier);
    }
}
