/* SPDX-License-Identifier: MIT */
/* zcat-net: connects or listens, and relays. */

#include <unistd.h>

#include "base/clock.h"
#include "base/descriptor.h"
#include "base/message.h"
#include "base/program.h"
#include "datagram.h"
#include "handover.h"
#include "own_name.h"
#include "proxy.h"
#include "scan.h"
#include "session.h"
#include "settings.h"
#include "tell.h"

static int serve(const struct settings *settings, struct monitor *monitor, struct listener *listener,
                 struct transfer_totals *totals)
{
    struct socket_failure failure;
    struct address peer;
    char name[ADDRESS_TEXT];
    enum session_outcome outcome;

    do {
        int fd = listener_accept(listener, tell_wants_names(settings), monitor, &peer, &failure);
        if (fd < 0) {
            connect_report(&failure, &settings->address);
            return EXIT_FAILED;
        }
        if (!settings->keep_listening)
            listener_close(listener);
        tell_received(settings, &peer);
        outcome =
            session_run(settings, monitor, fd, address_text(&peer, name), !settings->keep_listening, totals);
    } while (settings->keep_listening && outcome != SESSION_FATAL);
    return outcome == SESSION_DONE ? EXIT_DONE : EXIT_FAILED;
}

static int listen_and_serve(struct settings *settings, struct monitor *monitor,
                            struct transfer_totals *totals)
{
    struct listener listener;
    struct socket_failure failure;

    if (!listener_open(&listener, &settings->address, &settings->connect.socket, &failure)) {
        connect_report(&failure, &settings->address);
        return EXIT_FAILED;
    }
    tell_listening(settings, &listener);
    int status =
        (settings->connect.socket.datagram ? datagram_serve : serve)(settings, monitor, &listener, totals);
    listener_close(&listener);
    return status;
}

/* Without a connection there is nobody to end it: the socket is only closed. */
static int connect_datagrams(struct settings *settings, struct monitor *monitor,
                             struct transfer_totals *totals)
{
    struct proxy_login login = {0};
    struct own_name own;
    char name[ADDRESS_TEXT], number[NI_MAXHOST];
    int status = EXIT_FAILED;

    if (!own_name_choose(&own, settings))
        return EXIT_FAILED;
    int fd = target_connect(settings, &login, monitor, false, number);
    if (fd >= 0) {
        own_name_bound(&own);
        scan_tell_connected(settings, number);
        status = datagram_run(settings, monitor, &fd, 1, address_text(&settings->address, name), totals);
        descriptor_close(&fd);
    }
    own_name_remove(&own);
    return status;
}

static int connect_and_relay(struct settings *settings, struct monitor *monitor,
                             struct transfer_totals *totals)
{
    struct proxy_login login = {0};
    char name[ADDRESS_TEXT], number[NI_MAXHOST];

    if (settings->connect.socket.datagram)
        return connect_datagrams(settings, monitor, totals);
    if (settings->hand_over && !handover_is_possible())
        return EXIT_FAILED;
    int fd = target_connect(settings, &login, monitor, false, number);
    proxy_forget(&login);
    if (fd < 0)
        return EXIT_FAILED;
    scan_tell_connected(settings, number);
    if (settings->hand_over)
        return handover(fd, monitor) ? EXIT_DONE : EXIT_FAILED;
    return session_run(settings, monitor, fd, address_text(&settings->address, name), true, totals) ==
                   SESSION_DONE
               ? EXIT_DONE
               : EXIT_FAILED;
}

int main(int argc, char **argv)
{
    static char name[] = "zcat-net";
    struct settings settings;
    static struct monitor monitor; /* a thread that is stuck in a call may outlive main's frame */

    if (!program_begin(name, argc, argv))
        return EXIT_FAILED;
    int status = settings_parse(&settings, argc, argv);
    if (status != SETTINGS_GO_ON)
        return status;
    int error = monitor_open(&monitor, settings.transfer.progress);
    if (error != 0) {
        message_error(error, "cannot wait for signals");
        return EXIT_FAILED;
    }
    if (settings.scan)
        return scan(&settings, &monitor);
    struct transfer_totals totals = {.started = clock_now()};
    if (!tap_open(&settings.tap, settings.send_only ? -1 : STDOUT_FILENO))
        return EXIT_FAILED;
    status = (settings.listen ? listen_and_serve : connect_and_relay)(&settings, &monitor, &totals);
    if (!tap_close(&settings.tap, settings.sync) && status == EXIT_DONE)
        status = EXIT_FAILED;
    if (settings.transfer.stats)
        transfer_print_stats(&totals);
    return status;
}
