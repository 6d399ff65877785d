/* SPDX-License-Identifier: MIT */
/* A hash table with linear probing. */
#include "seen.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_ROOM = 64 };

static size_t slot_of(const struct seen *seen, dev_t dev, ino_t ino)
{
    uint64_t hash = ((uint64_t)ino ^ ((uint64_t)dev << 40)) * UINT64_C(0x9e3779b97f4a7c15);
    return (size_t)(hash >> 32) & (seen->room - 1);
}

struct seen_file *seen_find(const struct seen *seen, const struct stat *status, const char *name)
{
    if (seen->room == 0)
        return NULL;
    for (size_t i = slot_of(seen, status->st_dev, status->st_ino); seen->slots[i] != NULL;
         i = (i + 1) & (seen->room - 1)) {
        struct seen_file *file = seen->slots[i];
        if (file->dev == status->st_dev && file->ino == status->st_ino &&
            (name == NULL || strcmp(file->name, name) == 0))
            return file;
    }
    return NULL;
}

static void insert(struct seen *seen, struct seen_file *file)
{
    size_t i = slot_of(seen, file->dev, file->ino);

    while (seen->slots[i] != NULL)
        i = (i + 1) & (seen->room - 1);
    seen->slots[i] = file;
}

/* Twice the room when it is two thirds full. */
static bool make_room(struct seen *seen)
{
    if (3 * (seen->count + 1) <= 2 * seen->room)
        return true;
    struct seen larger = {.room = seen->room ? 2 * seen->room : FIRST_ROOM, .count = seen->count};
    larger.slots = calloc(larger.room, sizeof *larger.slots);
    if (larger.slots == NULL)
        return false;
    for (size_t i = 0; i < seen->room; i++)
        if (seen->slots[i] != NULL)
            insert(&larger, seen->slots[i]);
    free(seen->slots);
    *seen = larger;
    return true;
}

struct seen_file *seen_add(struct seen *seen, const struct stat *status, const char *name)
{
    struct seen_file *file = malloc(sizeof *file + strlen(name) + 1);

    if (file == NULL || !make_room(seen)) {
        free(file);
        return NULL;
    }
    *file = (struct seen_file){.dev = status->st_dev, .ino = status->st_ino};
    strcpy(file->name, name);
    insert(seen, file);
    seen->count++;
    return file;
}

void seen_free(struct seen *seen)
{
    for (size_t i = 0; i < seen->room; i++)
        free(seen->slots[i]);
    free(seen->slots);
    *seen = (struct seen){NULL, 0, 0};
}
