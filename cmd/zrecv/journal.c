/* SPDX-License-Identifier: MIT */
/* Records of the journal: writing them, and reading them back. */
#include "journal.h"

#include <bsd/string.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/descriptor.h"
#include "base/pack.h"

enum record_type {
    RECORD_SESSION = 1,
    RECORD_BEGIN,
    RECORD_CHUNK,
    RECORD_DONE,
    RECORD_MADE,
    RECORD_FORGET,
    RECORD_VOID
};

enum { HEAD = 5, SUM = 8, RECORD_MOST = HEAD + PATH_MAX + 512 + SUM, BOOT_ID = 40 };

/* The kernel's boot id; zeros where there is none, which is then believed never. */
static void read_boot_id(uint8_t id[BOOT_ID])
{
    int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);

    memset(id, 0, BOOT_ID);
    if (fd >= 0 && read(fd, id, BOOT_ID) <= 0)
        memset(id, 0, BOOT_ID);
    descriptor_close(&fd);
}

static bool is_set(const uint8_t id[BOOT_ID])
{
    return id[0] != 0;
}

static void sum_up(struct journal *journal, const uint8_t *bytes, size_t length, uint8_t sum[SUM])
{
    uint8_t digest[DIGEST_BYTES];

    digest_add(journal->sum, bytes, length);
    digest_take(journal->sum, digest);
    memcpy(sum, digest, SUM);
}

/* A record being made: the payload follows the head. */
struct record {
    uint8_t bytes[RECORD_MOST];
    struct packer packer;
};

static void begin(struct record *record, enum record_type type)
{
    record->packer = packer_make(record->bytes, sizeof record->bytes - SUM);
    pack_u32(&record->packer, 0);
    pack_u8(&record->packer, (uint8_t)type);
}

static void finish(struct journal *journal, struct record *record)
{
    size_t length = record->packer.length;
    struct packer head = packer_make(record->bytes, sizeof(uint32_t));

    pack_u32(&head, (uint32_t)(length - HEAD));
    sum_up(journal, record->bytes + sizeof(uint32_t), length - sizeof(uint32_t), record->bytes + length);
    length += SUM;
    if (journal->error != 0)
        return;
    if (!bytes_write(journal->fd, record->bytes, length)) /* O_APPEND */
        journal->error = errno;
}

static void pack_file(struct packer *packer, const struct known_file *file)
{
    pack_u64(packer, file->slot);
    pack_text(packer, file->path);
    pack_block(packer, file->stamp, file->stamp_length);
    pack_u64(packer, file->size);
}

void journal_begin(struct journal *journal, const struct known_file *file)
{
    struct record record;

    begin(&record, RECORD_BEGIN);
    pack_file(&record.packer, file);
    finish(journal, &record);
}

void journal_chunk(struct journal *journal, uint64_t slot, const struct session_chunk *chunk)
{
    struct record record;

    begin(&record, RECORD_CHUNK);
    pack_u64(&record.packer, slot);
    pack_u64(&record.packer, chunk->offset);
    pack_u64(&record.packer, chunk->length);
    pack_bytes(&record.packer, chunk->digest, sizeof chunk->digest);
    finish(journal, &record);
}

void journal_void(struct journal *journal, uint64_t slot, uint64_t offset, uint64_t length)
{
    struct record record;

    begin(&record, RECORD_VOID);
    pack_u64(&record.packer, slot);
    pack_u64(&record.packer, offset);
    pack_u64(&record.packer, length);
    finish(journal, &record);
}

void journal_done(struct journal *journal, const struct known_file *file)
{
    struct record record;

    begin(&record, RECORD_DONE);
    pack_file(&record.packer, file);
    pack_bytes(&record.packer, file->digest, sizeof file->digest);
    pack_u64(&record.packer, file->published.inode);
    pack_u64(&record.packer, (uint64_t)file->published.seconds);
    pack_u32(&record.packer, file->published.nanoseconds);
    finish(journal, &record);
}

static void write_path(struct journal *journal, enum record_type type, const char *path)
{
    struct record record;

    begin(&record, type);
    pack_text(&record.packer, path);
    finish(journal, &record);
}

