/* SPDX-License-Identifier: MIT */
/* Checks the bytes of requests to proxies, and how their answers are read. */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "net/http_connect.h"
#include "net/socks.h"
#include "unit.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define BYTES(literal) (literal), sizeof(literal) - 1

static char *digits(char *text, size_t length)
{
    memset(text, '7', length);
    text[length] = '\0';
    return text;
}

static bool same(const unsigned char *got, size_t length, const char *wanted, size_t wanted_length)
{
    return length == wanted_length && memcmp(got, wanted, length) == 0;
}

static void check_socks4(void)
{
    unsigned char request[SOCKS_ROOM];
    struct in_addr host = {.s_addr = htonl(0x7f000001)};
    char text[300];

    size_t length = socks4_request(request, host, 22, NULL);
    check(same(request, length, BYTES("\4\1\0\26\x7f\0\0\1\0")), "SOCKS 4 without a user");
    length = socks4_request(request, host, 0x1234, "me");
    check(same(request, length, BYTES("\4\1\x12\x34\x7f\0\0\1me\0")), "SOCKS 4 with a user");
    check(socks4_request(request, host, 1, digits(text, 255)) == 8 + 256, "the longest user is taken");
    check(socks4_request(request, host, 1, digits(text, 256)) == 0, "a longer one is not");
}

static void check_greeting(void)
{
    unsigned char request[SOCKS_ROOM];
    char user[300], password[300];

    check(same(request, socks5_greeting(request, false), BYTES("\5\1\0")), "nobody offers to log in");
    check(same(request, socks5_greeting(request, true), BYTES("\5\2\0\2")), "a password is offered");
    check(same(request, socks5_login(request, "me", "pass"), BYTES("\1\2me\4pass")), "user and password");
    check(same(request, socks5_login(request, "me", ""), BYTES("\1\2me\0")), "a password may be empty");
    check(socks5_login(request, digits(user, 255), digits(password, 255)) == 513, "the longest are taken");
    check(socks5_login(request, digits(user, 256), "x") == 0, "a longer user is not");
    check(socks5_login(request, "x", digits(password, 256)) == 0, "a longer password is not");
}

static void check_socks5(void)
{
    static const struct {
        const char *host, *bytes;
        size_t length;
    } rows[] = {
        {"10.1.2.3", BYTES("\1\x0a\1\2\3")},
        {"127.1", BYTES("\1\x7f\0\0\1")},
        {"::1", BYTES("\4\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1")},
        {"fe80::1%lo", BYTES("\4\xfe\x80\0\0\0\0\0\0\0\0\0\0\0\0\0\1")},
        {"example.com", BYTES("\3\x0b"
                              "example.com")},
        {"10.1.2.3.4", BYTES("\3\x0a"
                             "10.1.2.3.4")},
    };
    unsigned char request[SOCKS_ROOM];

    for (size_t i = 0; i < COUNT(rows); i++) {
        char wanted[300] = "\5\1";
        memcpy(wanted + 3, rows[i].bytes, rows[i].length);
        memcpy(wanted + 3 + rows[i].length, "\0\x50", 2);
        check(same(request, socks5_request(request, rows[i].host, 80), wanted, rows[i].length + 5),
              "SOCKS 5 to %s", rows[i].host);
    }
    check(socks5_request(request, "", 80) == 0, "an empty name is not sent");
}

static void check_long_name(void)
{
    unsigned char request[SOCKS_ROOM];
    char name[300];

    memset(name, 'n', sizeof name);
    name[255] = '\0';
    check(socks5_request(request, name, 65535) == 5 + 255 + 2 && request[4] == 255 && request[260] == 255 &&
              request[261] == 255,
          "the longest name is sent");
    name[255] = 'n';
    name[256] = '\0';
    check(socks5_request(request, name, 1) == 0, "a longer one is not");
}

static void check_answers(void)
{
    check(socks5_rest((const unsigned char *)"\5\0\0\1\x7f") == 5, "an IPv4 address has 4 bytes");
    check(socks5_rest((const unsigned char *)"\5\0\0\4\0") == 17, "an IPv6 address has 16");
    check(socks5_rest((const unsigned char *)"\5\0\0\3\0") == 2, "a name may be empty");
    check(socks5_rest((const unsigned char *)"\5\0\0\3\xff") == 257, "a name has up to 255");
    check(socks5_rest((const unsigned char *)"\5\0\0\2\0") == 0, "there is no type 2");
    check(strcmp(socks5_words(5), "connection refused") == 0 &&
              strcmp(socks5_words(8), "address type not supported") == 0 &&
              strcmp(socks5_words(9), "unknown error") == 0 &&
              strcmp(socks5_words(255), "unknown error") == 0,
          "every code of SOCKS 5 has words");
    check(strcmp(socks4_words(91), "rejected or failed") == 0 &&
              strcmp(socks4_words(0), "unknown error") == 0,
          "every code of SOCKS 4 has words");
}

