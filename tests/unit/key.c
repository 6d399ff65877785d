/* SPDX-License-Identifier: MIT */
/* Checks how keys are written, read, refused and derived, against values computed by another program
 * (Python's hmac and int). */
#include "net/key.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "unit.h"

static const char letters[] = "abcdefghijklmnopqrstuvwxyz234567";

static const struct {
    uint8_t first, step; /* of the bytes */
    const char *text;
} known[] = {
    {0, 0, "zk1aaaaaaaaaaaaaaaaaaaaaaaaac7e3bqi"},
    {0, 1, "zk1aaaqeayeaudaocajbifqydiob5paut2i"},
    {255, 0, "zk177777777777777777777777774cvdzr2"},
};

static struct key make(uint8_t first, uint8_t step)
{
    struct key key;

    for (size_t i = 0; i < KEY_BYTES; i++)
        key.bytes[i] = (uint8_t)(first + i * step);
    return key;
}

static bool same(const struct key *one, const struct key *other)
{
    return memcmp(one->bytes, other->bytes, KEY_BYTES) == 0;
}

static void check_known(const struct openssl *openssl)
{
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        struct key key = make(known[i].first, known[i].step), read = {{77}};
        char text[KEY_TEXT];
        key_format(openssl, &key, text);
        check(strcmp(text, known[i].text) == 0, "a key is written as %s (%s)", known[i].text, text);
        check(key_parse(openssl, known[i].text, &read) && same(&read, &key), "and read again");
    }
}

static void check_drawn(const struct openssl *openssl)
{
    enum { DRAWN = 200 };
    struct key last = {{0}};
    unsigned good = 0;

    for (int i = 0; i < DRAWN; i++) {
        struct key key, read;
        char text[KEY_TEXT];
        if (!key_draw(&key))
            break;
        key_format(openssl, &key, text);
        good += strlen(text) == KEY_TEXT - 1 && strncmp(text, "zk1", 3) == 0 &&
                strspn(text + 3, letters) == KEY_TEXT - 4 && key_parse(openssl, text, &read) &&
                same(&read, &key) && !same(&key, &last);
        last = key;
    }
    check(good == DRAWN, "%u of %d keys that were drawn differ, and come back as they were", good, DRAWN);
}

/* The checksum has 32 bits, and for one key it is known that no slip of one letter gets through. */
static void check_slips(const struct openssl *openssl)
{
    unsigned refused = 0, tried = 0, swapped = 0, swaps = 0;
    struct key key;
    char text[KEY_TEXT];

    for (size_t at = 0; at < KEY_TEXT - 1; at++) {
        for (int byte = 1; byte < 256; byte++) {
            strcpy(text, known[1].text);
            if ((unsigned char)text[at] == byte)
                continue;
            text[at] = (char)byte;
            tried++;
            refused += !key_parse(openssl, text, &key);
        }
        strcpy(text, known[1].text);
        if (at == 0 || text[at] == text[at - 1])
            continue;
        text[at - 1] = known[1].text[at];
        text[at] = known[1].text[at - 1];
        swaps++;
        swapped += !key_parse(openssl, text, &key);
    }
    check(tried == 35 * 254 && refused == tried, "%u of %u keys with one letter changed are refused", refused,
          tried);
    check(swaps > 20 && swapped == swaps, "%u of %u keys with two letters swapped are refused", swapped,
          swaps);
}

static void check_refused(const struct openssl *openssl)
{
    static const char *const bad[] = {
        "",
        "zk1",
        "password",
        "zk1aaaqeayeaudaocajbifqydiob5paut2",                  /* a letter too few */
        "zk1aaaqeayeaudaocajbifqydiob5paut2ia",                /* too many */
        "zk1aaaqeayeaudaocajbifqydiob5paut2i ",                /* a space */
        " zk1aaaqeayeaudaocajbifqydiob5paut2i",                /* another */
        "zk1aaaqeayeaudaocajbifqydiob5paut2i\n",               /* a line */
        "ZK1AAAQEAYEAUDAOCAJBIFQYDIOB5PAUT2I",                 /* another case */
        "zk1AAAQEAYEAUDAOCAJBIFQYDIOB5PAUT2I",                 /* the same */
        "zk2aaaqeayeaudaocajbifqydiob5paut2i",                 /* another version */
        "aaaqeayeaudaocajbifqydiob5paut2i",                    /* without one */
        "zk1aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",                 /* without a sum */
        "zk1aaaqeayeaudaocajbifqydiob5paut2izk1aaaqeayeaudao", /* longer still */
    };
    struct key key;

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        check(!key_parse(openssl, bad[i], &key), "what is no key is refused: %zu", i);
}

