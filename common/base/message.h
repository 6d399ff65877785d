/* SPDX-License-Identifier: MIT */
/* The only module that writes to standard error: one line a message, and the status line below them; and to
 * standard output, where a command's results are lines. */
#ifndef ZCOPY_BASE_MESSAGE_H
#define ZCOPY_BASE_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>

#define MESSAGE_FORMAT(fmt, args) __attribute__((format(printf, fmt, args)))

/*
 * Each call writes one whole line by one write(2), so that lines of several threads or processes do not
 * mix; a status line on the screen is wiped first. Control characters in the text are shown as vis(3)
 * shows them: names of files and peers come from outside. Failures to write are ignored: there is nobody
 * left to tell.
 */

/* "PROGRAM: text: strerror(errnum)", or without the last part when errnum is 0. */
void message_error(int errnum, const char *format, ...) MESSAGE_FORMAT(2, 3);

/* "PROGRAM: text" */
void message_note(const char *format, ...) MESSAGE_FORMAT(1, 2);

/* "text", for lines whose wording a peer fixed, or that are a result. False: it could not be written. */
bool message_plain(const char *format, ...) MESSAGE_FORMAT(1, 2);

/* "PROGRAM: text" and a blank, without an end of line: the answer comes behind it. Never kept back. */
void message_prompt(const char *format, ...) MESSAGE_FORMAT(1, 2);

/* "text" on standard output, buffered. */
void message_result(const char *format, ...) MESSAGE_FORMAT(1, 2);

/* A result that another program reads: the bytes as they are, with an end of line. */
void message_result_line(const char *line);

/* To be called once, at the end: false with errno when a result could not be written. A standard output that
 * was closed from the start is an error only if there was a result. */
bool message_close_results(void);

/* Lines that are kept back. To be zeroed before its first use. */
struct message_text {
    char *lines;
    size_t length;
};

/* From now on the lines of this thread go into text; NULL: out again. */
void message_divert(struct message_text *text);

/* Prints what has gone into text, in order, and empties it. */
void message_print(struct message_text *text);

/*
 * Draws text as the status line, over the last one. Never blocks: on a terminal that takes nothing just now
 * (^S), or that has another process group in the foreground, nothing is drawn.
 * always: draw although standard error is no terminal.
 */
void message_status(const char *text, bool always);

/* Leaves the last status line on the screen and goes to a new line. */
void message_status_end(void);

/* True when standard error is a terminal and this process is in its foreground. */
bool message_on_terminal(void);

#endif
