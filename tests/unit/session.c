/* SPDX-License-Identifier: MIT */
/* Checks the headers of frames and what their payloads say: both ways, at their limits and beyond. */
#include <stdlib.h>
#include <string.h>

#include "payloads.h"
#include "unit.h"

static uint8_t bytes[FRAME_PAYLOAD_MAX], again[FRAME_PAYLOAD_MAX];

static void check_header(void)
{
    static const uint8_t expected[FRAME_HEADER] = {'Z', 'C', 1, FRAME_CHUNK, 0, 0, 1, 2, 0, 3, 4, 5};
    struct frame frame = {FRAME_CHUNK, 0x0102, 0x030405}, read;
    uint8_t header[FRAME_HEADER];

    frame_encode(&frame, header);
    check(memcmp(header, expected, sizeof header) == 0, "a header is as frame.h draws it");
    check(frame_decode(header, &read) == NULL && read.type == frame.type && read.payload == frame.payload &&
              read.data == frame.data,
          "and says the same when it is read");
}

static const char *decode(unsigned type, uint32_t payload, uint32_t data)
{
    struct frame frame = {(enum frame_type)type, payload, data};
    uint8_t header[FRAME_HEADER];

    frame_encode(&frame, header);
    return frame_decode(header, &frame);
}

static void check_header_limits(void)
{
    uint8_t header[FRAME_HEADER];
    struct frame frame = {FRAME_PING, 0, 0};
    unsigned taken = 0, refused = 0, with_data = 0;

    for (unsigned type = 0; type < 256; type++) {
        bool known = type >= FRAME_HELLO && type <= FRAME_PING;
        const char *problem = decode(type, FRAME_PAYLOAD_MAX, 0);
        taken += known && problem == NULL;
        refused += !known && problem != NULL && strstr(problem, "type") != NULL;
        with_data += decode(type, 0, 1) == NULL;
    }
    check(taken == FRAME_TYPES - 1, "all %u known types are taken", taken);
    check(refused == 256 - taken, "all %u others are refused", refused);
    check(with_data == 1 && decode(FRAME_CHUNK, 16, FRAME_DATA_MAX) == NULL, "a chunk alone has data");
    check(decode(FRAME_CHUNK, 16, FRAME_DATA_MAX + 1) != NULL, "and not more than a GiB");
    check(decode(FRAME_CHUNK, 16, UINT32_MAX) != NULL, "and not 4 GiB");
    check(decode(FRAME_ENTRY, FRAME_PAYLOAD_MAX + 1, 0) != NULL, "a payload is at most %d bytes",
          FRAME_PAYLOAD_MAX);
    check(decode(FRAME_ENTRY, UINT32_MAX, 0) != NULL, "and not 4 GiB");
    for (int i = 0; i < 3; i++) {
        frame_encode(&frame, header);
        header[i] ^= 0x20;
        check(frame_decode(header, &frame) != NULL, "byte %d of the header has to be what it is", i);
    }
}

/* Something in every field that the length of its numbers shows. */
static void fill(enum payload_kind kind, union payload *payload)
{
    static const uint8_t xattrs[] = {1, 2, 3, 4, 5};

    memset(payload, 0, sizeof *payload);
    switch (kind) {
    case PAYLOAD_hello:
        memset(payload->hello.nonce, 0xa5, SESSION_NONCE);
        payload->hello.role = SESSION_RECEIVER;
        payload->hello.security = SESSION_OPEN;
        break;
    case PAYLOAD_offer:
        memset(payload->offer.id, 0x5a, SESSION_ID);
        payload->offer.algorithm = DIGEST_BLAKE2B;
        payload->offer.flags = 0x80000001;
        break;
    case PAYLOAD_accept:
        payload->accept.flags = 0xfedcba98;
        break;
    case PAYLOAD_have:
        payload->have = (struct session_have){.path = "a/b",
                                              .stamp = "stamp",
                                              .stamp_length = 5,
                                              .complete = true,
                                              .size = UINT64_MAX,
                                              .digest = "digest",
                                              .chunk = {1ULL << 62, 1ULL << 61, "chunk"}};
        break;
    case PAYLOAD_entry:
        payload->entry = (struct session_entry){.number = 1ULL << 63,
                                                .kind = SESSION_SYMLINK,
                                                .mode = 07777,
                                                .uid = UINT32_MAX,
                                                .gid = 1,
                                                .seconds = -1,
                                                .nanoseconds = 999999999,
                                                .size = UINT64_MAX,
                                                .stored = 1ULL << 40,
                                                .linked = true,
                                                .path = "\x01\xff\n",
                                                .target = "../t",
                                                .stamp = "s",
                                                .stamp_length = 1,
                                                .xattrs = xattrs,
                                                .xattrs_length = sizeof xattrs};
        break;
    case PAYLOAD_data:
        payload->data = (struct session_data){1, 1ULL << 63};
        break;
    case PAYLOAD_finish:
        payload->finish = (struct session_finish){1, 2, 3, "digest", true};
        break;
    case PAYLOAD_again:
        payload->again = (struct session_again){1, 2, UINT64_MAX};
        break;
    case PAYLOAD_answer:
        payload->answer = (struct session_answer){UINT64_MAX, true};
        break;
    case PAYLOAD_reason:
        payload->reason = (struct session_reason){9, SESSION_TIMEOUT, "too late"};
        break;
    case PAYLOAD_count:
        payload->count = (struct session_count){UINT64_MAX, 1};
        break;
    case PAYLOAD_KINDS:
        break;
    }
}

