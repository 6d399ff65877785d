/* SPDX-License-Identifier: MIT */
/* SOURCE DEST, SOURCE... DIRECTORY, -t DIRECTORY SOURCE... */
#include "operands.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/descriptor.h"
#include "base/option.h"
#include "entry.h"
#include "parents.h"
#include "sync.h"
#include "walk.h"

/* Cuts slashes off the end, but the first character. */
static void strip_slashes(char *name)
{
    size_t length = strlen(name);

    while (length > 1 && name[length - 1] == '/')
        name[--length] = '\0';
}

/* The part of a name that its copy in a directory has: "b" of "a/b/". "a/.." becomes ".", and so does "/". */
static const char *last_part(const char *stripped)
{
    const char *last = stripped + path_last(stripped);

    return *last == '\0' || strcmp(last, "..") == 0 ? "." : last;
}

static bool set_paths(struct copier *copier, const char *source, const char *target, const char *name)
{
    if (path_set(&copier->source, source) && path_set(&copier->target, target) &&
        (name == NULL || path_add(&copier->target, name)))
        return true;
    return run_complain(copier->run, errno, "cannot copy '%s'", source);
}

/* An operand may lie in what is being copied for one before it, but for a file beside files. */
static void wait_for_earlier(struct copier *copier, const char *source)
{
    struct stat status;
    bool alone = copier->settings->parents || copier->folders.count > 0 || lstat(source, &status) != 0 ||
                 !S_ISREG(status.st_mode);

    if (alone)
        queue_drain(&copier->queue);
}

/* The source to name in the directory dir, which people know as target. name NULL: target itself. */
static void copy_one(struct copier *copier, const char *source, int dir, const char *target, const char *name)
{
    char *top_target = NULL;

    if (!set_paths(copier, source, target, name))
        return;
    struct entry entry = {.operand = true};
    entry.from = (struct place){.dir = AT_FDCWD, .name = source, .text = copier->source.text};
    entry.to = (struct place){.dir = dir, .name = name ? name : target, .text = copier->target.text};
    copier->top_made = copier->top_met = false;
    copier->top_source = source;
    copier->top_target = top_target = strdup(copier->target.text);
    wait_for_earlier(copier, source);
    entry_copy(copier, &entry);
    walk_all(copier);
    if (copier->settings->sync && !copier->settings->parents)
        sync_place(copier, dir, name ? name : target, top_target);
    free(top_target);
}

/* --parents: with all of its directories. */
static void copy_with_parents(struct copier *copier, const char *source, const char *stripped, int dir,
                              const char *target)
{
    struct parents parents;
    const char *name = stripped + strspn(stripped, "/");

    bool made = parents_make(&parents, copier, stripped, dir, target);
    name = *name ? name : ".";
    if (made)
        copy_one(copier, source, dir, target, name);
    parents_finish(&parents);
    if (made && copier->settings->sync) /* behind what the directories have got just now */
        sync_place(copier, dir, name, target);
}

/* One operand into a directory. */
static void copy_into(struct copier *copier, const char *operand, int dir, const char *target)
{
    char *source = strdup(operand), *stripped = strdup(operand);

    if (source == NULL || stripped == NULL)
        run_complain(copier->run, errno, "cannot copy '%s'", operand);
    else {
        strip_slashes(stripped);
        if (copier->settings->strip_slashes)
            strip_slashes(source);
        if (copier->settings->parents)
            copy_with_parents(copier, source, stripped, dir, target);
        else
            copy_one(copier, source, dir, target, last_part(stripped));
    }
    free(source);
    free(stripped);
}

static void copy_all_into(struct copier *copier, int count, int dir, const char *target)
{
    for (int i = 0; i < count && !run_is_halted(copier->run); i++)
        copy_into(copier, copier->settings->operands[i], dir, target);
    queue_drain(&copier->queue); /* the directory is still open */
}

/* -f -b FILE FILE: the file is copied to the name of its backup. */
static bool is_copy_to_backup(const struct settings *settings, const char *source, const char *target)
{
    struct stat status;

    return settings->force && settings->backup != BACKUP_NONE && strcmp(source, target) == 0 &&
           stat(source, &status) == 0 && S_ISREG(status.st_mode);
}

static void copy_to_backup(struct copier *copier, const char *source)
{
    const struct place place = {.dir = AT_FDCWD, .name = source, .text = source};
    const struct settings *settings = copier->settings;
    struct settings without = *settings;
    char name[NAME_MAX + 1], target[BACKUP_TEXT];

    without.backup = BACKUP_NONE;
    backup_name(settings, &place, name);
    snprintf(target, sizeof target, "%.*s%s", (int)path_last(source), source, name);
    copier->settings = copier->run->settings = &without;
    copy_one(copier, source, AT_FDCWD, target, NULL);
    queue_drain(&copier->queue);
    copier->settings = copier->run->settings = settings;
}

static void copy_pair(struct copier *copier)
{
    const struct settings *settings = copier->settings;
    char *source = settings->operands[0], *target = settings->operands[1];

    if (settings->parents) {
        option_usage_error("with --parents, the destination must be a directory");
        run_fail(copier->run);
        return;
    }
    if (is_copy_to_backup(settings, source, target))
        copy_to_backup(copier, source);
    else
        copy_one(copier, source, AT_FDCWD, target, NULL);
    queue_drain(&copier->queue);
}

/* What a target that is no directory to copy into says to open(2); what is wrong with it will be told. */
static bool is_no_directory(int error)
{
    return error == ENOENT || error == ENOTDIR || error == ELOOP || error == ENAMETOOLONG || error == EACCES;
}

/* The directory to copy into, or -1: errno says why not. Searching it is enough. */
static int open_target(const char *name)
{
    return open(name, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

void operands_copy(struct copier *copier)
{
    const struct settings *settings = copier->settings;
    const char *target = settings->target_directory;
    int count = settings->operand_count, dir = -1;

    if (target == NULL && !settings->no_target_directory && count > 1)
        target = settings->operands[--count];
    if (target != NULL)
        dir = open_target(target);
    if (dir >= 0)
        copy_all_into(copier, count, dir, target);
    else if (settings->target_directory != NULL)
        run_complain(copier->run, errno, "target directory '%s'", target);
    else if (target != NULL && (count > 1 || !is_no_directory(errno)))
        run_complain(copier->run, errno, "target '%s'", target);
    else
        copy_pair(copier);
    descriptor_close(&dir);
}
