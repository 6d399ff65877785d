/* SPDX-License-Identifier: MIT */
/* getdents64(2), without the buffer that every DIR has. */
#include "names.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* One read of the directory: at most as many names as fit into the buffer. */
enum { MOST = NAMES_BUFFER / 24 };

struct sorted {
    const struct dirent64 *entries[MOST];
    size_t count;
};

static bool is_dots(const char *name)
{
    return name[0] == '.' && (name[1] == '\0' || (name[1] == '.' && name[2] == '\0'));
}

/* On disks, reading files in the order of their inodes saves seeks. */
static int by_inode(const void *a, const void *b)
{
    const struct dirent64 *first = *(const struct dirent64 *const *)a,
                          *second = *(const struct dirent64 *const *)b;
    return first->d_ino < second->d_ino ? -1 : first->d_ino > second->d_ino;
}

static void sort(struct sorted *sorted, const char *buffer, size_t length)
{
    sorted->count = 0;
    for (size_t at = 0; at < length;) {
        const struct dirent64 *entry = (const struct dirent64 *)(const void *)(buffer + at);
        if (!is_dots(entry->d_name))
            sorted->entries[sorted->count++] = entry;
        at += entry->d_reclen;
    }
    qsort(sorted->entries, sorted->count, sizeof *sorted->entries, by_inode);
}

static bool append(struct names *names, const struct sorted *sorted)
{
    size_t length = 0;

    for (size_t i = 0; i < sorted->count; i++)
        length += strlen(sorted->entries[i]->d_name) + 1;
    if (length == 0)
        return true;
    char *text = realloc(names->text, names->length + length);
    if (text == NULL)
        return false;
    char *end = text + names->length;
    for (size_t i = 0; i < sorted->count; i++)
        end = stpcpy(end, sorted->entries[i]->d_name) + 1;
    names->text = text;
    names->length += length;
    return true;
}

/* Reads some more names, or notes why not. */
static void read_some(struct names *names, int fd, char *buffer)
{
    struct sorted sorted;
    ssize_t n = getdents64(fd, buffer, NAMES_BUFFER);

    names->ended = n <= 0;
    if (n < 0 && errno != ENOENT) /* a directory that has been removed meanwhile is empty */
        names->error = errno;
    if (n <= 0)
        return;
    sort(&sorted, buffer, (size_t)n);
    names->ended = !append(names, &sorted);
    if (names->ended)
        names->error = ENOMEM;
}

const char *names_next(struct names *names, int fd, char *buffer, int *error)
{
    while (names->at == names->length && !names->ended) {
        names->at = names->length = 0;
        read_some(names, fd, buffer);
    }
    *error = names->at == names->length ? names->error : 0;
    if (names->at == names->length)
        return NULL;
    const char *name = names->text + names->at;
    names->at += strlen(name) + 1;
    return name;
}

void names_rest(struct names *names, int fd, char *buffer)
{
    while (!names->ended)
        read_some(names, fd, buffer);
}

void names_free(struct names *names)
{
    free(names->text);
    *names = (struct names){.text = NULL};
}
