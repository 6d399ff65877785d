/* SPDX-License-Identifier: MIT */
/* A telnet stream is data, except for what follows an IAC; an IAC among the data comes twice. */
#include "telnet.h"

#include <arpa/telnet.h>
#include <stdbool.h>

enum { IN_DATA, AFTER_IAC, AFTER_VERB };

static bool is_verb(unsigned char byte)
{
    return byte == WILL || byte == WONT || byte == DO || byte == DONT;
}

/* The next byte; true if it ends a request that has to be answered. */
static bool ends_request(struct telnet *telnet, unsigned char byte)
{
    switch (telnet->state) {
    case AFTER_IAC:
        telnet->verb = byte;
        telnet->state = is_verb(byte) ? AFTER_VERB : IN_DATA;
        return false;
    case AFTER_VERB:
        telnet->state = IN_DATA;
        return telnet->verb == WILL || telnet->verb == DO;
    default:
        telnet->state = byte == IAC ? AFTER_IAC : IN_DATA;
        return false;
    }
}

size_t telnet_answer(struct telnet *telnet, const char *data, size_t n, char *answers)
{
    size_t length = 0;

    for (size_t i = 0; i < n; i++) {
        if (!ends_request(telnet, (unsigned char)data[i]))
            continue;
        answers[length++] = (char)IAC;
        answers[length++] = (char)(telnet->verb == WILL ? DONT : WONT);
        answers[length++] = data[i];
    }
    return length;
}
