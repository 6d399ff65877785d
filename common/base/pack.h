/* SPDX-License-Identifier: MIT */
/* Numbers, names and bytes to and from a buffer, in network order: of frames, and of journals. Pure. */
#ifndef ZCOPY_BASE_PACK_H
#define ZCOPY_BASE_PACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Writes into a buffer of the caller's. What does not fit is left out and sets full, which is asked for once,
 * at the end.
 */
struct packer {
    uint8_t *data;
    size_t length, size; /* bytes: written, and room */
    bool full;
};

struct packer packer_make(void *data, size_t size);

void pack_u8(struct packer *packer, uint8_t value);
void pack_u16(struct packer *packer, uint16_t value);
void pack_u32(struct packer *packer, uint32_t value);
void pack_u64(struct packer *packer, uint64_t value);
void pack_bytes(struct packer *packer, const void *data, size_t length);

/* Bytes behind their length, in 32 bits. */
void pack_block(struct packer *packer, const void *data, size_t length);

/* A text behind its length; NULL is the empty one. */
void pack_text(struct packer *packer, const char *text);

/*
 * Reads from a buffer of the caller's, which is not changed and has to stay. Reading beyond the end gives
 * zeros, and empty things, and sets bad, which is asked for once, at the end: what came from outside is used
 * only when unpack_done has said yes.
 */
struct unpacker {
    const uint8_t *data;
    size_t left; /* bytes */
    bool bad;
};

struct unpacker unpacker_make(const void *data, size_t length);

uint8_t unpack_u8(struct unpacker *unpacker);
uint16_t unpack_u16(struct unpacker *unpacker);
uint32_t unpack_u32(struct unpacker *unpacker);
uint64_t unpack_u64(struct unpacker *unpacker);

/* Copies length bytes; zeros when there are fewer. */
void unpack_bytes(struct unpacker *unpacker, void *data, size_t length);

/* Where a block's bytes stand in the buffer, and how many; at most most, or it is bad. */
const uint8_t *unpack_block(struct unpacker *unpacker, size_t most, size_t *length);

/* Copies a text into one of size bytes with its NUL. One that is longer, or has a NUL in it, is bad. */
void unpack_text(struct unpacker *unpacker, char *text, size_t size);

/* True when all was there and nothing is left. */
bool unpack_done(const struct unpacker *unpacker);

#endif
