/* SPDX-License-Identifier: MIT */
/* The journal of earlier sessions against what is there now. */
#include "recall.h"

#include <bsd/string.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/descriptor.h"
#include "complete.h"
#include "publish.h"
#include "receiver.h"

/* A file that was about to be published when the last session broke off: true when it has its name, or gets
 * it now, which only bytes do that are on the disk for certain. */
static bool settle_done(struct receiver *receiver, struct known_file *file)
{
    struct stat status;
    const char *name;
    char slot[STORE_SLOT];
    int dir = beneath_check(file->path) != NULL ? -1 : beneath_parent(&receiver->beneath, file->path, &name);

    if (dir < 0)
        return false;
    if (fstatat(dir, name, &status, AT_SYMLINK_NOFOLLOW) == 0 && known_is(file, &status))
        return true;
    store_slot_name(file->slot, slot);
    return !file->unproven && fstatat(receiver->store.dir, slot, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
           known_is(file, &status) && renameat2(receiver->store.dir, slot, dir, name, RENAME_NOREPLACE) == 0;
}

struct rereading {
    struct receiver *receiver;
    struct known_file *file;
};

/* The chunks of a session that did not sync, before the machine was started anew: read, and believed as far
 * as they are there. */
static bool reread(void *of)
{
    const struct rereading *rereading = of;
    struct receiver *receiver = rereading->receiver;
    struct known_file *file = rereading->file;
    int fd = store_reopen_slot(&receiver->store, file->slot);
    uint8_t *buffer = malloc(COMPLETE_PIECE);
    size_t kept = 0;

    for (size_t i = 0; fd >= 0 && buffer != NULL && i < file->chunks.count; i++)
        if (complete_has_chunk(receiver->digest, fd, &file->chunks.list[i], buffer))
            file->chunks.list[kept++] = file->chunks.list[i];
    file->chunks.count = kept;
    file->unproven = false;
    free(buffer);
    descriptor_close(&fd);
    return true;
}

/* Chunks behind the end of the partial file are not there, whatever the journal says. */
static void cut(struct receiver *receiver, struct known_file *file)
{
    struct stat status;
    char slot[STORE_SLOT];
    struct chunks *chunks = &file->chunks;

    store_slot_name(file->slot, slot);
    if (fstatat(receiver->store.dir, slot, &status, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(status.st_mode))
        status.st_size = 0;
    while (chunks->count > 0) {
        const struct session_chunk *last = &chunks->list[chunks->count - 1];
        if (last->offset + last->length <= (uint64_t)status.st_size)
            return;
        journal_void(&receiver->store.journal, file->slot, last->offset, last->length);
        chunks->count--;
    }
}

static bool send_have(struct receiver *receiver, const struct session_have *have)
{
    uint8_t payload[PATH_MAX + 512];
    struct packer packer = packer_make(payload, sizeof payload);

    session_pack_have(&packer, have);
    return wire_send(&receiver->wire, FRAME_HAVE, payload, packer.length);
}

/* What is there of one file, for the sender. */
static bool tell_of(struct known_file *file, void *of)
{
    struct receiver *receiver = of;
    struct session_have have = {.stamp_length = file->stamp_length, .size = file->size};

    if ((file->state == KNOWN_DONE && !settle_done(receiver, file)) ||
        (file->state == KNOWN_MADE && publish_is_new(receiver, file->path))) {
        store_drop(&receiver->store, file);
    }
    receiver->is_worth_keeping |= file->state == KNOWN_MADE; /* its mode and times are for us to set */
    if (file->state == KNOWN_PARTIAL)
        cut(receiver, file);
    if (file->state == KNOWN_PARTIAL && file->unproven)
        (void)receiver_wait_for(receiver, reread, &(struct rereading){receiver, file});
    strlcpy(have.path, file->path, sizeof have.path);
    memcpy(have.stamp, file->stamp, file->stamp_length);
    if (file->state == KNOWN_DONE && !file->unproven) {
        receiver->is_worth_keeping = true;
        have.complete = true;
        memcpy(have.digest, file->digest, sizeof have.digest);
        return send_have(receiver, &have);
    }
    for (size_t i = 0; file->state == KNOWN_PARTIAL && i < file->chunks.count; i++) {
        receiver->is_worth_keeping = true;
        have.chunk = file->chunks.list[i];
        if (!send_have(receiver, &have))
            return false;
    }
    return true;
}

bool recall_tell(struct receiver *receiver)
{
    return known_each(&receiver->store.known, tell_of, receiver);
}