static void check_request(void)
{
    static const struct {
        const char *host, *user, *password, *text;
    } rows[] = {
        {"example.com", NULL, NULL, "CONNECT example.com:80 HTTP/1.0\r\n\r\n"},
        {"::1", NULL, NULL, "CONNECT [::1]:80 HTTP/1.0\r\n\r\n"},
        {"10.1.2.3", "me", NULL, "CONNECT 10.1.2.3:80 HTTP/1.0\r\n\r\n"},
        {"h", "Aladdin", "open sesame",
         "CONNECT h:80 HTTP/1.0\r\nProxy-Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\n\r\n"},
        {"h", "me", "", "CONNECT h:80 HTTP/1.0\r\nProxy-Authorization: Basic bWU6\r\n\r\n"},
        {"h", "m", "\377\376", "CONNECT h:80 HTTP/1.0\r\nProxy-Authorization: Basic bTr//g==\r\n\r\n"},
        {"h", "m", "abc", "CONNECT h:80 HTTP/1.0\r\nProxy-Authorization: Basic bTphYmM=\r\n\r\n"},
        {"", NULL, NULL, ""},
        {"a b", NULL, NULL, ""},
        {"a\tX: y", NULL, NULL, ""},
        {"a/b", NULL, NULL, ""},
        {"a]b", NULL, NULL, ""},
        {"a:b", NULL, NULL, ""},
        {"fe80::1%lo", NULL, NULL, ""},
    };
    char request[HTTP_ROOM];

    for (size_t i = 0; i < COUNT(rows); i++) {
        request[0] = '\0';
        size_t length = http_request(request, rows[i].host, 80, rows[i].user, rows[i].password);
        check(length == strlen(rows[i].text) && strcmp(request, rows[i].text) == 0,
              "CONNECT to '%s', row %zu", rows[i].host, i);
    }
}

static void check_long_request(void)
{
    char request[HTTP_ROOM], user[300], password[300], host[NI_MAXHOST + 1];

    size_t length =
        http_request(request, digits(host, NI_MAXHOST - 1), 65535, digits(user, 255), digits(password, 255));
    check(length == strlen(request) && strcmp(request + length - 4, "\r\n\r\n") == 0 &&
              length == strlen("CONNECT :65535 HTTP/1.0\r\nProxy-Authorization: Basic \r\n\r\n") +
                            NI_MAXHOST - 1 + 684,
          "the longest request is complete");
    check(http_request(request, digits(host, NI_MAXHOST), 1, NULL, NULL) == 0, "a longer host is not taken");
    check(http_request(request, "h", 1, digits(user, 256), "x") == 0, "a longer user is not");
    check(http_request(request, "h", 1, "x", digits(password, 256)) == 0, "a longer password is not");
}

/* Adds bytes until something is said; returns how many were taken. */
static size_t feed(struct http_head *head, const char *bytes, size_t length, enum http_progress *progress)
{
    size_t i = 0;

    *progress = HTTP_MORE;
    while (i < length && *progress == HTTP_MORE)
        *progress = http_head_add(head, bytes[i++]);
    return i;
}

