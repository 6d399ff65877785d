/* SPDX-License-Identifier: MIT */
/* One poll(2) over wake-ups, SIGUSR1, deadlines and the progress line. */
#include "base/monitor.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/message.h"

int monitor_open(struct monitor *monitor, enum progress_when when)
{
    sigset_t usr1;

    *monitor = (struct monitor){.progress = {.when = when, .started = clock_now()}};
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN); /* the limit of RLIMIT_FSIZE then is EFBIG, setrlimit(2) */
    sigemptyset(&usr1);
    sigaddset(&usr1, SIGUSR1);
    pthread_sigmask(SIG_BLOCK, &usr1, NULL);
    monitor->usr1 = signalfd(-1, &usr1, SFD_CLOEXEC | SFD_NONBLOCK);
    monitor->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    return monitor->usr1 < 0 || monitor->wake < 0 ? errno : 0;
}

void monitor_start(struct monitor *monitor, uint64_t (*bytes)(const void *of), const void *of, uint64_t total)
{
    monitor->bytes = bytes;
    monitor->of = of;
    monitor->progress =
        (struct progress){.when = monitor->progress.when, .total = total, .started = clock_now()};
}

void monitor_wake(const struct monitor *monitor)
{
    eventfd_write(monitor->wake, 1);
}

static const char *status_text(struct monitor *monitor, char text[PROGRESS_TEXT])
{
    uint64_t bytes = monitor->bytes ? monitor->bytes(monitor->of) : 0;
    if (monitor->bytes && monitor->files)
        monitor->progress.files = monitor->files(monitor->of);
    return progress_text(&monitor->progress, bytes, clock_now(), text);
}

static void draw(struct monitor *monitor)
{
    char text[PROGRESS_TEXT];
    message_status(status_text(monitor, text), monitor->progress.when == PROGRESS_ALWAYS);
}

static void answer_usr1(struct monitor *monitor)
{
    struct signalfd_siginfo info;
    char text[PROGRESS_TEXT];

    if (read(monitor->usr1, &info, sizeof info) == sizeof info)
        message_note("%s", status_text(monitor, text));
}

/* The counter of wake-ups is read, and so cleared. True if there was one. */
static bool was_woken(const struct monitor *monitor)
{
    eventfd_t wakes;
    return eventfd_read(monitor->wake, &wakes) == 0;
}

int monitor_wait(struct monitor *monitor, struct pollfd *fds, size_t count, uint64_t deadline)
{
    struct pollfd all[MONITOR_FDS + 2] = {{.fd = monitor->wake, .events = POLLIN},
                                          {.fd = monitor->usr1, .events = POLLIN}};
    for (;;) {
        uint64_t due = monitor->bytes ? progress_due(&monitor->progress) : CLOCK_NEVER;
        uint64_t now = clock_now();

        if (count > 0)
            memcpy(all + 2, fds, count * sizeof *fds);
        int n = poll(all, 2 + count, clock_poll_timeout(due < deadline ? due : deadline, now));
        if (n < 0 && errno != EINTR)
            return -1;
        if (n > 0 && all[1].revents)
            answer_usr1(monitor);
        bool usr1_alone = n == 1 && all[1].revents != 0;
        if ((n > 0 && !usr1_alone) || was_woken(monitor)) {
            if (count > 0)
                memcpy(fds, all + 2, count * sizeof *fds);
            was_woken(monitor);
            return 1;
        }
        now = clock_now();
        if (now >= due)
            draw(monitor);
        if (now >= deadline)
            return 0;
    }
}

void monitor_finish(struct monitor *monitor)
{
    const struct progress *progress = &monitor->progress;
    bool wanted =
        progress->when == PROGRESS_ALWAYS || (progress->when == PROGRESS_AUTO && progress->shown != 0);

    if (monitor->bytes != NULL && wanted)
        draw(monitor);
    message_status_end();
    monitor->bytes = NULL;
}
