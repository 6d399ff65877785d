/* SPDX-License-Identifier: MIT */
/* Each of them is found by its name from the directory in which zsend was started. */
#include "again.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "answers.h"
#include "base/descriptor.h"
#include "base/message.h"
#include "entry.h"
#include "file.h"

/* A copy of the names: the place of an entry may be taken by another one while it is sent. */
struct again {
    uint64_t number;
    enum session_kind kind;
    char *path, *source, *target;
};

/* Symbolic links are followed where the user has named them, and nowhere else. */
static bool is_operand(const struct settings *settings, const char *source)
{
    for (size_t i = 0; i < settings->file_count; i++)
        if (strcmp(settings->files[i], source) == 0)
            return true;
    return false;
}

static bool send_file(struct sender *sender, const struct again *again)
{
    const struct source_file file = {.dir = sender->start,
                                     .name = again->source,
                                     .path = again->path,
                                     .text = again->source,
                                     .follow = is_operand(sender->settings, again->source)};
    return file_send(sender, &file, again->number);
}

/* A hard link, or the attributes of a directory, which had to wait for a file that is sent again. */
static bool send_entry(struct sender *sender, const struct again *again)
{
    struct stat status;
    bool is_directory = again->kind == SESSION_LEAVE;
    int fd = openat(sender->start, again->source,
                    (is_directory ? O_RDONLY | O_DIRECTORY : O_PATH | O_NOFOLLOW) | O_CLOEXEC);

    if (fd < 0 || fstat(fd, &status) != 0) {
        message_error(errno, "cannot access '%s'", again->source);
        sender_note(sender, SESSION_LOCAL);
        answers_give_up(sender, again->number);
        descriptor_close(&fd);
        return true;
    }
    bool good = entry_send(sender, again->kind, &status, is_directory ? fd : -1, again->path, again->source,
                           again->target, again->number, NULL) != 0;
    descriptor_close(&fd);
    return good;
}

static bool send_one(struct sender *sender, struct outstanding *one)
{
    const struct again again = {.number = one->number,
                                .kind = one->kind,
                                .path = strdup(one->path),
                                .source = strdup(one->source),
                                .target = one->target != NULL ? strdup(one->target) : NULL};
    bool good = again.path != NULL && again.source != NULL &&
                (again.kind != SESSION_HARD_LINK || again.target != NULL);

    one->again = false;
    if (!good)
        sender_abort(sender, SESSION_LOCAL, "no memory");
    else if (++one->tries > SESSION_ROUNDS) {
        message_note("'%s': it changes while it is sent, or does not arrive as it is sent", again.source);
        sender_note(sender, SESSION_DIGEST);
        answers_forget(sender, one);
    } else
        good = again.kind == SESSION_FILE ? send_file(sender, &again) : send_entry(sender, &again);
    free(again.path);
    free(again.source);
    free(again.target);
    return good;
}

bool again_send(struct sender *sender)
{
    for (struct outstanding *one = answers_again(sender); one != NULL; one = answers_again(sender))
        if (!send_one(sender, one))
            return false;
    return true;
}