void journal_made(struct journal *journal, const char *path)
{
    write_path(journal, RECORD_MADE, path);
}

void journal_forget(struct journal *journal, const char *path)
{
    write_path(journal, RECORD_FORGET, path);
}

static void write_session(struct journal *journal, const struct journal_session *session)
{
    struct record record;
    uint8_t boot[BOOT_ID];

    read_boot_id(boot);
    begin(&record, RECORD_SESSION);
    pack_u8(&record.packer, session->synced);
    pack_u8(&record.packer, (uint8_t)session->algorithm);
    pack_bytes(&record.packer, boot, sizeof boot);
    finish(journal, &record);
}

bool journal_settle(struct journal *journal, bool sync)
{
    if (journal->error == 0 && sync && fdatasync(journal->fd) != 0)
        journal->error = errno;
    errno = journal->error;
    return journal->error == 0;
}

/* Reading a journal. */
struct reading {
    struct known *known;
    const struct journal_session *now;
    uint8_t boot[BOOT_ID];
    bool believed;     /* the session of the records that follow: what it wrote down is there */
    bool same_digests; /* and its digests are of the algorithm that is wanted now */
    uint64_t slots;
    struct known_file *partial; /* the one of the last BEGIN or CHUNK */
};

static void read_session(struct reading *reading, struct unpacker *unpacker)
{
    uint8_t boot[BOOT_ID];
    bool synced = unpack_u8(unpacker) != 0;

    reading->same_digests = unpack_u8(unpacker) == reading->now->algorithm;
    unpack_bytes(unpacker, boot, sizeof boot);
    reading->believed = synced || (is_set(boot) && memcmp(boot, reading->boot, sizeof boot) == 0);
}

/* The file that a record names, with what all of them say. NULL: no memory, or no file. */
static struct known_file *read_file(struct reading *reading, struct unpacker *unpacker)
{
    char path[PATH_MAX];
    uint64_t slot = unpack_u64(unpacker);
    size_t length;

    unpack_text(unpacker, path, sizeof path);
    const uint8_t *stamp = unpack_block(unpacker, SESSION_STAMP, &length);
    struct known_file *file = unpacker->bad ? NULL : known_add(reading->known, path);
    if (file == NULL)
        return NULL;
    known_reset(file);
    file->slot = slot;
    memcpy(file->stamp, stamp, length);
    file->stamp_length = length;
    file->size = unpack_u64(unpacker);
    if (slot > reading->slots)
        reading->slots = slot;
    return file;
}

/* A partial file by its number. */
struct wanted {
    uint64_t slot;
    struct known_file *found;
};

static bool has_slot(struct known_file *file, void *of)
{
    struct wanted *wanted = of;

    if (file->state != KNOWN_PARTIAL || file->slot != wanted->slot)
        return true;
    wanted->found = file;
    return false;
}

/* The partial file of this number; NULL: there is none. */
static struct known_file *find_slot(struct reading *reading, uint64_t slot)
{
    struct wanted wanted = {.slot = slot};

    if (reading->partial == NULL || reading->partial->slot != slot) {
        known_each(reading->known, has_slot, &wanted);
        reading->partial = wanted.found;
    }
    return reading->partial;
}

static void read_chunk(struct reading *reading, struct unpacker *unpacker)
{
    struct known_file *file = find_slot(reading, unpack_u64(unpacker));
    struct session_chunk chunk = {.offset = unpack_u64(unpacker)};

    chunk.length = unpack_u64(unpacker);
    unpack_bytes(unpacker, chunk.digest, sizeof chunk.digest);
    if (file == NULL || !unpack_done(unpacker))
        return;
    chunks_remove(&file->chunks, chunk.offset, chunk.length);
    if (!reading->same_digests)
        return;
    chunks_add(&file->chunks, &chunk);
    file->unproven |= !reading->believed;
}

static void read_void(struct reading *reading, struct unpacker *unpacker)
{
    struct known_file *file = find_slot(reading, unpack_u64(unpacker));
    uint64_t offset = unpack_u64(unpacker), length = unpack_u64(unpacker);

    if (file != NULL && unpack_done(unpacker))
        chunks_remove(&file->chunks, offset, length);
}

