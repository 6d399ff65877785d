/* SPDX-License-Identifier: MIT */
/* Made under the name itself, or where that is to be replaced, beside it and renamed. */
#include "node.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "attributes.h"
#include "base/descriptor.h"
#include "base/message.h"
#include "path.h"
#include "same.h"
#include "temporary.h"

/* What is to be made. */
struct node {
    int (*make)(const struct node *node, int dir, const char *name); /* 0, or -1 with errno */
    int dir;
    const char *name; /* what is linked to, or the contents of a symbolic link */
    int flags;        /* of linkat(2) */
    mode_t mode;      /* of mknod(2), */
    dev_t rdev;       /* and this too */
};

static int make_link(const struct node *node, int dir, const char *name)
{
    return linkat(node->dir, node->name, dir, name, node->flags);
}

static int make_symlink(const struct node *node, int dir, const char *name)
{
    return symlinkat(node->name, dir, name);
}

static int make_special(const struct node *node, int dir, const char *name)
{
    return mknodat(dir, name, node->mode, node->rdev);
}

static int replace_by(const struct node *node, int dir, const char *temporary, const char *name)
{
    if (node->make(node, dir, temporary) != 0)
        return -1;
    int result = renameat(dir, temporary, dir, name), error = errno;
    unlinkat(dir, temporary, 0); /* rename(2) leaves it where both are links to one file */
    errno = error;
    return result;
}

/* The temporary name stands in the directory of the name. */
static int make_beside(const struct node *node, const struct place *to)
{
    size_t length = path_last(to->name);
    char *temporary = malloc(length + TEMPORARY_NAME);
    int result = -1;

    if (temporary == NULL)
        return -1;
    memcpy(temporary, to->name, length);
    errno = EEXIST;
    for (int i = 0; i < TEMPORARY_TRIES && result != 0 && errno == EEXIST; i++) {
        temporary_name(temporary + length);
        result = replace_by(node, to->dir, temporary, to->name);
    }
    free(temporary);
    return result;
}

static int make(const struct node *node, const struct place *to, bool replace)
{
    int result = node->make(node, to->dir, to->name);

    return result != 0 && errno == EEXIST && replace ? make_beside(node, to) : result;
}

bool node_link(const struct entry *entry, int dir, const char *name, const char *text, bool replace)
{
    struct node node = {
        .make = make_link, .dir = dir, .name = name, .flags = entry->followed ? AT_SYMLINK_FOLLOW : 0};

    if (make(&node, &entry->to, replace) == 0)
        return true;
    message_error(errno, "cannot create hard link '%s' to '%s'", entry->to.text, text);
    return false;
}

/* A relative link means what its directory makes of it. */
static bool is_relative_elsewhere(const struct entry *entry)
{
    struct stat directory, current;

    if (*entry->from.text == '/')
        return false;
    char *last = same_directory_entry(&entry->to, &directory);
    bool elsewhere = last == NULL || stat(".", &current) != 0 || !same_inode(&directory, &current);
    free(last);
    return elsewhere;
}

static bool copy_attributes(const struct settings *settings, const struct entry *entry)
{
    struct attributes attributes = {
        .from = &entry->from,
        .to = &entry->to,
        .status = &entry->status,
        .in = -1,
        .out = -1,
        .created = true,
    };

    if (entry->followed) /* the name may be that of a link */
        attributes.in = openat(entry->from.dir, entry->from.name, O_PATH | O_CLOEXEC);
    if (entry->followed && attributes.in < 0) {
        message_error(errno, "cannot access '%s'", entry->from.text);
        return false;
    }
    bool copied = attributes_copy(settings, &attributes);
    descriptor_close(&attributes.in);
    return copied;
}

bool node_symlink_to(const struct settings *settings, const struct entry *entry)
{
    struct node node = {.make = make_symlink, .name = entry->from.text};

    if (is_relative_elsewhere(entry)) {
        message_note("%s: can make relative symbolic links only in current directory", entry->to.text);
        return false;
    }
    if (make(&node, &entry->to, settings->force) == 0)
        return copy_attributes(settings, entry);
    message_error(errno, "cannot create symbolic link '%s' to '%s'", entry->to.text, entry->from.text);
    return false;
}

/* The contents of a symbolic link, to be freed; NULL with errno. */
static char *read_link(const struct place *from)
{
    char *text = NULL;
    ssize_t n;
    size_t room = 256;

    do {
        free(text);
        room *= 2;
        text = malloc(room);
        n = text ? readlinkat(from->dir, from->name, text, room) : -1;
    } while (n >= 0 && (size_t)n == room);
    if (n >= 0)
        text[n] = '\0';
    else
        free(text);
    return n >= 0 ? text : NULL;
}

static bool copy_symlink(const struct settings *settings, const struct entry *entry)
{
    char *text = read_link(&entry->from);

    if (text == NULL) {
        message_error(errno, "cannot read symbolic link '%s'", entry->from.text);
        return false;
    }
    struct node node = {.make = make_symlink, .name = text};
    bool made = make(&node, &entry->to, settings->force || settings->atomic) == 0;
    if (!made)
        message_error(errno, "cannot create symbolic link '%s'", entry->to.text);
    free(text);
    return made;
}

static bool copy_special(const struct settings *settings, const struct entry *entry)
{
    bool fifo = S_ISFIFO(entry->status.st_mode);
    struct node node = {
        .make = make_special,
        .mode = (entry->status.st_mode & S_IFMT) | attributes_mode_at_first(settings, &entry->status),
        .rdev = fifo ? 0 : entry->status.st_rdev,
    };

    if (make(&node, &entry->to, settings->atomic) == 0)
        return true;
    message_error(errno, fifo ? "cannot create fifo '%s'" : "cannot create special file '%s'",
                  entry->to.text);
    return false;
}

static bool make_node(const struct settings *settings, const struct entry *entry)
{
    switch (entry->status.st_mode & S_IFMT) {
    case S_IFLNK:
        return copy_symlink(settings, entry);
    case S_IFIFO:
    case S_IFBLK:
    case S_IFCHR:
    case S_IFSOCK:
        return copy_special(settings, entry);
    default:
        message_note("'%s' has unknown file type", entry->from.text);
        return false;
    }
}

bool node_copy(const struct settings *settings, const struct entry *entry)
{
    return make_node(settings, entry) && copy_attributes(settings, entry);
}
