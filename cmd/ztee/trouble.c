/* SPDX-License-Identifier: MIT */
/* What it means when an output fails. */
#include <errno.h>
#include <signal.h>

#include "base/clock.h"
#include "base/message.h"
#include "fanout_private.h"

static void close_output(struct fanout *fanout, struct output *output)
{
    output_abandon(output);
    if (fanout->consumer == output)
        fanout->consumer = NULL;
}

void fanout_note_failure(struct fanout *fanout)
{
    fanout->failed = true;
    if (settings_exits(fanout->settings))
        fanout->stopped = true;
}

void fanout_lose(struct fanout *fanout, struct output *output, int error)
{
    /* The thread of a digest leaves its pipe only after an error of its own. */
    bool broken = error == EPIPE && !output_is_connection(output) && output->type != OUTPUT_DIGEST;
    bool as_tee = output->type == OUTPUT_STDOUT || output->type == OUTPUT_FILE;

    if (broken && fanout->settings->errors == ERRORS_SIGPIPE && as_tee && fanout->dies_by_sigpipe) {
        fanout->sigpipe = fanout->stopped = fanout->failed = true;
    } else if (!broken || !settings_forgives_pipes(fanout->settings)) {
        message_error(error, "error writing '%s'", output->name);
        fanout_note_failure(fanout);
    }
    close_output(fanout, output);
}

void fanout_lose_buffer(struct fanout *fanout, struct output *output, int error)
{
    message_error(error, "cannot buffer in '%s' what '%s' has not taken yet", spill_directory(),
                  output->name);
    fanout_note_failure(fanout);
    close_output(fanout, output);
}

void fanout_cut_off(struct fanout *fanout, struct output *output)
{
    message_note("'%s' has taken nothing for %g s and is cut off", output->name,
                 (double)fanout->settings->patience / (double)NANOSECONDS);
    fanout_note_failure(fanout);
    if (output->pid > 0) {
        kill(output->pid, SIGTERM); /* the end of its input would look like the end of the stream */
        output->pid = 0;
    }
    close_output(fanout, output);
}

bool fanout_trouble(struct fanout *fanout, struct output *output, bool by_pages, int error)
{
    if (error == EINTR)
        return true;
    if (error == EAGAIN) {
        output->blocked = true;
        return false;
    }
    if (by_pages && fanout->may_copy && !output->route.sink_refused && method_refused(error)) {
        output->route.sink_refused = true;
        output->refused = error;
    } else {
        fanout_lose(fanout, output, error);
    }
    return true;
}

void fanout_copy_instead(struct fanout *fanout, struct output *output, int error)
{
    if (fanout->may_copy)
        fanout->copies = true;
    else
        fanout_lose(fanout, output, error);
    if (fanout->tee_refused == 0)
        fanout->tee_refused = error;
}

bool fanout_goes_on(const struct fanout *fanout)
{
    if (fanout->stopped)
        return false;
    for (size_t i = 0; i < fanout->count; i++)
        if (fanout->outputs[i].state == OUTPUT_OPEN)
            return true;
    return false;
}
