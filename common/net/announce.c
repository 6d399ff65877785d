/* SPDX-License-Identifier: MIT */
/* Which address other hosts may reach this one by, and the command for them. */
#include "net/announce.h"

#include <bsd/string.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <string.h>
#include <unistd.h>

#include "base/message.h"

static bool is_any(const char *host)
{
    return strcmp(host, "0.0.0.0") == 0 || strcmp(host, "::") == 0 || *host == '\0';
}

/* The first address of an interface that is up, and not the loopback one; the host's name if there is none.
 */
static void find_host(char host[NI_MAXHOST])
{
    struct ifaddrs *list = NULL;
    bool found = false;

    if (getifaddrs(&list) != 0)
        list = NULL;
    for (const struct ifaddrs *one = list; one != NULL && !found; one = one->ifa_next)
        found = one->ifa_addr != NULL && one->ifa_addr->sa_family == AF_INET && one->ifa_flags & IFF_UP &&
                !(one->ifa_flags & IFF_LOOPBACK) &&
                getnameinfo(one->ifa_addr, sizeof(struct sockaddr_in), host, NI_MAXHOST, NULL, 0,
                            NI_NUMERICHOST) == 0;
    if (list != NULL)
        freeifaddrs(list);
    if (!found && gethostname(host, NI_MAXHOST) != 0)
        strlcpy(host, "HOST", NI_MAXHOST);
}

static struct address bound_to(const struct listener *listener, const struct address *address)
{
    struct address bound = *address;

    if (address->family == AF_UNSPEC)
        listener_name(listener, 0, false, &bound);
    return bound;
}

void announce_port(const struct listener *listener, const struct address *address)
{
    const struct address bound = bound_to(listener, address);
    message_plain("%s", bound.family == AF_UNIX ? bound.path : bound.port);
}

void announce_command(const struct listener *listener, const struct address *address, const char *key,
                      const char *command)
{
    struct address bound = bound_to(listener, address);
    char text[ADDRESS_TEXT];

    if (bound.family == AF_UNSPEC && is_any(bound.host))
        find_host(bound.host);
    /* The blank keeps it out of the other shell's history, where HISTCONTROL says so. */
    message_plain(" ZSEND_KEY=%s %s %s%s", key, command, bound.family == AF_UNIX ? "unix:" : "",
                  address_text(&bound, text));
}
