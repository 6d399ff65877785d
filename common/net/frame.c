/* SPDX-License-Identifier: MIT */
/* Headers of frames. */
#include "net/frame.h"

#include "base/pack.h"

void frame_encode(const struct frame *frame, uint8_t header[FRAME_HEADER])
{
    struct packer packer = packer_make(header, FRAME_HEADER);

    pack_bytes(&packer, "ZC", 2);
    pack_u8(&packer, FRAME_VERSION);
    pack_u8(&packer, (uint8_t)frame->type);
    pack_u32(&packer, frame->payload);
    pack_u32(&packer, frame->data);
}

const char *frame_decode(const uint8_t header[FRAME_HEADER], struct frame *frame)
{
    struct unpacker unpacker = unpacker_make(header, FRAME_HEADER);
    uint16_t magic = unpack_u16(&unpacker);
    uint8_t version = unpack_u8(&unpacker), type = unpack_u8(&unpacker);

    *frame = (struct frame){.type = type};
    frame->payload = unpack_u32(&unpacker);
    frame->data = unpack_u32(&unpacker);
    if (magic != ('Z' << 8 | 'C'))
        return "this is no frame of zcopy";
    if (version != FRAME_VERSION)
        return "the frame is of another version of zcopy";
    if (type == 0 || type >= FRAME_TYPES)
        return "the frame is of an unknown type";
    if (frame->payload > FRAME_PAYLOAD_MAX || frame->data > FRAME_DATA_MAX ||
        (frame->data > 0 && frame->type != FRAME_CHUNK))
        return "the frame is too long";
    return NULL;
}
