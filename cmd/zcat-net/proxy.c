/* SPDX-License-Identifier: MIT */
/* Connecting to a proxy, asking for the password when the proxy does, and trying again. */
#include "proxy.h"

#include <bsd/readpassphrase.h>
#include <bsd/string.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/message.h"
#include "handshake.h"
#include "net/connection.h"

enum { PASSWORDS_MAX = 3 /* that are asked for, as nc(1) does */ };

static bool read_password(const struct proxy_options *proxy, struct proxy_login *login)
{
    char prompt[NI_MAXHOST + HTTP_TEXT_MAX + 32];

    snprintf(prompt, sizeof prompt, "Proxy password for %s@%s: ", proxy->user, proxy->address.host);
    if (readpassphrase(prompt, login->password, sizeof login->password, RPP_REQUIRE_TTY) != NULL)
        return login->known = true;
    /* readpassphrase(3bsd) says ENOTTY where /dev/tty cannot be opened. */
    char name[ADDRESS_TEXT];
    address_text(&proxy->address, name);
    if (errno == ENOTTY)
        message_note("proxy '%s' wants the password of '%s', and there is no terminal to ask for it", name,
                     proxy->user);
    else
        message_error(errno, "cannot read the password for proxy '%s' from the terminal", name);
    return false;
}

/* The proxy wants a password, or has not liked this one. False: there is none. */
static bool ask_password(const struct proxy_options *proxy, struct proxy_login *login)
{
    char name[ADDRESS_TEXT];

    if (login->known)
        message_note("proxy '%s' does not accept the password of '%s'", address_text(&proxy->address, name),
                     proxy->user);
    proxy_forget(login);
    return login->asked++ < PASSWORDS_MAX && read_password(proxy, login);
}

void proxy_forget(struct proxy_login *login)
{
    explicit_bzero(login->password, sizeof login->password);
    login->known = false;
}

static enum handshake_outcome fail_connect(struct handshake *handshake, const struct socket_failure *failure,
                                           const struct address *address)
{
    char text[SOCKET_FAILURE_TEXT];

    socket_failure_text(failure, address, text, &handshake->error);
    strlcpy(handshake->why, text, sizeof handshake->why);
    return HANDSHAKE_HOPELESS;
}

/* One connection, and what is said on it. It is closed unless the outcome is HANDSHAKE_DONE. */
static enum handshake_outcome converse(struct handshake *handshake, const struct settings *settings)
{
    const struct connect_options *options = &settings->connect;
    const struct address *address = &settings->proxy.address;
    struct socket_failure failure;

    handshake->fd = socket_connect(address, &options->socket, options->timeout, handshake->monitor, &failure,
                                   settings->verbose ? connect_report : NULL);
    if (handshake->fd < 0)
        return fail_connect(handshake, &failure, address);
    handshake->deadline = clock_after(clock_now(), options->timeout);
    enum handshake_outcome outcome = handshake_run(handshake);
    if (outcome != HANDSHAKE_DONE)
        connection_close(handshake->fd);
    return outcome;
}

/* One try: as many connections as there are passwords. HANDSHAKE_PASSWORD: none was right. */
static enum handshake_outcome try_once(struct handshake *handshake, const struct settings *settings,
                                       struct proxy_login *login)
{
    enum handshake_outcome outcome;

    do {
        handshake->password = login->known ? login->password : NULL;
        outcome = converse(handshake, settings);
    } while (outcome == HANDSHAKE_PASSWORD && ask_password(&settings->proxy, login));
    return outcome;
}

static int connect_through(const struct settings *settings, struct proxy_login *login,
                           struct handshake *handshake, bool quiet)
{
    const struct connect_options *options = &settings->connect;
    enum handshake_outcome outcome;
    long long tries = 0;

    do {
        outcome = try_once(handshake, settings, login);
        if (outcome == HANDSHAKE_DONE)
            return handshake->fd;
        bool silent = ++tries > options->retries ? quiet && outcome == HANDSHAKE_REFUSED : !settings->verbose;
        if (outcome != HANDSHAKE_PASSWORD && !silent)
            message_error(handshake->error, "%s", handshake->why);
    } while (outcome != HANDSHAKE_PASSWORD && connect_try_again(options, tries, handshake->monitor));
    login->useless = outcome != HANDSHAKE_REFUSED;
    return -1;
}

/* What has to be known here before a proxy can be asked. False: it is not, which is reported. */
static bool prepare(struct handshake *handshake, const struct settings *settings)
{
    const struct address *target = &settings->address;
    struct socket_failure failure;

    if (target->port[strspn(target->port, "0123456789")] != '\0') {
        message_note("unknown port '%s'", target->port);
        return false;
    }
    if (settings->proxy.protocol != PROXY_SOCKS4 ||
        socket_resolve_ipv4(target->host, settings->connect.socket.numeric, &handshake->target_ipv4,
                            &failure))
        return true;
    connect_report(&failure, target);
    return false;
}

int target_connect(const struct settings *settings, struct proxy_login *login, struct monitor *monitor,
                   bool quiet, char number[NI_MAXHOST])
{
    struct socket_failure failure;
    struct handshake handshake = {
        .proxy = &settings->proxy, .target = &settings->address, .monitor = monitor};

    if (settings->proxy.given == NULL) {
        int fd = connect_by_options(&settings->address, &settings->connect, monitor, settings->verbose, quiet,
                                    &failure);
        strlcpy(number, failure.host, NI_MAXHOST);
        return fd;
    }
    *number = '\0';
    login->useless = login->useless || !prepare(&handshake, settings);
    return login->useless ? -1 : connect_through(settings, login, &handshake, quiet);
}
