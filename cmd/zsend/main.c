/* SPDX-License-Identifier: MIT */
/* zsend: a session with a zrecv, or plain bytes. */

#include "base/clock.h"
#include "base/message.h"
#include "base/program.h"
#include "raw.h"
#include "session.h"
#include "settings.h"
#include "source.h"

static enum session_status connect_and_send(const struct settings *settings, struct monitor *monitor,
                                            const struct source *source, struct transfer_totals *totals)
{
    struct socket_failure failure;
    char peer[ADDRESS_TEXT];

    int fd = connect_by_options(&settings->address, &settings->connect, monitor, settings->verbose, false,
                                &failure);
    if (fd < 0)
        return SESSION_CONNECT;
    address_text(&settings->address, peer);
    if (settings->verbose)
        message_note("connected to %s; sending '%s'", peer, source->name);
    return raw_send(settings, monitor, source, fd, peer, totals);
}

int main(int argc, char **argv)
{
    static char name[] = "zsend";
    struct settings settings;
    static struct monitor monitor; /* a thread that is stuck in a call may outlive main's frame */
    struct source source;

    if (!program_begin(name, argc, argv))
        return SESSION_LOCAL;
    int status = settings_parse(&settings, argc, argv);
    if (status != SETTINGS_GO_ON)
        return status;
    int error = monitor_open(&monitor, settings.transfer.progress);
    if (error != 0) {
        message_error(error, "cannot wait for signals");
        return SESSION_LOCAL;
    }
    struct transfer_totals totals = {.started = clock_now()};
    if (!settings.raw)
        status = session_run(&settings, &monitor, &totals);
    else if (!source_open(&source, &settings))
        return SESSION_LOCAL;
    else
        status = connect_and_send(&settings, &monitor, &source, &totals);
    if (settings.transfer.stats)
        transfer_print_stats(&totals);
    return status;
}
