/* SPDX-License-Identifier: MIT */
/* The directory .zrecv.d: where the partial files of a transfer are, with its journal. */
#ifndef ZRECV_STORE_H
#define ZRECV_STORE_H

#include "journal.h"

#define STORE_NAME ".zrecv.d"

enum {
    STORE_ID = 2 * SESSION_ID + 1,
    STORE_SLOT = 24,
    STORE_MADE = PATH_MAX / 2 + SESSION_WINDOW,
    STORE_SUM = 16
};

struct store {
    int root;          /* the caller's */
    int all, dir;      /* .zrecv.d, and the folder of this transfer in it */
    char id[STORE_ID]; /* its name */
    struct journal journal;
    struct known known;
    uint64_t slots; /* the highest number in use */
    uint8_t made[STORE_MADE]
                [STORE_SUM]; /* digests of the paths of directories that this session has made and not left */
    size_t made_count;
};

/*
 * Opens or makes the folder of the transfer in the directory root and locks it. It has to be a directory that
 * is ours and that nobody else may enter. False: impossible; *problem, with errno or 0, is why;
 * EWOULDBLOCK: the same transfer is under way.
 */
bool store_open(struct store *store, int root, const uint8_t id[SESSION_ID],
                const struct journal_session *session, const char **problem);
void store_close(struct store *store);

/* Whether there is one: nothing is made for that. */
bool store_exists(int root, const uint8_t id[SESSION_ID]);

/* Of all files that the journal has, no byte counts any more; they stay the transfer's own. False: that could
 * not be written down. */
bool store_forget_files(struct store *store, const struct journal_session *session);

/* Removes the folder with all that is in it, and .zrecv.d when it is empty then. */
void store_remove(struct store *store);

/* The name of a partial file in dir. */
void store_slot_name(uint64_t slot, char name[STORE_SLOT]);

/* Opens a partial file for writing and reading; made: as a new one. -1 with errno. */
int store_open_slot(const struct store *store, uint64_t slot, bool made);

/* The same of one from an earlier session, which may have its final mode already: it gets one that lets us
 * in. */
int store_reopen_slot(const struct store *store, uint64_t slot);

/* Remembers a directory that has been made; no path has room for more of them, and no window for more that
 * wait to be left, than are remembered. */
void store_note_made(struct store *store, const char *path);

/* Whether this session has made the directory, and not left it; and when it leaves it. They are not left in
 * the order in which they were made: one may have to wait for a file that comes again. */
bool store_has_made(struct store *store, const char *path);
void store_forget_made(struct store *store, const char *path);

/* Removes a partial file. */
void store_remove_slot(struct store *store, uint64_t slot);

/* The same, and forgets it. */
void store_drop(struct store *store, struct known_file *file);

#endif
