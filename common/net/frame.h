/* SPDX-License-Identifier: MIT */
/* The unit of a session: a header, a payload of fields, and raw bytes behind it. Pure. */
#ifndef ZCOPY_NET_FRAME_H
#define ZCOPY_NET_FRAME_H

#include <stddef.h>
#include <stdint.h>

/*
 *   0          2          3          4                     8                    12
 *   +----------+----------+----------+---------------------+---------------------+------------+---------+
 *   | 'Z'  'C' | version  | type     | bytes of payload    | bytes of data       | payload    | data    |
 *   +----------+----------+----------+---------------------+---------------------+------------+---------+
 *
 * All numbers are in network order (big-endian), here and in the payload (base/pack.h). What the payload of
 * each type holds stands in session.h. Only frames of type FRAME_CHUNK have data: so many bytes of a file, as
 * they are.
 */
enum { FRAME_HEADER = 12, FRAME_VERSION = 1 }; /* bytes; what both sides have to speak */

/* Bytes at most: of a payload (a name, a symbolic link and the extended attributes have room), and of data.
 */
enum { FRAME_PAYLOAD_MAX = 160 * 1024, FRAME_DATA_MAX = 1 << 30 };

enum frame_type {
    FRAME_HELLO = 1, /* both: who is there */
    FRAME_PROOF,     /* both: that the key is known */
    FRAME_OFFER,     /* from the sender: what session it wants */
    FRAME_ACCEPT,    /* from the receiver: what it grants */
    FRAME_HAVE,      /* from the receiver: a file of which it has something from before */
    FRAME_READY,     /* from the receiver: no more of these */
    FRAME_ENTRY,     /* from the sender: a file, a directory, ... */
    FRAME_CHUNK,     /* from the sender: some of the entry's bytes, as data */
    FRAME_DIGEST,    /* from the sender: the digest of that chunk */
    FRAME_FINISH,    /* from the sender: the entry is complete */
    FRAME_DROP,      /* from the sender: the entry is given up */
    FRAME_AGAIN,     /* from the receiver: a chunk was not what its digest says */
    FRAME_CHECKED,   /* from the receiver: whether all of an entry's bytes are there, if FRAME_FINISH asked */
    FRAME_DONE,      /* from the receiver: entries are published */
    FRAME_REFUSED,   /* from the receiver: an entry is not wanted, or could not be stored */
    FRAME_END,       /* from the sender: there are no more entries */
    FRAME_COMPLETE,  /* from the receiver: all is done, and on disk if that is promised */
    FRAME_BYE,       /* from the sender: it has heard so */
    FRAME_ABORT,     /* both: the session ends here, and why */
    FRAME_PING,      /* both: still there */
    FRAME_TYPES
};

struct frame {
    enum frame_type type;
    uint32_t payload, data; /* bytes */
};

void frame_encode(const struct frame *frame, uint8_t header[FRAME_HEADER]);

/* NULL, or what is wrong with a header: other bytes, another version, an unknown type, a length that none
 * has. */
const char *frame_decode(const uint8_t header[FRAME_HEADER], struct frame *frame);

#endif
