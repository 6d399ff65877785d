/* SPDX-License-Identifier: MIT */
/* HTTP's CONNECT: one request; of the answer the head and not a byte more. */
#include <string.h>

#include "handshake_private.h"
#include "net/http_connect.h"

/* Takes bytes one by one until the head of the answer is past the point, which is the end of the status line
 * or of the head. Anything but HANDSHAKE_DONE: it was not to be had. */
static enum handshake_outcome take_until(struct handshake *handshake, struct http_head *head,
                                         enum http_progress point)
{
    enum http_progress progress;
    char byte;

    do {
        if (!handshake_take(handshake, &byte, 1))
            return handshake_lost(handshake);
        progress = http_head_add(head, byte);
    } while (progress == HTTP_MORE);
    if (progress == HTTP_ALIEN)
        return handshake_alien(handshake, "HTTP", (unsigned char)(head->line_bytes ? head->line[0] : byte));
    if (progress == HTTP_TOO_LONG)
        return handshake_fail(handshake, HANDSHAKE_HOPELESS, "answers with a head of more than %d bytes",
                              HTTP_HEAD_MAX);
    return progress == point ? HANDSHAKE_DONE : handshake_lost(handshake);
}

static enum handshake_outcome judge(struct handshake *handshake, const char *line)
{
    char name[ADDRESS_TEXT];
    int status = http_status(line);

    if (status / 100 == 2)
        return HANDSHAKE_DONE;
    if (status == 0)
        return handshake_fail(handshake, HANDSHAKE_HOPELESS, "does not speak HTTP: \"%s\"", line);
    if (status == HTTP_NO_LOGIN && handshake->proxy->user != NULL)
        return HANDSHAKE_PASSWORD;
    if (status == HTTP_NO_LOGIN)
        return handshake_fail(handshake, HANDSHAKE_HOPELESS,
                              "lets nobody in without logging in (-P USER): \"%s\"", line);
    return handshake_fail(handshake, HANDSHAKE_REFUSED, "cannot connect to '%s': \"%s\"",
                          address_text(handshake->target, name), line);
}

enum handshake_outcome handshake_connect(struct handshake *handshake)
{
    char request[HTTP_ROOM];
    struct http_head head = {0};
    size_t length = http_request(request, handshake->target->host, handshake_port(handshake),
                                 handshake->proxy->user, handshake->password);

    if (length == 0)
        return handshake_fail(handshake, HANDSHAKE_HOPELESS, "cannot be given the name '%s'",
                              handshake->target->host);
    handshake->asked = true;
    bool done = handshake_give(handshake, request, length);
    explicit_bzero(request, sizeof request);
    if (!done)
        return handshake_lost(handshake);
    enum handshake_outcome outcome = take_until(handshake, &head, HTTP_STATUS_LINE);
    if (outcome == HANDSHAKE_DONE)
        outcome = judge(handshake, head.line);
    return outcome == HANDSHAKE_DONE ? take_until(handshake, &head, HTTP_END) : outcome;
}
