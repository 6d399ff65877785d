/* SPDX-License-Identifier: MIT */
/* HTTP's CONNECT (RFC 9110, 9.3.6) as text. Pure: the caller has the socket. */
#ifndef ZCOPY_NET_HTTP_CONNECT_H
#define ZCOPY_NET_HTTP_CONNECT_H

#include <netdb.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    HTTP_TEXT_MAX = 255, /* bytes of a user or a password */
    HTTP_ROOM = NI_MAXHOST + 1024,
    HTTP_LINE = 512,           /* bytes of a status line that are kept, with the NUL */
    HTTP_HEAD_MAX = 16 * 1024, /* bytes that the head of an answer may have */
    HTTP_NO_LOGIN = 407,       /* the status that asks for user and password */
};

/*
 * The request, with Basic authentication (RFC 7617) unless password is NULL. Returns its length in bytes, or
 * 0 if the host has characters that no name or number has, or user or password is too long.
 */
size_t http_request(char request[HTTP_ROOM], const char *host, uint16_t port, const char *user,
                    const char *password);

/* The head of an answer, byte by byte, so that nothing behind it is taken. To be set to zero. */
struct http_head {
    char line[HTTP_LINE]; /* the status line, as far as there is room; a NUL byte in it is a '?' */
    size_t line_bytes;
    size_t bytes;       /* in all */
    bool line_ended;    /* the status line is complete */
    bool line_is_empty; /* nothing but CRs since the last LF */
};

enum http_progress {
    HTTP_MORE,
    HTTP_STATUS_LINE, /* this byte has ended the status line */
    HTTP_END,         /* this byte has ended the head */
    HTTP_TOO_LONG,
    HTTP_ALIEN, /* this is not HTTP */
};

enum http_progress http_head_add(struct http_head *head, char byte);

/* The status of a complete status line, 100 to 999; 0: it has none. */
int http_status(const char *line);

#endif
