/* SPDX-License-Identifier: MIT */
/* Bytes over a socket, or over TLS over a socket. */
#include "net/channel.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>

#include "base/descriptor.h"

enum { OUTPUT_BUFFER = 256 * 1024 }; /* bytes: some 16 records of TLS in one send(2) */

/*
 * OpenSSL lets the kernel encrypt what goes to a BIO of sockets. What comes is read by a BIO of descriptors,
 * which knows nothing of kTLS: OpenSSL 3.2 and later would have the kernel decrypt, too, and then take the
 * many records that a recvmsg(2) into a buffer of READ_BUFFER returns for a single one, which is too long.
 */
static bool give_socket(const struct channel *channel)
{
    const struct openssl *openssl = channel->tls->openssl;
    BIO *input = openssl->BIO_new_fd(channel->fd, BIO_NOCLOSE);

    if (input == NULL)
        return false;
    openssl->SSL_set0_rbio(channel->ssl, input);
    return openssl->SSL_set_wfd(channel->ssl, channel->fd) == 1;
}

bool channel_open(struct channel *channel, int fd, const struct tls *tls, bool is_server)
{
    int on = 1;

    *channel = (struct channel){.fd = fd, .tls = tls};
    /* Frames are gathered here: Nagle's algorithm would only hold back the end of each chunk until the peer's
     * delayed acknowledgement. */
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (tls == NULL)
        return true;
    const struct openssl *openssl = tls->openssl;
    channel->ssl = openssl->SSL_new(is_server ? tls->server : tls->client);
    if (channel->ssl == NULL || !give_socket(channel) ||
        /* NOLINTNEXTLINE(performance-no-int-to-ptr): it is kept as it is, and OpenSSL knows no const */
        openssl->SSL_set_ex_data(channel->ssl, 0, (void *)(uintptr_t)tls) != 1) {
        channel_close(channel);
        errno = ENOMEM;
        return false;
    }
    if (is_server)
        openssl->SSL_set_accept_state(channel->ssl);
    else
        openssl->SSL_set_connect_state(channel->ssl);
    return true;
}

void channel_close(struct channel *channel)
{
    if (channel->ssl != NULL)
        channel->tls->openssl->SSL_free(channel->ssl);
    channel->ssl = NULL;
}

/* What a call of OpenSSL that returned value and left error in errno has led to. */
static enum channel_result outcome(const struct channel *channel, int value, int error)
{
    switch (channel->tls->openssl->SSL_get_error(channel->ssl, value)) {
    case SSL_ERROR_WANT_READ:
        return CHANNEL_WANTS_READ;
    case SSL_ERROR_WANT_WRITE:
        return CHANNEL_WANTS_WRITE;
    case SSL_ERROR_ZERO_RETURN:
        return CHANNEL_ENDED;
    case SSL_ERROR_SYSCALL:
        errno = error != 0 ? error : ECONNRESET;
        return CHANNEL_FAILED;
    default: /* a FIN without close_notify is one of these */
        errno =
            ERR_GET_REASON(channel->tls->openssl->ERR_peek_last_error()) == SSL_R_UNEXPECTED_EOF_WHILE_READING
                ? ECONNRESET
                : EPROTO;
        return CHANNEL_FAILED;
    }
}

/* Before every call: what an earlier one has left would be taken for this one's. */
static const struct openssl *prepare(const struct channel *channel)
{
    const struct openssl *openssl = channel->tls->openssl;

    openssl->ERR_clear_error();
    errno = 0;
    return openssl;
}

/* The handshake is done. Records are gathered in a buffer before they are sent, unless the kernel makes them.
 */
static enum channel_result settle(struct channel *channel)
{
    const struct openssl *openssl = channel->tls->openssl;
    BIO *socket = openssl->SSL_get_wbio(channel->ssl);

    channel->kernel_encrypts = openssl->BIO_ctrl(socket, BIO_CTRL_GET_KTLS_SEND, 0, NULL) > 0;
    if (channel->kernel_encrypts)
        return CHANNEL_OK;
    BIO *buffer = openssl->BIO_new(openssl->BIO_f_buffer());
    if (buffer == NULL || openssl->BIO_up_ref(socket) != 1) {
        openssl->BIO_free(buffer);
        errno = ENOMEM;
        return CHANNEL_FAILED;
    }
    long size = OUTPUT_BUFFER;
    int side = 1; /* the one for writing: BIO_set_write_buffer_size */
    openssl->BIO_ctrl(buffer, BIO_C_SET_BUFF_SIZE, size, &side);
    openssl->SSL_set0_wbio(channel->ssl, openssl->BIO_push(buffer, socket));
    return CHANNEL_OK;
}

