/* SPDX-License-Identifier: MIT */
/* What the frames of a session say: a structure, a packer and an unpacker for each type. Pure. */
#ifndef ZCOPY_NET_SESSION_H
#define ZCOPY_NET_SESSION_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/digest.h"
#include "base/pack.h"

/*
 * The course of a session. The sender speaks first; what is in brackets may be missing.
 *
 *   sender                                       receiver
 *   HELLO, PROOF                                 HELLO, PROOF        (greeting.h)
 *   OFFER
 *                                                ACCEPT, [HAVE ...], READY, or ABORT
 *   ENTRY, [CHUNK + DIGEST ...], FINISH          [AGAIN], [CHECKED], DONE or REFUSED
 *   ... as many as there are, none waits for the one before
 *   END
 *                                                COMPLETE
 *   BYE
 *
 * Entries are numbered from 1 in the order in which they are sent first. One that is sent again, whole, has
 * its number again.
 */

enum {
    SESSION_ID =
        16, /* bytes of a transfer's name: the same files, named in the same way, with the same key */
    SESSION_NONCE = 32, /* bytes */
    SESSION_MAC = 32,   /* bytes of HMAC-SHA256 */
    SESSION_STAMP =
        64, /* bytes at most of what a sender remembers a source by (the receiver only keeps it) */
    SESSION_XATTRS = 64 * 1024,  /* bytes at most of all extended attributes of an entry */
    SESSION_TEXT = 2 * PATH_MAX, /* bytes of a reason, with its NUL */
    SESSION_ASKS =
        1024 * 1024,      /* bytes of a file from which on the sender waits for CHECKED behind its ENTRY */
    SESSION_ROUNDS = 5,   /* so often a sender sends again what does not arrive as it is */
    SESSION_WINDOW = 512, /* entries that may wait for DONE */
    SESSION_STREAM_CHUNK =
        1024 * 1024 /* bytes at most of a chunk for standard output: it waits in memory for its digest */
};

/* The exit statuses that zsend and zrecv share, and that travel in REFUSED and ABORT. */
enum session_status {
    SESSION_DONE = 0,
    SESSION_LOCAL = 1, /* this side has failed */
    SESSION_USAGE = 2,
    SESSION_CONNECT = 3, /* the peer could not be reached */
    SESSION_BROKEN = 4,  /* broken off; can be resumed */
    SESSION_DIGEST = 5,  /* what has arrived is not what was sent */
    SESSION_AUTH = 6,    /* the peer does not have the key, or no session is possible with it */
    SESSION_REFUSED = 7, /* by the receiver */
    SESSION_TIMEOUT = 8
};

enum session_role { SESSION_SENDER = 1, SESSION_RECEIVER = 2 };

/* How a connection is protected; both sides have to say the same. */
enum session_security {
    SESSION_ENCRYPTED = 1, /* TLS with the key */
    SESSION_PLAIN = 2,     /* the key is proven, the bytes are not protected */
    SESSION_OPEN = 3       /* no key */
};

struct session_hello {
    uint8_t nonce[SESSION_NONCE];
    enum session_role role;
    enum session_security security;
};

/* Flags of OFFER (what is wanted) and ACCEPT (what is granted). */
enum {
    SESSION_OWNER = 1,   /* owners and groups, by number */
    SESSION_XATTR = 2,   /* extended attributes of the user's name space */
    SESSION_DRY = 4,     /* nothing is to be stored */
    SESSION_UNNAMED = 8, /* OFFER: the one entry has no name, it is a stream */
    SESSION_STREAM = 16  /* ACCEPT: all goes to one output, which takes one entry */
};

struct session_offer {
    uint8_t id[SESSION_ID];
    enum digest_algorithm algorithm;
    uint32_t flags;
};

struct session_accept {
    uint32_t flags;
};

/* What the receiver has of a file: all of it (published, complete), or the chunks that follow one by one,
 * each with its digest. A file with many chunks comes as several of these, with the same path. */
