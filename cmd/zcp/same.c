/* SPDX-License-Identifier: MIT */
/* The rules of cp(1), in its order. */
#include "same.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "path.h"

char *same_directory_entry(const struct place *place, struct stat *parent)
{
    const char *last = place->name + path_last(place->name);
    char *directory = path_parent(place->name);
    bool found = directory != NULL && fstatat(place->dir, directory, parent, 0) == 0;

    free(directory);
    return found ? strndup(last, strcspn(last, "/")) : NULL;
}

bool same_name(const struct place *a, const struct place *b)
{
    struct stat parent_a, parent_b;
    char *last_a = same_directory_entry(a, &parent_a), *last_b = same_directory_entry(b, &parent_b);
    bool same =
        last_a != NULL && last_b != NULL && strcmp(last_a, last_b) == 0 && same_inode(&parent_a, &parent_b);

    free(last_a);
    free(last_b);
    return same;
}

/* Both as they are, not what links point to. */
struct links {
    struct stat from, to;
    bool same;
};

static bool look_at_links(const struct entry *entry, struct links *links)
{
    if (fstatat(entry->from.dir, entry->from.name, &links->from, AT_SYMLINK_NOFOLLOW) != 0 ||
        fstatat(entry->to.dir, entry->to.name, &links->to, AT_SYMLINK_NOFOLLOW) != 0)
        return false;
    links->same = same_inode(&links->from, &links->to);
    return true;
}

/* Two symbolic links, which are copied as they are. */
static enum same check_two_links(const struct settings *settings, const struct entry *entry,
                                 const struct links *links)
{
    if (same_name(&entry->from, &entry->to))
        return SAME_YES;
    return settings->backup == BACKUP_NONE && links->same ? SAME_DONE : SAME_NO;
}

/* What is there will be moved aside: fine, unless that moves the source too. */
static enum same check_backup(const struct entry *entry, const struct links *links)
{
    if (links->same)
        return same_name(&entry->from, &entry->to) ? SAME_YES : SAME_NO;
    return entry->followed && S_ISLNK(links->from.st_mode) && !S_ISLNK(links->to.st_mode) ? SAME_YES
                                                                                          : SAME_NO;
}

/* One of the two is a link to the other: without following it they differ, except in what they lead to. */
static enum same check_referents(const struct settings *settings, const struct entry *entry,
                                 const struct links *links)
{
    struct stat from, to;

    if (entry->followed)
        return SAME_YES;
    if (fstatat(entry->from.dir, entry->from.name, &from, 0) != 0 ||
        fstatat(entry->to.dir, entry->to.name, &to, 0) != 0 || !same_inode(&from, &to))
        return SAME_NO;
    if (settings->making == MAKE_HARD_LINK)
        return S_ISLNK(links->to.st_mode) ? SAME_NO : SAME_DONE;
    return SAME_YES;
}

enum same same_check(const struct settings *settings, const struct entry *entry)
{
    bool same = same_inode(&entry->status, &entry->existing);
    struct links links;

    if (same && settings->making == MAKE_HARD_LINK)
        return SAME_DONE;
    if (entry->followed && !same)
        return SAME_NO;
    if (!look_at_links(entry, &links))
        return SAME_NO;
    bool from_link = S_ISLNK(links.from.st_mode), to_link = S_ISLNK(links.to.st_mode);
    if (!entry->followed && from_link && to_link)
        return check_two_links(settings, entry, &links);
    if (from_link && to_link && settings->remove_destination)
        return SAME_NO;
    if (settings->backup != BACKUP_NONE)
        return check_backup(entry, &links);
    if (settings->remove_destination &&
        (to_link || (links.same && links.to.st_nlink > 1 && !same_name(&entry->from, &entry->to))))
        return SAME_NO;
    if (!from_link && !to_link)
        return links.same ? SAME_YES : SAME_NO;
    if (settings->making == MAKE_SYMBOLIC_LINK && settings->force && to_link)
        return SAME_NO;
    return check_referents(settings, entry, &links);
}
