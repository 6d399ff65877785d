/* SPDX-License-Identifier: MIT */
/* The key of a session: 128 random bits, how they are written, and what is derived from them. */
#ifndef ZCOPY_NET_KEY_H
#define ZCOPY_NET_KEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "net/openssl.h"

enum { KEY_BYTES = 16, KEY_TEXT = 36, KEY_DERIVED = 32 };

struct key {
    uint8_t bytes[KEY_BYTES];
};

/* Draws a key from getrandom(2). False with errno. */
bool key_draw(struct key *key);

/*
 * The one way to write a key: "zk1", then 32 of the letters a to z and digits 2 to 7 (RFC 4648's base 32) for
 * its 16 bytes and a checksum of 4. A password, or a key with a slip in it, is none: parsing returns false.
 */
void key_format(const struct openssl *openssl, const struct key *key, char text[KEY_TEXT]);
bool key_parse(const struct openssl *openssl, const char *text, struct key *key);

/* HKDF-SHA256 (RFC 5869) of the key, for one purpose; keys for other purposes tell nothing about it. */
void key_derive(const struct openssl *openssl, const struct key *key, const char *purpose,
                uint8_t derived[KEY_DERIVED]);

/* HMAC-SHA256. */
void key_mac(const struct openssl *openssl, const uint8_t derived[KEY_DERIVED], const void *data,
             size_t length, uint8_t mac[KEY_DERIVED]);

/* Where a key comes from; the first that is given counts. */
struct key_source {
    const char *file; /* of --key-file, NULL: none */
    bool ask;         /* on the terminal, if there is one */
};

enum key_result { KEY_FOUND, KEY_NONE, KEY_BAD };

/*
 * Takes the key from the file (which nobody else may read), from ZSEND_KEY (which is wiped from the
 * environment in any case), or by a prompt (readpassphrase(3)). KEY_BAD is reported.
 */
enum key_result key_find(const struct openssl *openssl, const struct key_source *source, struct key *key);

#endif
