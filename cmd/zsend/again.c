/* SPDX-License-Identifier: MIT */
/* Each of them is opened by its name from the directory in which zsend was started. */
#include "again.h"

#include <stdlib.h>
#include <string.h>

#include "answers.h"
#include "base/message.h"
#include "file.h"

bool again_send(struct sender *sender)
{
    for (struct outstanding *one = answers_again(sender); one != NULL; one = answers_again(sender)) {
        char *path = strdup(one->path), *text = strdup(one->source);
        const struct source_file file = {
            .dir = sender->start, .name = text, .path = path, .text = text, .follow = true};
        uint64_t number = one->number;
        bool good = path != NULL && text != NULL;
        one->again = false;
        if (good && ++one->tries > FILE_ROUNDS) {
            message_note("'%s': it changes while it is sent, or does not arrive as it is sent", text);
            sender_note(sender, SESSION_DIGEST);
            answers_forget(sender, one);
        } else if (good) {
            good = file_send(sender, &file, number);
        }
        free(path);
        free(text);
        if (!good)
            return false;
    }
    return true;
}
