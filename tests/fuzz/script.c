/* SPDX-License-Identifier: MIT */
/* Frames out of steps. */
#include "script.h"

#include <string.h>

#include "fuzz.h"
#include "net/frame.h"
#include "net/wire.h"

enum { FRAMES_MOST = 2 * 1024 * 1024 /* bytes of a connection */, STEP = 5 };

void script_add(struct script *script, const void *data, size_t length)
{
    if (length > FRAMES_MOST - script->length)
        return;
    if (script->length + length > script->size) {
        script->size = 2 * (script->length + length);
        script->frames = realloc(script->frames, script->size);
        require(script->frames != NULL);
    }
    memcpy(script->frames + script->length, data, length);
    script->length += length;
}

void script_frame(struct script *script, uint8_t type, const void *payload, uint32_t length, uint32_t data)
{
    const struct frame frame = {(enum frame_type)type, length, data};
    uint8_t header[FRAME_HEADER];

    frame_encode(&frame, header);
    script_add(script, header, sizeof header);
    script_add(script, payload, length);
}

static void note_chunk(struct script *script, const uint8_t *payload, size_t length, const uint8_t *data,
                       size_t size)
{
    struct unpacker unpacker = unpacker_make(payload, length);
    uint8_t unused[DIGEST_BYTES];

    unpack_u64(&unpacker);
    if (!script->has_chunk) {
        digest_take(script->digest, unused); /* anew */
        script->chunk = (struct session_chunk){.offset = unpack_u64(&unpacker)};
    }
    script->has_chunk = true;
    script->chunk.length += size;
    digest_add(script->digest, data, size);
}

/* A chunk's data: those given, or a long piece of letters. */
static void add_chunk(struct script *script, uint8_t step, const uint8_t *payload, uint32_t length,
                      const uint8_t *data, uint32_t size)
{
    static uint8_t letters[WIRE_BUFFER + 32];

    if (step & SCRIPT_LONG) {
        memset(letters, 'z', sizeof letters);
        size = WIRE_BUFFER - 32 + size % 64;
        data = letters;
    }
    if (script->length + FRAME_HEADER + length + size > FRAMES_MOST)
        return;
    script_frame(script, FRAME_CHUNK, payload, length, size);
    script_add(script, data, size);
    note_chunk(script, payload, length, data, size);
}

/* A digest that is right. The list is in the order in which the chunks were sent. */
static void add_digest(struct script *script)
{
    digest_take(script->digest, script->chunk.digest);
    script_frame(script, FRAME_DIGEST, script->chunk.digest, DIGEST_BYTES, 0);
    script->has_chunk = false;
    if (script->count < SCRIPT_CHUNKS)
        script->chunks[script->count++] = script->chunk;
}

/* The end of a file with the right digest; number, size and question are those given. */
static void add_finish(struct script *script, const uint8_t *payload, size_t length)
{
    struct unpacker unpacker = unpacker_make(payload, length);
    struct session_finish finish = {.number = unpack_u64(&unpacker), .size = unpack_u64(&unpacker)};
    uint8_t packed[128];
    struct packer packer = packer_make(packed, sizeof packed);

    finish.ask = length > 0 && payload[length - 1] & 1;
    finish.chunks = script->count;
    digest_take(script->list, finish.digest);
    for (size_t i = 0; i < script->count; i++)
        session_list_chunk(script->list, &script->chunks[i]);
    digest_take(script->list, finish.digest);
    session_pack_finish(&packer, &finish);
    script_frame(script, FRAME_FINISH, packed, (uint32_t)packer.length, 0);
}

bool script_next(struct script *script)
{
    while (script->left >= STEP) {
        struct unpacker head = unpacker_make(script->at, STEP);
        uint8_t step = unpack_u8(&head), type = step & SCRIPT_TYPE;
        uint16_t length = unpack_u16(&head), size = unpack_u16(&head);
        script->at += STEP;
        script->left -= STEP;
        if (type == SCRIPT_CUT)
            return true;
        if (length > script->left)
            length = (uint16_t)script->left;
        const uint8_t *payload = script->at, *data = payload + length;
        uint16_t given = type != FRAME_CHUNK || step & SCRIPT_LONG ? 0 : size;
        if (given > script->left - length)
            given = (uint16_t)(script->left - length);
        script->at = data + given;
        script->left -= (size_t)length + given;
        if (type == FRAME_ENTRY && !(step & SCRIPT_RIGHT))
            script->count = 0;
        if (type == FRAME_CHUNK)
            add_chunk(script, step, payload, length, data, step & SCRIPT_LONG ? size : given);
        else if (type == FRAME_DIGEST && step & SCRIPT_RIGHT)
            add_digest(script);
        else if (type == FRAME_FINISH && step & SCRIPT_RIGHT)
            add_finish(script, payload, length);
        else
            script_frame(script, type, payload, length, 0);
        script->has_chunk = script->has_chunk && type != FRAME_DIGEST;
    }
    return false;
}
