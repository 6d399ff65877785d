/* SPDX-License-Identifier: MIT */
/*
 * Fuzz target: zrecv's side of whole sessions, with a sender that says what the input says. The first byte is
 * what zrecv was asked for, the second what kind of sender this is; steps follow (script.h), or bytes as they
 * are.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../../cmd/zrecv/receive.h"
#include "base/clock.h"
#include "base/descriptor.h"
#include "base/message.h"
#include "fuzz.h"
#include "net/greeting.h"
#include "sandbox.h"
#include "script.h"

/* Bits of the first byte: the two lowest are the policy for existing files. */
enum {
    ASKED_POLICY = 3,
    ASKED_LINKS = 4,
    ASKED_ATTRIBUTES = 8,
    ASKED_VERIFY = 16,
    ASKED_SYNC = 32,
    ASKED_STREAM = 64,
    HAS_FILES = 128
};

/* And of the second: the two lowest are the algorithm, the next four the flags of OFFER. */
enum { SENDER_DIGEST = 3, SENDER_FLAGS_SHIFT = 2, SENDER_FLAGS = 15, SENDER_GREETS = 64, SENDER_RAW = 128 };

static struct sandbox sandbox;
static int null, standard_output;

/* The sender's end of a connection. */
struct sender {
    int fd;
    const uint8_t *data;
    size_t length;
};

/* Writes all, and reads what comes until the receiver has closed the connection. */
static void send_all(const struct sender *sender)
{
    static uint8_t unwanted[64 * 1024];
    size_t done = 0;
    bool ended = false;

    for (;;) {
        if (done == sender->length && !ended) {
            shutdown(sender->fd, SHUT_WR);
            ended = true;
        }
        struct pollfd poller = {sender->fd, (short)(POLLIN | (ended ? 0 : POLLOUT)), 0};
        poll(&poller, 1, -1);
        ssize_t n = read(sender->fd, unwanted, sizeof unwanted);
        if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
            return;
        if (ended || !(poller.revents & POLLOUT))
            continue;
        n = send(sender->fd, sender->data + done, sender->length - done, MSG_NOSIGNAL);
        if (n > 0)
            done += (size_t)n;
        else if (errno != EAGAIN)
            return;
    }
}

/* A thread for all connections: making one takes longer than most sessions. */
static struct sender next;
static sem_t begins, ends;

static void *send_each(void *of)
{
    for (;;) {
        while (sem_wait(&begins) != 0)
            ;
        send_all(&next);
        sem_post(&ends);
    }
    return of;
}

unsigned long fuzz_inputs(void)
{
    return 2000;
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    pthread_t thread;

    (void)argc, (void)argv;
    sandbox_open(&sandbox);
    null = open("/dev/null", O_RDWR | O_CLOEXEC);
    standard_output = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
    require(null >= 0 && standard_output >= 0);
    umask(022);
    require(sem_init(&begins, 0, 0) == 0 && sem_init(&ends, 0, 0) == 0);
    require(pthread_create(&thread, NULL, send_each, NULL) == 0);
    return 0;
}

static void add_hello(struct script *script)
{
    const struct session_hello hello = {.role = SESSION_SENDER, .security = SESSION_OPEN};
    uint8_t payload[64];
    struct packer packer = packer_make(payload, sizeof payload);

    session_pack_hello(&packer, &hello);
    script_frame(script, FRAME_HELLO, payload, (uint32_t)packer.length, 0);
}

static void add_offer(struct script *script, uint8_t kind)
{
    const struct session_offer offer = {.id = "fuzz",
                                        .algorithm = (enum digest_algorithm)(kind & SENDER_DIGEST),
                                        .flags = kind >> SENDER_FLAGS_SHIFT & SENDER_FLAGS};
    uint8_t payload[64];
    struct packer packer = packer_make(payload, sizeof payload);

    session_pack_offer(&packer, &offer);
    script_frame(script, FRAME_OFFER, payload, (uint32_t)packer.length, 0);
}

static struct settings settings_of(uint8_t asked)
{
    return (struct settings){.peer.no_key = true,
                             .existing = (enum existing_policy)(asked & ASKED_POLICY),
                             .accept_links = (asked & ASKED_LINKS) != 0,
                             .accept = asked & ASKED_ATTRIBUTES ? SESSION_OWNER | SESSION_XATTR : 0,
                             .verify = (asked & ASKED_VERIFY) != 0,
                             .sync = (asked & ASKED_SYNC) != 0,
                             .umask = 022};
}

/* What zrecv does on a connection. */
static struct receive_result serve(uint8_t asked, int fd)
{
    const struct settings settings = settings_of(asked);
    const struct greeting_settings own = {.role = SESSION_RECEIVER, .security = SESSION_OPEN};
    struct receive_result result = {.status = SESSION_AUTH};
    struct watch watch = {0};
    struct greeting greeting;

    require(greeting_begin(&greeting, &own, fd, true));
    if (greeting_wait(&greeting, 60 * NANOSECONDS))
        result = receive_session(&settings, &greeting.channel, "a sender",
                                 asked & ASKED_STREAM ? -1 : sandbox.in, &watch);
    channel_close(&greeting.channel);
    return result;
}

/* One connection, and what has to be true behind it. */
static void run_session(uint8_t asked, const struct script *script)
{
    struct message_text messages = {0};
    int pair[2];

    require(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair) == 0);
    next = (struct sender){pair[0], script->frames, script->length};
    sem_post(&begins);
    message_divert(&messages);
    struct receive_result result = serve(asked, pair[1]);
    message_divert(NULL);
    free(messages.lines);
    close(pair[1]);
    while (sem_wait(&ends) != 0)
        ;
    close(pair[0]);

    require(result.status >= SESSION_DONE && result.status <= SESSION_TIMEOUT);
    require(result.completed || result.status != SESSION_DONE);
    require(!result.completed || result.status != SESSION_DONE || !sandbox_has(&sandbox, ".zrecv.d"));
    sandbox_check(&sandbox, asked & (ASKED_LINKS | HAS_FILES));
}

static void run_all(uint8_t asked, uint8_t kind, struct script *script)
{
    bool more = true;

    while (more) {
        script->length = 0;
        script->has_chunk = false;
        if (!(kind & SENDER_GREETS)) {
            add_hello(script);
            add_offer(script, kind);
        }
        if (kind & SENDER_RAW)
            script_add(script, script->at, script->left);
        more = !(kind & SENDER_RAW) && script_next(script);
        run_session(asked, script);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *problem;

    if (size < 2)
        return 0;
    enum digest_algorithm algorithm = (enum digest_algorithm)(data[1] & SENDER_DIGEST);
    struct script script = {.at = data + 2,
                            .left = size - 2,
                            .digest = digest_open(algorithm, &problem),
                            .list = digest_open(algorithm, &problem)};
    require(script.digest != NULL && script.list != NULL);
    sandbox_begin(&sandbox, data[0] & HAS_FILES);
    require(dup2(null, STDOUT_FILENO) >= 0);
    run_all(data[0], data[1], &script);
    require(dup2(standard_output, STDOUT_FILENO) >= 0);
    sandbox_end(&sandbox);
    digest_free(script.digest);
    digest_free(script.list);
    free(script.frames);
    return 0;
}
