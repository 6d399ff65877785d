/* SPDX-License-Identifier: MIT */
/* Parsing --hash, and printing what it asks for. */
#include "base/digest_request.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/message.h"

bool digest_request_parse(const char *text, struct digest_request *request)
{
    size_t length = strcspn(text, ":");

    *request = (struct digest_request){.file = text[length] == ':' ? text + length + 1 : NULL, .output = -1};
    return digest_find(text, length, &request->algorithm) &&
           (request->file == NULL || *request->file != '\0');
}

bool digest_request_open(struct digest_request *request)
{
    if (request->file == NULL)
        return true;
    request->output = open(request->file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (request->output < 0)
        message_error(errno, "cannot open '%s'", request->file);
    return request->output >= 0;
}

bool digest_request_close(struct digest_request *request, bool sync)
{
    if (request->output < 0)
        return true;
    bool synced = !sync || fsync(request->output) == 0 || errno == EINVAL || errno == EROFS;
    bool closed = close(request->output) == 0 && synced;

    request->output = -1;
    if (!closed)
        message_error(errno, "error writing '%s'", request->file);
    return closed;
}

/* The line for a name; to be freed. NULL: no memory. In one that has an end of line or a backslash, those are
 * escaped, and the line begins with a backslash. */
static char *make_line(const char *digits, const char *name)
{
    static const char odd[] = "\\\n\r", letters[] = "\\nr";
    bool escapes = strpbrk(name, odd) != NULL;
    char *line = malloc(1 + strlen(digits) + 2 + 2 * strlen(name) + 2), *end = line;

    if (line == NULL)
        return NULL;
    end += sprintf(end, "%s%s  ", escapes ? "\\" : "", digits);
    for (; *name != '\0'; name++) {
        const char *found = strchr(odd, *name);
        if (found != NULL)
            *end++ = '\\';
        *end++ = found != NULL ? letters[found - odd] : *name;
    }
    strcpy(end, "\n");
    return line;
}

static bool put_line(const struct digest_request *request, const char *line)
{
    size_t length = strlen(line);

    if (request->output < 0 && !request->is_result)
        return message_plain("%.*s", (int)length - 1, line);
    if (request->output < 0) {
        message_result_line(line); /* whether it could be written turns out at the end */
        return true;
    }
    for (ssize_t n; length > 0; line += n, length -= (size_t)n)
        if ((n = write(request->output, line, length)) < 0 && errno == EINTR)
            n = 0;
        else if (n < 0)
            return false;
    return true;
}

bool digest_request_print(const struct digest_request *request, const char *digits, const char *name)
{
    char *line = make_line(digits, name);
    bool printed = line != NULL && put_line(request, line);

    if (!printed)
        message_error(errno, "error writing '%s'", request->file ? request->file : "standard error");
    free(line);
    return printed;
}
