/* SPDX-License-Identifier: MIT */
/* The choice of methods by the kinds of source and sink. */
#include "move/ladder.h"

#include <string.h>

static void add(struct ladder *ladder, enum method method)
{
    ladder->steps[ladder->count++] = method;
}

static bool is_character(enum kind kind)
{
    return kind == KIND_TERMINAL || kind == KIND_DEVICE;
}

static bool is_default(enum method method, enum kind source, enum kind sink)
{
    switch (method) {
    case METHOD_SENDFILE:
        return !is_character(sink) &&
               sink != KIND_PIPE; /* to a pipe it is splice, and only since Linux 5.12 */
    case METHOD_SPLICE:
        return !is_character(source) && !is_character(sink);
    case METHOD_CLONE:
    case METHOD_TEE:
    case METHOD_MMAP:
        return false;
    default:
        return true;
    }
}

struct ladder ladder_for(enum kind source, enum kind sink)
{
    struct ladder ladder = {0};

    for (enum method method = 0; method < METHOD_COUNT; method++)
        if (method_serves(method, source, sink) && is_default(method, source, sink))
            add(&ladder, method);
    return ladder;
}

struct ladder ladder_restrict(const struct ladder *wanted, enum kind source, enum kind sink)
{
    struct ladder ladder = {0};

    for (size_t i = 0; i < wanted->count; i++)
        if (method_serves(wanted->steps[i], source, sink))
            add(&ladder, wanted->steps[i]);
    return ladder;
}

bool ladder_has(const struct ladder *ladder, enum method method)
{
    for (size_t i = 0; i < ladder->count; i++)
        if (ladder->steps[i] == method)
            return true;
    return false;
}

void ladder_drop(struct ladder *ladder, enum method method)
{
    size_t kept = 0;

    for (size_t i = 0; i < ladder->count; i++)
        if (ladder->steps[i] != method)
            ladder->steps[kept++] = ladder->steps[i];
    ladder->count = kept;
}

static bool add_named(struct ladder *ladder, const char *name, size_t length)
{
    for (enum method method = 0; method < METHOD_COUNT; method++) {
        const char *known = method_table[method].name;
        if (strlen(known) == length && strncmp(known, name, length) == 0 && !ladder_has(ladder, method)) {
            add(ladder, method);
            return true;
        }
    }
    return false;
}

bool ladder_parse(const char *list, struct ladder *ladder)
{
    *ladder = (struct ladder){0};
    for (;;) {
        size_t length = strcspn(list, ",");
        if (!add_named(ladder, list, length))
            return false;
        if (list[length] == '\0')
            return true;
        list += length + 1;
    }
}
