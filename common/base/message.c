/* SPDX-License-Identifier: MIT */
/* Lines and the status line on standard error. */
#include "base/message.h"

#include <bsd/stdlib.h>
#include <bsd/vis.h>
#include <ctype.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { LINE_MAX_BYTES = 2048 };

/* Design.md allows this module what no other has: state of its own, for standard error exists once. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static bool status_shown;

static bool put(const char *text, size_t length)
{
    while (length > 0) {
        ssize_t n = write(STDERR_FILENO, text, length);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        text += n;
        length -= (size_t)n;
    }
    return true;
}

static bool has_control_characters(const char *text)
{
    while (*text != '\0' && !iscntrl((unsigned char)*text))
        text++;
    return *text != '\0';
}

static bool put_line(const char *prefix, const char *text, int errnum)
{
    char visible[LINE_MAX_BYTES * 4 + 1];
    char line[sizeof visible + 128];

    if (has_control_characters(text)) {
        strvis(visible, text, VIS_CSTYLE | VIS_TAB | VIS_NL | VIS_NOSLASH);
        text = visible;
    }
    pthread_mutex_lock(&lock);
    int length =
        snprintf(line, sizeof line, "%s%s%s%s%s%s\n", status_shown ? "\r\033[K" : "", prefix ? prefix : "",
                 prefix ? ": " : "", text, errnum ? ": " : "", errnum ? strerror(errnum) : "");
    status_shown = false;
    bool written = put(line, (size_t)length < sizeof line ? (size_t)length : sizeof line - 1);
    pthread_mutex_unlock(&lock);
    return written;
}

#define FORMAT_INTO(text, format)                    \
    do {                                             \
        va_list args;                                \
        va_start(args, format);                      \
        vsnprintf(text, sizeof(text), format, args); \
        va_end(args);                                \
    } while (0)

void message_error(int errnum, const char *format, ...)
{
    char text[LINE_MAX_BYTES];
    FORMAT_INTO(text, format);
    put_line(getprogname(), text, errnum);
}

void message_note(const char *format, ...)
{
    char text[LINE_MAX_BYTES];
    FORMAT_INTO(text, format);
    put_line(getprogname(), text, 0);
}

bool message_plain(const char *format, ...)
{
    char text[LINE_MAX_BYTES];
    FORMAT_INTO(text, format);
    return put_line(NULL, text, 0);
}

bool message_on_terminal(void)
{
    return isatty(STDERR_FILENO) && tcgetpgrp(STDERR_FILENO) == getpgrp();
}

void message_status(const char *text, bool always)
{
    struct pollfd ready = {.fd = STDERR_FILENO, .events = POLLOUT};
    char line[512];

    if (!always && !message_on_terminal())
        return;
    if (poll(&ready, 1, 0) != 1 || !(ready.revents & POLLOUT))
        return;
    pthread_mutex_lock(&lock);
    int length = snprintf(line, sizeof line, "\r%s\033[K", text);
    put(line, (size_t)length < sizeof line ? (size_t)length : sizeof line - 1);
    status_shown = true;
    pthread_mutex_unlock(&lock);
}

void message_status_end(void)
{
    pthread_mutex_lock(&lock);
    if (status_shown)
        put("\n", 1);
    status_shown = false;
    pthread_mutex_unlock(&lock);
}
