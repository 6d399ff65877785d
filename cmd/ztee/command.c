/* SPDX-License-Identifier: MIT */
/* sh -c behind a pipe. */
#include "command.h"

#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/descriptor.h"
#include "base/message.h"

void command_save_signals(struct command_signals *signals)
{
    static const int changed[] = {SIGPIPE, SIGXFSZ, SIGINT};
    struct sigaction action;

    sigemptyset(&signals->defaults);
    for (size_t i = 0; i < sizeof changed / sizeof *changed; i++)
        if (sigaction(changed[i], NULL, &action) == 0 && action.sa_handler == SIG_DFL)
            sigaddset(&signals->defaults, changed[i]);
    pthread_sigmask(SIG_BLOCK, NULL, &signals->mask);
}

static int spawn(const char *text, const struct command_signals *signals, int input, pid_t *pid)
{
    char shell[] = "sh", option[] = "-c", *command = strdup(text); /* posix_spawn(3) wants them writable */
    char *const argv[] = {shell, option, command, NULL};
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;

    if (command == NULL)
        return errno;
    posix_spawnattr_init(&attributes); /* of these, glibc's fail only for wrong arguments */
    posix_spawnattr_setsigmask(&attributes, &signals->mask);
    posix_spawnattr_setsigdefault(&attributes, &signals->defaults);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    posix_spawn_file_actions_init(&actions);
    int error = posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO);
    if (error == 0)
        error = posix_spawn(pid, "/bin/sh", &actions, &attributes, argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    free(command);
    return error;
}

int command_start(const char *text, const struct command_signals *signals, pid_t *pid)
{
    int ends[2];

    if (!descriptor_pipe(ends))
        return -1;
    int error = spawn(text, signals, ends[0], pid);
    descriptor_close(&ends[0]);
    if (error == 0)
        return ends[1];
    descriptor_close(&ends[1]);
    errno = error;
    return -1;
}

/* Waits for the event that the process has ended, where the kernel has it (Linux 5.3); SIGUSR1 is answered.
 */
static void wait_ended(pid_t pid, struct monitor *monitor)
{
    struct pollfd ended = {.fd = (int)syscall(SYS_pidfd_open, pid, 0), .events = POLLIN};

    while (ended.fd >= 0 && ended.revents == 0 && monitor_wait(monitor, &ended, 1, CLOCK_NEVER) >= 0)
        ;
    descriptor_close(&ended.fd);
}

bool command_wait(const char *text, pid_t pid, struct monitor *monitor)
{
    int status;
    pid_t waited;

    wait_ended(pid, monitor);
    while ((waited = waitpid(pid, &status, 0)) < 0 && errno == EINTR)
        ;
    if (waited == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return true;
    if (waited < 0)
        message_error(errno, "cannot wait for '%s'", text);
    else if (WIFEXITED(status))
        message_note("'%s' has failed with exit status %d", text, WEXITSTATUS(status));
    else
        message_note("'%s' was ended by signal %d (%s)", text, WTERMSIG(status), strsignal(WTERMSIG(status)));
    return false;
}
