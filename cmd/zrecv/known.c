/* SPDX-License-Identifier: MIT */
/* A tree of paths, and lists of chunks. */
#include "known.h"

#include <search.h>
#include <stdlib.h>
#include <string.h>

/* The path is the first member of what is compared, and all of what is looked for. */
static int compare(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

struct known_file *known_find(const struct known *known, const char *path)
{
    void *const *found = tfind(&path, &known->tree, compare);

    return found == NULL ? NULL : *found;
}

struct known_file *known_add(struct known *known, const char *path)
{
    struct known_file *file = known_find(known, path);

    if (file != NULL)
        return file;
    file = calloc(1, sizeof *file);
    if (file == NULL || (file->path = strdup(path)) == NULL || tsearch(file, &known->tree, compare) == NULL) {
        if (file != NULL)
            free(file->path);
        free(file);
        return NULL;
    }
    return file;
}

void known_reset(struct known_file *file)
{
    chunks_free(&file->chunks);
    *file = (struct known_file){.path = file->path, .published = file->published, .before = file->before};
}

static void free_file(void *of)
{
    struct known_file *file = of;

    chunks_free(&file->chunks);
    free(file->path);
    free(file);
}

void known_remove(struct known *known, struct known_file *file)
{
    tdelete(file, &known->tree, compare);
    free_file(file);
}

struct each {
    bool (*call)(struct known_file *file, void *of);
    void *of;
    bool good;
};

static void visit(const void *node, VISIT order, void *of)
{
    struct each *each = of;

    if (each->good && (order == postorder || order == leaf))
        each->good = each->call(*(struct known_file *const *)node, each->of);
}

bool known_each(const struct known *known, bool (*call)(struct known_file *file, void *of), void *of)
{
    struct each each = {call, of, true};

    twalk_r(known->tree, visit, &each);
    return each.good;
}

static bool is_same(const struct published *published, const struct stat *status)
{
    return published->is_set && S_ISREG(status->st_mode) && status->st_ino == published->inode &&
           (uint64_t)status->st_size == published->size && status->st_mtim.tv_sec == published->seconds &&
           status->st_mtim.tv_nsec == (long)published->nanoseconds;
}

bool known_is(const struct known_file *file, const struct stat *status)
{
    return is_same(&file->published, status);
}

bool known_was(const struct known_file *file, const struct stat *status)
{
    return is_same(&file->published, status) || is_same(&file->before, status);
}

static int compare_inodes(const void *a, const void *b)
{
    uint64_t one = *(const uint64_t *)a, other = *(const uint64_t *)b;
    return one < other ? -1 : one > other;
}

void known_note_linked(struct known *known, uint64_t inode)
{
    uint64_t *copy = known->linked_count < LINKED_MOST ? malloc(sizeof *copy) : NULL;

    if (copy == NULL)
        return;
    *copy = inode;
    uint64_t **found = tsearch(copy, &known->linked, compare_inodes);
    if (found == NULL || *found != copy)
        free(copy);
    else
        known->linked_count++;
}

bool known_is_linked(const struct known *known, uint64_t inode)
{
    return tfind(&inode, &known->linked, compare_inodes) != NULL;
}

void known_free(struct known *known)
{
    tdestroy(known->tree, free_file);
    tdestroy(known->linked, free);
    *known = (struct known){.tree = NULL};
}
