/* SPDX-License-Identifier: MIT */
/* The path of an AF_UNIX datagram client, by which it can be answered; it goes when the client goes. */
#ifndef ZCAT_NET_OWN_NAME_H
#define ZCAT_NET_OWN_NAME_H

#include <pthread.h>
#include <signal.h>
#include <stdbool.h>

#include "settings.h"

/* Used by the main thread; a second one waits for signals. */
struct own_name {
    char directory[sizeof((struct address *)0)->path]; /* made for it, or "" */
    char path[sizeof((struct address *)0)->path];      /* "": there is none to be removed */
    sigset_t signals;                                  /* those that are waited for */
    pthread_t guard;
    bool ours, guarded;
};

/*
 * Before connecting. For a UNIX address without -s: makes a private directory in $TMPDIR or /tmp, and a path
 * in it the source of settings, which points into *name. -v tells the path. False: it cannot be made
 * (reported).
 */
bool own_name_choose(struct own_name *name, struct settings *settings);

/* The socket is bound: from now on the path of -s is removed as well, also by SIGINT, SIGTERM and SIGHUP. */
void own_name_bound(struct own_name *name);

/* Removes what there is. */
void own_name_remove(struct own_name *name);

#endif
