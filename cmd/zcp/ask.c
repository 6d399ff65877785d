/* SPDX-License-Identifier: MIT */
/* The question of -i, and its answer. */
#include "ask.h"

#include <bsd/string.h> /* strmode(3) */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/message.h"

enum { PERMISSIONS = 07777 };

/* A link is replaced or followed, never written to; for root permissions are no obstacle. */
static bool is_writable(const struct place *to, mode_t mode)
{
    return S_ISLNK(mode) || geteuid() == 0 || faccessat(to->dir, to->name, W_OK, AT_EACCESS) == 0;
}

static void ask_unwritable(const struct settings *settings, const char *name, mode_t mode)
{
    unsigned bits = mode & PERMISSIONS;
    char text[12]; /* "-rw-r--r-- " */

    strmode(mode, text);
    text[10] = '\0';
    if (settings->remove_destination || settings->force)
        message_prompt("replace '%s', overriding mode %04o (%s)?", name, bits, text + 1);
    else
        message_prompt("unwritable '%s' (mode %04o, %s); try anyway?", name, bits, text + 1);
}

/* The end of standard input is a no. */
static bool read_answer(void)
{
    char *line = NULL;
    size_t room = 0;
    bool yes = getline(&line, &room, stdin) > 0 && rpmatch(line) == 1;

    free(line);
    return yes;
}

bool ask_overwrite(const struct settings *settings, const struct place *to, const struct stat *status)
{
    if (is_writable(to, status->st_mode))
        message_prompt("overwrite '%s'?", to->text);
    else
        ask_unwritable(settings, to->text, status->st_mode);
    return read_answer();
}
