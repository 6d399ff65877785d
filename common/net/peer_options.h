/* SPDX-License-Identifier: MIT */
/* The options that both sides of a session have: the key, and who may come. */
#ifndef ZCOPY_NET_PEER_OPTIONS_H
#define ZCOPY_NET_PEER_OPTIONS_H

#include <stdbool.h>

#include "base/option.h"
#include "net/network.h"
#include "net/session.h"

struct peer_options {
    const char *key_file; /* NULL: none */
    bool plain, no_key;
    bool print_port;
    struct networks allow;
};

/* Each command says in its own words what they are. */
enum { PEER_KEY_FILE = OPTION_PEER, PEER_PLAIN, PEER_NO_KEY, PEER_ALLOW, PEER_PRINT_PORT };

/* Takes option id with its argument if it is one of them; returns as transfer_option does. */
int peer_option(struct peer_options *options, int id, const char *argument);

/* NULL, or which of them do not go together. */
const char *peer_check(const struct peer_options *options);

/* True if one was given that is for who listens only. */
bool peer_has_listening(const struct peer_options *options);

enum session_security peer_security(const struct peer_options *options);

#endif
