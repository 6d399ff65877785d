/* SPDX-License-Identifier: MIT */
/* TLS 1.3 with a pre-shared key and nothing else. */
#include <string.h>

#include "net/channel.h"

/*
 * Bytes, on the wire: a full record of TLS 1.3 (RFC 8446, 5.2: header, plaintext, type, tag of both suites);
 * and what is read at once: whole records, or every second recv(2) is for the few bytes that are missing at
 * the end. OpenSSL leaves 3 bytes of its buffer empty, to align what follows the header. Four records stay in
 * the cache between being read, decrypted and copied; with 256 KiB it took a sixth more time.
 */
enum { RECORD = 5 + 16384 + 1 + 16, READ_BUFFER = 4 * RECORD + 3 };

static const unsigned char identity[] = "zcopy";

/*
 * The session that stands for the key, with a suite of the key's hash; NULL: none. OpenSSL gives its
 * callbacks nothing but the connection, so they look the functions up again.
 */
static SSL_SESSION *make_session(SSL *ssl)
{
    static const unsigned char aes_128_gcm_sha256[] = {0x13, 0x01};
    struct openssl openssl;
    const char *problem;

    if (!openssl_load(&openssl, &problem))
        return NULL;
    const struct tls *tls = openssl.SSL_get_ex_data(ssl, 0);
    SSL_SESSION *session = openssl.SSL_SESSION_new();
    if (session != NULL &&
        openssl.SSL_SESSION_set1_master_key(session, tls->secret, sizeof tls->secret) == 1 &&
        openssl.SSL_SESSION_set_cipher(session, openssl.SSL_CIPHER_find(ssl, aes_128_gcm_sha256)) == 1 &&
        openssl.SSL_SESSION_set_protocol_version(session, TLS1_3_VERSION) == 1)
        return session;
    openssl.SSL_SESSION_free(session);
    return NULL;
}

static int use_key(SSL *ssl, const EVP_MD *hash, const unsigned char **name, size_t *length,
                   SSL_SESSION **session)
{
    (void)hash; /* the suites that are left have SHA-256 */
    *name = identity;
    *length = sizeof identity - 1;
    *session = make_session(ssl);
    return *session != NULL;
}

static int find_key(SSL *ssl, const unsigned char *name, size_t length, SSL_SESSION **session)
{
    bool known = length == sizeof identity - 1 && memcmp(name, identity, length) == 0;

    *session = known ? make_session(ssl) : NULL;
    return 1; /* without a key the handshake fails, for there is no certificate either */
}

static SSL_CTX *make_context(const struct openssl *openssl, const SSL_METHOD *method)
{
    SSL_CTX *context = openssl->SSL_CTX_new(method);

    if (context == NULL)
        return NULL;
    openssl->SSL_CTX_ctrl(context, SSL_CTRL_SET_MIN_PROTO_VERSION, TLS1_3_VERSION, NULL);
    openssl->SSL_CTX_ctrl(context, SSL_CTRL_MODE,
                          SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER, NULL);
    openssl->SSL_CTX_ctrl(context, SSL_CTRL_SET_READ_AHEAD, 1, NULL);
    openssl->SSL_CTX_set_default_read_buffer_len(context, READ_BUFFER);
    openssl->SSL_CTX_set_options(context,
                                 SSL_OP_ENABLE_KTLS | SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION);
    openssl->SSL_CTX_set_psk_use_session_callback(context, use_key);
    openssl->SSL_CTX_set_psk_find_session_callback(context, find_key);
    if (openssl->SSL_CTX_set_ciphersuites(context, "TLS_AES_128_GCM_SHA256:TLS_CHACHA20_POLY1305_SHA256") ==
            1 &&
        openssl->SSL_CTX_set_num_tickets(context, 0) == 1)
        return context;
    openssl->SSL_CTX_free(context);
    return NULL;
}

bool tls_open(struct tls *tls, const struct openssl *openssl, const struct key *key, const char **problem)
{
    *tls = (struct tls){.openssl = openssl};
    key_derive(openssl, key, "tls", tls->secret);
    tls->client = make_context(openssl, openssl->TLS_client_method());
    tls->server = make_context(openssl, openssl->TLS_server_method());
    if (tls->client != NULL && tls->server != NULL)
        return true;
    *problem = "OpenSSL has no TLS 1.3 with AES-128-GCM"; /* as its configuration may say */
    tls_close(tls);
    return false;
}

void tls_close(struct tls *tls)
{
    tls->openssl->SSL_CTX_free(tls->client);
    tls->openssl->SSL_CTX_free(tls->server);
    explicit_bzero(tls->secret, sizeof tls->secret);
    tls->client = tls->server = NULL;
}
