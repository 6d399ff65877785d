/* SPDX-License-Identifier: MIT */
/* HELLO and PROOF, as steps that wait for nothing. */
#include "net/greeting.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/descriptor.h"

enum { MOST_OF_TLS = 64 * 1024 }; /* bytes that a stranger may send before the handshake is done */

static const char mixture[] = "--plain and --no-key have to be said on both sides";

enum step { SHAKE, SAY_HELLO, HEAR_HELLO, SAY_PROOF, HEAR_PROOF, FINISHED };

/* The order of the two sides. */
static const enum step connector[] = {SHAKE, SAY_HELLO, HEAR_HELLO, SAY_PROOF, HEAR_PROOF, FINISHED};
static const enum step listener[] = {SHAKE, HEAR_HELLO, SAY_HELLO, HEAR_PROOF, SAY_PROOF, FINISHED};

static enum step current(const struct greeting *greeting)
{
    return (greeting->listens ? listener : connector)[greeting->step];
}

static uint8_t *own_hello(struct greeting *greeting)
{
    return greeting->hellos[greeting->listens];
}

static uint8_t *peer_hello(struct greeting *greeting)
{
    return greeting->hellos[!greeting->listens];
}

static enum channel_result fail(struct greeting *greeting, enum session_status status, const char *problem)
{
    greeting->status = status;
    greeting->problem = problem;
    return CHANNEL_FAILED;
}

bool greeting_begin(struct greeting *greeting, const struct greeting_settings *settings, int fd, bool listens)
{
    struct session_hello hello = {.role = settings->role, .security = settings->security};
    struct frame frame = {.type = FRAME_HELLO, .payload = GREETING_HELLO - FRAME_HEADER};

    *greeting = (struct greeting){.settings = settings, .listens = listens, .status = SESSION_BROKEN};
    if (getrandom(hello.nonce, sizeof hello.nonce, 0) != (ssize_t)sizeof hello.nonce)
        return false;
    frame_encode(&frame, own_hello(greeting));
    struct packer packer = packer_make(own_hello(greeting) + FRAME_HEADER, frame.payload);
    session_pack_hello(&packer, &hello);
    return channel_open(&greeting->channel, fd, settings->tls, listens);
}

/* The proof of the side with this role. */
static void make_proof(struct greeting *greeting, enum session_role role, uint8_t mac[SESSION_MAC])
{
    const struct greeting_settings *settings = greeting->settings;
    uint8_t key[KEY_DERIVED];

    key_derive(settings->openssl, settings->key,
               role == SESSION_SENDER ? "proof of sender" : "proof of receiver", key);
    key_mac(settings->openssl, key, greeting->hellos, sizeof greeting->hellos, mac);
    explicit_bzero(key, sizeof key);
}

static void fill_proof(struct greeting *greeting)
{
    struct frame frame = {.type = FRAME_PROOF, .payload = SESSION_MAC};

    frame_encode(&frame, greeting->proof);
    make_proof(greeting, greeting->settings->role, greeting->proof + FRAME_HEADER);
}

/* The peer speaks another language: our greeting tells it so, before the connection ends. */
static enum channel_result turn_away(struct greeting *greeting, const char *problem)
{
    size_t n;

    if (greeting->listens &&
        channel_write(&greeting->channel, own_hello(greeting), GREETING_HELLO, false, &n) == CHANNEL_OK)
        channel_flush(&greeting->channel);
    return fail(greeting, SESSION_AUTH, problem);
}

/* The peer's HELLO has come. */
static enum channel_result check_hello(struct greeting *greeting)
{
    const uint8_t *bytes = peer_hello(greeting);
    struct unpacker unpacker = unpacker_make(bytes + FRAME_HEADER, GREETING_HELLO - FRAME_HEADER);
    struct session_hello hello;
    struct frame frame;
    const char *problem = frame_decode(bytes, &frame);

    if (problem != NULL)
        return turn_away(greeting, problem);
    if (frame.type != FRAME_HELLO || frame.payload != unpacker.left ||
        !session_unpack_hello(&unpacker, &hello))
        return fail(greeting, SESSION_AUTH, "its first frame is no greeting");
    if (hello.role == greeting->settings->role)
        return turn_away(greeting,
                         hello.role == SESSION_SENDER ? "it is a zsend as well" : "it is a zrecv as well");
    if (hello.security != greeting->settings->security)
        return turn_away(greeting, mixture);
    return CHANNEL_OK;
}

static enum channel_result check_proof(struct greeting *greeting)
{
    uint8_t right[SESSION_MAC], different = 0;
    struct frame frame;
    enum session_role role = greeting->settings->role == SESSION_SENDER ? SESSION_RECEIVER : SESSION_SENDER;

    make_proof(greeting, role, right);
    for (size_t i = 0; i < sizeof right; i++) /* in the same time wherever they differ */
        different |= right[i] ^ greeting->proof[FRAME_HEADER + i];
    if (frame_decode(greeting->proof, &frame) != NULL || frame.type != FRAME_PROOF || different != 0)
        return fail(greeting, SESSION_AUTH, "it does not have the key");
    return CHANNEL_OK;
}

