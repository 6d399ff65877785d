/* SPDX-License-Identifier: MIT */
/* Parsing the options for a proxy. */
#include "proxy_options.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "net/http_connect.h"
#include "net/socks.h"

/* The words of -X, which nc(1) takes in either case, and the ports where nothing else is said. */
static const struct {
    const char *word, *port;
} protocols[] = {
    [PROXY_SOCKS5] = {"5", "1080"},
    [PROXY_SOCKS4] = {"4", "1080"},
    [PROXY_CONNECT] = {"connect", "3128"},
};

_Static_assert((int)HTTP_TEXT_MAX == (int)SOCKS_TEXT_MAX, "a user may be as long with every protocol");

static int take_protocol(struct proxy_options *options, const char *argument)
{
    for (size_t i = 0; i < sizeof protocols / sizeof *protocols; i++) {
        if (strcasecmp(protocols[i].word, argument) == 0) {
            options->protocol = (enum proxy_protocol)i;
            return 1;
        }
    }
    option_bad_argument("invalid", "-X", argument);
    return -1;
}

static int take_user(struct proxy_options *options, const char *argument)
{
    options->user = argument;
    if (*argument != '\0' && strlen(argument) <= SOCKS_TEXT_MAX)
        return 1;
    option_bad_argument(*argument ? "too long" : "empty", "-P", argument);
    return -1;
}

int proxy_option(struct proxy_options *options, int id, const char *argument)
{
    switch (id) {
    case 'x':
        options->given = argument;
        return 1;
    case 'X':
        return take_protocol(options, argument);
    case 'P':
        return take_user(options, argument);
    default:
        return 0;
    }
}

/* HOST, HOST:PORT, [V6] or [V6]:PORT: the same with a port. NULL: too long. */
static const char *with_port(const char *given, const char *port, char text[ADDRESS_TEXT])
{
    size_t length = strlen(given);
    bool lacks = *given == '[' ? length > 0 && given[length - 1] == ']' : strchr(given, ':') == NULL;
    int written = snprintf(text, ADDRESS_TEXT, "%s%s%s", given, lacks ? ":" : "", lacks ? port : "");

    return written < ADDRESS_TEXT ? text : NULL;
}

bool proxy_options_finish(struct proxy_options *options)
{
    char text[ADDRESS_TEXT];

    if (options->given == NULL)
        return true;
    bool fits = with_port(options->given, protocols[options->protocol].port, text) != NULL;
    const char *problem = fits ? address_parse(text, &options->address) : "host name too long";
    if (problem == NULL && options->address.family != AF_UNSPEC)
        problem = "a proxy has a host and a port";
    if (problem == NULL)
        problem = port_check(options->address.port, 1);
    if (problem != NULL)
        option_usage_error("%s: '%s'", problem, options->given);
    return problem == NULL;
}
