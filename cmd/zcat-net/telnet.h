/* SPDX-License-Identifier: MIT */
/* zcat-net -t: the answers to what a telnet peer asks for, all of them no (RFC 854). Pure. */
#ifndef ZCAT_NET_TELNET_H
#define ZCAT_NET_TELNET_H

#include <stddef.h>

/* How far into a command the stream is; zeroed at its start. */
struct telnet {
    unsigned char state; /* of telnet.c */
    unsigned char verb;  /* WILL, WONT, DO or DONT, whose option is still to come */
};

enum { TELNET_ANSWER = 3 /* bytes of one answer */ };

/*
 * Looks through the next n bytes that the peer has sent, and writes IAC WONT x for each IAC DO x that ends
 * there, IAC DONT x for each IAC WILL x, in their order, to answers, which has room for n + TELNET_ANSWER
 * bytes. It does not matter how the stream is cut into pieces. Returns the bytes in answers.
 *
 * WONT and DONT are not answered: all options are off already, and RFC 854 forbids it, for two ends that do
 * would answer each other for ever (nc(1) answers them, and two of it do just that).
 */
size_t telnet_answer(struct telnet *telnet, const char *data, size_t n, char *answers);

#endif
