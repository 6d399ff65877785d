/* SPDX-License-Identifier: MIT */
/* Opening, locking and removing the folder of a transfer. */
#include "store.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/descriptor.h"

enum { TRIES = 20 };

/* A directory below dir that is ours alone, made if it is missing. -1 with *problem. */
static int open_private(int dir, const char *name, const char **problem)
{
    struct stat status;

    *problem = "cannot make " STORE_NAME;
    if (mkdirat(dir, name, 0700) != 0 && errno != EEXIST)
        return -1;
    *problem = "cannot use " STORE_NAME;
    int fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &status) != 0)
        return -1;
    if (status.st_uid == geteuid() && (status.st_mode & (S_IRWXG | S_IRWXO)) == 0)
        return fd;
    *problem = STORE_NAME " is not ours alone";
    errno = 0;
    descriptor_close(&fd);
    return -1;
}

static void format_id(const uint8_t id[SESSION_ID], char text[STORE_ID])
{
    for (size_t i = 0; i < SESSION_ID; i++)
        snprintf(text + 2 * i, 3, "%02x", id[i]);
}

bool store_exists(int root, const uint8_t id[SESSION_ID])
{
    char text[STORE_ID], path[sizeof STORE_NAME + STORE_ID + 1];
    struct stat status;

    format_id(id, text);
    snprintf(path, sizeof path, STORE_NAME "/%s", text);
    return fstatat(root, path, &status, AT_SYMLINK_NOFOLLOW) == 0;
}

