/* SPDX-License-Identifier: MIT */
/* Checks how numbers, names and bytes go into a buffer and come out of it, up to its bounds and beyond. */
#include "base/pack.h"

#include <stdlib.h>
#include <string.h>

#include "unit.h"

static void check_order(void)
{
    static const uint8_t expected[] = {
        0x01,                                           /* 8 bits */
        0x02, 0x03,                                     /* 16 */
        0x04, 0x05, 0x06, 0x07,                         /* 32 */
        0x08, 0x09, 0x0a, 0x0b, 0x0c, 0x0d, 0x0e, 0x0f, /* 64 */
        0xfe, 0xff,                                     /* bytes */
        0x00, 0x00, 0x00, 0x02, 'o',  'k',              /* a text */
        0x00, 0x00, 0x00, 0x01, 0x00,                   /* a block */
        0x00, 0x00, 0x00, 0x00                          /* no text */
    };
    uint8_t data[sizeof expected];
    struct packer packer = packer_make(data, sizeof data);

    pack_u8(&packer, 0x01);
    pack_u16(&packer, 0x0203);
    pack_u32(&packer, 0x04050607);
    pack_u64(&packer, 0x08090a0b0c0d0e0f);
    pack_bytes(&packer, "\xfe\xff", 2);
    pack_text(&packer, "ok");
    pack_block(&packer, "", 1);
    pack_text(&packer, NULL);
    check(!packer.full && packer.length == sizeof expected,
          "what fits to the byte is not too much (%zu of %zu)", packer.length, sizeof expected);
    check(memcmp(data, expected, sizeof expected) == 0,
          "numbers are in network order, texts behind their length");
    pack_u8(&packer, 1);
    check(packer.full && packer.length == sizeof expected, "one byte more is left out, and said");
}

static void check_round_trip(void)
{
    static const uint64_t values[] = {0,     1,     127,       128,        255,       256,
                                      65535, 65536, INT32_MAX, UINT32_MAX, INT64_MAX, UINT64_MAX};
    uint8_t data[64];

    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        struct packer packer = packer_make(data, sizeof data);
        pack_u8(&packer, (uint8_t)values[i]);
        pack_u16(&packer, (uint16_t)values[i]);
        pack_u32(&packer, (uint32_t)values[i]);
        pack_u64(&packer, values[i]);
        struct unpacker unpacker = unpacker_make(data, packer.length);
        bool same = unpack_u8(&unpacker) == (uint8_t)values[i];
        same = unpack_u16(&unpacker) == (uint16_t)values[i] && same;
        same = unpack_u32(&unpacker) == (uint32_t)values[i] && same;
        same = unpack_u64(&unpacker) == values[i] && same;
        check(same && unpack_done(&unpacker), "%llu comes back in every width",
              (unsigned long long)values[i]);
    }
}

/* Whatever was too large, what comes later is left out too: a payload never has a hole. */
static void check_full(void)
{
    uint8_t data[8] = {9, 9, 9, 9, 9, 9, 9, 9};
    struct packer packer = packer_make(data, 4);

    pack_u16(&packer, 0x0102);
    pack_u32(&packer, 0x03040506);
    check(packer.full && packer.length == 2, "a number that does not fit is left out whole");
    pack_u8(&packer, 7);
    check(packer.full && packer.length == 2, "and what would fit behind it as well");
    check(data[2] == 9 && data[3] == 9 && data[4] == 9, "nothing is written of what is left out");

    packer = packer_make(data, 6);
    pack_text(&packer, "abc");
    check(packer.full, "a text that fits in part only is too much");
    packer = packer_make(data, 0);
    pack_bytes(&packer, NULL, 0);
    check(!packer.full && packer.length == 0, "nothing fits into nothing");
    pack_u8(&packer, 0);
    check(packer.full, "and that is all");
}

