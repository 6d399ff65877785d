/* SPDX-License-Identifier: MIT */
/* zcp: copies files and trees. */
#include <errno.h>

#include "attributes.h"
#include "base/clock.h"
#include "base/message.h"
#include "base/program.h"
#include "copier.h"
#include "jobs.h"
#include "operands.h"
#include "settings.h"
#include "survey.h"
#include "watch.h"

static void copy(struct run *run, struct transfer_totals *totals)
{
    struct copier copier;

    if (!attributes_begin(run->settings) || !copier_open(&copier, run, jobs_choose(run->settings))) {
        atomic_store(&run->failed, true);
        return;
    }
    operands_copy(&copier);
    copier_close(&copier, totals);
}

/* What has been told has to arrive as well. */
static void close_output(struct run *run)
{
    if (message_close_results())
        return;
    message_error(errno, "write error");
    atomic_store(&run->failed, true);
}

int main(int argc, char **argv)
{
    static char name[] = "zcp";
    struct settings settings;
    struct run run = {.settings = &settings};
    struct watch watch = {.running = false};

    if (!program_begin(name, argc, argv))
        return EXIT_FAILED;
    int status = settings_parse(&settings, argc, argv);
    if (status != SETTINGS_GO_ON)
        return status;
    if (settings.hashes && !digest_request_open(&settings.hash))
        return EXIT_FAILED;
    struct transfer_totals totals = {.started = clock_now()};
    survey(&run);
    if (!watch_start(&watch, &run))
        return EXIT_FAILED;
    copy(&run, &totals);
    watch_end(&watch);
    close_output(&run);
    if (settings.hashes && !digest_request_close(&settings.hash, settings.sync))
        atomic_store(&run.failed, true);
    if (settings.transfer.stats)
        transfer_print_stats(&totals);
    watch_die(&watch);
    /* A signal does not kill who is process 1 of a container. */
    return atomic_load(&run.failed) || run_is_halted(&run) ? EXIT_FAILED : EXIT_DONE;
}
