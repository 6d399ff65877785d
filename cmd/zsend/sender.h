/* SPDX-License-Identifier: MIT */
/* What the parts of a session share on the sending side. */
#ifndef ZSEND_SENDER_H
#define ZSEND_SENDER_H

#include "have.h"
#include "move/pump.h"
#include "net/wire.h"
#include "settings.h"

/* An entry that the receiver has not answered yet. */
struct outstanding {
    uint64_t number; /* 0: the place is free */
    enum session_kind kind;
    char *path;   /* as the receiver knows it */
    char *source; /* as the user knows it: it may have to be sent again */
    char *target; /* of a hard link, NULL otherwise */
    int tries;
    bool again; /* it has to be */
};

/* What the receiver has said of the file that is being sent. */
enum current_answer {
    CURRENT_NONE,
    CURRENT_GOOD,   /* CHECKED: all is there */
    CURRENT_BAD,    /* CHECKED: something has to be sent again */
    CURRENT_SETTLED /* DONE or REFUSED: it wants no more of it */
};

struct sender {
    const struct settings *settings;
    struct wire wire;
    const char *peer;             /* for messages */
    int start;                    /* the directory in which zsend was started: sources are named from there */
    uint32_t granted;             /* of ACCEPT */
    struct digest *digest, *list; /* of a chunk; over a list */
    struct have have;
    struct pump pump;
    struct ladder ladder; /* for files */
    struct transfer_totals *totals;
    void *links;     /* tsearch(3): files that have other names */
    uint64_t number; /* of the last entry */
    struct outstanding outstanding[SESSION_WINDOW];
    size_t waiting;   /* how many of them */
    uint64_t spoken;  /* when the receiver was last said something while a file was read, of clock_now */
    uint64_t current; /* the number of the file that is being sent, 0: none */
    enum current_answer answer;       /* about it */
    struct session_chunk *again_list; /* chunks of it that are wanted again */
    size_t again_count, again_room;
    uint64_t entries, failed;
    enum session_status worst;
    bool complete; /* the receiver has said so */
};

/* Remembers that something has gone wrong that does not end the session. */
void sender_note(struct sender *sender, enum session_status status);

/* Says that this side ends the session, and why. Returns false. */
bool sender_abort(struct sender *sender, enum session_status status, const char *problem);

#endif
