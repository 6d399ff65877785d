/* SPDX-License-Identifier: MIT */
/* Growing and cutting. */
#include "path.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/descriptor.h"

static bool make_room(struct path *path, size_t room)
{
    if (room <= path->room)
        return true;
    room += room / 2;
    char *text = realloc(path->text, room);
    if (text == NULL)
        return false;
    path->text = text;
    path->room = room;
    return true;
}

static bool append(struct path *path, const char *text, size_t length)
{
    if (!make_room(path, path->length + length + 1))
        return false;
    memcpy(path->text + path->length, text, length);
    path->length += length;
    path->text[path->length] = '\0';
    return true;
}

bool path_set(struct path *path, const char *text)
{
    size_t before = path->length;

    path->length = 0;
    if (append(path, text, strlen(text)))
        return true;
    path->length = before;
    return false;
}

bool path_add(struct path *path, const char *name)
{
    size_t length = strlen(name), before = path->length;
    bool slash = before > 0 && path->text[before - 1] != '/';

    if (!make_room(path, before + length + 2))
        return false;
    return (!slash || append(path, "/", 1)) && append(path, name, length);
}

size_t path_last(const char *name)
{
    size_t at = strlen(name);

    while (at > 1 && name[at - 1] == '/')
        at--;
    while (at > 0 && name[at - 1] != '/')
        at--;
    return at;
}

char *path_parent(const char *name)
{
    size_t length = path_last(name);
    return length == 0 ? strdup(".") : strndup(name, length);
}

/* Opens a directory. Changes the name: one that is too long for a call is gone through in pieces. */
static int open_in_pieces(int dir, char *name)
{
    int outer = dir;

    while (outer != -1 && strlen(name) >= PATH_MAX) {
        size_t end = PATH_MAX - 2;
        while (end > 0 && name[end] != '/')
            end--;
        if (end == 0) /* the kernel says that it is too long */
            break;
        name[end] = '\0';
        int inner = openat(outer, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (outer != dir)
            descriptor_close(&outer);
        outer = inner;
        name += end + 1;
        name += strspn(name, "/");
    }
    int fd = outer == -1 ? -1 : openat(outer, *name != '\0' ? name : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (outer != dir)
        descriptor_close(&outer);
    return fd;
}

int path_open_directory(int dir, const char *name, bool follow)
{
    int flags = O_DIRECTORY | O_CLOEXEC | (follow ? 0 : O_NOFOLLOW);
    int fd = openat(dir, name, O_RDONLY | flags);

    return fd < 0 && errno == EACCES ? openat(dir, name, O_PATH | flags) : fd;
}

int path_open_parent(int dir, const char *name)
{
    char *parent = path_parent(name);
    int fd = parent ? open_in_pieces(dir, parent) : -1;

    free(parent);
    return fd;
}

void path_cut(struct path *path, size_t length)
{
    path->length = length;
    path->text[length] = '\0';
}

void path_free(struct path *path)
{
    free(path->text);
    *path = (struct path){NULL, 0, 0};
}
