/* SPDX-License-Identifier: MIT */
/*
 * One open directory at a time, whose names have been read; the way up is "..", which has to lead to where
 * the way down began. fts(3) does the same, but takes an error of readdir(3) for the end of a directory
 * (glibc 2.36), so that names would be missing and nobody would know.
 */
#include "tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/descriptor.h"

struct level {
    struct level *up;
    struct stat status;
    size_t name, text; /* where its name begins in the text, and the length of the text */
    char *names;       /* one behind the other, each with its NUL */
    size_t length, at, room;
    int error;    /* of reading them */
    bool is_open; /* it, or what is below it, is where we are */
};

struct tree {
    int dir;               /* the one of level, AT_FDCWD above the operand */
    struct level *level;   /* NULL above the operand */
    struct level *entered; /* TREE_ENTER has been told of it, and it has not been read */
    bool ended;
    char *text;
    size_t room;
};

static bool set_text(struct tree *tree, size_t length, const char *name)
{
    size_t size = strlen(name) + 1, needed = length + size + 1;

    if (needed > tree->room) {
        char *text = realloc(tree->text, 2 * needed);
        if (text == NULL)
            return false;
        tree->text = text;
        tree->room = 2 * needed;
    }
    if (length > 0 && tree->text[length - 1] != '/')
        tree->text[length++] = '/';
    memcpy(tree->text + length, name, size);
    return true;
}

struct tree *tree_open(const char *operand)
{
    struct tree *tree = calloc(1, sizeof *tree);

    if (tree == NULL)
        return NULL;
    tree->dir = AT_FDCWD;
    if (set_text(tree, 0, operand))
        return tree;
    free(tree);
    return NULL;
}

static void free_level(struct level *level)
{
    free(level->names);
    free(level);
}

static void close_dir(struct tree *tree)
{
    if (tree->dir != AT_FDCWD)
        descriptor_close(&tree->dir);
    tree->dir = AT_FDCWD;
}

void tree_close(struct tree *tree)
{
    for (struct level *level = tree->level, *up; level != NULL; level = up) {
        up = level->up;
        free_level(level);
    }
    if (tree->entered != NULL)
        free_level(tree->entered);
    close_dir(tree);
    free(tree->text);
    free(tree);
}

/* Opens a directory that has to be the one that is known. -1 with errno. */
static int open_known(int dir, const char *name, int flags, const struct stat *known)
{
    struct stat status;
    int fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NONBLOCK | O_CLOEXEC | flags);

    if (fd < 0)
        return fd;
    int error = fstat(fd, &status) != 0 ? errno : same_inode(&status, known) ? 0 : ENOENT;
    if (error == 0)
        return fd;
    descriptor_close(&fd);
    errno = error;
    return -1;
}

static bool add_name(struct level *level, const char *name)
{
    size_t size = strlen(name) + 1;

    if (level->length + size > level->room) {
        size_t room = 2 * (level->length + size);
        char *names = realloc(level->names, room);
        if (names == NULL)
            return false;
        level->names = names;
        level->room = room;
    }
    memcpy(level->names + level->length, name, size);
    level->length += size;
    return true;
}

/* All names of the open directory. False with errno: some are missing. */
static bool read_names(struct level *level, int dir)
{
    int fd = fcntl(dir, F_DUPFD_CLOEXEC, 0);
    DIR *directory = fd < 0 ? NULL : fdopendir(fd);
    const struct dirent *entry;
    bool good = directory != NULL;

    while (good && (errno = 0, entry = readdir(directory)) != NULL)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            good = add_name(level, entry->d_name);
    int error = errno; /* of readdir(3), which returns NULL for errors and at the end, or of one before */
    if (directory != NULL)
        closedir(directory);
    else
        descriptor_close(&fd);
    errno = error;
    return error == 0;
}

/* The directory that has been told of: into it, if it can be. */
static void enter(struct tree *tree)
{
    struct level *level = tree->entered;
    int fd =
        open_known(tree->dir, tree->text + level->name, level->up == NULL ? 0 : O_NOFOLLOW, &level->status);

    tree->entered = NULL;
    tree->level = level;
    if (fd < 0) {
        level->error = errno;
        return;
    }
    close_dir(tree);
    tree->dir = fd;
    level->is_open = true;
    if (!read_names(level, fd))
        level->error = errno;
}

static bool is_loop(const struct tree *tree, const struct stat *status)
{
    for (const struct level *level = tree->level; level != NULL; level = level->up)
        if (same_inode(&level->status, status))
            return true;
    return false;
}

/* Says what is there under the name that the text ends with. */
static bool look(struct tree *tree, size_t name, struct tree_found *found)
{
    bool is_operand = tree->level == NULL;

    *found = (struct tree_found){
        .dir = tree->dir, .name = tree->text + name, .text = tree->text, .is_operand = is_operand};
    bool known = fstatat(tree->dir, found->name, &found->status, is_operand ? 0 : AT_SYMLINK_NOFOLLOW) == 0;
    int error = errno;
    if (!known && is_operand && fstatat(tree->dir, found->name, &found->status, AT_SYMLINK_NOFOLLOW) == 0)
        known = S_ISLNK(found->status.st_mode);
    found->kind = TREE_THING;
    if (!known)
        found->kind = TREE_LOST;
    else if (S_ISDIR(found->status.st_mode))
        found->kind = is_loop(tree, &found->status) ? TREE_LOOP : TREE_ENTER;
    if (found->kind == TREE_ENTER) {
        tree->entered = calloc(1, sizeof *tree->entered);
        if (tree->entered == NULL)
            return false;
        *tree->entered = (struct level){
            .up = tree->level, .status = found->status, .name = name, .text = strlen(tree->text)};
    }
    errno = error;
    return true;
}

/* Out of a directory. One that may not be searched has no ".."; then the way down is gone once more. False
 * with errno: there is no way back. */
static bool go_up(struct tree *tree, const struct level *level)
{
    const struct level *up = level->up;
    int fd = AT_FDCWD;

    if (!level->is_open)
        return true;
    if (up != NULL && (fd = open_known(tree->dir, "..", 0, &up->status)) < 0) {
        char *way = strndup(tree->text, up->text);
        fd = way == NULL ? -1 : open_known(AT_FDCWD, way, 0, &up->status);
        free(way);
        if (fd < 0)
            return false;
    }
    close_dir(tree);
    tree->dir = fd;
    return true;
}

/* The end of a directory, or what has gone wrong in it. False with errno. */
static bool leave(struct tree *tree, struct tree_found *found)
{
    struct level *level = tree->level;

    tree->text[level->text] = '\0';
    *found = (struct tree_found){.kind = level->error != 0 ? TREE_UNREAD : TREE_LEAVE,
                                 .name = tree->text + level->name,
                                 .text = tree->text,
                                 .is_operand = level->up == NULL,
                                 .status = level->status};
    int error = level->error;
    if (!go_up(tree, level))
        return false;
    found->dir = tree->dir;
    tree->level = level->up;
    free_level(level);
    errno = error;
    return true;
}

bool tree_next(struct tree *tree, struct tree_found *found)
{
    if (tree->entered != NULL)
        enter(tree);
    struct level *level = tree->level;
    if (level == NULL && tree->ended) {
        errno = 0;
        return false;
    }
    if (level == NULL) {
        tree->ended = true;
        return look(tree, 0, found);
    }
    if (level->at == level->length)
        return leave(tree, found);
    const char *name = level->names + level->at;
    level->at += strlen(name) + 1;
    return set_text(tree, level->text, name) && look(tree, strlen(tree->text) - strlen(name), found);
}