/* Bytes that both sides have to say. */
static enum channel_result transfer(struct greeting *greeting, uint8_t *bytes, size_t length, bool write)
{
    while (greeting->done < length) {
        size_t n;
        enum channel_result result =
            write ? channel_write(&greeting->channel, bytes + greeting->done, length - greeting->done, false,
                                  &n)
                  : channel_read(&greeting->channel, bytes + greeting->done, length - greeting->done, &n);
        if (result != CHANNEL_OK)
            return result;
        greeting->done += n;
    }
    return write ? channel_flush(&greeting->channel) : CHANNEL_OK;
}

/* The first byte of a peer that has connected, where TLS is expected: one that greets in plain is answered in
 * plain. It is looked at before OpenSSL may take it. */
static enum channel_result look_at_first(struct greeting *greeting)
{
    uint8_t first, magic[FRAME_HEADER];

    if (!greeting->listens || greeting->settings->tls == NULL || channel_received(&greeting->channel) > 0)
        return CHANNEL_OK;
    ssize_t n = recv(greeting->channel.fd, &first, 1, MSG_PEEK | MSG_DONTWAIT);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return CHANNEL_WANTS_READ;
    frame_encode(&(struct frame){.type = FRAME_HELLO}, magic);
    if (n != 1 || first != magic[0])
        return CHANNEL_OK; /* for OpenSSL to judge */
    send(greeting->channel.fd, own_hello(greeting), GREETING_HELLO,
         MSG_NOSIGNAL | MSG_DONTWAIT); /* has room */
    return fail(greeting, SESSION_AUTH, mixture);
}

static enum channel_result shake(struct greeting *greeting)
{
    enum channel_result first = look_at_first(greeting);

    if (first != CHANNEL_OK)
        return first;
    enum channel_result result = channel_handshake(&greeting->channel);

    if (channel_received(&greeting->channel) > MOST_OF_TLS)
        return fail(greeting, SESSION_AUTH, "it talks too much before it has shown the key");
    return result;
}

static enum channel_result run_step(struct greeting *greeting)
{
    enum channel_result result;

    switch (current(greeting)) {
    case SHAKE:
        return shake(greeting);
    case SAY_HELLO:
        return transfer(greeting, own_hello(greeting), GREETING_HELLO, true);
    case HEAR_HELLO:
        result = transfer(greeting, peer_hello(greeting), GREETING_HELLO, false);
        return result == CHANNEL_OK ? check_hello(greeting) : result;
    case SAY_PROOF:
        if (greeting->done == 0)
            fill_proof(greeting);
        return transfer(greeting, greeting->proof, GREETING_PROOF, true);
    default:
        result = transfer(greeting, greeting->proof, GREETING_PROOF, false);
        return result == CHANNEL_OK ? check_proof(greeting) : result;
    }
}

/* The peer has left, or TLS has failed. */
static enum channel_result explain(struct greeting *greeting, enum channel_result result)
{
    bool ended = result == CHANNEL_ENDED; /* in order, as it does who turns us away; a reset is a break */

    if (greeting->problem != NULL)
        return CHANNEL_FAILED;
    if (errno == EPROTO && result == CHANNEL_FAILED)
        return fail(greeting, SESSION_AUTH, "it does not have the key, or speaks no TLS");
    if (ended && current(greeting) == HEAR_PROOF && !greeting->listens)
        return fail(greeting, SESSION_AUTH, "it does not accept the key");
    if (ended)
        return fail(
            greeting, SESSION_BROKEN,
            "it closed the connection at the first word: it has no time, does not let this address in, or "
            "--plain or --no-key is said on one side alone");
    return fail(greeting, SESSION_BROKEN, NULL);
}

enum channel_result greeting_go_on(struct greeting *greeting)
{
    bool proves = greeting->settings->security == SESSION_PLAIN;

    while (current(greeting) != FINISHED) {
        enum step step = current(greeting);
        bool needed = proves || (step != SAY_PROOF && step != HEAR_PROOF);
        enum channel_result result = needed ? run_step(greeting) : CHANNEL_OK;
        if (result == CHANNEL_WANTS_READ || result == CHANNEL_WANTS_WRITE)
            return result;
        if (result != CHANNEL_OK)
            return explain(greeting, result);
        greeting->step++;
        greeting->done = 0;
    }
    return CHANNEL_OK;
}

bool greeting_wait(struct greeting *greeting, uint64_t patience)
{
    uint64_t deadline = clock_after(clock_now(), patience);

    for (;;) {
        enum channel_result result = greeting_go_on(greeting);
        if (result != CHANNEL_WANTS_READ && result != CHANNEL_WANTS_WRITE)
            return result == CHANNEL_OK;
        uint64_t now = clock_now();
        if (descriptor_wait(greeting->channel.fd, result == CHANNEL_WANTS_READ ? POLLIN : POLLOUT, -1,
                            clock_poll_timeout(deadline, now)) == 0 &&
            clock_now() >= deadline) {
            fail(greeting, SESSION_TIMEOUT, "it says nothing");
            return false;
        }
    }
}
