/* SPDX-License-Identifier: MIT */
/* Digest and hex dump of one direction, in a thread of its own. */
#include "tap.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/descriptor.h"
#include "base/message.h"
#include "base/side.h"

enum { LINE = 16 /* bytes shown in a line of the dump */ };

struct tap {
    const struct tap_settings *settings;
    char mark;
    struct digest *digest; /* NULL: none */
    uint64_t bytes;        /* that have been looked at */
    int dump_error;        /* errno with which the dump could not be written, or 0 */
    struct side *side;
};

bool tap_is_wanted(const struct tap_settings *settings)
{
    return settings->hashes || settings->dump_file != NULL;
}

/* fd: what else is written. False: that has this file (reported). */
static bool is_free(const char *file, int fd)
{
    bool taken = file != NULL && descriptor_has_file(fd, file);

    if (taken)
        message_note("'%s' is written to already: by standard output, or by --hash", file);
    return !taken;
}

bool tap_open(struct tap_settings *settings, int out)
{
    settings->dump = -1;
    if (!is_free(settings->hashes ? settings->digest.file : NULL, out) || !is_free(settings->dump_file, out))
        return false;
    if (settings->hashes && !digest_request_open(&settings->digest))
        return false;
    if (settings->dump_file == NULL)
        return true;
    if (settings->hashes && !is_free(settings->dump_file, settings->digest.output))
        return false;
    settings->dump = open(settings->dump_file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (settings->dump < 0)
        message_error(errno, "cannot open '%s'", settings->dump_file);
    return settings->dump >= 0;
}

bool tap_close(struct tap_settings *settings, bool sync)
{
    bool closed = settings->dump < 0 ||
                  ((!sync || fsync(settings->dump) == 0 || errno == EINVAL) && close(settings->dump) == 0);

    settings->dump = -1;
    if (!closed)
        message_error(errno, "error writing '%s'", settings->dump_file);
    return (!settings->hashes || digest_request_close(&settings->digest, sync)) && closed;
}

/* "> 00000010  68 65 6c 6c 6f 0a  ...  |hello.|", in one write, so that lines of both directions do not mix.
 */
static void dump_line(struct tap *tap, const char *data, size_t n)
{
    char hex[3 * LINE + 1] = "", text[LINE + 1] = "";

    for (size_t i = 0; i < n; i++) {
        unsigned char byte = (unsigned char)data[i];
        snprintf(hex + 3 * i, 4, " %02x", byte);
        text[i] = isprint(byte) ? (char)byte : '.';
    }
    if (dprintf(tap->settings->dump, "%c %08llx %-*s  |%s|\n", tap->mark, (unsigned long long)tap->bytes,
                3 * LINE, hex, text) < 0 &&
        tap->dump_error == 0)
        tap->dump_error = errno;
}

static void take(void *of, const char *data, size_t length)
{
    struct tap *tap = of;

    if (tap->digest != NULL)
        digest_add(tap->digest, data, length);
    while (tap->settings->dump >= 0 && length > 0) {
        size_t n = length < LINE ? length : LINE;
        dump_line(tap, data, n);
        tap->bytes += n;
        data += n;
        length -= n;
    }
}

struct tap *tap_start(const struct tap_settings *settings, char mark, int *input)
{
    struct tap *tap = calloc(1, sizeof *tap);
    const char *problem = strerror(ENOMEM);

    if (tap == NULL ||
        (settings->hashes && (tap->digest = digest_open(settings->digest.algorithm, &problem)) == NULL)) {
        message_note("cannot look at the bytes: %s", problem);
        free(tap);
        return NULL;
    }
    tap->settings = settings;
    tap->mark = mark;
    tap->side = side_start(take, tap, input);
    if (tap->side != NULL)
        return tap;
    message_error(errno, "cannot look at the bytes");
    if (tap->digest != NULL)
        digest_free(tap->digest);
    free(tap);
    return NULL;
}

static bool print_digest(struct tap *tap, const char *name)
{
    char text[DIGEST_TEXT];
    const char *digits = digest_close(tap->digest, text);

    if (name == NULL)
        return true;
    if (digits != NULL)
        return digest_request_print(&tap->settings->digest, digits, name);
    message_error(EIO, "cannot compute the digest");
    return false;
}

/* Waits until all has been looked at, prints the digest as that of a file of this name (NULL: prints none),
 * and frees it. */
static bool finish(struct tap *tap, const char *name)
{
    if (tap == NULL)
        return true;
    int error = side_finish(tap->side);
    bool good = error == 0;

    if (error != 0)
        message_error(error, "cannot look at the bytes");
    if (tap->digest != NULL)
        good = print_digest(tap, good ? name : NULL) && good;
    if (tap->dump_error != 0) {
        message_error(tap->dump_error, "error writing '%s'", tap->settings->dump_file);
        good = false;
    }
    free(tap);
    return good;
}

bool tap_finish(struct tap_direction received, struct tap_direction sent, bool whole)
{
    bool both = received.bytes > 0 && sent.bytes > 0, only_sent = received.bytes == 0 && sent.bytes > 0;
    const char *received_name = both ? "received" : only_sent ? NULL : "-";
    const char *sent_name = both ? "sent" : only_sent ? "-" : NULL;

    return finish(received.tap, whole ? received_name : NULL) & finish(sent.tap, whole ? sent_name : NULL);
}
