/* SPDX-License-Identifier: MIT */
/* --hash: which digest is asked for, and where it is printed. */
#ifndef ZCOPY_BASE_DIGEST_REQUEST_H
#define ZCOPY_BASE_DIGEST_REQUEST_H

#include <stdbool.h>

#include "base/digest.h"

/* What "ALGO[:FILE]" asks for. */
struct digest_request {
    enum digest_algorithm algorithm;
    const char *file; /* NULL: standard error, */
    bool is_result;   /* or standard output, with what message_result prints */
    int output;       /* the open file, or -1 */
};

#define DIGEST_REQUEST_HELP "xxh3, sha256, sha512, blake2b"

/* Parses it; output is -1. False: it is wrong. */
bool digest_request_parse(const char *text, struct digest_request *request);

/* Creates the file, if one is asked for. False: that failed (reported). */
bool digest_request_open(struct digest_request *request);

/* Closes the file, if it is open; sync: when it is on disk. False: it could not be written (reported). */
bool digest_request_close(struct digest_request *request, bool sync);

/* Prints a digest as sha256sum(1) does for a file of this name, which may have any bytes. False: that failed
 * (reported). */
bool digest_request_print(const struct digest_request *request, const char *digits, const char *name);

#endif