enum channel_result channel_handshake(struct channel *channel)
{
    if (channel->ssl == NULL)
        return CHANNEL_OK;
    const struct openssl *openssl = prepare(channel);
    int value = openssl->SSL_do_handshake(channel->ssl);
    if (value != 1)
        return outcome(channel, value, errno);
    if (openssl->SSL_session_reused(channel->ssl) != 1) { /* the key is what makes it a resumed one */
        errno = EPROTO;
        return CHANNEL_FAILED;
    }
    return settle(channel);
}

enum channel_result channel_read(struct channel *channel, void *data, size_t size, size_t *length)
{
    if (channel->ssl != NULL) {
        const struct openssl *openssl = prepare(channel);
        int n = openssl->SSL_read(channel->ssl, data, size > INT32_MAX ? INT32_MAX : (int)size);
        *length = n > 0 ? (size_t)n : 0;
        return n > 0 ? CHANNEL_OK : outcome(channel, n, errno);
    }
    ssize_t n;
    do
        n = recv(channel->fd, data, size, MSG_DONTWAIT);
    while (n < 0 && errno == EINTR);
    *length = n > 0 ? (size_t)n : 0;
    if (n < 0)
        return errno == EAGAIN ? CHANNEL_WANTS_READ : CHANNEL_FAILED;
    return n > 0 ? CHANNEL_OK : CHANNEL_ENDED;
}

enum channel_result channel_write(struct channel *channel, const void *data, size_t length, bool more,
                                  size_t *written)
{
    *written = 0;
    if (channel->ssl != NULL) {
        const struct openssl *openssl = prepare(channel);
        int n = openssl->SSL_write(channel->ssl, data, length > INT32_MAX ? INT32_MAX : (int)length);
        *written = n > 0 ? (size_t)n : 0;
        return n > 0 ? CHANNEL_OK : outcome(channel, n, errno);
    }
    ssize_t n;
    do
        n = send(channel->fd, data, length, MSG_DONTWAIT | MSG_NOSIGNAL | (more ? MSG_MORE : 0));
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return errno == EAGAIN ? CHANNEL_WANTS_WRITE : CHANNEL_FAILED;
    *written = (size_t)n;
    return CHANNEL_OK;
}

enum channel_result channel_flush(struct channel *channel)
{
    if (channel->ssl == NULL || channel->kernel_encrypts)
        return CHANNEL_OK;
    const struct openssl *openssl = prepare(channel);
    BIO *bio = openssl->SSL_get_wbio(channel->ssl);
    if (openssl->BIO_ctrl(bio, BIO_CTRL_FLUSH, 0, NULL) > 0)
        return CHANNEL_OK;
    if (openssl->BIO_test_flags(bio, BIO_FLAGS_SHOULD_RETRY))
        return CHANNEL_WANTS_WRITE;
    errno = errno != 0 ? errno : EPIPE;
    return CHANNEL_FAILED;
}

enum channel_result channel_say_end(struct channel *channel)
{
    if (channel->ssl == NULL)
        return CHANNEL_OK;
    int value = prepare(channel)->SSL_shutdown(channel->ssl);
    return value >= 0 ? channel_flush(channel) : outcome(channel, value, errno);
}

uint64_t channel_received(const struct channel *channel)
{
    if (channel->ssl == NULL)
        return 0;
    const struct openssl *openssl = channel->tls->openssl;
    return openssl->BIO_number_read(openssl->SSL_get_rbio(channel->ssl));
}

bool channel_wait(const struct channel *channel, enum channel_result result)
{
    return descriptor_wait(channel->fd, result == CHANNEL_WANTS_WRITE ? POLLOUT : POLLIN, -1, -1) >= 0;
}

const char *channel_text(const struct channel *channel, bool sends, char text[CHANNEL_TEXT])
{
    if (channel->ssl == NULL)
        return "plain";
    const struct openssl *openssl = channel->tls->openssl;
    const char *who = sends && channel->kernel_encrypts ? "by the kernel" : "in this process";
    snprintf(text, CHANNEL_TEXT, "%s, %s %s",
             openssl->SSL_CIPHER_get_name(openssl->SSL_get_current_cipher(channel->ssl)),
             sends ? "encrypted" : "decrypted", who);
    return text;
}
