/* SPDX-License-Identifier: MIT */
/* An entry for each thing in the trees. */
#include "walk.h"

#include <bsd/string.h>
#include <errno.h>
#include <fcntl.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/descriptor.h"
#include "base/message.h"
#include "entry.h"
#include "file.h"
#include "tree.h"

/* The first name of a file that has several. */
struct link {
    dev_t device;
    ino_t inode;
    char path[];
};

/* One entry on its way. */
struct step {
    struct sender *sender;
    const struct tree_found *found;
    char path[PATH_MAX]; /* as the receiver is to know it */
};

static void note_failure(struct step *step, int error, const char *what)
{
    message_error(error, "%s '%s'", what, step->found->text);
    sender_note(step->sender, SESSION_LOCAL);
}

/* The name that an operand has at the receiver: its last part; "" for a directory whose content alone is
 * meant. */
static void name_of(const char *operand, char name[PATH_MAX])
{
    size_t end = strlen(operand);

    while (end > 0 && operand[end - 1] == '/')
        end--;
    size_t begin = end;
    while (begin > 0 && operand[begin - 1] != '/')
        begin--;
    snprintf(name, PATH_MAX, "%.*s", (int)(end - begin), operand + begin);
    if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
        name[0] = '\0';
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(a, b);
}

bool walk_check_names(const struct settings *settings)
{
    void *names = NULL;
    bool good = true;

    for (size_t i = 0; good && i < settings->file_count; i++) {
        bool is_stream = strcmp(settings->files[i], "-") == 0;
        char name[PATH_MAX] = "";
        if (!is_stream)
            name_of(settings->files[i], name);
        else if (settings->name != NULL)
            strlcpy(name, settings->name, sizeof name);
        char *copy = strdup(name);
        char **found = copy == NULL ? NULL : tsearch(copy, &names, compare_names);
        good = found != NULL && *found == copy;
        if (found == NULL)
            message_error(ENOMEM, "cannot start to send");
        else if (!good)
            message_note("'%s': another one that is to be sent has the same name there", settings->files[i]);
        if (!good)
            free(copy);
    }
    tdestroy(names, free);
    return good;
}

/* Puts the name together. False: it is too long, or (empty) that of the operand itself, which has none. */
static bool make_path(struct step *step, const char *operand, const char *name)
{
    const char *rest = step->found->text + strlen(operand);
    int length;

    rest += strspn(rest, "/");
    length = snprintf(step->path, sizeof step->path, "%s%s%s", name,
                      *name != '\0' && *rest != '\0' ? "/" : "", rest);
    if (length >= 0 && (size_t)length < sizeof step->path)
        return *step->path != '\0';
    note_failure(step, ENAMETOOLONG, "cannot send");
    return false;
}

static int compare_links(const void *a, const void *b)
{
    const struct link *one = a, *other = b;

    if (one->device != other->device)
        return one->device < other->device ? -1 : 1;
    return one->inode < other->inode ? -1 : one->inode > other->inode;
}

/* The name under which the same file has been sent; NULL: it has not, and is known from now on. */
static const char *linked_path(struct step *step)
{
    const struct stat *status = &step->found->status;
    size_t size = strlen(step->path) + 1;
    struct link *link = malloc(sizeof *link + size);

    if (link == NULL)
        return NULL;
    *link = (struct link){.device = status->st_dev, .inode = status->st_ino};
    memcpy(link->path, step->path, size);
    struct link **found = tsearch(link, &step->sender->links, compare_links);
    if (found == NULL || *found == link)
        return NULL;
    free(link);
    return (*found)->path;
}

/* It could not be sent under this name: the next one is tried as a file. */
static void forget_link(struct step *step)
{
    struct link wanted = {.device = step->found->status.st_dev, .inode = step->found->status.st_ino};
    struct link **at = tfind(&wanted, &step->sender->links, compare_links);
    struct link *link = at == NULL ? NULL : *at;

    if (link == NULL)
        return;
    tdelete(link, &step->sender->links, compare_links);
    free(link);
}

static bool send_file(struct step *step)
{
    const struct tree_found *found = step->found;
    const struct source_file file = {.dir = found->dir,
                                     .name = found->name,
                                     .path = step->path,
                                     .text = found->text,
                                     .follow = found->is_operand};
    bool has_others = found->status.st_nlink > 1;
    const char *first = has_others ? linked_path(step) : NULL;
    uint64_t failed = step->sender->failed;

    if (first != NULL)
        return entry_send(step->sender, SESSION_HARD_LINK, &found->status, -1, step->path, found->text, first,
                          0, NULL) != 0;
    bool good = file_send(step->sender, &file, 0);
    if (has_others && step->sender->failed != failed)
        forget_link(step);
    return good;
}