static size_t pack(enum payload_kind kind, const union payload *payload, uint8_t *to)
{
    struct packer packer = packer_make(to, FRAME_PAYLOAD_MAX);

    payload_functions[kind].pack(&packer, payload);
    return packer.full ? 0 : packer.length;
}

/* From a copy of its length, whose end AddressSanitizer watches. */
static bool unpack(enum payload_kind kind, const uint8_t *from, size_t length, union payload *payload)
{
    uint8_t *copy = malloc(length + (length == 0));

    if (copy == NULL)
        return false;
    memcpy(copy, from, length);
    struct unpacker unpacker = unpacker_make(copy, length);
    memset(payload, 0, sizeof *payload);
    bool good = payload_functions[kind].unpack(&unpacker, payload);
    if (kind == PAYLOAD_entry)
        payload->entry.xattrs = payload->entry.xattrs == NULL ? NULL : from + (payload->entry.xattrs - copy);
    free(copy);
    return good;
}

static void check_payload(enum payload_kind kind)
{
    static union payload payload, read;
    const char *name = payload_functions[kind].name;
    unsigned refused = 0;

    fill(kind, &payload);
    size_t length = pack(kind, &payload, bytes);
    check(length > 0 && unpack(kind, bytes, length, &read), "%s comes back (%zu bytes)", name, length);
    size_t second = pack(kind, &read, again);
    check(second == length && memcmp(bytes, again, length) == 0, "%s is the same when it is packed again",
          name);
    for (size_t shorter = 0; shorter < length; shorter++)
        refused += !unpack(kind, bytes, shorter, &read);
    check(refused == length, "%s is refused at each of %zu shorter lengths", name, length);
    bytes[length] = 0;
    check(!unpack(kind, bytes, length + 1, &read), "%s is refused with a byte behind it", name);
}

static void check_fields(void)
{
    static union payload payload, read;

    fill(PAYLOAD_entry, &payload);
    bool good = unpack(PAYLOAD_entry, bytes, pack(PAYLOAD_entry, &payload, bytes), &read);
    const struct session_entry *entry = &read.entry;
    check(good && entry->number == 1ULL << 63 && entry->kind == SESSION_SYMLINK && entry->mode == 07777 &&
              entry->uid == UINT32_MAX && entry->gid == 1 && entry->seconds == -1 &&
              entry->nanoseconds == 999999999 && entry->size == UINT64_MAX && entry->stored == 1ULL << 40,
          "the numbers of an entry are what they were");
    check(strcmp(entry->path, "\x01\xff\n") == 0 && strcmp(entry->target, "../t") == 0, "its names as well");
    check(entry->stamp_length == 1 && *entry->stamp == 's' && entry->xattrs_length == 5 &&
              entry->xattrs[4] == 5,
          "and its stamp and attributes");
    fill(PAYLOAD_have, &payload);
    good = unpack(PAYLOAD_have, bytes, pack(PAYLOAD_have, &payload, bytes), &read);
    check(good && memcmp(&read.have, &payload.have, sizeof read.have) == 0, "all of HAVE is what it was");
}

static bool takes(enum payload_kind kind, const union payload *payload)
{
    static union payload read;
    size_t length = pack(kind, payload, bytes);

    return length > 0 && unpack(kind, bytes, length, &read);
}