static void read_done(struct reading *reading, struct unpacker *unpacker)
{
    struct known_file *file = read_file(reading, unpacker);

    reading->partial = NULL;
    if (file == NULL)
        return;
    file->state = KNOWN_DONE;
    unpack_bytes(unpacker, file->digest, sizeof file->digest);
    if (file->published.is_set)
        file->before = file->published;
    file->published = (struct published){.is_set = true, .inode = unpack_u64(unpacker), .size = file->size};
    file->published.seconds = (int64_t)unpack_u64(unpacker);
    file->published.nanoseconds = unpack_u32(unpacker);
    file->unproven = !reading->believed || !reading->same_digests;
}

static void read_path(struct reading *reading, struct unpacker *unpacker, enum known_state state)
{
    char path[PATH_MAX];

    unpack_text(unpacker, path, sizeof path);
    struct known_file *file = unpacker->bad ? NULL : known_add(reading->known, path);
    reading->partial = NULL;
    if (file == NULL)
        return;
    known_reset(file);
    file->state = state;
}

static void read_record(struct reading *reading, enum record_type type, const uint8_t *payload, size_t length)
{
    struct unpacker unpacker = unpacker_make(payload, length);

    switch (type) {
    case RECORD_SESSION:
        read_session(reading, &unpacker);
        break;
    case RECORD_BEGIN:
        reading->partial = read_file(reading, &unpacker);
        if (reading->partial != NULL)
            reading->partial->state = KNOWN_PARTIAL;
        break;
    case RECORD_CHUNK:
        read_chunk(reading, &unpacker);
        break;
    case RECORD_VOID:
        read_void(reading, &unpacker);
        break;
    case RECORD_DONE:
        read_done(reading, &unpacker);
        break;
    case RECORD_MADE:
        read_path(reading, &unpacker, KNOWN_MADE);
        break;
    case RECORD_FORGET:
        read_path(reading, &unpacker, KNOWN_NOTHING);
        break;
    }
}

/* Reads the records of a journal in memory; returns how many bytes are whole records. */
static size_t read_records(struct journal *journal, struct reading *reading, const uint8_t *bytes,
                           size_t size)
{
    size_t at = 0;

    while (size - at >= HEAD + SUM) {
        struct unpacker head = unpacker_make(bytes + at, HEAD);
        size_t length = unpack_u32(&head);
        uint8_t sum[SUM];
        if (length > RECORD_MOST || length + HEAD + SUM > size - at)
            break;
        sum_up(journal, bytes + at + sizeof(uint32_t), length + 1, sum);
        if (memcmp(sum, bytes + at + HEAD + length, SUM) != 0)
            break;
        read_record(reading, bytes[at + HEAD - 1], bytes + at + HEAD, length);
        at += HEAD + length + SUM;
    }
    return at;
}

static bool read_all(struct journal *journal, struct reading *reading)
{
    struct stat status;

    if (fstat(journal->fd, &status) != 0)
        return false;
    size_t size = (size_t)status.st_size;
    uint8_t *bytes = malloc(size + 1);
    if (bytes == NULL)
        return false;
    ssize_t got = bytes_read_at(journal->fd, bytes, size, 0);
    int error = errno;
    size_t whole = got < 0 ? 0 : read_records(journal, reading, bytes, (size_t)got);
    free(bytes);
    errno = error;
    return got >= 0 && (whole == size || ftruncate(journal->fd, (off_t)whole) == 0);
}

bool journal_open(struct journal *journal, int fd, const struct journal_session *session, struct known *known,
                  uint64_t *slots)
{
    struct reading reading = {.known = known, .now = session};
    const char *problem;

    *journal = (struct journal){.fd = fd, .sum = digest_open(DIGEST_XXH3, &problem)};
    if (journal->sum == NULL) {
        errno = ENOMEM;
        return false;
    }
    read_boot_id(reading.boot);
    if (!read_all(journal, &reading))
        return false;
    *slots = reading.slots;
    write_session(journal, session);
    return journal_settle(journal, false);
}

void journal_close(struct journal *journal)
{
    if (journal->sum != NULL)
        digest_free(journal->sum);
    descriptor_close(&journal->fd);
    journal->sum = NULL;
}
