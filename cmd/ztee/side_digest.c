/* SPDX-License-Identifier: MIT */
/* Reading a pipe into a digest. */
#include "side_digest.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/descriptor.h"
#include "base/digest.h"
#include "base/message.h"

enum { PIECE = 64 * 1024 /* bytes: stays in the processor's cache between read and digest */ };

struct side_digest {
    pthread_t thread;
    struct digest *digest;
    const char *file; /* NULL: standard error */
    int input;        /* the pipe's read end */
    int output;       /* the open file, or -1 */
    int error;        /* errno of a read that failed, or 0 */
    char piece[PIECE];
};

static void *run(void *argument)
{
    struct side_digest *side = argument;
    ssize_t n;

    while ((n = read(side->input, side->piece, PIECE)) != 0) {
        if (n > 0)
            digest_add(side->digest, side->piece, (size_t)n);
        else if (errno != EINTR) {
            side->error = errno;
            break;
        }
    }
    descriptor_close(&side->input); /* after an error that is a broken pipe for the writer */
    return NULL;
}

static bool open_digest(struct side_digest *side, const char *request)
{
    size_t length = strcspn(request, ":");
    enum digest_algorithm algorithm;
    const char *problem = "unknown";

    if (digest_find(request, length, &algorithm))
        side->digest = digest_open(algorithm, &problem);
    if (side->digest == NULL) {
        message_note("cannot compute '%.*s': %s", (int)length, request, problem);
        return false;
    }
    if (request[length] == '\0')
        return true;
    side->file = request + length + 1;
    side->output = open(side->file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (side->output < 0)
        message_error(errno, "cannot open '%s'", side->file);
    return side->output >= 0;
}

static bool start_thread(struct side_digest *side, int *input)
{
    int ends[2];

    if (pipe2(ends, O_CLOEXEC) != 0) {
        message_error(errno, "cannot make a pipe");
        return false;
    }
    side->input = ends[0];
    *input = ends[1];
    int error = fcntl(ends[1], F_SETFL, O_NONBLOCK) == 0 ? 0 : errno;
    if (error == 0)
        error = pthread_create(&side->thread, NULL, run, side);
    if (error == 0)
        return true;
    message_error(error, "cannot start a thread");
    descriptor_close(&side->input);
    descriptor_close(input);
    return false;
}

static void free_side(struct side_digest *side)
{
    char text[DIGEST_TEXT];

    if (side->digest != NULL)
        digest_close(side->digest, text);
    descriptor_close(&side->output);
    free(side);
}

struct side_digest *side_digest_start(const char *request, int *input)
{
    struct side_digest *side = calloc(1, sizeof *side);

    if (side == NULL) {
        message_error(errno, "cannot compute '%s'", request);
        return NULL;
    }
    side->input = side->output = -1;
    if (open_digest(side, request) && start_thread(side, input))
        return side;
    free_side(side);
    return NULL;
}

static bool write_file(struct side_digest *side, const char *text)
{
    bool written = dprintf(side->output, "%s  -\n", text) > 0;

    if (close(side->output) != 0)
        written = false;
    side->output = -1;
    if (!written)
        message_error(errno, "error writing '%s'", side->file);
    return written;
}

static bool print(struct side_digest *side)
{
    char text[DIGEST_TEXT];
    const char *digits = side->error == 0 ? digest_close(side->digest, text) : NULL;

    if (side->error == 0)
        side->digest = NULL;
    if (digits == NULL) {
        message_error(side->error ? side->error : EIO, "cannot compute the digest");
        return false;
    }
    if (side->output >= 0)
        return write_file(side, digits);
    message_plain("%s  -", digits);
    return true;
}

bool side_digest_finish(struct side_digest *side, bool complete)
{
    pthread_join(side->thread, NULL);
    bool good = !complete || print(side);
    free_side(side);
    return good;
}
