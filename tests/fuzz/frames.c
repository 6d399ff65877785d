/* SPDX-License-Identifier: MIT */
/*
 * Fuzz target: a frame's header, then its payload by what the header's type says; or a text that begins as a
 * key does. What is taken has to be the same when it is written again, but for true, which has many ways to
 * come.
 */
#include <limits.h>
#include <string.h>

#include "../unit/payloads.h"
#include "fuzz.h"
#include "net/key.h"

static struct openssl openssl;

unsigned long fuzz_inputs(void)
{
    return 200000;
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    const char *problem = "";

    (void)argc, (void)argv;
    if (!openssl_load(&openssl, &problem)) {
        fprintf(stderr, "%s\n", problem);
        exit(1);
    }
    return 0;
}

static void try_header(const uint8_t header[FRAME_HEADER])
{
    uint8_t again[FRAME_HEADER];
    struct frame frame;

    if (frame_decode(header, &frame) != NULL)
        return;
    require(frame.type > 0 && frame.type < FRAME_TYPES);
    require(frame.payload <= FRAME_PAYLOAD_MAX && frame.data <= FRAME_DATA_MAX);
    require(frame.data == 0 || frame.type == FRAME_CHUNK);
    frame_encode(&frame, again);
    require(memcmp(header, again, sizeof again) == 0);
}

/* What is promised of fields whose values are checked. */
static void judge(enum payload_kind kind, const union payload *payload, const uint8_t *data, size_t size)
{
    const struct session_entry *entry = &payload->entry;
    const struct session_have *have = &payload->have;

    switch (kind) {
    case PAYLOAD_hello:
        require(payload->hello.role == SESSION_SENDER || payload->hello.role == SESSION_RECEIVER);
        break;
    case PAYLOAD_offer:
        require(payload->offer.algorithm < DIGEST_COUNT);
        break;
    case PAYLOAD_have:
        require(memchr(have->path, '\0', sizeof have->path) != NULL && have->stamp_length <= SESSION_STAMP);
        break;
    case PAYLOAD_entry:
        require(memchr(entry->path, '\0', sizeof entry->path) != NULL);
        require(memchr(entry->target, '\0', sizeof entry->target) != NULL);
        require(entry->kind > 0 && entry->kind < SESSION_KINDS && entry->nanoseconds < 1000000000);
        require(entry->stamp_length <= SESSION_STAMP && entry->xattrs_length <= SESSION_XATTRS);
        require(entry->xattrs_length == 0 ||
                (entry->xattrs >= data && entry->xattrs + entry->xattrs_length <= data + size));
        break;
    case PAYLOAD_reason:
        require(memchr(payload->reason.text, '\0', sizeof payload->reason.text) != NULL);
        require(payload->reason.status > SESSION_DONE && payload->reason.status <= SESSION_TIMEOUT);
        break;
    default:
        break;
    }
}

/* Equal, but for a byte that only says "not zero". */
static void compare(const uint8_t *given, const uint8_t *written, size_t size)
{
    size_t differing = 0;

    for (size_t i = 0; i < size; i++) {
        differing += given[i] != written[i];
        require(given[i] == written[i] || (given[i] > 1 && written[i] == 1));
    }
    require(differing <= 1);
}

static void try_payload(enum payload_kind kind, const uint8_t *data, size_t size)
{
    static uint8_t first[FRAME_PAYLOAD_MAX], second[FRAME_PAYLOAD_MAX];
    static union payload one, two;
    const struct payload_functions *functions = &payload_functions[kind];
    struct unpacker unpacker = unpacker_make(data, size);
    struct packer packer = packer_make(first, sizeof first);

    memset(&one, 0xaa, sizeof one); /* so that what is left of one before is seen in the other */
    memset(&two, 0x55, sizeof two);
    if (!functions->unpack(&unpacker, &one))
        return;
    judge(kind, &one, data, size);
    functions->pack(&packer, &one);
    require(!packer.full && packer.length == size);
    compare(data, first, size);

    unpacker = unpacker_make(first, packer.length);
    require(functions->unpack(&unpacker, &two));
    packer = packer_make(second, sizeof second);
    functions->pack(&packer, &two);
    require(packer.length == size && memcmp(first, second, size) == 0);
}

static void try_key(const uint8_t *data, size_t size)
{
    char text[2 * KEY_TEXT], again[KEY_TEXT];
    struct key key;

    if (size >= sizeof text)
        size = sizeof text - 1;
    memcpy(text, data, size);
    text[size] = '\0';
    if (!key_parse(&openssl, text, &key))
        return;
    key_format(&openssl, &key, again);
    require(strcmp(text, again) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size >= 3 && memcmp(data, "zk1", 3) == 0) {
        try_key(data, size);
        return 0;
    }
    if (size < FRAME_HEADER)
        return 0;
    try_header(data);
    enum payload_kind kind = payload_of((enum frame_type)data[3]);
    if (kind != PAYLOAD_KINDS && size - FRAME_HEADER <= FRAME_PAYLOAD_MAX)
        try_payload(kind, data + FRAME_HEADER, size - FRAME_HEADER);
    return 0;
}
