/* SPDX-License-Identifier: MIT */
/* Parsing the options of both sides of a session. */
#include "net/peer_options.h"

#include <stddef.h>

int peer_option(struct peer_options *options, int id, const char *argument)
{
    switch (id) {
    case PEER_KEY_FILE:
        options->key_file = argument;
        return 1;
    case PEER_PLAIN:
        options->plain = true;
        return 1;
    case PEER_NO_KEY:
        options->no_key = true;
        return 1;
    case PEER_PRINT_PORT:
        options->print_port = true;
        return 1;
    case PEER_ALLOW:
        if (networks_add(&options->allow, argument))
            return 1;
        option_bad_argument("invalid", "--allow", argument);
        return -1;
    default:
        return 0;
    }
}

const char *peer_check(const struct peer_options *options)
{
    if (options->no_key && options->plain)
        return "--plain proves the key, and --no-key has none";
    if (options->no_key && options->key_file != NULL)
        return "--no-key has no key, and --key-file names one";
    return NULL;
}

bool peer_has_listening(const struct peer_options *options)
{
    return options->print_port || options->allow.count > 0;
}

enum session_security peer_security(const struct peer_options *options)
{
    return options->no_key ? SESSION_OPEN : options->plain ? SESSION_PLAIN : SESSION_ENCRYPTED;
}
