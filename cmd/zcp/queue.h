/* SPDX-License-Identifier: MIT */
/* Work for other threads that is finished in the order in which it was given. */
#ifndef ZCP_QUEUE_H
#define ZCP_QUEUE_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/message.h"
#include "mover.h"

enum { QUEUE_WORKERS = 64, QUEUE_TASKS = 128, QUEUE_HOLDERS = 32 };

/* Stands at the head of what the giver has allocated. */
struct task {
    /* Done by any thread, with that thread's mover; NULL: nothing. */
    void (*work)(struct task *task, struct mover *mover);
    /* Done by the giver's thread when this and all tasks before it are done. Frees it. */
    void (*finish)(struct task *task);
    bool holds; /* descriptors, until it is finished: no more than QUEUE_HOLDERS of these wait */

    /* Private. */
    struct message_text said, after; /* by work; by the giver after this task was put */
    bool done;
    struct task *next;
};

/*
 * What the threads and the giver say comes out in the order in which one thread would say it: the giver's
 * messages are diverted (message.h) while tasks are before them.
 */
struct queue {
    struct run *run;
    struct mover mover; /* the giver's own */
    size_t workers;     /* threads to start when there is work for two; 0: the giver does it all */

    /* Private. */
    size_t started, alive;
    pthread_t threads[QUEUE_WORKERS];
    pthread_mutex_t lock;
    pthread_cond_t more, progress; /* work has come; a task is done */
    struct task *head, *tail;
    struct task *next;             /* to be worked on */
    size_t count, holders, undone; /* tasks in the list, those that hold, and those still to be worked on */
    bool sleeping;                 /* the giver, until the first task is done, */
    size_t enough;                 /* and no more than so many are undone, */
    uint64_t awake;                /* or some time after this moment (nanoseconds of clock_now) */
    struct transfer_totals totals; /* of threads that have ended */
    bool closing;
};

/* False: that failed (reported). */
bool queue_open(struct queue *queue, struct run *run, size_t workers);

/* May wait until there is room. */
void queue_put(struct queue *queue, struct task *task);

/* Until all is done and finished. */
void queue_drain(struct queue *queue);

/* Drains, ends the threads, and adds what they have moved to totals. */
void queue_close(struct queue *queue, struct transfer_totals *totals);

#endif
