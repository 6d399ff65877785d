/* SPDX-License-Identifier: MIT */
/* Making and removing the path. */
#include "own_name.h"

#include <bsd/string.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/message.h"

static void remove_paths(const struct own_name *name)
{
    if (*name->path != '\0')
        unlink(name->path);
    if (*name->directory != '\0')
        rmdir(name->directory);
}

/* Waits for a signal, removes the path, and dies as the signal wanted it. A thread may do what a handler must
 * not, and needs no global. */
static void *guard(void *argument)
{
    const struct own_name *name = argument;
    int number;

    if (sigwait(&name->signals, &number) != 0)
        return NULL;
    remove_paths(name);
    pthread_sigmask(SIG_UNBLOCK, &name->signals, NULL);
    raise(number);
    return NULL;
}

/* Those that would end the process; what is ignored (nohup) stays so. */
static void choose_signals(sigset_t *signals)
{
    static const int deadly[] = {SIGHUP, SIGINT, SIGTERM};
    struct sigaction action;

    sigemptyset(signals);
    for (size_t i = 0; i < sizeof deadly / sizeof *deadly; i++)
        if (sigaction(deadly[i], NULL, &action) == 0 && action.sa_handler == SIG_DFL)
            sigaddset(signals, deadly[i]);
}

/* The threads that will be started inherit the mask: the guard alone gets the signals. */
static void start_guard(struct own_name *name)
{
    choose_signals(&name->signals);
    pthread_sigmask(SIG_BLOCK, &name->signals, NULL);
    name->guarded = pthread_create(&name->guard, NULL, guard, name) == 0;
    if (!name->guarded)
        pthread_sigmask(SIG_UNBLOCK, &name->signals, NULL);
}

static bool make_temporary(struct own_name *name)
{
    const char *parent = getenv("TMPDIR");
    static const char pattern[] = "zcat-net-XXXXXX", file[] = "socket";

    if (parent == NULL || *parent == '\0')
        parent = "/tmp";
    int length = snprintf(name->directory, sizeof name->directory, "%s/%s", parent, pattern);
    if ((size_t)length + sizeof file >= sizeof name->path - 1) {
        message_error(ENAMETOOLONG, "cannot make a socket in '%s'", parent);
        return false;
    }
    if (mkdtemp(name->directory) == NULL) {
        message_error(errno, "cannot make a directory in '%s'", parent);
        return false;
    }
    snprintf(name->path, sizeof name->path, "%.*s/%s", length, name->directory, file);
    return true;
}

bool own_name_choose(struct own_name *name, struct settings *settings)
{
    struct socket_options *socket = &settings->connect.socket;

    *name = (struct own_name){.guarded = false};
    if (settings->address.family != AF_UNIX)
        return true;
    if (socket->source_host == NULL) {
        if (!make_temporary(name))
            return false;
        socket->source_host = name->path;
        name->ours = true;
        start_guard(name);
    } else if (*socket->source_host != '@') {
        strlcpy(name->path, socket->source_host, sizeof name->path);
    }
    if (settings->verbose)
        message_plain("Bound on %s", socket->source_host);
    return true;
}

void own_name_bound(struct own_name *name)
{
    if (*name->path == '\0' || name->ours)
        return;
    name->ours = true;
    start_guard(name);
}

void own_name_remove(struct own_name *name)
{
    if (name->guarded) {
        pthread_cancel(name->guard);
        pthread_join(name->guard, NULL);
    }
    /* A path of -s that could not be bound is somebody else's. */
    if (name->ours)
        remove_paths(name);
    if (name->guarded)
        pthread_sigmask(SIG_UNBLOCK, &name->signals, NULL);
}
