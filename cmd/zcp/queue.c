/* SPDX-License-Identifier: MIT */
/* A list of tasks: threads work on them from the front, the giver finishes them from the front. */
#include "queue.h"

#include <stdlib.h>

#include "attributes.h"
#include "base/clock.h"

/* How long the giver sleeps at most while there are results to be finished. */
enum { NAP = 10 * 1000 * 1000 /* nanoseconds */ };

static void do_work(struct task *task, struct mover *mover)
{
    if (task->work != NULL)
        task->work(task, mover);
}

/* The next task for a thread, or NULL at the end. Called with the lock. */
static struct task *take(struct queue *queue)
{
    for (;;) {
        while (queue->next != NULL && queue->next->done)
            queue->next = queue->next->next;
        if (queue->next != NULL || queue->closing)
            break;
        pthread_cond_wait(&queue->more, &queue->lock);
    }
    struct task *task = queue->next;
    if (task != NULL)
        queue->next = task->next;
    return task;
}

/*
 * Wakes the giver when it has something to do for a while, not for every task: with small files two threads
 * that wake each other cost a fifth of the time. Called with the lock.
 */
static void wake_giver(struct queue *queue)
{
    if (!queue->sleeping || !queue->head->done)
        return;
    if (queue->undone <= queue->enough || clock_now() >= queue->awake + NAP)
        pthread_cond_signal(&queue->progress);
}

static void work_on(struct queue *queue, struct mover *mover)
{
    struct task *task;

    pthread_mutex_lock(&queue->lock);
    while ((task = take(queue)) != NULL) {
        pthread_mutex_unlock(&queue->lock);
        message_divert(&task->said);
        do_work(task, mover);
        message_divert(NULL);
        pthread_mutex_lock(&queue->lock);
        task->done = true;
        queue->undone--;
        wake_giver(queue);
    }
    pthread_mutex_unlock(&queue->lock);
}

static void add_totals(struct transfer_totals *sum, const struct transfer_totals *more)
{
    sum->bytes += more->bytes;
    for (enum method method = 0; method < METHOD_COUNT; method++)
        sum->by_method[method] += more->by_method[method];
}

/* What a thread lacks nobody has to know: others do its work. */
static bool open_quietly(struct queue *queue, struct mover *mover)
{
    struct message_text said = {NULL, 0};

    message_divert(&said);
    bool opened = attributes_begin(queue->run->settings) && mover_open(mover, queue->run);
    message_divert(NULL);
    free(said.lines);
    return opened;
}

static void *run_thread(void *of)
{
    struct queue *queue = of;
    struct mover mover;
    bool opened = open_quietly(queue, &mover);

    if (opened)
        work_on(queue, &mover);
    pthread_mutex_lock(&queue->lock);
    if (opened)
        add_totals(&queue->totals, &mover.totals);
    queue->alive--;
    pthread_cond_signal(&queue->progress);
    pthread_mutex_unlock(&queue->lock);
    if (opened)
        mover_close(&mover);
    return NULL;
}

/* With fewer threads than wanted it is slower, and with none the giver does the work. */
static void start_threads(struct queue *queue)
{
    pthread_mutex_lock(&queue->lock);
    while (queue->started < queue->workers &&
           pthread_create(&queue->threads[queue->started], NULL, run_thread, queue) == 0)
        queue->started++;
    queue->workers = queue->alive = queue->started;
    pthread_mutex_unlock(&queue->lock);
}

bool queue_open(struct queue *queue, struct run *run, size_t workers)
{
    *queue = (struct queue){
        .run = run,
        .workers = workers,
        .lock = PTHREAD_MUTEX_INITIALIZER,
        .more = PTHREAD_COND_INITIALIZER,
        .progress = PTHREAD_COND_INITIALIZER,
    };
    return mover_open(&queue->mover, run);
}

/* Takes the first task off the list if it is done. */
static struct task *take_done(struct queue *queue)
{
    pthread_mutex_lock(&queue->lock);
    struct task *task = queue->head;
    if (task != NULL && !task->done)
        task = NULL;
    if (task != NULL) {
        queue->head = task->next;
        queue->count--;
        queue->holders -= task->holds;
        if (queue->head == NULL)
            queue->tail = NULL;
        if (queue->next == task)
            queue->next = task->next;
    }
    pthread_mutex_unlock(&queue->lock);
    return task;
}

/* Finishes what is done at the front. */
static void finish_some(struct queue *queue)
{
    struct task *task;

    message_divert(NULL);
    while ((task = take_done(queue)) != NULL) {
        struct message_text after = task->after;
        message_print(&task->said);
        task->finish(task);
        message_print(&after);
    }
    message_divert(queue->tail ? &queue->tail->after : NULL);
}

/* Waits until the first task is done and, for a while, until no more than so many are undone. Does the first
 * one itself where no thread will. */
static void wait_for_first(struct queue *queue, size_t enough)
{
    struct task *task = queue->head;

    pthread_mutex_lock(&queue->lock);
    queue->sleeping = true;
    queue->enough = enough;
    queue->awake = clock_now();
    while (queue->alive > 0 && (!task->done || (queue->undone > enough && clock_now() < queue->awake + NAP)))
        pthread_cond_wait(&queue->progress, &queue->lock);
    queue->sleeping = false;
    pthread_mutex_unlock(&queue->lock);
    if (task->done)
        return;
    message_divert(NULL);
    do_work(task, &queue->mover);
    task->done = true;
    queue->undone--;
}

static bool is_full(const struct queue *queue, const struct task *task)
{
    if (queue->workers == 0)
        return queue->head != NULL;
    return queue->count >= QUEUE_TASKS || (task->holds && queue->holders >= QUEUE_HOLDERS);
}

void queue_put(struct queue *queue, struct task *task)
{
    task->said = task->after = (struct message_text){NULL, 0};
    task->next = NULL;
    finish_some(queue);
    while (is_full(queue, task)) {
        wait_for_first(queue, QUEUE_TASKS / 2);
        finish_some(queue);
    }
    if (queue->workers == 0 || (task->work == NULL && queue->head == NULL)) {
        do_work(task, &queue->mover);
        task->finish(task);
        return;
    }
    pthread_mutex_lock(&queue->lock);
    task->done = task->work == NULL;
    if (queue->tail != NULL)
        queue->tail->next = task;
    else
        queue->head = task;
    queue->tail = task;
    queue->count++;
    queue->holders += task->holds;
    queue->undone += !task->done;
    if (queue->next == NULL)
        queue->next = task;
    pthread_cond_signal(&queue->more);
    pthread_mutex_unlock(&queue->lock);
    message_divert(&task->after);
    if (queue->started == 0 && queue->count > 1)
        start_threads(queue);
}

void queue_drain(struct queue *queue)
{
    finish_some(queue);
    while (queue->head != NULL) {
        wait_for_first(queue, 0);
        finish_some(queue);
    }
}

void queue_close(struct queue *queue, struct transfer_totals *totals)
{
    queue_drain(queue);
    pthread_mutex_lock(&queue->lock);
    queue->closing = true;
    pthread_cond_broadcast(&queue->more);
    pthread_mutex_unlock(&queue->lock);
    for (size_t i = 0; i < queue->started; i++)
        pthread_join(queue->threads[i], NULL);
    add_totals(totals, &queue->totals);
    add_totals(totals, &queue->mover.totals);
    mover_close(&queue->mover);
}
