/* SPDX-License-Identifier: MIT */
/* A sorted array. */
#include "net/chunks.h"

#include <stdlib.h>
#include <string.h>

/* The first chunk whose end is behind offset. */
static size_t find(const struct chunks *chunks, uint64_t offset)
{
    size_t low = 0, high = chunks->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (chunks->list[middle].offset + chunks->list[middle].length <= offset)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool make_room(struct chunks *chunks)
{
    if (chunks->count < chunks->room)
        return true;
    size_t room = chunks->room == 0 ? 4 : 2 * chunks->room;
    struct session_chunk *list = reallocarray(chunks->list, room, sizeof *list);
    if (list == NULL)
        return false;
    chunks->list = list;
    chunks->room = room;
    return true;
}

bool chunks_have(const struct chunks *chunks, uint64_t offset, uint64_t length)
{
    size_t at = find(chunks, offset);
    return at < chunks->count && chunks->list[at].offset < offset + length;
}

enum chunks_result chunks_add(struct chunks *chunks, const struct session_chunk *chunk)
{
    size_t at = find(chunks, chunk->offset);

    if (chunks_have(chunks, chunk->offset, chunk->length)) {
        struct session_chunk *there = &chunks->list[at];
        if (there->offset != chunk->offset || there->length != chunk->length)
            return CHUNKS_OVERLAP;
        *there = *chunk;
        return CHUNKS_ADDED;
    }
    if (chunks->count >= CHUNKS_MOST || !make_room(chunks))
        return CHUNKS_TOO_MANY;
    memmove(chunks->list + at + 1, chunks->list + at, (chunks->count - at) * sizeof *chunk);
    chunks->list[at] = *chunk;
    chunks->count++;
    return CHUNKS_ADDED;
}

void chunks_remove(struct chunks *chunks, uint64_t offset, uint64_t length)
{
    size_t from = find(chunks, offset), to = from;

    while (to < chunks->count && chunks->list[to].offset < offset + length)
        to++;
    if (to > from)
        memmove(chunks->list + from, chunks->list + to, (chunks->count - to) * sizeof *chunks->list);
    chunks->count -= to - from;
}

void chunks_free(struct chunks *chunks)
{
    free(chunks->list);
    *chunks = (struct chunks){.list = NULL};
}

struct session_chunk *chunks_find(const struct chunks *chunks, uint64_t offset, uint64_t length)
{
    size_t at = find(chunks, offset);
    struct session_chunk *chunk = at < chunks->count ? &chunks->list[at] : NULL;

    return chunk != NULL && chunk->offset == offset && chunk->length == length ? chunk : NULL;
}

bool chunks_digest(const struct chunks *chunks, struct digest *list, uint8_t digest[DIGEST_BYTES])
{
    digest_restart(list);
    for (size_t i = 0; i < chunks->count; i++)
        session_list_chunk(list, &chunks->list[i]);
    return digest_take(list, digest) > 0;
}