static void check_head(void)
{
    static const struct {
        const char *bytes;
        size_t length;
        size_t line_at, end_at; /* bytes until then; 0: it does not come */
        const char *line;
    } rows[] = {
        {BYTES("HTTP/1.0 200 OK\r\n\r\npayload"), 17, 2, "HTTP/1.0 200 OK"},
        {BYTES("HTTP/1.0 200 OK\n\npayload"), 16, 1, "HTTP/1.0 200 OK"},
        {BYTES("HTTP/1.1 200 OK\r\nA: b\r\nC: d\r\n\r\n\r\n"), 17, 14, "HTTP/1.1 200 OK"},
        {BYTES("HTTP/1.1 200 OK\r\nA: b\n\nx"), 17, 6, "HTTP/1.1 200 OK"},
        {BYTES("HTTP/1.1 200 OK\r\n\rA\r\n\r\n"), 17, 6, "HTTP/1.1 200 OK"},
        {BYTES("HTTP/1.1 200 O\0K\r\n\r\n"), 18, 2, "HTTP/1.1 200 O?K"},
        {BYTES("HTTP/1.1 200 OK\r\nA: b\r\n"), 17, 0, "HTTP/1.1 200 OK"},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct http_head head = {0};
        enum http_progress progress;
        size_t taken = feed(&head, rows[i].bytes, rows[i].length, &progress);
        check(progress == HTTP_STATUS_LINE && taken == rows[i].line_at &&
                  strcmp(head.line, rows[i].line) == 0,
              "row %zu: the status line is '%s'", i, head.line);
        size_t more = feed(&head, rows[i].bytes + taken, rows[i].length - taken, &progress);
        check(rows[i].end_at ? progress == HTTP_END && more == rows[i].end_at : progress == HTTP_MORE,
              "row %zu: the head ends %zu bytes later", i, more);
    }
}

static void check_alien(void)
{
    static const struct {
        const char *bytes;
        size_t at;
    } rows[] = {{"SSH-2.0-x\r\n", 1}, {"HTTX/1.0", 4}, {"\r\nHTTP/1.0", 2}, {"HTT\nP/1.0", 4}, {"\5", 1}};

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct http_head head = {0};
        enum http_progress progress;
        size_t taken = feed(&head, rows[i].bytes, strlen(rows[i].bytes), &progress);
        check(progress == HTTP_ALIEN && taken == rows[i].at,
              "row %zu is known not to be HTTP after %zu bytes", i, taken);
    }
}

static void check_endless(void)
{
    struct http_head head = {0};
    enum http_progress progress;
    char *bytes = malloc(HTTP_HEAD_MAX + 1);

    memset(bytes, 'a', HTTP_HEAD_MAX + 1);
    memcpy(bytes, BYTES("HTTP/"));
    size_t taken = feed(&head, bytes, HTTP_HEAD_MAX + 1, &progress);
    check(progress == HTTP_TOO_LONG && taken == HTTP_HEAD_MAX, "an endless status line is given up");
    check(strlen(head.line) == HTTP_LINE - 1, "its beginning is kept");
    memcpy(bytes, BYTES("HTTP/1.0 200 OK\r\n"));
    head = (struct http_head){0};
    taken = feed(&head, bytes, HTTP_HEAD_MAX + 1, &progress);
    taken += feed(&head, bytes + taken, HTTP_HEAD_MAX + 1 - taken, &progress);
    check(progress == HTTP_TOO_LONG && taken == HTTP_HEAD_MAX, "an endless head is given up");
    memcpy(bytes + HTTP_HEAD_MAX - 4, BYTES("\r\n\r\n"));
    head = (struct http_head){0};
    taken = feed(&head, bytes, HTTP_HEAD_MAX, &progress);
    taken += feed(&head, bytes + taken, HTTP_HEAD_MAX - taken, &progress);
    check(progress == HTTP_END && taken == HTTP_HEAD_MAX, "a head that just fits is taken");
    free(bytes);
}

static void check_status(void)
{
    static const struct {
        const char *line;
        int status;
    } rows[] = {
        {"HTTP/1.0 200 OK", 200}, {"HTTP/1.1 200", 200},
        {"HTTP/1.1 200 ", 200},   {"HTTP/1.1 407 Who are you?", 407},
        {"HTTP/1.1 599 x", 599},  {"HTTP/1.1 099 x", 0},
        {"HTTP/1.1 2000 x", 0},   {"HTTP/1.1 20 x", 0},
        {"HTTP/1.1 200OK", 0},    {"HTTP/1.1200 OK", 0},
        {"HTTP/1.1", 0},          {"HTTP/1.1 ", 0},
        {"HTTP/ 200 OK", 0},      {"HTTP/11.1 200", 0},
        {"HTTP/1.1 -20 x", 0},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        int status = http_status(rows[i].line);
        check(status == rows[i].status, "'%s' has the status %d", rows[i].line, status);
    }
}

int main(void)
{
    check_socks4();
    check_greeting();
    check_socks5();
    check_long_name();
    check_answers();
    check_request();
    check_long_request();
    check_head();
    check_alien();
    check_endless();
    check_status();
    return unit_status();
}
