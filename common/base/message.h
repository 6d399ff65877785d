/* SPDX-License-Identifier: MIT */
/* The only module that writes to standard error: one line a message, and the status line below them. */
#ifndef ZCOPY_BASE_MESSAGE_H
#define ZCOPY_BASE_MESSAGE_H

#include <stdbool.h>

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
