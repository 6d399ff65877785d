/* SPDX-License-Identifier: MIT */
/* Files by their paths, and chunks by their offsets. */
#include "have.h"

#include <search.h>
#include <stdlib.h>
#include <string.h>

static int compare(const void *a, const void *b)
{
    return strcmp(((const struct have_file *)a)->path, ((const struct have_file *)b)->path);
}

static struct have_file *find(const struct have *have, const char *path)
{
    const struct have_file wanted = {.path = (char *)(uintptr_t)path};
    void *const *found = tfind(&wanted, &have->tree, compare);

    return found == NULL ? NULL : *found;
}

const struct have_file *have_find(const struct have *have, const char *path)
{
    return find(have, path);
}

static void free_file(void *of)
{
    struct have_file *file = of;

    free(file->chunks);
    free(file->path);
    free(file);
}

static struct have_file *make(struct have *have, const char *path)
{
    struct have_file *file = calloc(1, sizeof *file);

    if (file == NULL)
        return NULL;
    file->path = strdup(path);
    if (file->path != NULL && tsearch(file, &have->tree, compare) != NULL)
        return file;
    free_file(file);
    return NULL;
}

bool have_add(struct have *have, const struct session_have *said)
{
    struct have_file *file = find(have, said->path);

    if (file == NULL && (file = make(have, said->path)) == NULL)
        return false;
    file->stamp_length = said->stamp_length;
    memcpy(file->stamp, said->stamp, said->stamp_length);
    file->complete = said->complete;
    memcpy(file->digest, said->digest, sizeof file->digest);
    if (said->complete)
        return true;
    if (file->count == file->room) {
        size_t room = file->room == 0 ? 16 : 2 * file->room;
        struct session_chunk *chunks = reallocarray(file->chunks, room, sizeof *chunks);
        if (chunks == NULL)
            return false;
        file->chunks = chunks;
        file->room = room;
    }
    file->chunks[file->count++] = said->chunk;
    return true;
}

static int compare_offsets(const void *a, const void *b)
{
    uint64_t left = ((const struct session_chunk *)a)->offset,
             right = ((const struct session_chunk *)b)->offset;
    return left < right ? -1 : left > right;
}

const struct session_chunk *have_chunk(const struct have_file *file, uint64_t offset, uint64_t length)
{
    const struct session_chunk wanted = {.offset = offset};
    const struct session_chunk *found =
        file->count == 0 ? NULL : bsearch(&wanted, file->chunks, file->count, sizeof wanted, compare_offsets);

    return found != NULL && found->length == length ? found : NULL;
}

void have_free(struct have *have)
{
    tdestroy(have->tree, free_file);
    have->tree = NULL;
}
