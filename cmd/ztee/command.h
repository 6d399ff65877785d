/* SPDX-License-Identifier: MIT */
/* A command that reads what ztee writes to it. */
#ifndef ZTEE_COMMAND_H
#define ZTEE_COMMAND_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/monitor.h"

/* What a command starts with, as ztee itself was started: taken before ztee changes it. */
struct command_signals {
    sigset_t mask;
    sigset_t defaults; /* the signals that ztee ignores and whose action was the default one */
};

void command_save_signals(struct command_signals *signals);

/*
 * Runs text by sh -c; its standard input is a pipe, its other descriptors are ztee's. Returns the pipe's
 * write end, O_NONBLOCK and FD_CLOEXEC, and sets *pid; or -1 with errno.
 */
int command_start(const char *text, const struct command_signals *signals, pid_t *pid);

/* Waits for the command to end, while the monitor answers its signals. False: it has failed (reported). */
bool command_wait(const char *text, pid_t pid, struct monitor *monitor);

#endif
