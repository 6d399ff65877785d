/* SPDX-License-Identifier: MIT */
/* Checks the digests of --hash: published vectors, pieces of every size, and their names. */
#include "base/digest.h"

#include <stdlib.h>
#include <string.h>

#include "unit.h"

enum { TOTAL = 300000 /* bytes: XXH3 has another way for long inputs */ };

static const char *const names[DIGEST_COUNT] = {[DIGEST_XXH3] = "xxh3",
                                                [DIGEST_SHA256] = "sha256",
                                                [DIGEST_SHA512] = "sha512",
                                                [DIGEST_BLAKE2B] = "blake2b"};

/* The digest of data, which is added in pieces of so many bytes, in text. NULL if there is none. */
static const char *digest_of(enum digest_algorithm algorithm, const char *data, size_t length, size_t piece,
                             char text[DIGEST_TEXT])
{
    const char *problem = NULL;
    struct digest *digest = digest_open(algorithm, &problem);

    if (digest == NULL) {
        printf("# %s: %s\n", names[algorithm], problem);
        return NULL;
    }
    for (size_t done = 0; done < length; done += piece)
        digest_add(digest, data + done, length - done < piece ? length - done : piece);
    return digest_close(digest, text);
}

static void check_vector(enum digest_algorithm algorithm, const char *data, const char *wanted)
{
    char text[DIGEST_TEXT];
    const char *found = digest_of(algorithm, data, strlen(data), 1 << 20, text);

    check(found == text && strcmp(text, wanted) == 0, "%s of \"%s\" is %.16s...", names[algorithm], data,
          wanted);
}

/* FIPS 180-2 for SHA-2, where the empty input is the validation suite's; xxhsum -H128 for XXH3. */
static void check_vectors(void)
{
    check_vector(DIGEST_XXH3, "", "99aa06d3014798d86001c324468d497f");
    check_vector(DIGEST_XXH3, "abc", "06b05ab6733a618578af5f94892f3950");
    check_vector(DIGEST_SHA256, "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    check_vector(DIGEST_SHA256, "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    check_vector(DIGEST_SHA512, "",
                 "cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce"
                 "47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e");
    check_vector(DIGEST_SHA512, "abc",
                 "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
                 "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f");
}

static void check_pieces(void)
{
    static const size_t pieces[] = {1, 63, 64, 65, 1000, 65536, TOTAL - 1};
    char *data = malloc(TOTAL);

    for (size_t i = 0; data != NULL && i < TOTAL; i++)
        data[i] = (char)(i * i / 7 + i);
    for (enum digest_algorithm algorithm = 0; algorithm < DIGEST_COUNT; algorithm++) {
        char whole[DIGEST_TEXT] = "", text[DIGEST_TEXT] = "";
        digest_of(algorithm, data, TOTAL, TOTAL, whole);
        for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++)
            check(digest_of(algorithm, data, TOTAL, pieces[i], text) != NULL && strcmp(text, whole) == 0,
                  "%s of pieces of %zu bytes is that of the whole", names[algorithm], pieces[i]);
        digest_of(algorithm, data, TOTAL - 1, TOTAL, text);
        check(strcmp(text, whole) != 0, "%s of one byte less is another one", names[algorithm]);
    }
    free(data);
}

/* Digests that run side by side, as those of several --hash do. */
static void check_two(void)
{
    const char *problem;
    char first[DIGEST_TEXT], second[DIGEST_TEXT], alone[DIGEST_TEXT];
    struct digest *one = digest_open(DIGEST_SHA256, &problem), *two = digest_open(DIGEST_SHA256, &problem);

    digest_add(one, "ab", 2);
    digest_add(two, "x", 1);
    digest_add(one, "c", 1);
    check(digest_close(two, second) != NULL && digest_close(one, first) != NULL &&
              strcmp(first, digest_of(DIGEST_SHA256, "abc", 3, 3, alone)) == 0 &&
              strcmp(second, digest_of(DIGEST_SHA256, "x", 1, 1, alone)) == 0,
          "two digests at a time do not disturb each other");
}

static void check_restart(void)
{
    const char *problem;
    char text[DIGEST_TEXT], alone[DIGEST_TEXT];

    for (enum digest_algorithm algorithm = 0; algorithm < DIGEST_COUNT; algorithm++) {
        struct digest *digest = digest_open(algorithm, &problem);
        digest_add(digest, "forgotten", 9);
        digest_restart(digest);
        digest_add(digest, "abc", 3);
        check(strcmp(digest_close(digest, text), digest_of(algorithm, "abc", 3, 3, alone)) == 0,
              "%s forgets what was added before a restart", names[algorithm]);
    }
}

static void check_names(void)
{
    static const char *const wrong[] = {"", "xxh", "xxh32", "sha", "sha25", "sha2566", "SHA256", "md5"};
    enum digest_algorithm found;

    for (enum digest_algorithm algorithm = 0; algorithm < DIGEST_COUNT; algorithm++)
        check(digest_find(names[algorithm], strlen(names[algorithm]), &found) && found == algorithm,
              "%s is found by its name", names[algorithm]);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        check(!digest_find(wrong[i], strlen(wrong[i]), &found), "'%s' is no name", wrong[i]);
    check(digest_find("sha512:file", 6, &found) && found == DIGEST_SHA512,
          "what follows the name is not read");
    check(!digest_find("sha512", 5, &found), "a part of a name is none");
}

int main(void)
{
    check_vectors();
    check_pieces();
    check_two();
    check_restart();
    check_names();
    return unit_status();
}
