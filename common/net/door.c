/* SPDX-License-Identifier: MIT */
/* Many greetings at a time. */
#include "net/door.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/descriptor.h"
#include "base/message.h"
#include "net/connection.h"

enum { LINES = 30 }; /* at once, and in a minute */
static const uint64_t patience = 10 * NANOSECONDS, minute = 60 * NANOSECONDS;

struct visitor {
    int fd; /* -1: the place is free */
    struct greeting greeting;
    struct address peer;
    uint64_t came; /* nanoseconds */
};

struct door {
    const struct door_settings *settings;
    struct listener *listener;
    int epoll;
    struct visitor visitors[DOOR_VISITORS];
    uint64_t minute_began; /* nanoseconds */
    unsigned lines;        /* that have been written in it */
};

/* Listening sockets have tokens behind those of the visitors. */
static bool watch(const struct door *door, int operation, int fd, uint32_t events, size_t token)
{
    struct epoll_event event = {.events = events, .data.u64 = token};
    return epoll_ctl(door->epoll, operation, fd, &event) == 0;
}

struct door *door_open(const struct door_settings *settings, struct listener *listener)
{
    struct door *door = calloc(1, sizeof *door);
    bool good = door != NULL;

    if (good) {
        door->settings = settings;
        door->listener = listener;
        door->epoll = epoll_create1(EPOLL_CLOEXEC);
        good = door->epoll >= 0;
        for (size_t i = 0; i < DOOR_VISITORS; i++)
            door->visitors[i].fd = -1;
        for (size_t i = 0; good && i < listener->count; i++)
            good = watch(door, EPOLL_CTL_ADD, listener->fds[i], EPOLLIN, DOOR_VISITORS + i);
    }
    if (good)
        return door;
    message_error(errno, "cannot wait for connections");
    if (door != NULL)
        door_close(door);
    return NULL;
}

/* In order, so that what was said to him arrives; what he says more is answered by a reset. */
static void send_away(struct visitor *visitor)
{
    channel_close(&visitor->greeting.channel);
    connection_close(visitor->fd);
    visitor->fd = -1;
}

void door_close(struct door *door)
{
    for (size_t i = 0; i < DOOR_VISITORS; i++)
        if (door->visitors[i].fd >= 0)
            send_away(&door->visitors[i]);
    descriptor_close(&door->epoll);
    free(door);
}

void door_leave(struct door *door)
{
    for (size_t i = 0; i < DOOR_VISITORS; i++)
        descriptor_close(&door->visitors[i].fd);
    descriptor_close(&door->epoll);
}

/* The number of the next line about strangers, within its minute. */
static unsigned count_line(struct door *door)
{
    uint64_t now = clock_now();

    if (now - door->minute_began >= minute) {
        door->minute_began = now;
        door->lines = 0;
    }
    return ++door->lines;
}

/* One line about a peer, unless there have been too many of late. */
static void tell(struct door *door, const struct address *peer, const char *problem, int error)
{
    char text[ADDRESS_TEXT];
    unsigned line = count_line(door);

    if (line < LINES)
        message_error(error, "%s: not let in: %s", address_text(peer, text), problem);
    else if (line == LINES)
        message_note("%s: not let in: %s; no more of these lines for a minute", address_text(peer, text),
                     problem);
}

/* Those whose address this one has, the port apart. */
static size_t count_of(const struct door *door, const struct address *peer)
{
    size_t count = 0;

    for (size_t i = 0; i < DOOR_VISITORS; i++)
        count += door->visitors[i].fd >= 0 && strcmp(door->visitors[i].peer.host, peer->host) == 0;
    return count;
}

/* A place: a free one, or that of the oldest of the address with the most. */
static struct visitor *make_room(struct door *door)
{
    struct visitor *chosen = door->visitors;
    size_t most = 0;

    for (size_t i = 0; i < DOOR_VISITORS; i++) {
        struct visitor *visitor = &door->visitors[i];
        if (visitor->fd < 0)
            return visitor;
        size_t count = count_of(door, &visitor->peer);
        if (count > most || (count == most && visitor->came < chosen->came)) {
            chosen = visitor;
            most = count;
        }
    }
    tell(door, &chosen->peer, "too many others wait", 0);
    send_away(chosen);
    return chosen;
}

