/* SPDX-License-Identifier: MIT */
/* Drawing, writing, reading and deriving keys. */
#include "net/key.h"

#include <bsd/readpassphrase.h>
#include <bsd/string.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/message.h"

#define PREFIX "zk1"
enum { SUM_BYTES = 4 };

static const char letters[] = "abcdefghijklmnopqrstuvwxyz234567";

bool key_draw(struct key *key)
{
    return getrandom(key->bytes, sizeof key->bytes, 0) == (ssize_t)sizeof key->bytes;
}

void key_mac(const struct openssl *openssl, const uint8_t derived[KEY_DERIVED], const void *data,
             size_t length, uint8_t mac[KEY_DERIVED])
{
    openssl->HMAC(openssl->EVP_sha256(), derived, KEY_DERIVED, data, length, mac, NULL);
}

/* The two steps of RFC 5869 for an output of one block. */
void key_derive(const struct openssl *openssl, const struct key *key, const char *purpose,
                uint8_t derived[KEY_DERIVED])
{
    static const char salt[] = "zcopy session 1";
    uint8_t extracted[KEY_DERIVED], info[64];
    size_t length = strlcpy((char *)info, purpose, sizeof info - 1);

    openssl->HMAC(openssl->EVP_sha256(), salt, sizeof salt - 1, key->bytes, sizeof key->bytes, extracted,
                  NULL);
    info[length++] = 1;
    key_mac(openssl, extracted, info, length, derived);
    explicit_bzero(extracted, sizeof extracted);
}

/* The bytes of a key with their checksum. */
static void add_sum(const struct openssl *openssl, const struct key *key,
                    uint8_t summed[KEY_BYTES + SUM_BYTES])
{
    uint8_t sum[KEY_DERIVED];

    key_derive(openssl, key, "checksum", sum);
    memcpy(summed, key->bytes, KEY_BYTES);
    memcpy(summed + KEY_BYTES, sum, SUM_BYTES);
}

void key_format(const struct openssl *openssl, const struct key *key, char text[KEY_TEXT])
{
    uint8_t summed[KEY_BYTES + SUM_BYTES];
    uint64_t bits = 0;
    unsigned held = 0;
    char *to = stpcpy(text, PREFIX);

    add_sum(openssl, key, summed);
    for (size_t i = 0; i < sizeof summed; i++) {
        bits = bits << 8 | summed[i];
        for (held += 8; held >= 5; held -= 5)
            *to++ = letters[bits >> (held - 5) & 31];
    }
    *to = '\0';
    explicit_bzero(summed, sizeof summed);
}

bool key_parse(const struct openssl *openssl, const char *text, struct key *key)
{
    uint8_t given[KEY_BYTES + SUM_BYTES] = {0}, right[KEY_BYTES + SUM_BYTES];
    size_t length = strlen(PREFIX), count = 0;
    uint64_t bits = 0;
    unsigned held = 0;

    if (strncmp(text, PREFIX, length) != 0 || strlen(text) != KEY_TEXT - 1)
        return false;
    for (text += length; *text != '\0'; text++) {
        const char *letter = strchr(letters, *text);
        if (letter == NULL)
            return false;
        bits = bits << 5 | (uint64_t)(letter - letters);
        held += 5;
        if (held >= 8) {
            held -= 8;
            given[count++] = (uint8_t)(bits >> held);
        }
    }
    memcpy(key->bytes, given, KEY_BYTES);
    add_sum(openssl, key, right);
    return memcmp(given, right, sizeof right) == 0;
}

/* One line of a file, or of a prompt: without what ends it. */
static enum key_result parse_line(const struct openssl *openssl, char *line, const char *where,
                                  struct key *key)
{
    line[strcspn(line, " \t\r\n")] = '\0';
    bool good = key_parse(openssl, line, key);
    explicit_bzero(line, strlen(line));
    if (good)
        return KEY_FOUND;
    message_note("%s holds no key as zrecv makes them", where);
    return KEY_BAD;
}

static enum key_result read_file(const struct openssl *openssl, const char *name, struct key *key)
{
    char line[KEY_TEXT + 2] = "";
    struct stat status;
    int fd = open(name, O_RDONLY | O_CLOEXEC | O_NOCTTY);

    if (fd < 0 || fstat(fd, &status) != 0) {
        message_error(errno, "cannot open key file '%s'", name);
        if (fd >= 0)
            close(fd);
        return KEY_BAD;
    }
    if (S_ISREG(status.st_mode) && (status.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
        message_note("key file '%s' can be read by others (mode %04o): not used", name,
                     status.st_mode & 07777);
        close(fd);
        return KEY_BAD;
    }
    ssize_t n = read(fd, line, sizeof line - 1);
    int error = errno;
    close(fd);
    if (n < 0) {
        message_error(error, "error reading '%s'", name);
        return KEY_BAD;
    }
    return parse_line(openssl, line, name, key);
}

/* Copies ZSEND_KEY, or nothing of what is too long for a key, and wipes it: /proc shows it until here, to
 * this user, and no child gets it. False: it is not set. */
static bool take_environment(char line[KEY_TEXT + 2])
{
    char *value = getenv("ZSEND_KEY");

    if (value == NULL)
        return false;
    if (strlcpy(line, value, KEY_TEXT + 2) > KEY_TEXT)
        line[0] = '\0';
    explicit_bzero(value, strlen(value));
    unsetenv("ZSEND_KEY");
    return true;
}

enum key_result key_find(const struct openssl *openssl, const struct key_source *source, struct key *key)
{
    char line[KEY_TEXT + 2], environment[KEY_TEXT + 2];
    bool there = take_environment(environment);

    if (source->file != NULL)
        return read_file(openssl, source->file, key);
    if (there)
        return parse_line(openssl, environment, "ZSEND_KEY", key);
    if (!source->ask || readpassphrase("Key: ", line, sizeof line, RPP_ECHO_OFF | RPP_REQUIRE_TTY) == NULL)
        return KEY_NONE;
    return parse_line(openssl, line, "what was typed", key);
}
