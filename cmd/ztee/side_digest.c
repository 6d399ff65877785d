/* SPDX-License-Identifier: MIT */
/* A digest at the end of a pipe. */
#include "side_digest.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/message.h"
#include "base/side.h"

struct side_digest {
    const struct digest_request *request;
    struct digest *digest;
    struct side *side;
};

static void take(void *of, const char *data, size_t length)
{
    digest_add(((struct side_digest *)of)->digest, data, length);
}

struct side_digest *side_digest_start(const struct digest_request *request, int *input)
{
    struct side_digest *side = calloc(1, sizeof *side);
    const char *problem = strerror(ENOMEM);

    if (side != NULL) {
        side->request = request;
        side->digest = digest_open(request->algorithm, &problem);
    }
    if (side != NULL && side->digest != NULL && (side->side = side_start(take, side, input)) != NULL)
        return side;
    if (side != NULL && side->digest != NULL) {
        problem = strerror(errno);
        digest_free(side->digest);
    }
    message_note("cannot compute a digest: %s", problem);
    free(side);
    return NULL;
}

bool side_digest_finish(struct side_digest *side, const char *name)
{
    char text[DIGEST_TEXT];
    int error = side_finish(side->side);
    const char *digits = digest_close(side->digest, text);
    bool good = true;

    if (error != 0 || (name != NULL && digits == NULL)) {
        message_error(error ? error : EIO, "cannot compute the digest");
        good = false;
    } else if (name != NULL) {
        good = digest_request_print(side->request, digits, name);
    }
    free(side);
    return good;
}
