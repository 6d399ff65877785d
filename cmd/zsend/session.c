/* SPDX-License-Identifier: MIT */
/* Connecting or listening, and trying again. */
#include "session.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/descriptor.h"
#include "base/message.h"
#include "net/announce.h"
#include "net/connection.h"
#include "net/peer.h"
#include "send.h"
#include "walk.h"

/* What all sessions of a run share. */
struct run {
    const struct settings *settings;
    struct monitor *monitor;
    struct transfer_totals *totals;
    struct peer_secrets secrets;
    struct listener listener;
    int start;              /* the directory we are in */
    uint8_t id[SESSION_ID]; /* of the transfer */
    uint64_t total;         /* bytes, 0: unknown */
    bool used;              /* standard input has been read from */
};

struct sending {
    struct run *run;
    struct channel *channel;
    char peer[ADDRESS_TEXT];
    struct watch watch;
    enum session_status status;
};

static void run_session(void *of)
{
    struct sending *sending = of;
    struct run *run = sending->run;

    sending->status = send_session(run->settings, sending->channel, sending->peer, run->id, run->start,
                                   &sending->watch, run->totals, &run->used);
}

/* What has been said has to reach the receiver, the last word too. */
static enum session_status close_session(struct run *run, struct guest *guest, enum session_status status)
{
    int fd = guest->channel.fd;
    bool ended = status != SESSION_BROKEN && status != SESSION_TIMEOUT;

    if (ended)
        channel_say_end(&guest->channel);
    channel_close(&guest->channel);
    if (!ended) {
        connection_reset(fd);
        return status;
    }
    shutdown(fd, SHUT_WR);
    connection_settle(fd, run->monitor, run->settings->transfer.timeout);
    connection_drain(fd);
    connection_close(fd);
    return status;
}

/* What has moved the bytes since before, and why no others. */
static void print_debug(const struct channel *channel, const struct transfer_totals *before,
                        const struct transfer_totals *now)
{
    uint64_t by_method[METHOD_COUNT];
    char text[CHANNEL_TEXT], methods[TRANSFER_METHODS_TEXT];

    for (enum method method = 0; method < METHOD_COUNT; method++)
        by_method[method] = now->by_method[method] - before->by_method[method];
    message_note("debug: %s: %s", channel_text(channel, true, text),
                 transfer_methods_text(by_method, methods));
    if (channel->ssl != NULL && !channel->kernel_encrypts)
        message_note("debug: the kernel does not encrypt (it can do so over TCP, with its module tls): no "
                     "sendfile, no splice");
}

static enum session_status send_to(struct run *run, struct guest *guest)
{
    struct sending sending = {.run = run, .channel = &guest->channel, .status = SESSION_LOCAL};
    const struct settings *settings = run->settings;
    const struct transfer_totals before = *run->totals;
    char text[CHANNEL_TEXT];

    address_text(&guest->peer, sending.peer);
    if (settings->verbose || settings->transfer.debug)
        message_note("connected to %s (%s)", sending.peer, channel_text(&guest->channel, true, text));
    watch_run(&sending.watch, run->monitor, guest->channel.fd, settings->transfer.timeout, run->total,
              run_session, &sending);
    if (settings->transfer.debug)
        print_debug(&guest->channel, &before, run->totals);
    return close_session(run, guest, sending.status);
}

/* Whether the files may be sent once more. */
static bool try_again(const struct run *run, enum session_status status, long long tries)
{
    return peer_may_come_back(status) && !run->used &&
           connect_try_again(&run->settings->connect, tries + 1, run->monitor);
}

static enum session_status connect_and_send(struct run *run)
{
    const struct settings *settings = run->settings;
    const struct greeting_settings greeting =
        peer_greeting(&run->secrets, SESSION_SENDER, settings->transfer.timeout);

    for (long long tries = 0;; tries++) {
        struct guest guest;
        enum session_status status = peer_connect(&settings->address, &settings->connect, run->monitor,
                                                  settings->verbose, &greeting, &guest);
        if (status == SESSION_DONE)
            status = send_to(run, &guest);
        if (!try_again(run, status, tries))
            return status;
    }
}

