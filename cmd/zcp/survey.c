/* SPDX-License-Identifier: MIT */
/* A walk that only looks. */
#include "survey.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/descriptor.h"
#include "names.h"
#include "same.h"
#include "seen.h"

/* A directory that is being read, and the one around it. */
struct around {
    const struct around *outer;
    struct stat status;
};

struct surveying {
    struct run *run;
    char *buffer; /* for names.h */
    dev_t dev;    /* of the operand, for -x */
    int follow;   /* flag of fstatat(2) for what is no operand */
    struct seen links;
};

static void look(struct surveying *surveying, int dir, const char *name, int follow,
                 const struct around *around);

/* A symbolic link may lead back. */
static bool is_cyclic(const struct around *around)
{
    for (const struct around *outer = around->outer; outer != NULL; outer = outer->outer)
        if (same_inode(&outer->status, &around->status))
            return true;
    return false;
}

/* Descriptors are what limits the depth: what is below is not counted then. */
static void look_into(struct surveying *surveying, int dir, const char *name, const struct around *around)
{
    int fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC), error;
    struct names names = {.text = NULL};
    const char *inner;

    while (fd >= 0 && (inner = names_next(&names, fd, surveying->buffer, &error)) != NULL)
        look(surveying, fd, inner, surveying->follow, around);
    names_free(&names);
    descriptor_close(&fd);
}

/* Another name of a file that is copied once. */
static bool is_link_again(struct surveying *surveying, const struct stat *status)
{
    if (status->st_nlink < 2 || !surveying->run->settings->preserve.links)
        return false;
    return seen_find(&surveying->links, status, NULL) != NULL ||
           seen_add(&surveying->links, status, "") == NULL;
}

static void look(struct surveying *surveying, int dir, const char *name, int follow,
                 const struct around *around)
{
    const struct settings *settings = surveying->run->settings;
    struct around here = {.outer = around};

    if (fstatat(dir, name, &here.status, follow) != 0)
        return;
    if (S_ISREG(here.status.st_mode)) {
        if (is_link_again(surveying, &here.status))
            return;
        surveying->run->total_bytes += (uint64_t)here.status.st_size;
        surveying->run->total_files++;
    } else if (S_ISDIR(here.status.st_mode) && settings->recursive && !is_cyclic(&here) &&
               (!settings->one_file_system || here.status.st_dev == surveying->dev))
        look_into(surveying, dir, name, &here);
}

static void look_at_operand(struct surveying *surveying, const char *operand)
{
    enum follow follow = surveying->run->settings->follow;
    struct stat status;
    int flags = follow == FOLLOW_NONE ? AT_SYMLINK_NOFOLLOW : 0;

    if (fstatat(AT_FDCWD, operand, &status, flags) != 0)
        return;
    surveying->dev = status.st_dev;
    look(surveying, AT_FDCWD, operand, flags, NULL);
}

void survey(struct run *run)
{
    const struct settings *settings = run->settings;
    struct surveying surveying = {.run = run,
                                  .follow = settings->follow == FOLLOW_ALL ? 0 : AT_SYMLINK_NOFOLLOW};
    int count = settings->operand_count - (settings->target_directory == NULL);

    if (settings->transfer.progress == PROGRESS_NEVER || (surveying.buffer = malloc(NAMES_BUFFER)) == NULL)
        return;
    for (int i = 0; i < count; i++)
        look_at_operand(&surveying, settings->operands[i]);
    seen_free(&surveying.links);
    free(surveying.buffer);
}
