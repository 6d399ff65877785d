/* SPDX-License-Identifier: MIT */
/* A thread around monitor_wait. */
#include "watch.h"

#include <errno.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/descriptor.h"
#include "base/message.h"

static uint64_t bytes_copied(const void *of)
{
    return atomic_load(&((const struct run *)of)->bytes);
}

static uint64_t files_done(const void *of)
{
    return atomic_load(&((const struct run *)of)->files);
}

/* One is enough: timeout(1) sends two, and what has to be put right does not take long. */
static void take_signal(struct watch *watch)
{
    struct signalfd_siginfo info;

    if (read(watch->signals, &info, sizeof info) == sizeof info && atomic_load(&watch->run->signal) == 0)
        atomic_store(&watch->run->signal, (int)info.ssi_signo);
}

static void *watch_all(void *of)
{
    struct watch *watch = of;
    struct pollfd signals = {.fd = watch->signals, .events = POLLIN};

    while (!atomic_load(&watch->ended)) {
        signals.revents = 0;
        if (monitor_wait(&watch->monitor, &signals, watch->signals >= 0, CLOCK_NEVER) < 0)
            break;
        if (signals.revents != 0)
            take_signal(watch);
    }
    return NULL;
}

/* Those that were ignored stay ignored. Without --in-place and --atomic they just end the process: what is
 * there then is what cp would leave. */
static void catch_signals(struct watch *watch)
{
    static const int numbers[] = {SIGHUP, SIGINT, SIGTERM};
    struct sigaction action;

    sigemptyset(&watch->caught);
    watch->signals = -1;
    if (!watch->run->settings->in_place && !watch->run->settings->atomic)
        return;
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        if (sigaction(numbers[i], NULL, &action) == 0 && action.sa_handler != SIG_IGN)
            sigaddset(&watch->caught, numbers[i]);
    pthread_sigmask(SIG_BLOCK, &watch->caught, NULL);
    watch->signals = signalfd(-1, &watch->caught, SFD_CLOEXEC | SFD_NONBLOCK);
}

bool watch_start(struct watch *watch, struct run *run)
{
    watch->run = run;
    int error = monitor_open(&watch->monitor, run->settings->transfer.progress);
    if (error == 0) {
        catch_signals(watch);
        monitor_start(&watch->monitor, bytes_copied, run, run->total_bytes);
        watch->monitor.files = files_done;
        watch->monitor.progress.total_files = run->total_files;
        error = pthread_create(&watch->thread, NULL, watch_all, watch);
    }
    watch->running = error == 0;
    if (error != 0)
        message_error(error, "cannot start");
    return watch->running;
}

void watch_end(struct watch *watch)
{
    if (!watch->running)
        return;
    atomic_store(&watch->ended, true);
    monitor_wake(&watch->monitor);
    pthread_join(watch->thread, NULL);
    monitor_finish(&watch->monitor);
    descriptor_close(&watch->signals);
}

void watch_die(const struct watch *watch)
{
    int number = atomic_load(&watch->run->signal);

    if (number == 0)
        return;
    signal(number, SIG_DFL);
    pthread_sigmask(SIG_UNBLOCK, &watch->caught, NULL);
    raise(number);
}
