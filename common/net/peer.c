/* SPDX-License-Identifier: MIT */
/* Addresses, keys, sockets: what comes before a session. */
#include "net/peer.h"

#include <bsd/string.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/message.h"
#include "base/size.h"
#include "net/connection.h"

static const uint64_t greeting_patience = 10 * UINT64_C(1000000000); /* nanoseconds */

static bool all_digits(const char *text)
{
    return *text != '\0' && strspn(text, "0123456789") == strlen(text);
}

const char *peer_parse(const char *text, bool listens, struct address *address)
{
    char host[NI_MAXHOST];
    const char *port = PEER_PORT, *colon = strrchr(text, ':');

    if (strncmp(text, "unix:", 5) == 0 || address_is_vsock(text))
        return address_parse(text, address);
    if (listens && all_digits(text))
        return address_set(address, "", text);
    bool has_port = colon != NULL && all_digits(colon + 1) && (text[0] != '[' || colon[-1] == ']');
    size_t length = has_port ? (size_t)(colon - text) : strlen(text);
    if (has_port)
        port = colon + 1;
    if (length == 0)
        return "missing host name";
    if (length >= sizeof host)
        return "host name too long";
    if (text[0] == '[' && text[length - 1] == ']') {
        strlcpy(host, text + 1, length - 1);
    } else {
        strlcpy(host, text, length + 1);
        if (strchr(host, ':') != NULL)
            return "behind ':' stands a port, and an IPv6 address is written [ADDRESS]";
    }
    return address_set(address, host, port);
}

static enum session_status find_key(struct peer_secrets *secrets, const struct key_source *source, bool draws)
{
    switch (key_find(&secrets->openssl, source, &secrets->key)) {
    case KEY_FOUND:
        return SESSION_DONE;
    case KEY_BAD:
        return SESSION_USAGE;
    default:
        break;
    }
    if (!draws) {
        option_usage_error("a key is needed: in --key-file, or in the environment variable ZSEND_KEY");
        return SESSION_USAGE;
    }
    secrets->drawn = true;
    if (!key_draw(&secrets->key)) {
        message_error(errno, "cannot draw a key");
        return SESSION_LOCAL;
    }
    return SESSION_DONE;
}

enum session_status peer_open_secrets(struct peer_secrets *secrets, const struct peer_options *options,
                                      bool asks, bool draws)
{
    const struct key_source source = {.file = options->key_file, .ask = asks};
    enum session_security security = peer_security(options);
    const char *problem;

    *secrets = (struct peer_secrets){.security = security};
    if (security == SESSION_OPEN)
        return SESSION_DONE;
    if (!openssl_load(&secrets->openssl, &problem)) {
        message_note("cannot load OpenSSL: %s", problem);
        return SESSION_LOCAL;
    }
    enum session_status status = find_key(secrets, &source, draws);
    if (status != SESSION_DONE)
        return status;
    key_format(&secrets->openssl, &secrets->key, secrets->text);
    if (security != SESSION_ENCRYPTED || tls_open(&secrets->tls, &secrets->openssl, &secrets->key, &problem))
        return SESSION_DONE;
    message_note("cannot use TLS: %s", problem);
    return SESSION_LOCAL;
}

void peer_close_secrets(struct peer_secrets *secrets)
{
    if (secrets->tls.client != NULL)
        tls_close(&secrets->tls);
    explicit_bzero(&secrets->key, sizeof secrets->key);
    explicit_bzero(secrets->text, sizeof secrets->text);
}

int peer_print_new_key(void)
{
    struct openssl openssl;
    struct key key;
    char text[KEY_TEXT];
    const char *problem;

    if (!openssl_load(&openssl, &problem)) {
        message_note("cannot load OpenSSL: %s", problem);
        return SESSION_LOCAL;
    }
    if (!key_draw(&key)) {
        message_error(errno, "cannot draw a key");
        return SESSION_LOCAL;
    }
    key_format(&openssl, &key, text);
    message_result_line(text);
    if (message_close_results())
        return SESSION_DONE;
    message_error(errno, "error writing 'standard output'");
    return SESSION_LOCAL;
}