/* Every beginning of a payload is bad, and reads as zeros where it ends. */
static void check_short(void)
{
    uint8_t data[64];
    struct packer packer = packer_make(data, sizeof data);
    unsigned good = 0;

    pack_u64(&packer, UINT64_MAX);
    pack_text(&packer, "name");
    pack_block(&packer, "\1\2\3", 3);
    for (size_t length = 0; length <= packer.length; length++) {
        uint8_t *copy = malloc(length + (length == 0)); /* so that AddressSanitizer sees the end */
        if (copy == NULL)
            break;
        memcpy(copy, data, length);
        struct unpacker unpacker = unpacker_make(copy, length);
        char text[8] = "dirty";
        size_t block;
        uint64_t number = unpack_u64(&unpacker);
        unpack_text(&unpacker, text, sizeof text);
        unpack_block(&unpacker, sizeof data, &block);
        bool done = unpack_done(&unpacker);
        good += done == (length == packer.length) && number == (length < 8 ? 0 : UINT64_MAX) &&
                strcmp(text, length < 16 ? "" : "name") == 0 && block == (done ? 3U : 0U);
        free(copy);
    }
    check(good == packer.length + 1, "%u of %zu beginnings read as what they are", good, packer.length + 1);
    data[packer.length] = 0;
    struct unpacker unpacker = unpacker_make(data, packer.length + 1);
    char text[8];
    size_t block;
    unpack_u64(&unpacker);
    unpack_text(&unpacker, text, sizeof text);
    unpack_block(&unpacker, sizeof data, &block);
    check(!unpacker.bad && !unpack_done(&unpacker), "a byte that is left is no end");
}

static bool takes_text(const void *text, uint32_t length, uint32_t announced, char *into, size_t size)
{
    uint8_t data[64];
    struct packer packer = packer_make(data, sizeof data);

    pack_u32(&packer, announced);
    pack_bytes(&packer, text, length);
    struct unpacker unpacker = unpacker_make(data, packer.length);
    unpack_text(&unpacker, into, size);
    return unpack_done(&unpacker);
}

static void check_texts(void)
{
    char text[6] = "dirty";

    check(takes_text("12345", 5, 5, text, sizeof text) && strcmp(text, "12345") == 0,
          "a text that just fits is taken");
    check(!takes_text("123456", 6, 6, text, sizeof text) && *text == '\0',
          "one that is a letter longer is bad, and empty");
    check(takes_text("", 0, 0, text, sizeof text) && *text == '\0', "the empty text is one");
    check(!takes_text("a\0b", 3, 3, text, sizeof text) && *text == '\0', "a NUL within is bad");
    check(!takes_text("ab\0", 3, 3, text, sizeof text) && *text == '\0', "and one at the end");
    check(!takes_text("abc", 3, UINT32_MAX, text, sizeof text) && *text == '\0', "a length of 4 GiB is bad");
    check(!takes_text("abc", 3, 4, text, sizeof text) && *text == '\0', "a length beyond the end is bad");
    check(takes_text("\x01\xff\n", 3, 3, text, sizeof text) && strcmp(text, "\x01\xff\n") == 0,
          "any other byte is taken");
}

static void check_blocks(void)
{
    static const uint8_t data[] = {0, 0, 0, 4, 'a', 'b', 'c', 'd'};
    struct unpacker unpacker = unpacker_make(data, sizeof data);
    size_t length = 77;
    const uint8_t *at = unpack_block(&unpacker, 4, &length);

    check(at == data + 4 && length == 4 && unpack_done(&unpacker), "a block stands where it has come");
    unpacker = unpacker_make(data, sizeof data);
    at = unpack_block(&unpacker, 3, &length);
    check(at == NULL && length == 0 && unpacker.bad, "one that is longer than allowed is bad");
    check(unpack_u8(&unpacker) == 0, "and nothing is read behind it");
    unpacker = unpacker_make(NULL, 0);
    check(unpack_done(&unpacker) && unpack_u8(&unpacker) == 0 && !unpack_done(&unpacker),
          "nothing ends at once");
}

int main(void)
{
    check_order();
    check_round_trip();
    check_full();
    check_short();
    check_texts();
    check_blocks();
    return unit_status();
}
