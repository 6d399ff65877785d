/* SPDX-License-Identifier: MIT */
/* Fields of payloads, one after the other. */
#include "net/session.h"

enum { CHUNK_LEAST = 4 * 1024 * 1024, CHUNKS_MOST = 16384 };

void session_pack_hello(struct packer *packer, const struct session_hello *hello)
{
    pack_bytes(packer, hello->nonce, sizeof hello->nonce);
    pack_u8(packer, (uint8_t)hello->role);
    pack_u8(packer, (uint8_t)hello->security);
}

bool session_unpack_hello(struct unpacker *unpacker, struct session_hello *hello)
{
    unpack_bytes(unpacker, hello->nonce, sizeof hello->nonce);
    hello->role = unpack_u8(unpacker);
    hello->security = unpack_u8(unpacker);
    return unpack_done(unpacker) && (hello->role == SESSION_SENDER || hello->role == SESSION_RECEIVER) &&
           hello->security >= SESSION_ENCRYPTED && hello->security <= SESSION_OPEN;
}

void session_pack_offer(struct packer *packer, const struct session_offer *offer)
{
    pack_bytes(packer, offer->id, sizeof offer->id);
    pack_u8(packer, (uint8_t)offer->algorithm);
    pack_u32(packer, offer->flags);
}

bool session_unpack_offer(struct unpacker *unpacker, struct session_offer *offer)
{
    unpack_bytes(unpacker, offer->id, sizeof offer->id);
    offer->algorithm = unpack_u8(unpacker);
    offer->flags = unpack_u32(unpacker);
    return unpack_done(unpacker) && offer->algorithm < DIGEST_COUNT;
}

void session_pack_accept(struct packer *packer, const struct session_accept *accept)
{
    pack_u32(packer, accept->flags);
}

bool session_unpack_accept(struct unpacker *unpacker, struct session_accept *accept)
{
    accept->flags = unpack_u32(unpacker);
    return unpack_done(unpacker);
}

static void unpack_stamp(struct unpacker *unpacker, uint8_t stamp[SESSION_STAMP], size_t *length)
{
    struct unpacker bytes;
    const uint8_t *at = unpack_block(unpacker, SESSION_STAMP, length);

    bytes = unpacker_make(at, *length);
    unpack_bytes(&bytes, stamp, *length);
}

static void pack_chunk(struct packer *packer, const struct session_chunk *chunk)
{
    pack_u64(packer, chunk->offset);
    pack_u64(packer, chunk->length);
    pack_bytes(packer, chunk->digest, sizeof chunk->digest);
}

void session_pack_have(struct packer *packer, const struct session_have *have)
{
    pack_text(packer, have->path);
    pack_block(packer, have->stamp, have->stamp_length);
    pack_u8(packer, have->complete);
    pack_u64(packer, have->size);
    pack_bytes(packer, have->digest, sizeof have->digest);
    pack_chunk(packer, &have->chunk);
}

bool session_unpack_have(struct unpacker *unpacker, struct session_have *have)
{
    unpack_text(unpacker, have->path, sizeof have->path);
    unpack_stamp(unpacker, have->stamp, &have->stamp_length);
    have->complete = unpack_u8(unpacker) != 0;
    have->size = unpack_u64(unpacker);
    unpack_bytes(unpacker, have->digest, sizeof have->digest);
    have->chunk.offset = unpack_u64(unpacker);
    have->chunk.length = unpack_u64(unpacker);
    unpack_bytes(unpacker, have->chunk.digest, sizeof have->chunk.digest);
    return unpack_done(unpacker);
}

void session_pack_entry(struct packer *packer, const struct session_entry *entry)
{
    pack_u64(packer, entry->number);
    pack_u8(packer, (uint8_t)entry->kind);
    pack_u32(packer, entry->mode);
    pack_u32(packer, entry->uid);
    pack_u32(packer, entry->gid);
    pack_u64(packer, (uint64_t)entry->seconds);
    pack_u32(packer, entry->nanoseconds);
    pack_u64(packer, entry->size);
    pack_u64(packer, entry->stored);
    pack_u8(packer, entry->linked);
    pack_text(packer, entry->path);
    pack_text(packer, entry->target);
    pack_block(packer, entry->stamp, entry->stamp_length);
    pack_block(packer, entry->xattrs, entry->xattrs_length);
}