static bool is_hex(const uint8_t bytes[KEY_DERIVED], const char *wanted)
{
    char text[2 * KEY_DERIVED + 1];

    for (size_t i = 0; i < KEY_DERIVED; i++)
        sprintf(text + 2 * i, "%02x", bytes[i]);
    return strcmp(text, wanted) == 0;
}

static void check_derived(const struct openssl *openssl)
{
    struct key key = make(0, 1);
    uint8_t derived[KEY_DERIVED], other[KEY_DERIVED], mac[KEY_DERIVED];

    key_derive(openssl, &key, "sender", derived);
    check(is_hex(derived, "1026361694f8d6b5021129ee9b804a8341798a4f26b06a76e5b909d2b6c13d2d"),
          "a key for one purpose is HKDF-SHA256 with zcopy's salt");
    key_derive(openssl, &key, "receiver", other);
    check(memcmp(derived, other, sizeof derived) != 0, "another purpose, another key");
    key.bytes[15] ^= 1;
    key_derive(openssl, &key, "sender", other);
    check(memcmp(derived, other, sizeof derived) != 0, "one bit of the key, another key");
    for (uint8_t i = 0; i < KEY_DERIVED; i++)
        derived[i] = i;
    key_mac(openssl, derived, "abc", 3, mac);
    check(is_hex(mac, "f0133729c4163dede81e21cd47839256da58171238c8a0d874397c73b14e1e47"),
          "a MAC is HMAC-SHA256");
}

/* The answer of key_find for a file of these bytes and mode. */
static enum key_result find_in(const struct openssl *openssl, const char *bytes, mode_t mode, struct key *key)
{
    char name[] = "/tmp/zcopy-unit-key.XXXXXX";
    int fd = mkstemp(name);

    if (fd < 0 || write(fd, bytes, strlen(bytes)) != (ssize_t)strlen(bytes) || fchmod(fd, mode) != 0)
        return KEY_NONE;
    close(fd);
    enum key_result result = key_find(openssl, &(struct key_source){.file = name}, key);
    unlink(name);
    return result;
}

static void check_sources(const struct openssl *openssl)
{
    struct key key, right = make(0, 1);
    char line[128];

    snprintf(line, sizeof line, "%s\n", known[1].text);
    check(find_in(openssl, line, 0600, &key) == KEY_FOUND && same(&key, &right), "a line of a file is a key");
    check(find_in(openssl, known[1].text, 0400, &key) == KEY_FOUND && same(&key, &right),
          "without its end as well");
    check(find_in(openssl, line, 0640, &key) == KEY_BAD, "a file that the group can read is refused");
    check(find_in(openssl, line, 0604, &key) == KEY_BAD, "and one that others can read");
    check(find_in(openssl, "", 0600, &key) == KEY_BAD, "an empty file holds no key");
    snprintf(line, sizeof line, "%sa\n", known[1].text);
    check(find_in(openssl, line, 0600, &key) == KEY_BAD,
          "a key with a letter too many is none in a file either");
    check(key_find(openssl, &(struct key_source){.file = "/nowhere/key"}, &key) == KEY_BAD,
          "no file, no key");
    unsetenv("ZSEND_KEY");
    check(key_find(openssl, &(struct key_source){0}, &key) == KEY_NONE, "without a source there is no key");
    setenv("ZSEND_KEY", known[1].text, 1);
    const char *value = getenv("ZSEND_KEY");
    check(key_find(openssl, &(struct key_source){0}, &key) == KEY_FOUND && same(&key, &right),
          "ZSEND_KEY is one");
    check(getenv("ZSEND_KEY") == NULL && *value == '\0', "and is wiped");
    setenv("ZSEND_KEY", "password", 1);
    check(key_find(openssl, &(struct key_source){0}, &key) == KEY_BAD, "a password in ZSEND_KEY is none");
    setenv("ZSEND_KEY", known[1].text, 1);
    check(find_in(openssl, known[0].text, 0600, &key) == KEY_FOUND && !same(&key, &right),
          "a file counts first");
    check(getenv("ZSEND_KEY") == NULL, "and ZSEND_KEY is wiped nevertheless");
}

/* The reports of key_find are not for those who read the results. */
static void check_quietly(const struct openssl *openssl)
{
    int error = dup(STDERR_FILENO), null = open("/dev/null", O_WRONLY);

    dup2(null, STDERR_FILENO);
    check_sources(openssl);
    dup2(error, STDERR_FILENO);
    close(error);
    close(null);
}

int main(void)
{
    struct openssl openssl;
    const char *problem = NULL;

    if (!check(openssl_load(&openssl, &problem), "OpenSSL is loaded (%s)", problem ? problem : "it is"))
        return unit_status();
    check_known(&openssl);
    check_drawn(&openssl);
    check_slips(&openssl);
    check_refused(&openssl);
    check_derived(&openssl);
    check_quietly(&openssl);
    return unit_status();
}
