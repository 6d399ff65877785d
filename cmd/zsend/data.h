/* SPDX-License-Identifier: MIT */
/* The bytes of a chunk, by the way that the connection allows. */
#ifndef ZSEND_DATA_H
#define ZSEND_DATA_H

#include "sender.h"

/* TLS in this process encrypts, so that no bytes can go past it. */
bool data_encrypts(const struct sender *sender);

/* Bytes of a chunk: of a file of this size, or of a stream from this offset on, as the receiver takes them.
 */
uint64_t data_chunk_length(const struct sender *sender, uint64_t of);

/* Opens the pump, and chooses the methods. False: none of --method can send over this connection (reported).
 */
bool data_open(struct sender *sender);
void data_close(struct sender *sender);

enum data_result {
    DATA_SENT,
    DATA_CHANGED, /* the file has fewer bytes there, or cannot be read any more: what has been sent of the
                     chunk is not what its digest says */
    DATA_FAILED   /* the session is over */
};

/*
 * Sends length bytes of the file fd at an offset as the data of chunks, with their digest, which is also put
 * into digest. The file may change meanwhile: then the receiver finds that they are not what the digest says,
 * and asks again. error: errno of a read that failed, or 0.
 */
enum data_result data_send(struct sender *sender, int fd, uint64_t number, uint64_t offset, uint64_t length,
                           uint8_t digest[DIGEST_BYTES], int *error);

enum { DATA_SMALL = 64 * 1024 }; /* bytes: a chunk of so many at most goes together with its frames */

/* Sends a chunk of at most DATA_SMALL bytes out of memory. False: the session is over. */
bool data_send_bytes(struct sender *sender, uint64_t number, uint64_t offset, const uint8_t *bytes,
                     size_t length, uint8_t digest[DIGEST_BYTES]);

/*
 * Opens a source, read-only and O_NONBLOCK; follow: also a symbolic link. While another process gives back
 * its lease on the file, fcntl(2), the receiver hears from us. -1 with errno.
 */
int data_open_file(struct sender *sender, int dir, const char *name, bool follow);

/* Only computes the digest. */
enum data_result data_look(struct sender *sender, int fd, uint64_t offset, uint64_t length,
                           uint8_t digest[DIGEST_BYTES], int *error);

/* Sends the digest of the chunk whose data have been sent. */
bool data_send_digest(struct sender *sender, const uint8_t digest[DIGEST_BYTES]);

/* Announces that so many bytes of data of the entry follow. */
bool data_send_head(struct sender *sender, uint64_t number, uint64_t offset, uint32_t length);

#endif
