/* SPDX-License-Identifier: MIT */
/* Names of backups, and the renaming. */
#include "backup.h"

#include <bsd/string.h>
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/descriptor.h"
#include "base/message.h"
#include "path.h"

/* N of "BASE.~N~", or 0. */
static unsigned long long number_of(const char *entry, const char *base, size_t length)
{
    unsigned long long number = 0;
    int used = 0;

    if (strncmp(entry, base, length) != 0 || strncmp(entry + length, ".~", 2) != 0)
        return 0;
    const char *digits = entry + length + 2;
    if (*digits < '1' || *digits > '9' || strlen(digits) > 18) /* 17 digits fit for sure */
        return 0;
    return sscanf(digits, "%llu~%n", &number, &used) == 1 && used > 0 && digits[used] == '\0' ? number : 0;
}

/* The directory of to, opened for reading; NULL with errno. */
static DIR *open_directory(const struct place *to)
{
    int fd = path_open_parent(to->dir, to->name);
    DIR *directory = fd < 0 ? NULL : fdopendir(fd);

    if (directory == NULL)
        descriptor_close(&fd);
    return directory;
}

/* The highest number of a backup of to. A directory that cannot be read has none that could be seen. */
static unsigned long long highest_number(const struct place *to)
{
    const char *base = to->name + path_last(to->name);
    size_t length = strcspn(base, "/");
    unsigned long long highest = 0;
    DIR *directory = open_directory(to);

    if (directory == NULL)
        return 0;
    for (struct dirent *entry; (entry = readdir(directory)) != NULL;) {
        unsigned long long number = number_of(entry->d_name, base, length);
        highest = number > highest ? number : highest;
    }
    closedir(directory);
    return highest;
}

/* The name for the number after highest; 0: without one. True: it is too long for a file system, and was cut
 * to end in a ~ as GNU's does. */
static bool make_name(const struct settings *settings, const struct place *to, unsigned long long highest,
                      char name[NAME_MAX + 1])
{
    const char *base = to->name + path_last(to->name);
    int length = (int)strcspn(base, "/"), made;

    if (settings->backup == BACKUP_NUMBERED || highest > 0)
        made = snprintf(name, NAME_MAX + 1, "%.*s.~%llu~", length, base, highest + 1);
    else
        made = snprintf(name, NAME_MAX + 1, "%.*s%s", length, base, settings->suffix);
    if (made <= NAME_MAX)
        return false;
    length = length < NAME_MAX ? length : NAME_MAX - 1;
    strlcpy(name + length, "~", NAME_MAX + 1 - (size_t)length);
    return true;
}

static unsigned long long number_wanted(const struct settings *settings, const struct place *to)
{
    return settings->backup == BACKUP_SIMPLE ? 0 : highest_number(to);
}

void backup_name(const struct settings *settings, const struct place *to, char name[NAME_MAX + 1])
{
    make_name(settings, to, number_wanted(settings, to), name);
}

/* The name beside another one: "dir/file" and "file~" give "dir/file~". False with ENAMETOOLONG. */
static bool beside(const char *name, const char *made, char text[], size_t size)
{
    int length = snprintf(text, size, "%.*s%s", (int)path_last(name), name, made);

    if (length >= 0 && (size_t)length < size)
        return true;
    errno = ENAMETOOLONG;
    return false;
}

static bool rename_in(const struct place *to, const char *from, const char *into, unsigned flags)
{
    if (renameat2(to->dir, from, to->dir, into, flags) == 0)
        return true;
    /* Not every file system, and no kernel before 3.15, has a flag. */
    return flags != 0 && (errno == EINVAL || errno == ENOSYS) && renameat(to->dir, from, to->dir, into) == 0;
}

/* With --atomic the old file keeps its name until the new one takes it. */
static bool link_in(const struct place *to, const char *path, bool replaces)
{
    if (replaces && unlinkat(to->dir, path, 0) != 0 && errno != ENOENT)
        return false;
    return linkat(to->dir, to->name, to->dir, path, 0) == 0;
}

/* A numbered backup replaces nothing. False with errno: EEXIST, another process has just made one. */
static bool move(const struct settings *settings, const struct place *to, unsigned long long highest,
                 char made[NAME_MAX + 1])
{
    char path[PATH_MAX];
    bool numbered = settings->backup == BACKUP_NUMBERED || highest > 0;
    bool cut = make_name(settings, to, highest, made);

    bool replaces = !numbered || cut;
    return beside(to->name, made, path, sizeof path) &&
           (settings->atomic ? link_in(to, path, replaces)
                             : rename_in(to, to->name, path, replaces ? 0 : RENAME_NOREPLACE));
}

/* A directory that cannot be read has no highest number, and must not be tried for ever. */
static bool move_to_next(const struct settings *settings, const struct place *to, char made[NAME_MAX + 1])
{
    unsigned long long highest = number_wanted(settings, to), before;

    do {
        if (move(settings, to, highest, made))
            return true;
        before = highest;
    } while (errno == EEXIST && (highest = number_wanted(settings, to)) > before);
    return false;
}

bool backup_make(const struct settings *settings, const struct place *to, char made[], size_t size)
{
    char name[NAME_MAX + 1];

    made[0] = '\0';
    if (settings->backup == BACKUP_NONE)
        return true;
    if (move_to_next(settings, to, name)) {
        if (!beside(to->text, name, made, size))
            strlcpy(made, name, size);
        return true;
    }
    if (errno == ENOENT)
        return true;
    message_error(errno, "cannot backup '%s'", to->text);
    return false;
}

bool backup_undo(const struct settings *settings, const struct place *to, const char *made)
{
    char path[PATH_MAX];

    if (beside(to->name, made + path_last(made), path, sizeof path) && rename_in(to, path, to->name, 0)) {
        if (settings->verbose)
            message_result("'%s' -> '%s' (unbackup)", made, to->text);
        unlinkat(to->dir, path, 0); /* rename(2) leaves it where both are links to one file: --atomic */
        return true;
    }
    message_error(errno, "cannot un-backup '%s'", to->text);
    return false;
}
