/* SPDX-License-Identifier: MIT */
/* XXH3 compiled in, SHA-2 and BLAKE2 from libcrypto when it is asked for. */
#include "base/digest.h"

#include <dlfcn.h>
#include <openssl/evp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

/* What is used of libcrypto, found by name in the loaded library. */
struct crypto {
    __typeof__(EVP_MD_CTX_new) *new;
    __typeof__(EVP_MD_CTX_free) *free;
    __typeof__(EVP_DigestInit_ex) *init;
    __typeof__(EVP_DigestUpdate) *update;
    __typeof__(EVP_DigestFinal_ex) *final;
    __typeof__(EVP_sha256) *sha;
};

struct digest {
    enum digest_algorithm algorithm;
    XXH3_state_t *xxh3;
    struct crypto crypto;
    EVP_MD_CTX *context;
    bool failed;
};

static const struct {
    const char *name;
    const char *function; /* of libcrypto; NULL: it is not needed */
} algorithms[DIGEST_COUNT] = {
    [DIGEST_XXH3] = {"xxh3", NULL},
    [DIGEST_SHA256] = {"sha256", "EVP_sha256"},
    [DIGEST_SHA512] = {"sha512", "EVP_sha512"},
    [DIGEST_BLAKE2B] = {"blake2b", "EVP_blake2b512"},
};

bool digest_find(const char *name, size_t length, enum digest_algorithm *algorithm)
{
    for (int i = 0; i < DIGEST_COUNT; i++) {
        if (strlen(algorithms[i].name) == length && strncmp(algorithms[i].name, name, length) == 0) {
            *algorithm = (enum digest_algorithm)i;
            return true;
        }
    }
    return false;
}

/* dlsym(3) returns an object pointer; POSIX has it converted by way of the pointer's representation. */
static bool find(void *library, const char *name, void *function)
{
    void *found = dlsym(library, name);
    memcpy(function, &found, sizeof found);
    return found != NULL;
}

static bool load_crypto(struct crypto *crypto, const char *function)
{
    void *library = dlopen("libcrypto.so.3", RTLD_NOW | RTLD_LOCAL);

    return library != NULL && find(library, "EVP_MD_CTX_new", &crypto->new) &&
           find(library, "EVP_MD_CTX_free", &crypto->free) &&
           find(library, "EVP_DigestInit_ex", &crypto->init) &&
           find(library, "EVP_DigestUpdate", &crypto->update) &&
           find(library, "EVP_DigestFinal_ex", &crypto->final) && find(library, function, &crypto->sha);
}

static bool start_sha(struct digest *digest, const char **problem)
{
    struct crypto *crypto = &digest->crypto;

    if (!load_crypto(crypto, algorithms[digest->algorithm].function)) {
        *problem = dlerror();
        return false;
    }
    digest->context = crypto->new ();
    if (digest->context != NULL && crypto->init(digest->context, crypto->sha(), NULL) == 1)
        return true;
    *problem = "libcrypto refuses it"; /* as a FIPS provider may */
    return false;
}

static bool start(struct digest *digest, const char **problem)
{
    if (digest->algorithm != DIGEST_XXH3)
        return start_sha(digest, problem);
    digest->xxh3 = XXH3_createState();
    if (digest->xxh3 != NULL)
        XXH3_128bits_reset(digest->xxh3);
    return digest->xxh3 != NULL;
}

void digest_free(struct digest *digest)
{
    if (digest->context != NULL)
        digest->crypto.free(digest->context);
    XXH3_freeState(digest->xxh3);
    free(digest);
}

struct digest *digest_open(enum digest_algorithm algorithm, const char **problem)
{
    struct digest *digest = calloc(1, sizeof *digest);

    *problem = "no memory";
    if (digest == NULL)
        return NULL;
    digest->algorithm = algorithm;
    if (start(digest, problem))
        return digest;
    digest_free(digest);
    return NULL;
}

void digest_add(struct digest *digest, const void *data, size_t length)
{
    if (digest->xxh3 != NULL)
        XXH3_128bits_update(digest->xxh3, data, length);
    else if (digest->crypto.update(digest->context, data, length) != 1)
        digest->failed = true;
}

void digest_restart(struct digest *digest)
{
    if (digest->xxh3 != NULL)
        XXH3_128bits_reset(digest->xxh3);
    else if (digest->crypto.init(digest->context, digest->crypto.sha(), NULL) != 1)
        digest->failed = true;
}

size_t digest_take(struct digest *digest, unsigned char bytes[DIGEST_BYTES])
{
    unsigned length = sizeof(XXH128_canonical_t);
    XXH128_canonical_t canonical;

    memset(bytes, 0, DIGEST_BYTES);
    if (digest->xxh3 != NULL) {
        XXH128_canonicalFromHash(&canonical, XXH3_128bits_digest(digest->xxh3));
        memcpy(bytes, &canonical, sizeof canonical);
        XXH3_128bits_reset(digest->xxh3);
        return length;
    }
    const struct crypto *crypto = &digest->crypto;
    if (digest->failed || crypto->final(digest->context, bytes, &length) != 1 ||
        crypto->init(digest->context, crypto->sha(), NULL) != 1)
        return 0;
    return length;
}

const char *digest_close(struct digest *digest, char text[DIGEST_TEXT])
{
    unsigned char bytes[DIGEST_BYTES];
    size_t length = digest_take(digest, bytes);

    for (size_t i = 0; i < length; i++)
        snprintf(text + 2 * i, 3, "%02x", bytes[i]);
    digest_free(digest);
    return length > 0 ? text : NULL;
}
