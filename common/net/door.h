/* SPDX-License-Identifier: MIT */
/* Who waits for a peer with the key: strangers come and go, and keep nobody out. */
#ifndef ZCOPY_NET_DOOR_H
#define ZCOPY_NET_DOOR_H

#include "base/monitor.h"
#include "net/greeting.h"
#include "net/network.h"
#include "net/socket.h"

enum { DOOR_VISITORS = 64 };

struct door_settings {
    struct greeting_settings greeting;
    const struct networks *allow; /* who may come; none: anybody */
};

struct door;

/*
 * Listens on the listener, which has to stay: at most DOOR_VISITORS connections at a time that have not shown
 * the key yet, for 10 seconds each. When there is no room, the oldest one of the address that has the most is
 * dropped. NULL: not possible (reported).
 */
struct door *door_open(const struct door_settings *settings, struct listener *listener);
void door_close(struct door *door);

/* For a child process: closes its descriptors of all that wait, whom the parent goes on with. */
void door_leave(struct door *door);

/* Somebody who has the key. */
struct guest {
    struct channel channel;
    struct address peer;
};

/*
 * Waits for one, until the deadline (nanoseconds of clock_now, or CLOCK_NEVER). Those who fail are a line
 * each on standard error, of which there are at most so many a minute. Returns 1 with *guest, whose socket
 * and channel are the caller's; 0: the deadline is past; -1: no more waiting is possible (reported).
 */
int door_wait(struct door *door, struct monitor *monitor, uint64_t deadline, struct guest *guest);

#endif