/* Goes on with a visitor. True: he has the key. */
static bool attend(struct door *door, struct visitor *visitor)
{
    enum channel_result result = greeting_go_on(&visitor->greeting);
    size_t token = (size_t)(visitor - door->visitors);
    const char *problem = visitor->greeting.problem;

    if (result == CHANNEL_OK)
        return watch(door, EPOLL_CTL_DEL, visitor->fd, 0, token);
    if (result == CHANNEL_WANTS_READ || result == CHANNEL_WANTS_WRITE) {
        watch(door, EPOLL_CTL_MOD, visitor->fd, result == CHANNEL_WANTS_READ ? EPOLLIN : EPOLLOUT, token);
        return false;
    }
    tell(door, &visitor->peer, problem != NULL ? problem : "the connection failed",
         problem != NULL ? 0 : errno);
    send_away(visitor);
    return false;
}

/* Whoever is at the door cannot come in now, and asks again at once: a moment for somebody to leave. */
static void pause_for_room(struct door *door, int error)
{
    if (count_line(door) < LINES)
        message_error(error, "cannot take a connection");
    descriptor_wait(-1, 0, -1, 100);
}

/* Lets in who is at the listening socket. True: he has shown the key already. */
static struct visitor *let_in(struct door *door, size_t socket)
{
    struct sockaddr_storage from = {0};
    socklen_t length = sizeof from;
    struct address peer;
    int fd =
        accept4(door->listener->fds[socket], (struct sockaddr *)&from, &length, SOCK_CLOEXEC | SOCK_NONBLOCK);

    if (fd < 0) {
        if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
            pause_for_room(door, errno);
        return NULL;
    }
    listener_peer_name(door->listener, &from, length, false, &peer);
    if (door->settings->allow->count > 0 && !networks_have(door->settings->allow, &from)) {
        tell(door, &peer, "the address is not allowed", 0);
        connection_reset(fd);
        return NULL;
    }
    struct visitor *visitor = make_room(door);
    visitor->fd = fd;
    visitor->peer = peer;
    visitor->came = clock_now();
    if (!greeting_begin(&visitor->greeting, &door->settings->greeting, fd, true) ||
        !watch(door, EPOLL_CTL_ADD, fd, EPOLLIN, (size_t)(visitor - door->visitors))) {
        tell(door, &peer, "the connection failed", errno);
        send_away(visitor);
        return NULL;
    }
    return attend(door, visitor) ? visitor : NULL;
}

/* Sends away who has waited too long. Returns the moment at which that has to be looked at again. */
static uint64_t expire(struct door *door, uint64_t now)
{
    uint64_t next = CLOCK_NEVER;

    for (size_t i = 0; i < DOOR_VISITORS; i++) {
        struct visitor *visitor = &door->visitors[i];
        if (visitor->fd >= 0 && now - visitor->came >= patience) {
            tell(door, &visitor->peer, "it has not shown the key in time", 0);
            send_away(visitor);
        }
        if (visitor->fd >= 0 && visitor->came + patience < next)
            next = visitor->came + patience;
    }
    return next;
}

static struct visitor *handle(struct door *door, uint64_t token)
{
    if (token >= DOOR_VISITORS)
        return let_in(door, token - DOOR_VISITORS);
    struct visitor *visitor = &door->visitors[token];
    return visitor->fd >= 0 && attend(door, visitor) ? visitor : NULL;
}

int door_wait(struct door *door, struct monitor *monitor, uint64_t deadline, struct guest *guest)
{
    struct pollfd ready = {.fd = door->epoll, .events = POLLIN};
    struct epoll_event event;

    for (;;) {
        uint64_t now = clock_now(), next = expire(door, now);
        if (now >= deadline)
            return 0;
        if (monitor_wait(monitor, &ready, 1, next < deadline ? next : deadline) < 0) {
            message_error(errno, "cannot wait for connections");
            return -1;
        }
        if (epoll_wait(door->epoll, &event, 1, 0) <= 0)
            continue;
        struct visitor *visitor = handle(door, event.data.u64);
        if (visitor != NULL) {
            *guest = (struct guest){.channel = visitor->greeting.channel, .peer = visitor->peer};
            visitor->fd = -1;
            return 1;
        }
    }
}
