/* SPDX-License-Identifier: MIT */
/* zcat-net -l -u: nobody connects, so the first datagram makes its sender the peer. */
#include <errno.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/descriptor.h"
#include "base/message.h"
#include "datagram.h"
#include "tell.h"

/*
 * Makes the sender of the first datagram of socket fd, which stays in its queue, the peer. 1: done, 0: there
 * is none yet, -1 with errno. One that has no name, or has gone (AF_UNIX), cannot be answered, but be heard.
 */
static int take_peer(int fd, struct sockaddr_storage *from, socklen_t *length)
{
    char byte;

    *length = sizeof *from;
    *from = (struct sockaddr_storage){.ss_family = AF_UNSPEC};
    if (recvfrom(fd, &byte, sizeof byte, MSG_PEEK, (struct sockaddr *)from, length) < 0)
        return errno == EAGAIN || errno == EINTR ? 0 : -1;
    bool is_inet = from->ss_family == AF_INET || from->ss_family == AF_INET6;
    if (!is_inet) {
        from->ss_family = AF_UNIX;
        if (*length <= sizeof from->ss_family)
            return 1;
    }
    return connect(fd, (struct sockaddr *)from, *length) == 0 || !is_inet ? 1 : -1;
}

/* Waits for the first datagram. Returns the index of its socket, the others being closed; -1 with errno. */
static int wait_for_peer(struct listener *listener, struct monitor *monitor, struct sockaddr_storage *from,
                         socklen_t *length)
{
    struct pollfd fds[LISTENER_SOCKETS];
    int found = 0;
    size_t i;

    do {
        for (i = 0; i < listener->count; i++)
            fds[i] = (struct pollfd){.fd = listener->fds[i], .events = POLLIN};
        if (monitor_wait(monitor, fds, listener->count, CLOCK_NEVER) < 0)
            return -1;
        for (i = 0; i < listener->count && found == 0; i++)
            if (fds[i].revents != 0)
                found = take_peer(fds[i].fd, from, length);
    } while (found == 0);
    if (found < 0)
        return -1;
    for (size_t other = 0; other < listener->count; other++)
        if (other != i - 1)
            descriptor_close(&listener->fds[other]);
    return (int)i - 1;
}

int datagram_serve(const struct settings *settings, struct monitor *monitor, struct listener *listener,
                   struct transfer_totals *totals)
{
    struct address peer;
    struct sockaddr_storage from;
    socklen_t length;
    char name[ADDRESS_TEXT];

    if (settings->keep_listening) {
        listener_name(listener, 0, false, &peer);
        return datagram_run(
            settings, monitor, listener->fds, listener->count,
            address_text(settings->address.family == AF_UNIX ? &settings->address : &peer, name), totals);
    }
    int chosen = wait_for_peer(listener, monitor, &from, &length);
    if (chosen < 0) {
        message_error(errno, "error reading '%s'", address_text(&settings->address, name));
        return EXIT_FAILED;
    }
    listener_peer_name(listener, &from, length, tell_wants_names(settings), &peer);
    tell_received(settings, &peer);
    return datagram_run(settings, monitor, listener->fds + chosen, 1, address_text(&peer, name), totals);
}
