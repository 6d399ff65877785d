/* SPDX-License-Identifier: MIT */
/* zrecv: opens the directory and the door, and serves who has the key. */

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/descriptor.h"
#include "base/message.h"
#include "base/program.h"
#include "net/announce.h"
#include "net/connection.h"
#include "net/peer.h"
#include "receive.h"

/* What main has opened. */
struct zrecv {
    struct settings settings;
    struct monitor monitor;
    struct peer_secrets secrets;
    struct listener listener;
    int root; /* -1: standard output */
    struct transfer_totals totals;
};

/* One session, as its thread sees it. */
struct serving {
    const struct zrecv *zrecv;
    struct channel *channel;
    char peer[ADDRESS_TEXT];
    struct watch watch;
    struct receive_result result;
};

static void receive(void *of)
{
    struct serving *serving = of;

    serving->result = receive_session(&serving->zrecv->settings, serving->channel, serving->peer,
                                      serving->zrecv->root, &serving->watch);
}

static struct receive_result serve(struct zrecv *zrecv, struct guest *guest)
{
    struct serving serving = {
        .zrecv = zrecv, .channel = &guest->channel, .result = {.status = SESSION_LOCAL, .completed = true}};
    const struct settings *settings = &zrecv->settings;
    char text[CHANNEL_TEXT];

    address_text(&guest->peer, serving.peer);
    if (settings->verbose || settings->transfer.debug)
        message_note("%s: let in (%s)", serving.peer, channel_text(&guest->channel, false, text));
    watch_run(&serving.watch, &zrecv->monitor, guest->channel.fd, settings->transfer.timeout, 0, receive,
              &serving);
    zrecv->totals.bytes += serving.watch.payload;
    zrecv->totals.by_method[METHOD_READ] += serving.watch.payload;
    if (settings->transfer.debug)
        message_note("debug: %s: read %llu", channel_text(&guest->channel, false, text),
                     (unsigned long long)serving.watch.payload);
    if (serving.result.completed)
        channel_say_end(&guest->channel);
    channel_close(&guest->channel);
    (serving.result.completed ? connection_close : connection_reset)(guest->channel.fd);
    return serving.result;
}

/* --keep: a process for each sender, so that none of them can stop the service. */
static void serve_apart(struct zrecv *zrecv, struct door *door, struct guest *guest)
{
    pid_t child = fork();

    if (child < 0)
        message_error(errno, "cannot serve one more sender");
    if (child == 0) {
        door_leave(door);
        /* What the parent's monitor waits for, and is woken by, is the parent's. */
        if (monitor_open(&zrecv->monitor, zrecv->settings.transfer.progress) != 0)
            _exit(SESSION_LOCAL);
        for (size_t i = 0; i < zrecv->listener.count; i++)
            close(zrecv->listener.fds[i]);
        zrecv->totals = (struct transfer_totals){.started = clock_now()};
        enum session_status status = serve(zrecv, guest).status;
        if (zrecv->settings.transfer.stats)
            transfer_print_stats(&zrecv->totals);
        _exit((int)status);
    }
    channel_close(&guest->channel);
    if (child < 0)
        connection_reset(guest->channel.fd);
    else
        close(guest->channel.fd);
}

/* Lets senders in, one after the other. */
static enum session_status attend(struct zrecv *zrecv, struct door *door)
{
    struct guest guest;
    uint64_t deadline = CLOCK_NEVER;
    enum session_status status = SESSION_BROKEN;
    int came;

    while ((came = door_wait(door, &zrecv->monitor, deadline, &guest)) > 0) {
        if (zrecv->settings.keep) {
            serve_apart(zrecv, door, &guest);
            continue;
        }
        struct receive_result result = serve(zrecv, &guest);
        status = result.status;
        if (result.completed || result.decided)
            return status;
        deadline = clock_after(clock_now(), zrecv->settings.resume_wait);
        if (zrecv->settings.resume_wait == 0 || zrecv->root < 0) /* a stream cannot be resumed */
            return status;
    }
    return came < 0 ? SESSION_LOCAL : status;
}