static bool send_symlink(struct step *step)
{
    char target[PATH_MAX];
    ssize_t length = readlinkat(step->found->dir, step->found->name, target, sizeof target - 1);

    if (length < 0 || (size_t)length >= sizeof target - 1) {
        note_failure(step, length < 0 ? errno : ENAMETOOLONG, "cannot read symbolic link");
        return true;
    }
    target[length] = '\0';
    return entry_send(step->sender, SESSION_SYMLINK, &step->found->status, -1, step->path, step->found->text,
                      target, 0, NULL) != 0;
}

static bool send_directory(struct step *step, enum session_kind kind)
{
    const struct tree_found *found = step->found;
    int fd = -1;

    if (kind == SESSION_LEAVE && step->sender->granted & SESSION_XATTR)
        fd = openat(found->dir, found->name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (kind == SESSION_LEAVE && step->sender->granted & SESSION_XATTR && fd < 0)
        note_failure(step, errno, "cannot send the extended attributes of");
    bool good =
        entry_send(step->sender, kind, &found->status, fd, step->path, found->text, NULL, 0, NULL) != 0;
    descriptor_close(&fd);
    return good;
}

static bool send_thing(struct step *step)
{
    const struct tree_found *found = step->found;

    if (S_ISREG(found->status.st_mode))
        return send_file(step);
    if (S_ISLNK(found->status.st_mode))
        return send_symlink(step);
    if (S_ISFIFO(found->status.st_mode))
        return entry_send(step->sender, SESSION_FIFO, &found->status, -1, step->path, found->text, NULL, 0,
                          NULL) != 0;
    message_note("'%s': neither devices nor sockets are sent", found->text);
    sender_note(step->sender, SESSION_LOCAL);
    return true;
}

static bool send_found(struct step *step, int error)
{
    switch (step->found->kind) {
    case TREE_ENTER:
        return send_directory(step, SESSION_DIRECTORY);
    case TREE_LEAVE:
        return send_directory(step, SESSION_LEAVE);
    case TREE_LOOP:
        message_note("'%s': the directory contains itself", step->found->text);
        sender_note(step->sender, SESSION_LOCAL);
        return true;
    case TREE_LOST:
        note_failure(step, error, "cannot access");
        return true;
    case TREE_UNREAD:
        note_failure(step, error, "cannot read directory");
        return true;
    default:
        return send_thing(step);
    }
}

/* Whether the name can be told to the receiver; what has gone wrong is for the user alone. */
static bool is_told(struct step *step, const char *operand, const char *name)
{
    return step->found->kind == TREE_LOST || step->found->kind == TREE_UNREAD ||
           make_path(step, operand, name);
}

static bool send_operand(struct sender *sender, const char *operand)
{
    struct tree_found found;
    struct step step = {.sender = sender, .found = &found};
    char name[PATH_MAX];
    struct tree *tree = tree_open(operand);
    bool good = true;

    if (tree == NULL) {
        message_error(errno, "cannot access '%s'", operand);
        sender_note(sender, SESSION_LOCAL);
        return true;
    }
    name_of(operand, name);
    while (good && tree_next(tree, &found)) {
        int error = errno;
        if (sender->granted & SESSION_STREAM && found.kind == TREE_ENTER)
            good = sender_abort(sender, SESSION_REFUSED,
                                "the receiver writes to standard output, which takes no directory");
        else if (is_told(&step, operand, name))
            good = send_found(&step, error);
    }
    if (good && errno != 0) {
        message_error(errno, "error reading '%s'", operand);
        sender_note(sender, SESSION_LOCAL);
    }
    tree_close(tree);
    return good;
}

static void free_link(void *link)
{
    free(link);
}

bool walk_send(struct sender *sender)
{
    const struct settings *settings = sender->settings;
    bool good = true;

    for (size_t i = 0; good && i < settings->file_count; i++)
        if (strcmp(settings->files[i], "-") != 0)
            good = send_operand(sender, settings->files[i]);
    tdestroy(sender->links, free_link);
    sender->links = NULL;
    return good;
}

static uint64_t count_operand(const char *operand)
{
    struct tree *tree = tree_open(operand);
    struct tree_found found;
    uint64_t bytes = 0;

    while (tree != NULL && tree_next(tree, &found))
        if (found.kind == TREE_THING && S_ISREG(found.status.st_mode))
            bytes += (uint64_t)found.status.st_size;
    if (tree != NULL)
        tree_close(tree);
    return bytes;
}

uint64_t walk_count(const struct settings *settings)
{
    uint64_t total = 0;

    for (size_t i = 0; i < settings->file_count; i++) {
        if (strcmp(settings->files[i], "-") == 0)
            return 0; /* nobody knows */
        total += count_operand(settings->files[i]);
    }
    return total;
}
