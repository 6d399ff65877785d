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
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Design.md allows this module what no other has: state of its own, for standard error exists once. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static bool status_shown;
static _Atomic int result_error; /* errno of the first result that could not be written, 0: none */
static _Thread_local struct message_text *diverted; /* where this thread's lines go, NULL: out */

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

/* The text with its control characters visible; to be freed. NULL: no memory. */
static char *make_visible(const char *text)
{
    char *visible = NULL;

    if (!has_control_characters(text))
        return strdup(text);
    if (stravis(&visible, text, VIS_CSTYLE | VIS_TAB | VIS_NL | VIS_NOSLASH) < 0)
        return NULL;
    return visible;
}

/* A whole line; to be freed. NULL: no memory. */
static char *make_line(const char *prefix, const char *format, va_list args, int errnum)
{
    char *text = NULL, *visible = NULL, *line = NULL;

    if (vasprintf(&text, format, args) >= 0 && (visible = make_visible(text)) != NULL &&
        asprintf(&line, "%s%s%s%s%s\n", prefix, *prefix ? ": " : "", visible, errnum ? ": " : "",
                 errnum ? strerror(errnum) : "") < 0)
        line = NULL;
    free(text);
    free(visible);
    return line;
}

static bool put_line(const char *line)
{
    pthread_mutex_lock(&lock);
    bool written = (!status_shown || put("\r\033[K", 4)) && put(line, strlen(line));
    status_shown = false;
    pthread_mutex_unlock(&lock);
    return written;
}

/* Diverted lines stand one after the other, each behind its letter. */
enum { ERROR_LINE = 'e', RESULT_LINE = 'r' };

static bool divert_line(struct message_text *text, char letter, const char *line)
{
    size_t length = strlen(line) + 1;
    char *lines = realloc(text->lines, text->length + 1 + length);

    if (lines == NULL)
        return false;
    lines[text->length] = letter;
    memcpy(lines + text->length + 1, line, length);
    text->lines = lines;
    text->length += 1 + length;
    return true;
}

static bool print_line(char letter, const char *line)
{
    if (letter != RESULT_LINE)
        return put_line(line);
    if (fputs(line, stdout) < 0 && result_error == 0)
        result_error = errno;
    return true;
}

static bool put_or_divert(char letter, const char *line)
{
    return (diverted != NULL && divert_line(diverted, letter, line)) || print_line(letter, line);
}

static bool say(char letter, const char *prefix, const char *format, va_list args, int errnum)
{
    char *line = make_line(prefix, format, args, errnum);

    if (line == NULL)
        return false;
    bool said = put_or_divert(letter, line);
    free(line);
    return said;
}

void message_error(int errnum, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    say(ERROR_LINE, getprogname(), format, args, errnum);
    va_end(args);
}

void message_note(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    say(ERROR_LINE, getprogname(), format, args, 0);
    va_end(args);
}

bool message_plain(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    bool said = say(ERROR_LINE, "", format, args, 0);
    va_end(args);
    return said;
}

void message_prompt(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    char *line = make_line(getprogname(), format, args, 0);
    va_end(args);
    if (line == NULL)
        return;
    line[strlen(line) - 1] = ' ';
    put_line(line);
    free(line);
}

void message_result(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    say(RESULT_LINE, "", format, args, 0);
    va_end(args);
}

void message_result_line(const char *line)
{
    put_or_divert(RESULT_LINE, line);
}

bool message_close_results(void)
{
    bool written = fflush(stdout) == 0 && (close(STDOUT_FILENO) == 0 || errno == EBADF);

    if (result_error != 0)
        errno = result_error;
    return written && result_error == 0;
}

void message_divert(struct message_text *text)
{
    diverted = text;
}

void message_print(struct message_text *text)
{
    const char *end = text->lines + text->length;

    for (const char *line = text->lines; line != end; line += strlen(line) + 1)
        print_line(*line, line + 1);
    free(text->lines);
    *text = (struct message_text){NULL, 0};
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
