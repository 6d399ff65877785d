/* SPDX-License-Identifier: MIT */
/* Big-endian numbers, and bounds. */
#include "base/pack.h"

#include <endian.h>
#include <string.h>

struct packer packer_make(void *data, size_t size)
{
    return (struct packer){.data = data, .size = size};
}

void pack_bytes(struct packer *packer, const void *data, size_t length)
{
    if (packer->full || length > packer->size - packer->length) {
        packer->full = true;
        return;
    }
    if (length > 0)
        memcpy(packer->data + packer->length, data, length);
    packer->length += length;
}

void pack_u8(struct packer *packer, uint8_t value)
{
    pack_bytes(packer, &value, sizeof value);
}

void pack_u16(struct packer *packer, uint16_t value)
{
    value = htobe16(value);
    pack_bytes(packer, &value, sizeof value);
}

void pack_u32(struct packer *packer, uint32_t value)
{
    value = htobe32(value);
    pack_bytes(packer, &value, sizeof value);
}

void pack_u64(struct packer *packer, uint64_t value)
{
    value = htobe64(value);
    pack_bytes(packer, &value, sizeof value);
}

void pack_block(struct packer *packer, const void *data, size_t length)
{
    if (length > UINT32_MAX)
        packer->full = true;
    pack_u32(packer, (uint32_t)length);
    pack_bytes(packer, data, length);
}

void pack_text(struct packer *packer, const char *text)
{
    pack_block(packer, text, text == NULL ? 0 : strlen(text));
}

struct unpacker unpacker_make(const void *data, size_t length)
{
    return (struct unpacker){.data = data, .left = length};
}

/* Where the next length bytes stand; NULL when there are fewer. */
static const uint8_t *take(struct unpacker *unpacker, size_t length)
{
    const uint8_t *at = unpacker->data;

    if (unpacker->bad || length > unpacker->left) {
        unpacker->bad = true;
        return NULL;
    }
    if (length == 0)
        return at;
    unpacker->data += length;
    unpacker->left -= length;
    return at;
}

void unpack_bytes(struct unpacker *unpacker, void *data, size_t length)
{
    const uint8_t *at = take(unpacker, length);

    if (at == NULL)
        memset(data, 0, length);
    else if (length > 0)
        memcpy(data, at, length);
}

uint8_t unpack_u8(struct unpacker *unpacker)
{
    uint8_t value;
    unpack_bytes(unpacker, &value, sizeof value);
    return value;
}

uint16_t unpack_u16(struct unpacker *unpacker)
{
    uint16_t value;
    unpack_bytes(unpacker, &value, sizeof value);
    return be16toh(value);
}

uint32_t unpack_u32(struct unpacker *unpacker)
{
    uint32_t value;
    unpack_bytes(unpacker, &value, sizeof value);
    return be32toh(value);
}

uint64_t unpack_u64(struct unpacker *unpacker)
{
    uint64_t value;
    unpack_bytes(unpacker, &value, sizeof value);
    return be64toh(value);
}

const uint8_t *unpack_block(struct unpacker *unpacker, size_t most, size_t *length)
{
    *length = unpack_u32(unpacker);
    if (*length > most)
        unpacker->bad = true;
    const uint8_t *at = take(unpacker, *length);
    if (at == NULL)
        *length = 0;
    return at;
}

void unpack_text(struct unpacker *unpacker, char *text, size_t size)
{
    size_t length;
    const uint8_t *at = unpack_block(unpacker, size - 1, &length);

    if (length > 0 && memchr(at, '\0', length) != NULL) {
        unpacker->bad = true;
        length = 0;
    }
    if (length > 0)
        memcpy(text, at, length);
    text[length] = '\0';
}

bool unpack_done(const struct unpacker *unpacker)
{
    return !unpacker->bad && unpacker->left == 0;
}