bool session_unpack_entry(struct unpacker *unpacker, struct session_entry *entry)
{
    entry->number = unpack_u64(unpacker);
    entry->kind = unpack_u8(unpacker);
    entry->mode = unpack_u32(unpacker);
    entry->uid = unpack_u32(unpacker);
    entry->gid = unpack_u32(unpacker);
    entry->seconds = (int64_t)unpack_u64(unpacker);
    entry->nanoseconds = unpack_u32(unpacker);
    entry->size = unpack_u64(unpacker);
    entry->stored = unpack_u64(unpacker);
    entry->linked = unpack_u8(unpacker) != 0;
    unpack_text(unpacker, entry->path, sizeof entry->path);
    unpack_text(unpacker, entry->target, sizeof entry->target);
    unpack_stamp(unpacker, entry->stamp, &entry->stamp_length);
    entry->xattrs = unpack_block(unpacker, SESSION_XATTRS, &entry->xattrs_length);
    return unpack_done(unpacker) && entry->kind >= SESSION_FILE && entry->kind < SESSION_KINDS &&
           entry->nanoseconds < 1000000000;
}

void session_pack_data(struct packer *packer, const struct session_data *data)
{
    pack_u64(packer, data->number);
    pack_u64(packer, data->offset);
}

bool session_unpack_data(struct unpacker *unpacker, struct session_data *data)
{
    data->number = unpack_u64(unpacker);
    data->offset = unpack_u64(unpacker);
    return unpack_done(unpacker);
}

void session_pack_finish(struct packer *packer, const struct session_finish *finish)
{
    pack_u64(packer, finish->number);
    pack_u64(packer, finish->size);
    pack_u64(packer, finish->chunks);
    pack_bytes(packer, finish->digest, sizeof finish->digest);
    pack_u8(packer, finish->ask);
}

bool session_unpack_finish(struct unpacker *unpacker, struct session_finish *finish)
{
    finish->number = unpack_u64(unpacker);
    finish->size = unpack_u64(unpacker);
    finish->chunks = unpack_u64(unpacker);
    unpack_bytes(unpacker, finish->digest, sizeof finish->digest);
    finish->ask = unpack_u8(unpacker) != 0;
    return unpack_done(unpacker);
}

void session_pack_again(struct packer *packer, const struct session_again *again)
{
    pack_u64(packer, again->number);
    pack_u64(packer, again->offset);
    pack_u64(packer, again->length);
}

bool session_unpack_again(struct unpacker *unpacker, struct session_again *again)
{
    again->number = unpack_u64(unpacker);
    again->offset = unpack_u64(unpacker);
    again->length = unpack_u64(unpacker);
    return unpack_done(unpacker);
}

void session_pack_answer(struct packer *packer, const struct session_answer *answer)
{
    pack_u64(packer, answer->number);
    pack_u8(packer, answer->good);
}

bool session_unpack_answer(struct unpacker *unpacker, struct session_answer *answer)
{
    answer->number = unpack_u64(unpacker);
    answer->good = unpack_u8(unpacker) != 0;
    return unpack_done(unpacker);
}

void session_pack_reason(struct packer *packer, const struct session_reason *reason)
{
    pack_u64(packer, reason->number);
    pack_u8(packer, (uint8_t)reason->status);
    pack_text(packer, reason->text);
}

bool session_unpack_reason(struct unpacker *unpacker, struct session_reason *reason)
{
    reason->number = unpack_u64(unpacker);
    reason->status = unpack_u8(unpacker);
    unpack_text(unpacker, reason->text, sizeof reason->text);
    return unpack_done(unpacker) && reason->status >= SESSION_LOCAL && reason->status <= SESSION_TIMEOUT;
}

void session_pack_count(struct packer *packer, const struct session_count *count)
{
    pack_u64(packer, count->entries);
    pack_u64(packer, count->failed);
}

bool session_unpack_count(struct unpacker *unpacker, struct session_count *count)
{
    count->entries = unpack_u64(unpacker);
    count->failed = unpack_u64(unpacker);
    return unpack_done(unpacker);
}

void session_list_chunk(struct digest *digest, const struct session_chunk *chunk)
{
    uint8_t bytes[2 * sizeof(uint64_t) + DIGEST_BYTES];
    struct packer packer = packer_make(bytes, sizeof bytes);

    pack_chunk(&packer, chunk);
    digest_add(digest, bytes, packer.length);
}

uint64_t session_chunk_length(uint64_t size)
{
    uint64_t length = CHUNK_LEAST;

    while (size != UINT64_MAX && length < (uint64_t)1 << 30 && size / length >= CHUNKS_MOST)
        length *= 2;
    return length;
}
