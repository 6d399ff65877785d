/* SPDX-License-Identifier: MIT */
/* Moves bytes from one descriptor to another by the cheapest method that the two allow. */
#ifndef ZCOPY_MOVE_PUMP_H
#define ZCOPY_MOVE_PUMP_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/limit.h"
#include "move/ladder.h"
#include "move/method.h"

#define PUMP_TO_END UINT64_MAX

enum { PUMP_PIPE_SIZE = 1024 * 1024 }; /* bytes; the default of fs.pipe-max-size */

enum pump_side { PUMP_IN, PUMP_OUT };

/* Why a pump has stopped. */
enum pump_end {
    PUMP_ENDED,  /* the source is at its end */
    PUMP_FULL,   /* length bytes (or max_takes pieces) have been moved */
    PUMP_HALTED, /* pump_halt; all that had been taken is delivered, except with PUMP_ABANDON */
    PUMP_FAILED  /* see error and side */
};

enum pump_halt {
    PUMP_RUN,
    PUMP_WHEN_IDLE,    /* stop as soon as the source has had nothing ready for idle_after */
    PUMP_TAKE_NO_MORE, /* stop when what has been taken is delivered */
    PUMP_ABANDON       /* stop now */
};

struct pump;

/* Several sinks instead of one. */
struct pump_sinks {
    /* Delivers all that pump->route holds, which method has taken, and counts it by pump_count. False: the
     * pump stops, with pump->end as this function has set it. */
    bool (*deliver)(struct pump *pump, enum method method, void *of);
    /* Waits as descriptor_wait, and looks after the sinks meanwhile. */
    int (*wait)(void *of, int fd, short events, int stop, int timeout);
    /* The pump has stopped, and its result is set: delivers what the sinks still hold. */
    void (*finish)(struct pump *pump, void *of);
    void *of;
};

struct pump_filter; /* filter.h */

/* For a sink that another thread writes to as well: what either writes under the lock stays whole. */
struct pump_sink_lock {
    pthread_mutex_t mutex;
    bool closed; /* the sink, a socket, has been shut down for sending */
};

/*
 * One pump, run by one thread. The caller sets the first group (pump_init fills it with defaults), runs
 * pump_run, reads the result, and frees it with pump_free. Neither descriptor is closed, and of neither are
 * flags changed.
 */
struct pump {
    struct route route;
    struct ladder ladder; /* methods still to be tried, the current one first */
    uint64_t length;      /* bytes to move, or PUMP_TO_END */
    long long max_takes;  /* pieces to take from the source; 0: no limit */
    struct limit limit;
    const struct pump_sinks *sinks; /* NULL: what is taken goes to route.out */
    struct pump_sink_lock *lock;    /* held while route.out is written to, by the caller too; NULL: none */
    int idle_after;                 /* milliseconds, see PUMP_WHEN_IDLE */
    int tap;                        /* write end of a pipe that is given duplicates of all bytes, or -1 */
    bool keep_pipes;                /* never grow a pipe that came from outside */
    bool lost_is_end; /* the source is a vsock socket, which may say ENOTCONN where it is at its end */
    bool gather;      /* the source is a TCP socket of ours: let data gather while in bulk (see pump.c) */

    /* For several pumps together; NULL: none. */
    const _Atomic int *interrupt; /* not 0: as PUMP_ABANDON, within 100 ms where nothing moves */
    _Atomic uint64_t *tally;      /* bytes that are delivered are counted here, too */

    /* For other threads to read while the pump runs. */
    _Atomic uint64_t moved; /* bytes that have been delivered */
    _Atomic bool limited;   /* it waits for its limit, and not for either side */

    /* The result. */
    uint64_t by_method[METHOD_COUNT]; /* bytes that each method has moved */
    int refused[METHOD_COUNT];        /* errno with which a method was given up, 0: it was not */
    enum pump_end end;
    enum pump_side side;    /* which side has failed, */
    uint64_t moved_at_halt; /* bytes that had been delivered when PUMP_WHEN_IDLE was noticed */
    int error;              /* and its errno; EFAULT on PUMP_IN: the file was cut short under a mapping */

    /* Private. */
    int stop; /* eventfd(2): readable after pump_halt */
    _Atomic int halt;
    bool in_bulk, pipes_grown, winding_down;
    int low_mark;
    const struct pump_filter *filter;
    size_t unfiltered; /* bytes that have been taken and that the filter has not used yet */
    uint64_t resume;   /* nanoseconds: the moment before which no piece is delivered */
};

/* A pump from in to out (-1: to sinks) with the default methods for their kinds. False with errno: no
 * descriptor left. */
bool pump_init(struct pump *pump, int in, int out, size_t pipe_size);

/*
 * Turns a pump that has stopped to another pair of these kinds: as pump_init, but the descriptors, the buffer
 * and the rate limit of the first pair are used again, and interrupt, tally, keep_pipes and pump_halt stay in
 * force. What it held is lost. No other thread may use the pump meanwhile.
 */
void pump_turn(struct pump *pump, int in, enum kind in_kind, int out, enum kind out_kind);

/*
 * Runs until the source ends, length is reached, pump_halt, or a failure, and sets the result. A method that
 * is refused, also in mid-stream, is replaced by the next of the ladder and no byte is lost or repeated;
 * when none is left the refusal is the failure. Sockets may be blocking or not. SIGPIPE has to be ignored.
 */
void pump_run(struct pump *pump);

/* Asks a pump to stop, from one other thread, also before it runs. A later call may be stricter. */
void pump_halt(struct pump *pump, enum pump_halt how);

/*
 * Gives duplicates of all bytes to the pipe that tap is the write end of (O_NONBLOCK), by tee(2) where the
 * bytes go through the private pipe: none is delivered before the tap has it. sendfile, which shows its bytes
 * to nobody, is left out. False: no method is left then.
 */
bool pump_set_tap(struct pump *pump, int tap);

/* Set the result; both return false, a step's word for "the pump has stopped". Also for pump_sinks. */
bool pump_fail(struct pump *pump, enum pump_side side, int error);
bool pump_stop(struct pump *pump, enum pump_end end);

/* Notes that method has moved n bytes; for pump_sinks. */
void pump_count(struct pump *pump, enum method method, size_t n);

/* Waits until fd takes bytes; for filters. False: the pump stops (pump->end is set), for it was abandoned or
 * poll(2) has failed. */
bool pump_wait_writable(struct pump *pump, int fd);

/* Bytes that have been taken and not been delivered. */
static inline size_t pump_held(const struct pump *pump)
{
    return route_held(&pump->route) + pump->unfiltered;
}

void pump_free(struct pump *pump);

#endif
