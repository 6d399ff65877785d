/* SPDX-License-Identifier: MIT */
/* The payloads of a session's frames in a table: for the test that knows them, and the one that makes them
 * up. */
#ifndef ZCOPY_TESTS_PAYLOADS_H
#define ZCOPY_TESTS_PAYLOADS_H

#include "net/frame.h"
#include "net/session.h"

#define PAYLOADS(X) \
    X(hello) X(offer) X(accept) X(have) X(entry) X(data) X(finish) X(again) X(answer) X(reason) X(count)

/* Room for each of them. */
union payload {
#define PAYLOAD_MEMBER(name) struct session_##name name;
    PAYLOADS(PAYLOAD_MEMBER)
#undef PAYLOAD_MEMBER
};

#define PAYLOAD_FUNCTIONS(name)                                                              \
    static inline void payload_pack_##name(struct packer *packer, const union payload *from) \
    {                                                                                        \
        session_pack_##name(packer, &from->name);                                            \
    }                                                                                        \
    static inline bool payload_unpack_##name(struct unpacker *unpacker, union payload *to)   \
    {                                                                                        \
        return session_unpack_##name(unpacker, &to->name);                                   \
    }
PAYLOADS(PAYLOAD_FUNCTIONS)
#undef PAYLOAD_FUNCTIONS

enum payload_kind {
#define PAYLOAD_KIND(name) PAYLOAD_##name,
    PAYLOADS(PAYLOAD_KIND) PAYLOAD_KINDS
#undef PAYLOAD_KIND
};

struct payload_functions {
    const char *name;
    void (*pack)(struct packer *packer, const union payload *from);
    bool (*unpack)(struct unpacker *unpacker, union payload *to);
};

static const struct payload_functions payload_functions[] = {
#define PAYLOAD_ROW(name) {#name, payload_pack_##name, payload_unpack_##name},
    PAYLOADS(PAYLOAD_ROW)
#undef PAYLOAD_ROW
};

/* What a frame of this type says; PAYLOAD_KINDS: bytes (PROOF, DIGEST), or nothing. */
static inline enum payload_kind payload_of(enum frame_type type)
{
    static const enum payload_kind kinds[FRAME_TYPES] = {
        [FRAME_HELLO] = PAYLOAD_hello,    [FRAME_PROOF] = PAYLOAD_KINDS,    [FRAME_OFFER] = PAYLOAD_offer,
        [FRAME_ACCEPT] = PAYLOAD_accept,  [FRAME_HAVE] = PAYLOAD_have,      [FRAME_READY] = PAYLOAD_KINDS,
        [FRAME_ENTRY] = PAYLOAD_entry,    [FRAME_CHUNK] = PAYLOAD_data,     [FRAME_DIGEST] = PAYLOAD_KINDS,
        [FRAME_FINISH] = PAYLOAD_finish,  [FRAME_DROP] = PAYLOAD_answer,    [FRAME_AGAIN] = PAYLOAD_again,
        [FRAME_CHECKED] = PAYLOAD_answer, [FRAME_DONE] = PAYLOAD_answer,    [FRAME_REFUSED] = PAYLOAD_reason,
        [FRAME_END] = PAYLOAD_count,      [FRAME_COMPLETE] = PAYLOAD_count, [FRAME_BYE] = PAYLOAD_KINDS,
        [FRAME_ABORT] = PAYLOAD_reason,   [FRAME_PING] = PAYLOAD_KINDS,
    };

    return type > 0 && type < FRAME_TYPES ? kinds[type] : PAYLOAD_KINDS;
}

#endif
