/* SPDX-License-Identifier: MIT */
/* Parsing --hash, and printing what it asks for. */
#include "base/digest_request.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
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

bool digest_request_print(const struct digest_request *request, const char *digits, const char *name)
{
    if (request->output < 0)
        return message_plain("%s  %s", digits, name);
    if (dprintf(request->output, "%s  %s\n", digits, name) < 0) {
        message_error(errno, "error writing '%s'", request->file);
        return false;
    }
    return true;
}
