/* SPDX-License-Identifier: MIT */
/* SOCKS: requests and answers in turn, the answers by their exact lengths. */
#include <string.h>

#include "handshake_private.h"
#include "net/socks.h"

enum handshake_outcome handshake_socks4(struct handshake *handshake)
{
    unsigned char request[SOCKS_ROOM], reply[SOCKS4_REPLY];
    size_t length =
        socks4_request(request, handshake->target_ipv4, handshake_port(handshake), handshake->proxy->user);

    handshake->asked = true;
    if (!handshake_give(handshake, request, length) || !handshake_take(handshake, reply, 1))
        return handshake_lost(handshake);
    if (reply[0] != SOCKS4_VERSION)
        return handshake_alien(handshake, "SOCKS 4", reply[0]);
    if (!handshake_take(handshake, reply + 1, 1))
        return handshake_lost(handshake);
    if (reply[1] != SOCKS4_GRANTED)
        return handshake_refuse(handshake, socks4_words(reply[1]), "SOCKS 4", reply[1]);
    return handshake_take(handshake, reply + 2, SOCKS4_REPLY - 2) ? HANDSHAKE_DONE
                                                                  : handshake_lost(handshake);
}

/* RFC 1929. The version in the answer is not looked at: there are proxies that say 5, and zero says all. */
static enum handshake_outcome give_password(struct handshake *handshake)
{
    unsigned char request[SOCKS_ROOM], status[SOCKS5_STATUS];

    if (handshake->password == NULL)
        return HANDSHAKE_PASSWORD;
    size_t length = socks5_login(request, handshake->proxy->user, handshake->password);
    bool done = handshake_give(handshake, request, length);
    explicit_bzero(request, sizeof request);
    if (!done || !handshake_take(handshake, status, sizeof status))
        return handshake_lost(handshake);
    return status[1] == 0 ? HANDSHAKE_DONE : HANDSHAKE_PASSWORD;
}

static enum handshake_outcome log_in(struct handshake *handshake)
{
    unsigned char request[SOCKS_ROOM], method[SOCKS5_METHOD];
    bool may = handshake->proxy->user != NULL;

    if (!handshake_give(handshake, request, socks5_greeting(request, may)) ||
        !handshake_take(handshake, method, 1))
        return handshake_lost(handshake);
    if (method[0] != SOCKS5_VERSION)
        return handshake_alien(handshake, "SOCKS 5", method[0]);
    if (!handshake_take(handshake, method + 1, 1))
        return handshake_lost(handshake);
    if (method[1] == SOCKS5_NO_LOGIN)
        return HANDSHAKE_DONE;
    if (method[1] == SOCKS5_PASSWORD && may)
        return give_password(handshake);
    if (method[1] == SOCKS5_NO_METHOD || method[1] == SOCKS5_PASSWORD)
        return handshake_fail(handshake, HANDSHAKE_HOPELESS, "lets nobody in %s",
                              may ? "with or without a password" : "without logging in (-P USER)");
    return handshake_fail(handshake, HANDSHAKE_HOPELESS,
                          "wants a way to log in that was not offered (SOCKS 5 method %u)", method[1]);
}

/* The code is looked at first: some proxies close behind it when it is not zero. */
static enum handshake_outcome take_reply(struct handshake *handshake)
{
    unsigned char head[SOCKS5_HEAD], rest[SOCKS_TEXT_MAX + 2];

    if (!handshake_take(handshake, head, 2))
        return handshake_lost(handshake);
    if (head[0] != SOCKS5_VERSION)
        return handshake_alien(handshake, "SOCKS 5", head[0]);
    if (head[1] != SOCKS5_SUCCEEDED)
        return handshake_refuse(handshake, socks5_words(head[1]), "SOCKS 5", head[1]);
    if (!handshake_take(handshake, head + 2, SOCKS5_HEAD - 2))
        return handshake_lost(handshake);
    size_t length = socks5_rest(head);
    if (length == 0)
        return handshake_fail(handshake, HANDSHAKE_HOPELESS,
                              "does not speak SOCKS 5: its answer has an address of type %u", head[3]);
    return handshake_take(handshake, rest, length) ? HANDSHAKE_DONE : handshake_lost(handshake);
}

enum handshake_outcome handshake_socks5(struct handshake *handshake)
{
    unsigned char request[SOCKS_ROOM];
    const char *host = handshake->target->host;
    size_t length = socks5_request(request, host, handshake_port(handshake));

    if (length == 0)
        return handshake_fail(handshake, HANDSHAKE_HOPELESS, "cannot be given the name '%s': %s", host,
                              *host ? "SOCKS 5 takes 255 bytes" : "it is empty");
    enum handshake_outcome outcome = log_in(handshake);
    if (outcome != HANDSHAKE_DONE)
        return outcome;
    handshake->asked = true;
    return handshake_give(handshake, request, length) ? take_reply(handshake) : handshake_lost(handshake);
}