static int open_journal(int dir, const char **problem)
{
    int fd = openat(dir, "journal", O_RDWR | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
    struct stat status;

    *problem = "cannot open the journal of the transfer";
    if (fd < 0 || fstat(fd, &status) != 0 || !S_ISREG(status.st_mode)) {
        descriptor_close(&fd);
        return -1;
    }
    bool locked = flock(fd, LOCK_EX | LOCK_NB) == 0;
    int error = errno;
    if (locked && fstat(fd, &status) == 0 && status.st_nlink > 0)
        return fd;
    if (!locked && error == EWOULDBLOCK)
        *problem = "the same transfer is under way in another zrecv";
    descriptor_close(&fd);
    errno = locked ? ENOENT : error; /* who had it was just removing it */
    return -1;
}

/* Opens the two directories and the journal; returns its descriptor. */
static int open_folder(struct store *store, const char **problem)
{
    store->all = open_private(store->root, STORE_NAME, problem);
    if (store->all >= 0)
        store->dir = open_private(store->all, store->id, problem);
    int journal = store->dir < 0 ? -1 : open_journal(store->dir, problem);
    if (journal >= 0)
        return journal;
    int error = errno;
    descriptor_close(&store->dir);
    descriptor_close(&store->all);
    errno = error;
    return -1;
}

bool store_open(struct store *store, int root, const uint8_t id[SESSION_ID],
                const struct journal_session *session, const char **problem)
{
    int journal = -1;

    *store = (struct store){.root = root, .all = -1, .dir = -1, .journal.fd = -1};
    format_id(id, store->id);
    /* Another zrecv may remove what it is done with while we come. */
    for (int tries = 0; journal < 0 && tries < TRIES && (tries == 0 || errno == ENOENT); tries++)
        journal = open_folder(store, problem);
    if (journal < 0)
        return false;
    *problem = "cannot read the journal of the transfer";
    return journal_open(&store->journal, journal, session, &store->known, &store->slots);
}

void store_close(struct store *store)
{
    journal_close(&store->journal);
    known_free(&store->known);
    descriptor_close(&store->dir);
    descriptor_close(&store->all);
}

static bool forget_file(struct known_file *file, void *of)
{
    if (file->state == KNOWN_DONE || file->state == KNOWN_PARTIAL)
        journal_forget(of, file->path);
    return true;
}

bool store_forget_files(struct store *store, const struct journal_session *session)
{
    struct journal journal = {.fd = -1};
    struct known known = {.tree = NULL};
    uint64_t slots;
    int fd = dup(store->journal.fd); /* with its lock, which stays */

    bool good = fd >= 0 && journal_open(&journal, fd, session, &known, &slots) &&
                known_each(&known, forget_file, &journal) && journal_settle(&journal, true);
    known_free(&known);
    journal_close(&journal);
    return good;
}

void store_remove(struct store *store)
{
    int fd = dup(store->dir);
    DIR *directory = fd < 0 ? NULL : fdopendir(fd);

    if (directory == NULL) {
        descriptor_close(&fd);
        return;
    }
    for (struct dirent *entry = readdir(directory); entry != NULL; entry = readdir(directory))
        if (strcmp(entry->d_name, "journal") != 0)  /* whose lock keeps others out until the end */
            unlinkat(store->dir, entry->d_name, 0); /* "." and ".." say EISDIR */
    closedir(directory);
    unlinkat(store->dir, "journal", 0);
    unlinkat(store->all, store->id, AT_REMOVEDIR);
    unlinkat(store->root, STORE_NAME, AT_REMOVEDIR); /* ENOTEMPTY: other transfers are not complete */
}

void store_slot_name(uint64_t slot, char name[STORE_SLOT])
{
    snprintf(name, STORE_SLOT, "%llu", (unsigned long long)slot);
}

int store_open_slot(const struct store *store, uint64_t slot, bool made)
{
    const int flags = O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | (made ? O_CREAT | O_EXCL : 0);
    char name[STORE_SLOT];
    struct stat status;

    store_slot_name(slot, name);
    int fd = openat(store->dir, name, flags, 0600);
    if (fd < 0 && made && errno == EEXIST && unlinkat(store->dir, name, 0) == 0)
        fd = openat(store->dir, name, flags, 0600); /* a session that was killed had left one */
    if (fd < 0 || (fstat(fd, &status) == 0 && S_ISREG(status.st_mode)))
        return fd;
    descriptor_close(&fd);
    errno = EINVAL;
    return -1;
}

int store_reopen_slot(const struct store *store, uint64_t slot)
{
    char name[STORE_SLOT];
    int fd = store_open_slot(store, slot, false);

    if (fd >= 0 || errno != EACCES)
        return fd;
    store_slot_name(slot, name);
    return fchmodat(store->dir, name, 0600, 0) == 0 ? store_open_slot(store, slot, false) : -1;
}

static void sum_up(struct store *store, const char *path, uint8_t sum[DIGEST_BYTES])
{
    digest_add(store->journal.sum, path, strlen(path));
    digest_take(store->journal.sum, sum);
}

void store_note_made(struct store *store, const char *path)
{
    uint8_t sum[DIGEST_BYTES];

    if (store->made_count == STORE_MADE) { /* a sender that never leaves any */
        memmove(store->made[0], store->made[1], sizeof store->made - sizeof store->made[0]);
        store->made_count--;
    }
    sum_up(store, path, sum);
    memcpy(store->made[store->made_count++], sum, STORE_SUM);
}

/* Where it is among those that were made; made_count: it is not. */
static size_t find_made(struct store *store, const char *path)
{
    uint8_t sum[DIGEST_BYTES];

    sum_up(store, path, sum);
    for (size_t i = store->made_count; i > 0; i--)
        if (memcmp(store->made[i - 1], sum, STORE_SUM) == 0)
            return i - 1;
    return store->made_count;
}

bool store_has_made(struct store *store, const char *path)
{
    return find_made(store, path) < store->made_count;
}

void store_forget_made(struct store *store, const char *path)
{
    size_t at = find_made(store, path);

    if (at == store->made_count)
        return;
    store->made_count--;
    memmove(store->made[at], store->made[at + 1], (store->made_count - at) * sizeof store->made[0]);
}

void store_remove_slot(struct store *store, uint64_t slot)
{
    char name[STORE_SLOT];

    store_slot_name(slot, name);
    unlinkat(store->dir, name, 0);
}

void store_drop(struct store *store, struct known_file *file)
{
    store_remove_slot(store, file->slot);
    journal_forget(&store->journal, file->path);
    known_reset(file);
}
