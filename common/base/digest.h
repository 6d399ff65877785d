/* SPDX-License-Identifier: MIT */
/* Digests of a stream of bytes, for --hash. */
#ifndef ZCOPY_BASE_DIGEST_H
#define ZCOPY_BASE_DIGEST_H

#include <stdbool.h>
#include <stddef.h>

/* xxh3 is XXH3 with 128 bits, which xxhsum -H128 prints; blake2b has 512 bits, as b2sum(1). */
enum digest_algorithm { DIGEST_XXH3, DIGEST_SHA256, DIGEST_SHA512, DIGEST_BLAKE2B, DIGEST_COUNT };

/* Room for any digest: in bytes, and in hexadecimal digits with its NUL. */
enum { DIGEST_BYTES = 64, DIGEST_TEXT = 2 * DIGEST_BYTES + 1 };

struct digest;

/* The algorithm whose name the first length characters of name are. False: none. */
bool digest_find(const char *name, size_t length, enum digest_algorithm *algorithm);

/*
 * Starts a digest. SHA-2 and BLAKE2 come from OpenSSL's libcrypto.so.3, which is loaded by the first such
 * call: a command that does not hash does not pay for it. NULL: no memory, or the library cannot be used;
 * *problem then says why.
 */
struct digest *digest_open(enum digest_algorithm algorithm, const char **problem);

/* Adds length bytes. */
void digest_add(struct digest *digest, const void *data, size_t length);

/* Forgets what has been added. */
void digest_restart(struct digest *digest);

/* Ends the digest, and starts it anew. Zeros fill what it is shorter than DIGEST_BYTES. Returns its length in
 * bytes; 0: the library has failed. */
size_t digest_take(struct digest *digest, unsigned char bytes[DIGEST_BYTES]);

void digest_free(struct digest *digest);

/* Ends the digest, frees it, and writes it into text. Returns text, or NULL if the library has failed. */
const char *digest_close(struct digest *digest, char text[DIGEST_TEXT]);

#endif