struct greeting_settings peer_greeting(const struct peer_secrets *secrets, enum session_role role,
                                       uint64_t timeout)
{
    return (struct greeting_settings){.role = role,
                                      .security = secrets->security,
                                      .tls = secrets->security == SESSION_ENCRYPTED ? &secrets->tls : NULL,
                                      .openssl = &secrets->openssl,
                                      .key = &secrets->key,
                                      .timeout = timeout};
}

/* The sockets of systemd: LISTEN_FDS of them from descriptor 3 on, if LISTEN_PID is us. */
static bool take_over(struct listener *listener)
{
    const char *process = getenv("LISTEN_PID"), *count = getenv("LISTEN_FDS");
    long long pid, fds;

    if (process == NULL || count == NULL || count_parse(process, 1, INT32_MAX, &pid) != NULL ||
        pid != getpid() || count_parse(count, 1, LISTENER_SOCKETS, &fds) != NULL)
        return false;
    *listener = (struct listener){.count = 0};
    for (int fd = 3; fd < 3 + fds; fd++) {
        fcntl(fd, F_SETFD, FD_CLOEXEC);
        fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
        connection_arm(fd);
        listener->fds[listener->count++] = fd;
    }
    unsetenv("LISTEN_PID");
    unsetenv("LISTEN_FDS");
    return true;
}

bool peer_listen(struct listener *listener, const struct address *address,
                 const struct socket_options *options)
{
    struct socket_failure failure;

    if (take_over(listener) || listener_open(listener, address, options, &failure))
        return true;
    connect_report(&failure, address);
    return false;
}

bool peer_may_listen(const struct listener *listener, const struct peer_options *options)
{
    struct sockaddr_storage bound;
    socklen_t length = sizeof bound;

    if (!options->no_key || options->allow.count > 0)
        return true;
    for (size_t i = 0; i < listener->count; i++, length = sizeof bound)
        if (getsockname(listener->fds[i], (struct sockaddr *)&bound, &length) != 0 ||
            !network_is_local(&bound)) {
            option_usage_error("--no-key needs a loopback address, a UNIX socket, or --allow");
            return false;
        }
    return true;
}

enum session_status peer_connect(const struct address *address, const struct connect_options *options,
                                 struct monitor *monitor, bool verbose,
                                 const struct greeting_settings *settings, struct guest *guest)
{
    struct connect_options once = *options;
    struct socket_failure failure;
    struct greeting greeting;
    char text[ADDRESS_TEXT];

    once.retries = 0; /* the caller's, for what comes after as well */
    int fd = connect_by_options(address, &once, monitor, verbose, false, &failure);
    if (fd < 0)
        return SESSION_CONNECT;
    uint64_t patience = options->timeout != 0 ? options->timeout : greeting_patience;
    /* The peer may still have to notice, in a timeout of its own, that our last connection is dead. */
    if (settings->timeout != 0 && 2 * settings->timeout + NANOSECONDS < patience)
        patience = 2 * settings->timeout + NANOSECONDS;
    if (greeting_begin(&greeting, settings, fd, false) && greeting_wait(&greeting, patience)) {
        *guest = (struct guest){.channel = greeting.channel, .peer = *address};
        return SESSION_DONE;
    }
    message_error(greeting.problem != NULL ? 0 : errno, "%s: no session is possible%s%s",
                  address_text(address, text), greeting.problem != NULL ? ": " : "",
                  greeting.problem != NULL ? greeting.problem : "");
    channel_close(&greeting.channel);
    connection_reset(fd);
    return greeting.status;
}

bool peer_may_come_back(enum session_status status)
{
    return status == SESSION_CONNECT || status == SESSION_BROKEN || status == SESSION_TIMEOUT;
}
