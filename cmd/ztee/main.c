/* SPDX-License-Identifier: MIT */
/* ztee: one input, many outputs. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/descriptor.h"
#include "base/message.h"
#include "base/program.h"
#include "fanout.h"
#include "output.h"
#include "settings.h"

/* Opens the digests, or all else. False: one has failed, and that ends the run. */
static bool open_some(struct fanout *fanout, const struct settings *settings, struct output *outputs,
                      const struct command_signals *signals, struct monitor *monitor, bool digests)
{
    for (size_t i = 0; i < settings->output_count && !fanout->stopped; i++) {
        const struct output_request *request = &settings->outputs[i];
        if ((request->type == OUTPUT_DIGEST) != digests)
            continue;
        if (outputs_clash(outputs, settings->output_count, request) ||
            !output_open(&outputs[i], request, settings, signals, monitor))
            fanout_note_failure(fanout);
    }
    return !fanout->stopped;
}

/* All outputs before anything is read, and what may not be written over before what might do so. */
static bool open_outputs(struct fanout *fanout, const struct settings *settings, struct output *outputs,
                         const struct command_signals *signals, struct monitor *monitor)
{
    return open_some(fanout, settings, outputs, signals, monitor, false) &&
           open_some(fanout, settings, outputs, signals, monitor, true);
}

/* Nothing is read. */
static void abandon_outputs(struct fanout *fanout, const struct settings *settings, struct output *outputs)
{
    fanout->failed = true;
    for (size_t i = 0; i < settings->output_count; i++)
        if (output_is_live(&outputs[i]))
            output_abandon(&outputs[i]);
}

static void confirm_outputs(struct fanout *fanout, const struct settings *settings, struct output *outputs,
                            struct monitor *monitor)
{
    bool whole = worker_has_ended(&fanout->worker);

    for (size_t i = 0; i < settings->output_count; i++)
        if (!output_confirm(&outputs[i], settings, whole, monitor))
            fanout->failed = true;
}

static void tell_outputs(const struct fanout *fanout, const struct settings *settings,
                         const struct output *outputs)
{
    char methods[TRANSFER_METHODS_TEXT];

    if (settings->transfer.debug && fanout->tee_refused != 0)
        message_error(fanout->tee_refused, "debug: tee was refused");
    for (size_t i = 0; i < settings->output_count; i++) {
        const struct output *output = &outputs[i];
        if (output->state == OUTPUT_UNOPENED)
            continue;
        if (settings->transfer.debug && output->refused != 0)
            message_error(output->refused, "debug: splice to '%s' was refused", output->name);
        if (settings->transfer.debug || settings->transfer.stats)
            message_note("%s'%s' (%s): %llu bytes, %s", settings->transfer.debug ? "debug: " : "",
                         output->name, kind_name(output->route.out_kind), (unsigned long long)output->bytes,
                         transfer_methods_text(output->by_method, methods));
    }
}

static uint64_t bytes_read(const void *of)
{
    return atomic_load(&((const struct worker *)of)->pump.moved);
}

/* Waits for the worker to end, and reports what became of the input. */
static void wait_over(struct fanout *fanout, struct monitor *monitor)
{
    while (!worker_is_over(&fanout->worker))
        monitor_wait(monitor, NULL, 0, CLOCK_NEVER);
    if (!worker_has_failed(&fanout->worker))
        return;
    worker_report(&fanout->worker);
    fanout->failed = true;
}

/* As tee(1) ends whose reader has gone. */
static void end_by_sigpipe(void)
{
    signal(SIGPIPE, SIG_DFL);
    raise(SIGPIPE);
}

static int copy(struct fanout *fanout, const struct settings *settings, struct output *outputs,
                const struct command_signals *signals, struct monitor *monitor)
{
    struct transfer_totals totals = {.started = clock_now()};
    uint64_t total = descriptor_bytes_left(STDIN_FILENO);

    bool opened = fanout_open(fanout, settings, outputs, settings->output_count, monitor) &&
                  open_outputs(fanout, settings, outputs, signals, monitor);
    monitor_start(monitor, bytes_read, &fanout->worker, total);
    if (opened && fanout_start(fanout))
        wait_over(fanout, monitor);
    else
        abandon_outputs(fanout, settings, outputs);
    if (fanout->sigpipe)
        end_by_sigpipe();
    confirm_outputs(fanout, settings, outputs, monitor);
    monitor_finish(monitor);
    fanout_free(fanout, &totals);
    tell_outputs(fanout, settings, outputs);
    if (settings->transfer.stats)
        transfer_print_stats(&totals);
    return fanout->failed ? EXIT_FAILED : EXIT_DONE;
}

/* A blocked signal does not end a process, nor does one that the first process of a container sends to
 * itself. */
static bool dies_by_sigpipe(const struct command_signals *signals)
{
    return sigismember(&signals->defaults, SIGPIPE) && !sigismember(&signals->mask, SIGPIPE) && getpid() != 1;
}

static int start(const struct settings *settings)
{
    static struct monitor monitor;
    static struct fanout fanout;
    struct command_signals signals;
    struct output *outputs = calloc(settings->output_count, sizeof *outputs);

    command_save_signals(&signals);
    fanout.dies_by_sigpipe = dies_by_sigpipe(&signals);
    signal(SIGCHLD, SIG_DFL); /* if it was ignored, the exit status of a command would be lost */
    if (settings->ignore_interrupts)
        signal(SIGINT, SIG_IGN);
    int status = EXIT_FAILED, error = monitor_open(&monitor, settings->transfer.progress);
    if (error == 0 && outputs != NULL)
        status = copy(&fanout, settings, outputs, &signals, &monitor);
    else
        message_error(error ? error : ENOMEM, "cannot start");
    free(outputs);
    return status;
}

int main(int argc, char **argv)
{
    static char name[] = "ztee";
    struct settings settings;

    if (!program_begin(name, argc, argv))
        return EXIT_FAILED;
    int status = settings_parse(&settings, argc, argv);
    if (status == SETTINGS_GO_ON) {
        outputs_claim(&settings);
        status = start(&settings);
    }
    free(settings.outputs);
    return status;
}
