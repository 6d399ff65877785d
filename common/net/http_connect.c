/* SPDX-License-Identifier: MIT */
/* The request to an HTTP proxy, and the head of its answer. */
#include "net/http_connect.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdio.h>
#include <string.h>

static const char protocol[] = "HTTP/";

enum { BASE64_ROOM = (2 * HTTP_TEXT_MAX + 1 + 2) / 3 * 4 + 1 };

/* RFC 4648, with padding. */
static void base64(char *to, const unsigned char *from, size_t length)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

    for (size_t i = 0; i < length; i += 3) {
        unsigned bits = (unsigned)from[i] << 16;
        bits |= i + 1 < length ? (unsigned)from[i + 1] << 8 : 0;
        bits |= i + 2 < length ? from[i + 2] : 0U;
        *to++ = digits[bits >> 18];
        *to++ = digits[bits >> 12 & 63];
        *to++ = i + 1 < length ? digits[bits >> 6 & 63] : '=';
        *to++ = i + 2 < length ? digits[bits & 63] : '=';
    }
    *to = '\0';
}

/* No character that would end the host or begin another line. */
static bool is_sane(const char *host)
{
    struct in6_addr number;

    if (strchr(host, ':') != NULL)
        return inet_pton(AF_INET6, host, &number) == 1;
    for (const char *c = host; *c != '\0'; c++)
        if (iscntrl((unsigned char)*c) || strchr(" []/@?#", *c) != NULL)
            return false;
    return *host != '\0' && strlen(host) < NI_MAXHOST;
}

/* "USER:PASSWORD" in Base64. False: too long. */
static bool credentials(char text[BASE64_ROOM], const char *user, const char *password)
{
    char plain[2 * HTTP_TEXT_MAX + 2];

    if (strlen(user) > HTTP_TEXT_MAX || strlen(password) > HTTP_TEXT_MAX)
        return false;
    int length = snprintf(plain, sizeof plain, "%s:%s", user, password);
    base64(text, (const unsigned char *)plain, (size_t)length);
    explicit_bzero(plain, sizeof plain);
    return true;
}

size_t http_request(char request[HTTP_ROOM], const char *host, uint16_t port, const char *user,
                    const char *password)
{
    char login[BASE64_ROOM] = "";
    bool v6 = strchr(host, ':') != NULL;

    if (!is_sane(host) || (password != NULL && !credentials(login, user, password)))
        return 0;
    /* HTTP/1.0 as nc(1) has it: no Host line is needed, and no proxy answers in chunks. */
    int length = snprintf(request, HTTP_ROOM, "CONNECT %s%s%s:%u HTTP/1.0\r\n%s%s%s\r\n", v6 ? "[" : "", host,
                          v6 ? "]" : "", port, password ? "Proxy-Authorization: Basic " : "", login,
                          password ? "\r\n" : "");
    explicit_bzero(login, sizeof login);
    return (size_t)length;
}

static enum http_progress add_to_line(struct http_head *head, char byte)
{
    if (byte == '\n') {
        head->line_ended = head->line_is_empty = true;
        return head->line_bytes < sizeof protocol - 1 ? HTTP_ALIEN : HTTP_STATUS_LINE;
    }
    if (byte == '\r')
        return HTTP_MORE;
    if (head->line_bytes < sizeof head->line - 1)
        head->line[head->line_bytes++] = byte ? byte : '?';
    /* What is not HTTP is known by its first bytes: it may never send an end of line. */
    size_t compared = head->line_bytes < sizeof protocol - 1 ? head->line_bytes : sizeof protocol - 1;
    return memcmp(head->line, protocol, compared) == 0 ? HTTP_MORE : HTTP_ALIEN;
}

enum http_progress http_head_add(struct http_head *head, char byte)
{
    bool was_empty = head->line_is_empty;

    head->bytes++;
    if (!head->line_ended) {
        enum http_progress progress = add_to_line(head, byte);
        return progress == HTTP_MORE && head->bytes >= HTTP_HEAD_MAX ? HTTP_TOO_LONG : progress;
    }
    head->line_is_empty = byte == '\n' || (byte == '\r' && was_empty);
    if (byte == '\n' && was_empty)
        return HTTP_END;
    return head->bytes >= HTTP_HEAD_MAX ? HTTP_TOO_LONG : HTTP_MORE;
}

int http_status(const char *line)
{
    unsigned major, minor;
    int end = 0;

    if (sscanf(line, "HTTP/%1u.%1u %n", &major, &minor, &end) != 2 || end == 0 || line[end - 1] != ' ')
        return 0;
    const char *digits = line + end;
    if (strspn(digits, "0123456789") != 3 || (digits[3] != '\0' && digits[3] != ' ') || *digits == '0')
        return 0;
    return (digits[0] - '0') * 100 + (digits[1] - '0') * 10 + (digits[2] - '0');
}
