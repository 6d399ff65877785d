/* SPDX-License-Identifier: MIT */
/* OpenSSL 3, loaded when a session needs it: what moves plain bytes does not pay for it. */
#ifndef ZCOPY_NET_OPENSSL_H
#define ZCOPY_NET_OPENSSL_H

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/ssl.h>
#include <stdbool.h>

/* The functions in use. The macros of OpenSSL's headers end in SSL_ctrl, SSL_CTX_ctrl and BIO_ctrl. */
#define OPENSSL_FUNCTIONS(X)                 \
    X(BIO_ctrl)                              \
    X(BIO_f_buffer)                          \
    X(BIO_free)                              \
    X(BIO_new)                               \
    X(BIO_new_fd)                            \
    X(BIO_number_read)                       \
    X(BIO_push)                              \
    X(BIO_test_flags)                        \
    X(BIO_up_ref)                            \
    X(ERR_clear_error)                       \
    X(ERR_peek_last_error)                   \
    X(EVP_sha256)                            \
    X(HMAC)                                  \
    X(SSL_CIPHER_find)                       \
    X(SSL_CIPHER_get_name)                   \
    X(SSL_CTX_ctrl)                          \
    X(SSL_CTX_free)                          \
    X(SSL_CTX_new)                           \
    X(SSL_CTX_set_ciphersuites)              \
    X(SSL_CTX_set_default_read_buffer_len)   \
    X(SSL_CTX_set_num_tickets)               \
    X(SSL_CTX_set_options)                   \
    X(SSL_CTX_set_psk_find_session_callback) \
    X(SSL_CTX_set_psk_use_session_callback)  \
    X(SSL_SESSION_free)                      \
    X(SSL_SESSION_new)                       \
    X(SSL_SESSION_set1_master_key)           \
    X(SSL_SESSION_set_cipher)                \
    X(SSL_SESSION_set_protocol_version)      \
    X(SSL_do_handshake)                      \
    X(SSL_free)                              \
    X(SSL_get_current_cipher)                \
    X(SSL_get_error)                         \
    X(SSL_get_ex_data)                       \
    X(SSL_get_rbio)                          \
    X(SSL_get_wbio)                          \
    X(SSL_new)                               \
    X(SSL_read)                              \
    X(SSL_session_reused)                    \
    X(SSL_set0_wbio)                         \
    X(SSL_set_accept_state)                  \
    X(SSL_set_connect_state)                 \
    X(SSL_set_ex_data)                       \
    X(SSL_set0_rbio) X(SSL_set_wfd) X(SSL_shutdown) X(SSL_write) X(TLS_client_method) X(TLS_server_method)

struct openssl {
#define OPENSSL_MEMBER(name) __typeof__(name) *name;
    OPENSSL_FUNCTIONS(OPENSSL_MEMBER)
#undef OPENSSL_MEMBER
};

/* Loads libssl.so.3 with its libcrypto; they stay loaded. False: *problem says why that is impossible. */
bool openssl_load(struct openssl *openssl, const char **problem);

#endif
