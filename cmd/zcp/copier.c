/* SPDX-License-Identifier: MIT */
/* What the walk has at hand. */
#include "copier.h"

#include <errno.h>
#include <stdlib.h>

#include "base/message.h"
#include "names.h"

bool copier_open(struct copier *copier, struct run *run, size_t workers)
{
    *copier = (struct copier){.run = run, .settings = run->settings, .names = malloc(NAMES_BUFFER)};
    if (copier->names == NULL)
        message_error(errno, "cannot start");
    return copier->names != NULL && queue_open(&copier->queue, run, workers);
}

void copier_close(struct copier *copier, struct transfer_totals *totals)
{
    queue_close(&copier->queue, totals);
    path_free(&copier->source);
    path_free(&copier->target);
    seen_free(&copier->links);
    seen_free(&copier->operands);
    seen_free(&copier->folders);
    seen_free(&copier->made);
    free(copier->names);
}
