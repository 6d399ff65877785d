/* SPDX-License-Identifier: MIT */
/* The bytes of one regular file into another, each thread with its own pump. */
#ifndef ZCP_MOVER_H
#define ZCP_MOVER_H

#include <stdbool.h>
#include <sys/stat.h>

#include "move/pump.h"
#include "place.h"
#include "run.h"
#include "sums.h"

/* What files of one file system have been refused for another: not asked for again with every file. */
struct mover_pair {
    dev_t from, to;
    bool no_clone, no_offload; /* the latter is copy_file_range, in GNU's word */
};

/* What GNU's --debug says of one file. */
enum mover_said { SAID_UNKNOWN, SAID_NO, SAID_YES, SAID_AVOIDED, SAID_UNSUPPORTED };

struct mover {
    struct run *run;
    struct pump pump;              /* opened once, and turned to one pair of files after the other */
    struct transfer_totals totals; /* of all files so far */
    char *buffer;                  /* of MOVER_BUFFER bytes, at a multiple of 4096 for O_DIRECT; NULL until
                                      mover_buffer is called */

    /* Private. */
    struct mover_pair pair;
    bool offload_is_sound; /* see method_is_sound */
};

enum { MOVER_BUFFER = 512 * 1024 /* bytes */ };

/* The buffer, or NULL with errno: no memory. */
char *mover_buffer(struct mover *mover);

/* False: that failed (reported). */
bool mover_open(struct mover *mover, struct run *run);
void mover_close(struct mover *mover);

/*
 * Copies what in has (its status: status) into out, both open at offset 0 for this alone, by the cheapest
 * method that the options and the two files allow: a clone; otherwise the data extents only, so that holes
 * stay holes. out is a regular file (empty, or with --in-place as it was) or anything else that can be
 * written to. in is read to its end, whatever its status says. Returns true; or false, which has been
 * reported, unless it is because of run->signal (noticed within a slice, and within 100 ms where nothing
 * moves): out then holds a part. Where out had bytes before, none of these is left, success or not: after a
 * failure it is as long as what has been copied without a gap.
 * run->bytes grows on the way. With --debug a line like GNU's on standard output, and why on standard error.
 * sums, if not NULL, gets what has been read of in: on its way or, where it has not come into memory, by
 * reading in once more.
 */
bool mover_copy(struct mover *mover, int in, const struct stat *status, const struct place *from, int out,
                const struct place *to, struct sums *sums);

#endif
