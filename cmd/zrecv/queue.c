/* SPDX-License-Identifier: MIT */
/* To disk, into the journal, and then under the final names. */
#include "queue.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/descriptor.h"
#include "base/message.h"
#include "publish.h"
#include "receiver.h"

enum { SYNC_ONE_BY_ONE = 8 }; /* for more files than these, one syncfs(2) */

static const uint64_t most_bytes = 64ULL * 1024 * 1024, patience = NANOSECONDS / 5;

static void free_pending(struct pending *pending)
{
    free(pending->path);
    free(pending->target);
    free(pending->xattrs);
}

void queue_free(struct queue *queue)
{
    for (size_t i = 0; i < queue->count; i++)
        free_pending(&queue->list[i]);
    free(queue->list);
    *queue = (struct queue){.list = NULL};
}

/* Copies what the announced entry says. False: no memory. */
static bool fill(struct pending *pending, const struct session_entry *entry)
{
    *pending = (struct pending){.kind = entry->kind,
                                .number = entry->number,
                                .linked = entry->linked,
                                .path = strdup(entry->path),
                                .target = strdup(entry->target),
                                .mode = entry->mode,
                                .uid = entry->uid,
                                .gid = entry->gid,
                                .seconds = entry->seconds,
                                .nanoseconds = entry->nanoseconds};
    bool keeps = entry->kind == SESSION_LEAVE && entry->xattrs_length > 0;
    if (keeps && (pending->xattrs = malloc(entry->xattrs_length)) != NULL) {
        memcpy(pending->xattrs, entry->xattrs, entry->xattrs_length);
        pending->xattrs_length = entry->xattrs_length;
    }
    if (pending->path != NULL && pending->target != NULL && (!keeps || pending->xattrs != NULL))
        return true;
    free_pending(pending);
    return false;
}

bool queue_add(struct receiver *receiver, bool replaces, const struct known_file *file)
{
    struct queue *queue = &receiver->queue;

    if (queue->list == NULL)
        queue->list = calloc(QUEUE_MOST, sizeof *queue->list);
    if (queue->list == NULL || !fill(&queue->list[queue->count], &receiver->entry))
        return receiver_abort(receiver, "there is no memory for it");
    struct pending *pending = &queue->list[queue->count++];
    pending->replaces = replaces;
    if (file != NULL) {
        pending->file = *file;
        pending->file.path = pending->path;
        queue->files++;
        queue->bytes += file->size;
    }
    if (queue->count == 1)
        queue->since = clock_now();
    return queue->count < QUEUE_MOST && queue->bytes < most_bytes ? true : queue_flush(receiver);
}

bool queue_is_due(const struct receiver *receiver, bool idle, uint64_t now)
{
    const struct queue *queue = &receiver->queue;
    return queue->count > 0 && ((idle && !receiver->settings->sync) || now - queue->since >= patience);
}

/* The files of the queue are on disk. False with errno. */
static bool sync_files(void *of)
{
    struct receiver *receiver = of;
    const struct queue *queue = &receiver->queue;

    if (queue->files > SYNC_ONE_BY_ONE)
        return syncfs(receiver->store.dir) == 0;
    for (size_t i = 0; i < queue->count; i++) {
        if (queue->list[i].kind != SESSION_FILE)
            continue;
        int fd = store_open_slot(&receiver->store, queue->list[i].file.slot, false);
        if (fd < 0 &&
            errno == EACCES) /* it has a mode already that keeps its owner out, and we are not root */
            return syncfs(receiver->store.dir) == 0;
        bool good = fd >= 0 && fsync(fd) == 0;
        int error = errno;
        descriptor_close(&fd);
        errno = error;
        if (!good)
            return false;
    }
    return true;
}

/* A file that does not get its name leaves nothing behind. */
static void drop_file(struct receiver *receiver, const struct pending *pending)
{
    store_remove_slot(&receiver->store, pending->file.slot);
    journal_forget(&receiver->store.journal, pending->path);
}

/* Nothing is published that is not safe: the bytes of files, and what the journal has to know. */
static bool fail_all(struct receiver *receiver, int error)
{
    struct queue *queue = &receiver->queue;

    for (size_t i = 0; i < queue->count; i++) {
        struct pending *pending = &queue->list[i];
        if ((pending->kind != SESSION_FILE && !pending->is_new) || pending->failed)
            continue;
        pending->failed = true;
        if (pending->kind == SESSION_FILE)
            drop_file(receiver, pending);
        if (!receiver_refuse(receiver, pending->number, SESSION_REFUSED, error,
                             "cannot bring '%s' to the disk", pending->path))
            return false;
    }
    return true;
}

/* Notes what is about to be made; returns whether there is any. */
static bool write_pending(struct receiver *receiver)
{
    struct queue *queue = &receiver->queue;
    bool any = false;

    for (size_t i = 0; i < queue->count; i++) {
        struct pending *pending = &queue->list[i];
        if (pending->kind == SESSION_FILE && !pending->failed)
            journal_done(&receiver->store.journal, &pending->file);
        else if (pending->kind == SESSION_DIRECTORY && publish_is_new(receiver, pending->path)) {
            journal_made(&receiver->store.journal, pending->path);
            pending->is_new = true;
        } else
            continue;
        any = true;
    }
    return any;
}

/* Writes down which files are about to be published, and which directories to be made: if the power, or the
 * process, goes in between, the next session finds the partial file, and knows whose directory it is. */
static bool write_down(struct receiver *receiver)
{
    return write_pending(receiver) ? receiver_settle(receiver)
                                   : journal_settle(&receiver->store.journal, false);
}

/* What the journal knows of an entry that is complete is of no use to this session, but for hard links of an
 * earlier one to what the file was then. */
static void forget(struct receiver *receiver, const struct pending *pending)
{
    struct known_file *file = known_find(&receiver->store.known, pending->path);

    if (file != NULL)
        known_remove(&receiver->store.known, file);
}

static bool publish_one(struct receiver *receiver, struct pending *pending)
{
    const char *problem = NULL;

    if (publish(receiver, pending, &problem)) {
        receiver->is_worth_keeping |= pending->kind == SESSION_FILE;
        if (receiver->settings->verbose && pending->kind != SESSION_LEAVE)
            message_note("%s '%s'", pending->passed ? "passed over" : "received", pending->path);
        if (pending->kind == SESSION_FILE && pending->linked)
            known_note_linked(&receiver->store.known, pending->file.published.inode);
        else if (pending->kind == SESSION_FILE || pending->kind == SESSION_LEAVE)
            forget(receiver, pending);
        return receiver_confirm(receiver, pending->number, !pending->passed);
    }
    int error = problem == NULL ? errno : 0;
    if (pending->kind == SESSION_FILE)
        drop_file(receiver, pending);
    return receiver_refuse(receiver, pending->number, SESSION_REFUSED, error, "'%s': %s", pending->path,
                           problem != NULL ? problem : "it cannot be made");
}

bool queue_flush(struct receiver *receiver)
{
    struct queue *queue = &receiver->queue;
    bool good = true;

    if (queue->count == 0)
        return true;
    if (receiver->settings->sync && queue->files > 0 && !receiver_wait_for(receiver, sync_files, receiver))
        good = fail_all(receiver, errno);
    if (good && !write_down(receiver))
        good = fail_all(receiver, errno);
    for (size_t i = 0; i < queue->count; i++) {
        if (good && !queue->list[i].failed)
            good = publish_one(receiver, &queue->list[i]);
        free_pending(&queue->list[i]);
    }
    queue->count = queue->files = 0;
    queue->bytes = 0;
    return good && wire_flush(&receiver->wire, false);
}