static enum session_status wait_and_send(struct run *run, struct door *door)
{
    struct guest guest;

    for (long long tries = 0;; tries++) {
        if (door_wait(door, run->monitor, CLOCK_NEVER, &guest) <= 0)
            return SESSION_LOCAL;
        enum session_status status = send_to(run, &guest);
        if (!try_again(run, status, tries))
            return status;
    }
}

static enum session_status listen_and_send(struct run *run)
{
    const struct settings *settings = run->settings;
    struct door_settings door_settings = {
        .greeting = peer_greeting(&run->secrets, SESSION_SENDER, settings->transfer.timeout),
        .allow = &settings->peer.allow};

    if (!peer_listen(&run->listener, &settings->address, &settings->connect.socket))
        return SESSION_LOCAL;
    if (!peer_may_listen(&run->listener, &settings->peer)) {
        listener_close(&run->listener);
        return SESSION_USAGE;
    }
    struct door *door = door_open(&door_settings, &run->listener);
    enum session_status status = SESSION_LOCAL;
    if (door != NULL) {
        if (settings->peer.print_port)
            announce_port(&run->listener, &settings->address);
        if (run->secrets.drawn)
            announce_command(&run->listener, &settings->address, run->secrets.text,
                             settings->peer.plain ? "zrecv --plain --connect" : "zrecv --connect");
        status = wait_and_send(run, door);
        door_close(door);
    }
    listener_close(&run->listener);
    return status;
}

/* The same files, named in the same way in the same place, with the same key, are the same transfer. */
static bool make_id(struct run *run)
{
    const struct settings *settings = run->settings;
    char text[PATH_MAX] = "";
    uint8_t derived[KEY_DERIVED] = {0}, digest[DIGEST_BYTES];
    const char *problem;
    struct digest *sum = digest_open(DIGEST_XXH3, &problem);

    if (sum == NULL) {
        message_note("cannot start to send: %s", problem);
        return false;
    }
    if (!settings->peer.no_key)
        key_derive(&run->secrets.openssl, &run->secrets.key, "transfer", derived);
    digest_add(sum, derived, sizeof derived);
    gethostname(text, sizeof text - 1);
    digest_add(sum, text, strlen(text) + 1);
    if (getcwd(text, sizeof text) != NULL)
        digest_add(sum, text, strlen(text) + 1);
    for (size_t i = 0; i < settings->file_count; i++)
        digest_add(sum, settings->files[i], strlen(settings->files[i]) + 1);
    if (settings->name != NULL)
        digest_add(sum, settings->name, strlen(settings->name));
    if (settings->owner) /* what is complete without it is not, with it */
        digest_add(sum, "owner", sizeof "owner");
    if (settings->xattrs)
        digest_add(sum, "xattrs", sizeof "xattrs");
    digest_take(sum, digest);
    digest_free(sum);
    memcpy(run->id, digest, sizeof run->id);
    return true;
}

enum session_status session_run(const struct settings *settings, struct monitor *monitor,
                                struct transfer_totals *totals)
{
    static struct run run; /* a thread that is stuck in a call may outlive its frame */

    if (!walk_check_names(settings))
        return SESSION_USAGE;
    run = (struct run){.settings = settings, .monitor = monitor, .totals = totals};
    run.start = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    enum session_status status = peer_open_secrets(&run.secrets, &settings->peer, !settings->listens,
                                                   settings->listens && message_on_terminal());
    if (status == SESSION_DONE && !make_id(&run))
        status = SESSION_LOCAL;
    if (status == SESSION_DONE) {
        if (settings->transfer.progress != PROGRESS_NEVER)
            run.total = walk_count(settings);
        status = settings->listens ? listen_and_send(&run) : connect_and_send(&run);
    }
    if (!message_close_results()) {
        message_error(errno, "error writing 'standard output'");
        status = status == SESSION_DONE ? SESSION_LOCAL : status;
    }
    peer_close_secrets(&run.secrets);
    descriptor_close(&run.start);
    return status;
}