static void check_meanings(void)
{
    static union payload payload;

    for (unsigned role = 0; role < 5; role++) {
        fill(PAYLOAD_hello, &payload);
        payload.hello.role = (enum session_role)role;
        check(takes(PAYLOAD_hello, &payload) == (role == 1 || role == 2), "role %u", role);
        fill(PAYLOAD_hello, &payload);
        payload.hello.security = (enum session_security)role;
        check(takes(PAYLOAD_hello, &payload) == (role >= 1 && role <= 3), "security %u", role);
    }
    for (unsigned algorithm = 0; algorithm < 256; algorithm = algorithm * 2 + 1) {
        fill(PAYLOAD_offer, &payload);
        payload.offer.algorithm = (enum digest_algorithm)algorithm;
        check(takes(PAYLOAD_offer, &payload) == (algorithm < DIGEST_COUNT), "digest %u", algorithm);
    }
    for (unsigned kind = 0; kind < SESSION_KINDS + 2; kind++) {
        fill(PAYLOAD_entry, &payload);
        payload.entry.kind = (enum session_kind)kind;
        check(takes(PAYLOAD_entry, &payload) == (kind >= SESSION_FILE && kind < SESSION_KINDS), "kind %u",
              kind);
    }
    for (unsigned status = 0; status < 11; status++) {
        fill(PAYLOAD_reason, &payload);
        payload.reason.status = (enum session_status)status;
        check(takes(PAYLOAD_reason, &payload) == (status >= 1 && status <= 8), "status %u", status);
    }
    fill(PAYLOAD_entry, &payload);
    payload.entry.nanoseconds = 1000000000;
    check(!takes(PAYLOAD_entry, &payload), "a second has no more nanoseconds than there are");
}

static void check_lengths(void)
{
    static uint8_t xattrs[SESSION_XATTRS + 1];
    static union payload payload;

    fill(PAYLOAD_entry, &payload);
    memset(payload.entry.path, 'p', PATH_MAX - 1);
    memset(payload.entry.target, 't', PATH_MAX - 1);
    payload.entry.stamp_length = SESSION_STAMP;
    payload.entry.xattrs = xattrs;
    payload.entry.xattrs_length = SESSION_XATTRS;
    check(takes(PAYLOAD_entry, &payload), "an entry with all that it may have fits into a frame");
    payload.entry.xattrs_length = SESSION_XATTRS + 1;
    check(!takes(PAYLOAD_entry, &payload), "a byte more of attributes is refused");
    payload.entry.xattrs_length = 0;
    payload.entry.xattrs = NULL;
    check(takes(PAYLOAD_entry, &payload), "none are none");
    fill(PAYLOAD_reason, &payload);
    memset(payload.reason.text, 'r', SESSION_TEXT - 1);
    check(takes(PAYLOAD_reason, &payload), "a reason of all its length is taken");
}

static void check_chunks(void)
{
    static const struct {
        uint64_t size, length;
    } rows[] = {
        {0, 4 << 20},
        {1, 4 << 20},
        {(16384ULL << 22) - 1, 4 << 20},
        {16384ULL << 22, 8 << 20},
        {16384ULL << 23, 16 << 20},
        {INT64_MAX, 1 << 30},
        {UINT64_MAX - 1, 1 << 30},
        {UINT64_MAX, 4 << 20}, /* unknown */
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        check(session_chunk_length(rows[i].size) == rows[i].length, "%llu bytes go in chunks of %llu (%llu)",
              (unsigned long long)rows[i].size, (unsigned long long)rows[i].length,
              (unsigned long long)session_chunk_length(rows[i].size));
}

/* XXH3 of 16 bytes of numbers and DIGEST_BYTES of digest a chunk, in order; xxhsum -H128 of the same bytes.
 */
static void check_list(void)
{
    const struct session_chunk one = {0, 4, "one"}, two = {4, 3, "two"};
    unsigned char first[DIGEST_BYTES], other[DIGEST_BYTES], plain[DIGEST_BYTES];
    const char *problem;
    struct digest *digest = digest_open(DIGEST_XXH3, &problem);
    uint8_t list[2 * (16 + DIGEST_BYTES)] = {
        [7] = 0, [15] = 4, [16] = 'o', 'n', 'e', [87] = 4, [95] = 3, [96] = 't', 'w', 'o'};

    session_list_chunk(digest, &one);
    session_list_chunk(digest, &two);
    check(digest_take(digest, first) == 16, "a list of chunks has a digest");
    session_list_chunk(digest, &two);
    session_list_chunk(digest, &one);
    digest_take(digest, other);
    check(memcmp(first, other, sizeof first) != 0, "which says in which order they are");
    digest_add(digest, list, sizeof list);
    digest_take(digest, plain);
    check(memcmp(first, plain, sizeof first) == 0,
          "offsets, lengths and digests are in it, in network order");
    digest_free(digest);
}

int main(void)
{
    check_header();
    check_header_limits();
    for (enum payload_kind kind = 0; kind < PAYLOAD_KINDS; kind++)
        check_payload(kind);
    check_fields();
    check_meanings();
    check_lengths();
    check_chunks();
    check_list();
    return unit_status();
}
