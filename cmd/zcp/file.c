/* SPDX-License-Identifier: MIT */
/* A file from open to close: bytes, digests, attributes, its name. */
#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "attributes.h"
#include "base/descriptor.h"
#include "base/message.h"
#include "pair.h"
#include "sums.h"
#include "verify.h"

/* What comes of a file besides its copy. */
struct file_result {
    char hash[DIGEST_TEXT]; /* for --hash, "": none */
    bool from_memory;       /* it could only be verified there */
};

static bool wants_sums(const struct settings *settings)
{
    return settings->verifies || settings->hashes;
}

/* A clone that was demanded and is not to be had leaves nothing behind. */
static bool move_bytes(struct pair *pair, struct sums *sums)
{
    const struct file *file = pair->file;

    if (pair->settings->attributes_only ||
        mover_copy(pair->mover, pair->in, &pair->status, &file->from, pair->out, &file->to,
                   wants_sums(pair->settings) ? sums : NULL))
        return true;
    if (pair->created && !pair->atomic && pair->settings->reflink == REFLINK_ALWAYS)
        unlinkat(file->to.dir, file->to.name, 0);
    return false;
}

/* A new file that takes the place of an old one gets that one's attributes, as if the old one had been
 * written into. */
static bool inherit_attributes(const struct pair *pair)
{
    const struct place *to = &pair->file->to;
    struct settings settings = *pair->settings;
    struct attributes attributes = {.from = to, .to = to, .status = &pair->file->existing, .created = true};

    settings.preserve = (struct preserve){.mode = true, .owner = true, .xattr = true, .required = true};
    settings.set_context = false;
    attributes.out = pair->out;
    attributes.in = openat(to->dir, to->name, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (attributes.in < 0) /* without permission to read it */
        attributes.in = openat(to->dir, to->name, O_PATH | O_CLOEXEC);
    bool inherited = attributes_copy(&settings, &attributes);
    descriptor_close(&attributes.in);
    return inherited || run_fail(pair->mover->run);
}

static bool copy_attributes(struct pair *pair)
{
    bool replaces = pair->atomic && pair->file->exists;
    const struct attributes attributes = {
        .from = &pair->file->from,
        .to = &pair->file->to,
        .status = &pair->file->status,
        .in = pair->in,
        .out = pair->out,
        .created = pair->created && !replaces,
    };
    return (!replaces || inherit_attributes(pair)) && attributes_copy(pair->settings, &attributes);
}

/* What was there may be on another file system than its directory: behind a link, a mount point, a device. */
static bool is_elsewhere(const struct file *file)
{
    struct stat directory;

    if (!file->exists || file->through_link || !S_ISREG(file->existing.st_mode))
        return file->exists;
    return file->to.dir != AT_FDCWD &&
           (fstat(file->to.dir, &directory) != 0 || directory.st_dev != file->existing.st_dev);
}

/* A tree is synced as a whole. */
static bool is_to_be_synced(const struct pair *pair)
{
    return pair->settings->sync && (!pair->settings->recursive || is_elsewhere(pair->file));
}

static bool publish(struct pair *pair)
{
    const char *name = pair->file->to.text;
    bool syncs = is_to_be_synced(pair);

    if (!pair->atomic)
        return true;
    if (!atomic_publish(&pair->publication, pair->out, syncs))
        return run_complain(pair->mover->run, errno, "cannot replace '%s'", name);
    return !syncs || atomic_sync(&pair->publication) ||
           run_complain(pair->mover->run, errno, "cannot sync '%s'", name);
}

/* The file is on disk, and closing it says nothing bad. */
static bool close_target(struct pair *pair)
{
    const struct place *to = &pair->file->to;
    bool synced = !is_to_be_synced(pair) || fsync(pair->out) == 0 || errno == EINVAL ||
                  run_complain(pair->mover->run, errno, "error writing '%s'", to->text);
    bool closed =
        close(pair->out) == 0 || run_complain(pair->mover->run, errno, "failed to close '%s'", to->text);

    pair->out = -1;
    return synced && closed;
}

/* --verify and --hash. */
static bool judge(struct pair *pair, struct sums *sums, struct file_result *result)
{
    const struct file *file = pair->file;

    if (!wants_sums(pair->settings))
        return true;
    if (!sums_close(sums, pair->settings))
        return false;
    strcpy(result->hash, sums->hash);
    return !pair->settings->verifies ||
           verify_copy(pair->mover, &file->from, pair->out, &file->to, sums, &result->from_memory);
}

static bool copy_bytes(struct pair *pair, struct file_result *result)
{
    struct sums sums;
    bool copied = sums_open(&sums, pair->settings) && move_bytes(pair, &sums) && judge(pair, &sums, result);

    sums_free(&sums);
    return copied;
}

static bool copy_pair(struct pair *pair, struct file_result *result)
{
    if (!copy_bytes(pair, result))
        return false;
    bool attributed = copy_attributes(pair);
    return publish(pair) && close_target(pair) && attributed;
}

/* From open to close, by any thread. */
static bool copy_file(struct mover *mover, const struct file *file, struct file_result *result)
{
    struct run *run = mover->run;
    struct pair pair;
    bool copied = pair_open(&pair, mover, file) && copy_pair(&pair, result);

    pair_close(&pair);
    if (!copied) {
        *result->hash = '\0';
        run_fail(run);
        if (*file->backup != '\0')
            backup_undo(run->settings, &file->to, file->backup);
    }
    atomic_fetch_add(&run->files, 1);
    return copied;
}

/* In the order of the walk, by its thread. */
static void tell_result(struct run *run, const struct file *file, const struct file_result *result)
{
    if (result->from_memory && !run->memory_told) {
        message_note("warning: '%s' could only be read back from memory", file->to.text);
        run->memory_told = true;
    }
    if (*result->hash != '\0' && !digest_request_print(&run->settings->hash, result->hash, file->to.text))
        run_fail(run);
}

bool file_copy(struct mover *mover, const struct file *file)
{
    struct file_result result = {.hash = ""};
    bool copied = copy_file(mover, file, &result);

    tell_result(mover->run, file, &result);
    return copied;
}

struct file_task {
    struct task task;
    struct run *run;
    struct file file;
    struct file_result result;
    char strings[];
};

static void work(struct task *task, struct mover *mover)
{
    struct file_task *file = (struct file_task *)task;

    if (!run_is_halted(mover->run))
        copy_file(mover, &file->file, &file->result);
}

static void finish(struct task *task)
{
    struct file_task *file = (struct file_task *)task;

    tell_result(file->run, &file->file, &file->result);
    free(file);
}

/* Copies a string to *end, and moves that on. */
static const char *keep(char **end, const char *string)
{
    char *kept = *end;

    *end = stpcpy(*end, string) + 1;
    return kept;
}

bool file_put(struct queue *queue, const struct file *file)
{
    size_t length = strlen(file->from.name) + strlen(file->from.text) + strlen(file->to.name) +
                    strlen(file->to.text) + strlen(file->backup) + 5;
    struct file_task *task = malloc(sizeof *task + length);

    if (task == NULL)
        return run_complain(queue->run, errno, "cannot copy '%s'", file->from.text);
    char *end = task->strings;
    *task = (struct file_task){.task = {.work = work, .finish = finish}, .run = queue->run, .file = *file};
    task->file.from.name = keep(&end, file->from.name);
    task->file.from.text = keep(&end, file->from.text);
    task->file.to.name = keep(&end, file->to.name);
    task->file.to.text = keep(&end, file->to.text);
    task->file.backup = keep(&end, file->backup);
    queue_put(queue, &task->task);
    return true;
}
