/* SPDX-License-Identifier: MIT */
/* Lines whose wording is nc's. */
#include "tell.h"

#include "base/message.h"

bool tell_wants_names(const struct settings *settings)
{
    return settings->verbose && !settings->connect.socket.numeric;
}

static void tell_bound(const struct settings *settings, const struct address *bound)
{
    bool datagram = settings->connect.socket.datagram;
    char text[ADDRESS_TEXT];

    if (bound->family == AF_VSOCK) {
        message_plain("Listening on %s", address_text(bound, text));
    } else if (settings->address.family == AF_UNIX) {
        message_plain("Bound on %s", settings->address.path);
        if (!datagram)
            message_plain("Listening on %s", settings->address.path);
    } else {
        message_plain("%s on %s %s", datagram ? "Bound" : "Listening", bound->host, bound->port);
    }
}

void tell_listening(const struct settings *settings, const struct listener *listener)
{
    struct address bound;

    for (size_t i = 0; i < listener->count; i++) {
        listener_name(listener, i, tell_wants_names(settings), &bound);
        if (settings->print_port && i == 0)
            message_plain("%s", bound.port);
        if (settings->verbose)
            tell_bound(settings, &bound);
    }
}

void tell_received(const struct settings *settings, const struct address *peer)
{
    char text[ADDRESS_TEXT];

    if (settings->verbose && peer->family == AF_UNSPEC)
        message_plain("Connection received on %s %s", peer->host, peer->port);
    else if (settings->verbose)
        message_plain("Connection received on %s", address_text(peer, text));
}
