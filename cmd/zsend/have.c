/* SPDX-License-Identifier: MIT */
/* Files by their paths, and chunks by their offsets. */
#include "have.h"

#include <search.h>
#include <stdlib.h>
#include <string.h>

/* The path is the first member of what is compared, and all of what is looked for. */
static int compare(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static struct have_file *find(const struct have *have, const char *path)
{
    void *const *found = tfind(&path, &have->tree, compare);

    return found == NULL ? NULL : *found;
}

const struct have_file *have_find(const struct have *have, const char *path)
{
    return find(have, path);
}

static void free_file(void *of)
{
    struct have_file *file = of;

    chunks_free(&file->chunks);
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
    return chunks_add(&file->chunks, &said->chunk) == CHUNKS_ADDED;
}

void have_free(struct have *have)
{
    tdestroy(have->tree, free_file);
    have->tree = NULL;
}
