/* SPDX-License-Identifier: MIT */
/* What the protocols share with handshake.c. */
#ifndef ZCAT_NET_HANDSHAKE_PRIVATE_H
#define ZCAT_NET_HANDSHAKE_PRIVATE_H

#include <stdbool.h>
#include <stddef.h>

#include "handshake.h"

/* Writes all bytes, and takes exactly size bytes. False: why and error are set. */
bool handshake_give(struct handshake *handshake, const void *bytes, size_t size);
bool handshake_take(struct handshake *handshake, void *bytes, size_t size);

/* What it means that giving or taking has failed: before the target was named, the proxy is no such proxy. */
enum handshake_outcome handshake_lost(const struct handshake *handshake);

/* Sets why, without an errno. Returns outcome. */
enum handshake_outcome handshake_fail(struct handshake *handshake, enum handshake_outcome outcome,
                                      const char *format, ...) __attribute__((format(printf, 3, 4)));

/* The proxy cannot connect to the target: the reason, and the code in its protocol. */
enum handshake_outcome handshake_refuse(struct handshake *handshake, const char *words, const char *protocol,
                                        unsigned code);

/* Nothing that this protocol has begins with that byte. */
enum handshake_outcome handshake_alien(struct handshake *handshake, const char *protocol, unsigned char byte);

/* The target's port as a number. */
uint16_t handshake_port(const struct handshake *handshake);

enum handshake_outcome handshake_socks4(struct handshake *handshake);
enum handshake_outcome handshake_socks5(struct handshake *handshake);
enum handshake_outcome handshake_connect(struct handshake *handshake);

#endif