struct session_chunk {
    uint64_t offset, length; /* bytes */
    uint8_t digest[DIGEST_BYTES];
};

struct session_have {
    char path[PATH_MAX];
    uint8_t stamp[SESSION_STAMP];
    size_t stamp_length;
    bool complete;
    uint64_t size;                /* bytes, with complete */
    uint8_t digest[DIGEST_BYTES]; /* over the list of chunks, with complete */
    struct session_chunk chunk;   /* one of them, without complete */
};

enum session_kind {
    SESSION_FILE = 1,
    SESSION_DIRECTORY, /* before what is in it */
    SESSION_LEAVE,     /* the same directory again, behind what is in it: mode and times are for now */
    SESSION_SYMLINK,   /* to target, any bytes */
    SESSION_FIFO,
    SESSION_HARD_LINK, /* to target, the path of a linked file that was sent before */
    SESSION_KINDS
};

struct session_entry {
    uint64_t number;
    enum session_kind kind;
    uint32_t mode, uid, gid; /* permissions only */
    int64_t seconds;         /* the time of the last modification, since 1970 */
    uint32_t nanoseconds;
    uint64_t size;       /* bytes that a file seems to have; UINT64_MAX: unknown */
    uint64_t stored;     /* bytes that it takes on the sender's disk: fewer, if it has holes */
    bool linked;         /* of a file: hard links to it may follow */
    char path[PATH_MAX]; /* relative, without "." and ".."; empty: the unnamed stream */
    char target[PATH_MAX];
    uint8_t stamp[SESSION_STAMP];
    size_t stamp_length;
    const uint8_t *xattrs; /* pairs of a text and a block (base/pack.h), in the frame's payload */
    size_t xattrs_length;  /* bytes */
};

struct session_data {
    uint64_t number, offset; /* the data that follow belong there, in bytes */
};

struct session_finish {
    uint64_t number, size;        /* bytes of the whole file, holes and all */
    uint64_t chunks;              /* how many, */
    uint8_t digest[DIGEST_BYTES]; /* and a digest over their list (session_list_digest) */
    bool ask;                     /* the sender waits for CHECKED */
};

struct session_again {
    uint64_t number, offset, length;
};

struct session_answer { /* CHECKED, DONE, DROP */
    uint64_t number;
    bool good; /* CHECKED: all is there; DONE: it is what was sent, and not what was there before */
};

struct session_reason { /* REFUSED, ABORT */
    uint64_t number;    /* REFUSED */
    enum session_status status;
    char text[SESSION_TEXT]; /* for people; may have any bytes */
};

struct session_count { /* END, COMPLETE */
    uint64_t entries, failed;
};

#define SESSION_DECLARE(name)                                                       \
    void session_pack_##name(struct packer *packer, const struct session_##name *); \
    bool session_unpack_##name(struct unpacker *unpacker, struct session_##name *)

/* Unpacking returns false for a payload that is not well formed. Values that have a meaning only here (kinds,
 * roles, flags, the length of a digest) are checked; names, sizes and offsets are the receiver's to judge. */
SESSION_DECLARE(hello);
SESSION_DECLARE(offer);
SESSION_DECLARE(accept);
SESSION_DECLARE(have);
SESSION_DECLARE(entry);
SESSION_DECLARE(data);
SESSION_DECLARE(finish);
SESSION_DECLARE(again);
SESSION_DECLARE(answer);
SESSION_DECLARE(reason);
SESSION_DECLARE(count);

/* Adds a chunk to a digest over the list of a file's chunks, which are in the order of their offsets. */
void session_list_chunk(struct digest *digest, const struct session_chunk *chunk);

/*
 * The length of the chunks that a file of so many bytes is cut into: 4 MiB, and more where a file would have
 * more than 16384 of them. A chunk ends at a multiple of it, or where the data end before a hole.
 */
uint64_t session_chunk_length(uint64_t size);

#endif
