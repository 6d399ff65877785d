/* SPDX-License-Identifier: MIT */
/* One output of ztee: what it is, how it is opened, how bytes get to it, and how it ends. */
#ifndef ZTEE_OUTPUT_H
#define ZTEE_OUTPUT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/monitor.h"
#include "command.h"
#include "move/method.h"
#include "settings.h"
#include "side_digest.h"
#include "spill.h"

enum output_state {
    OUTPUT_UNOPENED, /* not yet, or it could not be opened */
    OUTPUT_OPEN,
    OUTPUT_COMPLETE, /* it has all bytes; a socket, a command or a digest still has to confirm that
                        (output_confirm) */
    OUTPUT_GONE      /* it has failed, was cut off, or its readers have left */
};

struct output {
    enum output_type type;
    const char *name; /* for messages */
    char label[24];   /* the name of a descriptor */
    enum output_state state;

    /* To route.out are delivered, in this order, the bytes in route.data, in the spill, and in the route's
     * pipe: those that it has been given but has not taken yet. A pipe without a buffer is given its bytes
     * directly. */
    struct route route;
    struct spill spill;
    int shared; /* the descriptor from outside of which route.out is our own description, or -1 */
    bool is_buffered, can_be_slow;
    bool may_block; /* writing may block although it is polled first: small pieces then */

    size_t level;   /* bytes, from the start of what stands ready for all outputs, that it has been given */
    bool blocked;   /* it takes nothing just now */
    uint64_t stuck; /* nanoseconds: since when it holds up the others, 0: it does not, */
    int queued;     /* and how many bytes its reader had still to take then, -1: unknown */
    bool is_deaf;   /* a socket that says nothing more */
    bool is_lent;   /* a TCP connection that came from outside: others may go on with it */

    uint64_t bytes; /* that have been delivered */
    uint64_t by_method[METHOD_COUNT];
    int refused; /* errno with which splicing to it was refused, 0: it was not */

    pid_t pid;                /* of a command */
    struct side_digest *side; /* of a digest, */
    struct digest_request digest;
};

static inline bool output_is_live(const struct output *output)
{
    return output->state == OUTPUT_OPEN;
}

/* It is a connection that ztee has made. */
static inline bool output_is_connection(const struct output *output)
{
    return output->type == OUTPUT_TCP || output->type == OUTPUT_UNIX;
}

/* It holds up the others from now on, or has done so already. */
void output_note_stuck(struct output *output);

/* A stuck output's reader has taken something since it was noted to be stuck, or since this was asked last,
 * though too little to make room. That is then noted. */
bool output_is_being_read(struct output *output);

/*
 * To be called before anything is opened: takes the descriptors of --fd away from their numbers, so that they
 * neither get into commands nor are kept open by us beyond their outputs, and nothing of ours is taken for
 * one of them.
 */
void outputs_claim(struct settings *settings);

/* Opens what is requested. False: that failed (reported), and the output is OUTPUT_UNOPENED. */
bool output_open(struct output *output, const struct output_request *request, const struct settings *settings,
                 const struct command_signals *signals, struct monitor *monitor);

/* True when this is a digest that would be written over one of the outputs (reported). */
bool outputs_clash(const struct output *outputs, size_t count, const struct output_request *request);

/* True while the output has been given bytes that it has not taken. */
bool output_is_behind(const struct output *output);

/* How many bytes it may be given for now, without being behind with more than its buffer holds. */
size_t output_room(const struct output *output);

/* True when bytes are given to the output's own pipe and not straight to it. tees: they are duplicated, which
 * only a pipe can be the target of. */
bool output_is_private(const struct output *output, bool tees);

/* Delivers some of what it is behind with (it is). Returns as route_deliver; EAGAIN: it takes nothing now. */
ssize_t output_deliver(struct output *output);

/* Writes to it straight from memory; it is not behind. Returns as write(2). method: for the count. */
ssize_t output_write(struct output *output, const char *data, size_t n, enum method method);

/* Counts n bytes as delivered by method. */
void output_count(struct output *output, enum method method, size_t n);

/* It has all bytes: syncs and closes it, half-closes it, or leaves it as it is when it is lent. Returns 0 or
 * an errno. */
int output_complete(struct output *output, bool sync);

/* Closes it at once: a connection is reset, so that the peer does not take what it has for all. */
void output_abandon(struct output *output);

/*
 * The last word of an output, from the main thread: that everything has been acknowledged, the exit status of
 * a command, the digest. whole: the input has been read to its end. False: it failed (reported).
 */
bool output_confirm(struct output *output, const struct settings *settings, bool whole,
                    struct monitor *monitor);

#endif
