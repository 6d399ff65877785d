/* SPDX-License-Identifier: MIT */
/* --debug: GNU's line for a file, and what moved its bytes. */
#include "base/message.h"
#include "mover_private.h"

static enum mover_said offload(const struct copying *copy)
{
    const struct pump *pump = &copy->mover->pump;

    if (pump->by_method[METHOD_COPY_FILE_RANGE] > 0)
        return SAID_YES;
    if (pump->refused[METHOD_COPY_FILE_RANGE] != 0 || copy->mover->pair.no_offload)
        return SAID_UNSUPPORTED;
    return pump->moved > 0 ? SAID_AVOIDED : SAID_UNKNOWN;
}

static enum mover_said reflink(const struct copying *copy)
{
    if (copy->reflink != SAID_UNKNOWN)
        return copy->reflink;
    if (copy->mover->run->settings->reflink == REFLINK_NEVER)
        return SAID_NO;
    return copy->mover->pair.no_clone ? SAID_UNSUPPORTED : SAID_UNKNOWN;
}

static const char *detection(const struct copying *copy)
{
    bool zeros = copy->finds_zeros;

    if (copy->seeks_data)
        return zeros ? "SEEK_HOLE + zeros" : "SEEK_HOLE";
    return zeros ? "zeros" : copy->reflink == SAID_YES ? "unknown" : "no";
}

/* Why not, where no call has been made that could have said it. */
static void explain_avoided(const struct copying *copy)
{
    const struct mover *mover = copy->mover;
    const struct pump *pump = &mover->pump;

    if (pump->refused[METHOD_CLONE] == 0 && mover->pair.no_clone)
        message_note("debug: clone was refused for an earlier file of these file systems");
    if (pump->refused[METHOD_COPY_FILE_RANGE] == 0 && mover->pair.no_offload)
        message_note("debug: copy_file_range was refused for an earlier file of these file systems");
    if (mover->run->settings->transfer.methods.count == 0 && copying_is_small(copy))
        message_note("debug: files below %d bytes are read and written", COPYING_SMALL);
    if (!mover->offload_is_sound)
        message_note("debug: copy_file_range is not used before Linux 5.3");
}

void explain(const struct copying *copy)
{
    static const char *const words[] = {"unknown", "no", "yes", "avoided", "unsupported"};
    const struct pump *pump = &copy->mover->pump;

    message_result("copy offload: %s, reflink: %s, sparse detection: %s", words[offload(copy)],
                   words[reflink(copy)], detection(copy));
    if (pump->refused[METHOD_CLONE] != 0)
        message_error(pump->refused[METHOD_CLONE], "debug: clone was refused");
    explain_avoided(copy);
    if (copy->reflink != SAID_YES)
        transfer_print_debug(pump, copy->from->text, copy->to->text);
}
