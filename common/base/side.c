/* SPDX-License-Identifier: MIT */
/* Reading a pipe into a function. */
#include "base/side.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/descriptor.h"

enum { PIECE = 64 * 1024 /* bytes: stays in the processor's cache between read and use */ };

struct side {
    pthread_t thread;
    void (*take)(void *of, const char *data, size_t length);
    void *of;
    int input; /* the pipe's read end */
    int error; /* errno of a read that failed, or 0 */
    char piece[PIECE];
};

static void *run(void *argument)
{
    struct side *side = argument;
    ssize_t n;

    while ((n = read(side->input, side->piece, PIECE)) != 0) {
        if (n > 0)
            side->take(side->of, side->piece, (size_t)n);
        else if (errno != EINTR) {
            side->error = errno;
            break;
        }
    }
    descriptor_close(&side->input); /* after an error that is a broken pipe for the writer */
    return NULL;
}

/* 0 or an errno. */
static int start_thread(struct side *side, int *input)
{
    int ends[2];

    if (!descriptor_pipe(ends))
        return errno;
    side->input = ends[0];
    *input = ends[1];
    int error = pthread_create(&side->thread, NULL, run, side);
    if (error != 0) {
        descriptor_close(&side->input);
        descriptor_close(input);
    }
    return error;
}

struct side *side_start(void (*take)(void *of, const char *data, size_t length), void *of, int *input)
{
    struct side *side = calloc(1, sizeof *side);
    int error = side ? 0 : ENOMEM;

    if (side != NULL) {
        side->take = take;
        side->of = of;
        error = start_thread(side, input);
    }
    if (error == 0)
        return side;
    free(side);
    errno = error;
    return NULL;
}

int side_finish(struct side *side)
{
    pthread_join(side->thread, NULL);
    int error = side->error;
    free(side);
    return error;
}
