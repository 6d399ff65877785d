/* SPDX-License-Identifier: MIT */
/* A connection that carries a session: as it is, or in TLS. */
#ifndef ZCOPY_NET_CHANNEL_H
#define ZCOPY_NET_CHANNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "net/key.h"

/* What a process needs for TLS with one key; for any number of channels, of one thread each. */
struct tls {
    const struct openssl *openssl;
    SSL_CTX *client, *server;
    uint8_t secret[KEY_DERIVED];
};

/*
 * TLS 1.3 alone, with the key as external pre-shared key and ephemeral Diffie-Hellman (psk_dhe_ke), without
 * certificates, tickets and early data. AES-128-GCM first, which the kernel can take over (kTLS), then
 * ChaCha20-Poly1305: a key for SHA-256 cannot be used with AES-256. False with *problem.
 */
bool tls_open(struct tls *tls, const struct openssl *openssl, const struct key *key, const char **problem);
void tls_close(struct tls *tls);

struct channel {
    int fd;                /* a stream socket, O_NONBLOCK */
    const struct tls *tls; /* NULL: bytes go as they are */
    SSL *ssl;
    bool kernel_encrypts; /* kTLS: what is written to fd is encrypted there, by sendfile(2) too */
};

/* Makes a channel of the socket, whose handshake is still to come (channel_handshake). tls: NULL, none. The
 * socket stays the caller's. False: no memory. */
bool channel_open(struct channel *channel, int fd, const struct tls *tls, bool is_server);
void channel_close(struct channel *channel);

/* What a step has led to. */
enum channel_result {
    CHANNEL_OK,
    CHANNEL_WANTS_READ,  /* again when fd can be read, */
    CHANNEL_WANTS_WRITE, /* or written */
    CHANNEL_ENDED,       /* the peer has ended it in order */
    CHANNEL_FAILED       /* errno; EPROTO: TLS says no, ECONNRESET: an end without TLS's own */
};

/* Goes on with the handshake. Without TLS there is none. */
enum channel_result channel_handshake(struct channel *channel);

/* Reads at most size bytes (more than 0); with CHANNEL_OK, *length is more than 0. */
enum channel_result channel_read(struct channel *channel, void *data, size_t size, size_t *length);

/*
 * Writes some of length bytes (more than 0): *written. more: others follow at once (MSG_MORE). After
 * CHANNEL_WANTS_... the same bytes have to be written again. With TLS they may be kept back until
 * channel_flush.
 */
enum channel_result channel_write(struct channel *channel, const void *data, size_t length, bool more,
                                  size_t *written);
enum channel_result channel_flush(struct channel *channel);

/* Says that nothing more will be written (close_notify); plain: nothing. */
enum channel_result channel_say_end(struct channel *channel);

/* Bytes that TLS has taken from the socket so far, records and all; plain: 0. */
uint64_t channel_received(const struct channel *channel);

/* Waits until the descriptor is ready for what a step wants. False with errno of poll(2). */
bool channel_wait(const struct channel *channel, enum channel_result result);

/* After the handshake: "plain", or "TLS_AES_128_GCM_SHA256, encrypted by the kernel" (or in this process; for
 * who receives: decrypted, which is always done there); returns text. */
enum { CHANNEL_TEXT = 128 };
const char *channel_text(const struct channel *channel, bool sends, char text[CHANNEL_TEXT]);

#endif
