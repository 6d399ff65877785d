/* SPDX-License-Identifier: MIT */
/* The names of DSCP (RFC 2474, 2597, 3246) and of the old type of service (RFC 791). */
#include "tos.h"

#include <bsd/stdlib.h>
#include <errno.h>
#include <netinet/ip.h>
#include <stdlib.h>
#include <strings.h>

static const struct {
    const char *name;
    int value;
} names[] = {
    {"af11", IPTOS_DSCP_AF11},
    {"af12", IPTOS_DSCP_AF12},
    {"af13", IPTOS_DSCP_AF13},
    {"af21", IPTOS_DSCP_AF21},
    {"af22", IPTOS_DSCP_AF22},
    {"af23", IPTOS_DSCP_AF23},
    {"af31", IPTOS_DSCP_AF31},
    {"af32", IPTOS_DSCP_AF32},
    {"af33", IPTOS_DSCP_AF33},
    {"af41", IPTOS_DSCP_AF41},
    {"af42", IPTOS_DSCP_AF42},
    {"af43", IPTOS_DSCP_AF43},
    {"cs0", IPTOS_CLASS_CS0},
    {"cs1", IPTOS_CLASS_CS1},
    {"cs2", IPTOS_CLASS_CS2},
    {"cs3", IPTOS_CLASS_CS3},
    {"cs4", IPTOS_CLASS_CS4},
    {"cs5", IPTOS_CLASS_CS5},
    {"cs6", IPTOS_CLASS_CS6},
    {"cs7", IPTOS_CLASS_CS7},
    {"ef", IPTOS_DSCP_EF},
    {"critical", IPTOS_PREC_CRITIC_ECP},
    {"inetcontrol", IPTOS_PREC_INTERNETCONTROL},
    {"lowdelay", IPTOS_LOWDELAY},
    {"netcontrol", IPTOS_PREC_NETCONTROL},
    {"reliability", IPTOS_RELIABILITY},
    {"throughput", IPTOS_THROUGHPUT},
};

int tos_parse(const char *text)
{
    char *end;

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcasecmp(names[i].name, text) == 0)
            return names[i].value;
    errno = 0;
    long value = strtol(text, &end, 0);
    return errno != 0 || end == text || *end != '\0' || value < 0 || value > 255 ? -1 : (int)value;
}
