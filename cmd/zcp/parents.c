/* SPDX-License-Identifier: MIT */
/* One directory after the other, and their attributes at the end. */
#include "parents.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "attributes.h"
#include "base/descriptor.h"
#include "base/message.h"

struct parent {
    struct parent *next;
    int dir;            /* of the target */
    struct stat status; /* of the source; of inode 0: it was not looked at, and gives nothing */
    bool created;
    char *source, *target; /* as people know them */
    const char *name;      /* in dir */
};

static void free_parent(struct parent *parent)
{
    free(parent->source);
    free(parent->target);
    free(parent);
}

static struct parent *new_parent(const char *source, size_t length, int dir, const char *target)
{
    struct parent *parent = calloc(1, sizeof *parent);
    size_t slash = *target != '\0' && target[strlen(target) - 1] != '/';

    if (parent == NULL)
        return NULL;
    parent->dir = dir;
    parent->source = strndup(source, length);
    parent->target = malloc(strlen(target) + slash + length + 1);
    if (parent->source == NULL || parent->target == NULL) {
        free_parent(parent);
        return NULL;
    }
    char *end = stpcpy(parent->target, target);
    if (slash)
        *end++ = '/';
    parent->name = strcpy(end, parent->source + strspn(parent->source, "/"));
    return parent;
}

/* cp(1) looks at the source of a directory that is there only if that gets something of it when all is done.
 */
static bool is_asked_for(const struct settings *settings, bool there)
{
    return !there || settings->preserve.mode || settings->preserve.owner || settings->preserve.times;
}

static bool look_at_source(struct parent *parent, struct run *run)
{
    bool found = stat(parent->source, &parent->status) == 0;

    return (found && S_ISDIR(parent->status.st_mode)) ||
           run_complain(run, found ? ENOTDIR : errno, "failed to get attributes of '%s'", parent->source);
}

static bool make(struct parent *parent, const struct copier *copier)
{
    const struct settings *settings = copier->settings;
    struct stat status;
    bool there = fstatat(parent->dir, parent->name, &status, 0) == 0;

    if (is_asked_for(settings, there) && !look_at_source(parent, copier->run))
        return false;
    if (there)
        return S_ISDIR(status.st_mode) ||
               run_complain(copier->run, 0, "'%s' exists but is not a directory", parent->target);
    if (mkdirat(parent->dir, parent->name, attributes_mode_at_first(settings, &parent->status)) != 0)
        return run_complain(copier->run, errno, "cannot make directory '%s'", parent->target);
    parent->created = true;
    if (settings->verbose)
        message_result("%s -> %s", parent->source, parent->target);
    return true;
}

/* If the innermost directory is there, all are, and they stay as they are. */
static bool are_there(const char *source, int dir)
{
    char *name = path_parent(source + strspn(source, "/"));
    struct stat status;
    bool there = name != NULL && fstatat(dir, name, &status, 0) == 0 && S_ISDIR(status.st_mode);
    free(name);
    return there;
}

bool parents_make(struct parents *parents, struct copier *copier, const char *source, int dir,
                  const char *target)
{
    size_t start = strspn(source, "/");

    *parents = (struct parents){.copier = copier};
    if (are_there(source, dir))
        return true;
    for (const char *slash = strchr(source + start, '/'); slash != NULL; slash = strchr(slash, '/')) {
        struct parent *parent = new_parent(source, (size_t)(slash - source), dir, target);
        if (parent == NULL)
            return run_complain(copier->run, errno, "cannot copy '%s'", source);
        parent->next = parents->list;
        parents->list = parent;
        if (!make(parent, copier)) {
            parent->status.st_ino = 0; /* nothing is there that could get its attributes */
            return false;
        }
        slash += strspn(slash, "/");
    }
    return true;
}

static void finish(const struct parent *parent, const struct copier *copier)
{
    const struct place from = {.dir = AT_FDCWD, .name = parent->source, .text = parent->source},
                       to = {.dir = parent->dir, .name = parent->name, .text = parent->target};
    struct attributes attributes = {
        .from = &from, .to = &to, .status = &parent->status, .created = parent->created};
    struct settings settings = *copier->settings;

    settings.preserve.xattr = false; /* cp(1) does not give them these */
    attributes.in = path_open_directory(AT_FDCWD, parent->source, true);
    attributes.out = attributes.in < 0 ? -1 : path_open_directory(parent->dir, parent->name, true);
    if (attributes.out < 0)
        run_complain(copier->run, errno, "cannot access '%s'",
                     attributes.in < 0 ? parent->source : parent->target);
    else if (!attributes_copy(&settings, &attributes))
        run_fail(copier->run);
    descriptor_close(&attributes.in);
    descriptor_close(&attributes.out);
}

void parents_finish(struct parents *parents)
{
    if (parents->list != NULL)
        queue_drain(&parents->copier->queue);
    while (parents->list != NULL) {
        struct parent *parent = parents->list;
        if (parent->status.st_ino != 0)
            finish(parent, parents->copier);
        parents->list = parent->next;
        free_parent(parent);
    }
}