static enum session_status listen_and_serve(struct zrecv *zrecv)
{
    struct door_settings settings = {
        .greeting = peer_greeting(&zrecv->secrets, SESSION_RECEIVER, zrecv->settings.transfer.timeout),
        .allow = &zrecv->settings.peer.allow};

    struct door *door = door_open(&settings, &zrecv->listener);
    if (door == NULL)
        return SESSION_LOCAL;
    if (zrecv->settings.peer.print_port)
        announce_port(&zrecv->listener, &zrecv->settings.address);
    if (zrecv->secrets.drawn)
        announce_command(&zrecv->listener, &zrecv->settings.address, zrecv->secrets.text,
                         zrecv->settings.peer.plain ? "zsend --plain FILE..." : "zsend FILE...");
    enum session_status status = attend(zrecv, door);
    door_close(door);
    return status;
}

static enum session_status connect_and_serve(struct zrecv *zrecv)
{
    const struct settings *settings = &zrecv->settings;
    const struct greeting_settings greeting =
        peer_greeting(&zrecv->secrets, SESSION_RECEIVER, settings->transfer.timeout);
    struct receive_result result = {.status = SESSION_BROKEN};

    for (long long tries = 0;; tries++) {
        struct guest guest;
        result.status = peer_connect(&settings->address, &settings->connect, &zrecv->monitor,
                                     settings->verbose, &greeting, &guest);
        if (result.status == SESSION_DONE)
            result = serve(zrecv, &guest);
        if (result.completed || !peer_may_come_back(result.status) || zrecv->root < 0 ||
            !connect_try_again(&settings->connect, tries + 1, &zrecv->monitor))
            return result.status;
    }
}

static enum session_status open_and_listen(struct zrecv *zrecv)
{
    if (!peer_listen(&zrecv->listener, &zrecv->settings.address, &zrecv->settings.connect.socket))
        return SESSION_LOCAL;
    enum session_status status =
        peer_may_listen(&zrecv->listener, &zrecv->settings.peer) ? listen_and_serve(zrecv) : SESSION_USAGE;
    listener_close(&zrecv->listener);
    return status;
}

/* The key, and the directory. */
static enum session_status prepare(struct zrecv *zrecv)
{
    const struct settings *settings = &zrecv->settings;
    struct peer_secrets *secrets = &zrecv->secrets;
    bool draws = !settings->connects && !settings->keep && message_on_terminal();
    enum session_status status = peer_open_secrets(secrets, &settings->peer, settings->connects, draws);

    if (status != SESSION_DONE)
        return status;
    zrecv->root = -1;
    if (strcmp(settings->directory, "-") == 0)
        return SESSION_DONE;
    zrecv->root = open(settings->directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (zrecv->root >= 0)
        return SESSION_DONE;
    message_error(errno, "cannot open directory '%s'", settings->directory);
    return SESSION_LOCAL;
}

int main(int argc, char **argv)
{
    static char name[] = "zrecv";
    static struct zrecv zrecv;

    if (!program_begin(name, argc, argv))
        return SESSION_LOCAL;
    int status = settings_parse(&zrecv.settings, argc, argv);
    if (status != SETTINGS_GO_ON)
        return status;
    int error = monitor_open(&zrecv.monitor, zrecv.settings.transfer.progress);
    if (error != 0) {
        message_error(error, "cannot wait for signals");
        return SESSION_LOCAL;
    }
    if (zrecv.settings.keep)
        signal(SIGCHLD, SIG_IGN); /* nobody asks for their exit statuses */
    zrecv.totals.started = clock_now();
    status = prepare(&zrecv);
    if (status == SESSION_DONE)
        status = zrecv.settings.connects ? connect_and_serve(&zrecv) : open_and_listen(&zrecv);
    if (zrecv.settings.transfer.stats)
        transfer_print_stats(&zrecv.totals);
    peer_close_secrets(&zrecv.secrets);
    return status;
}
