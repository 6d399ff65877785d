/* SPDX-License-Identifier: MIT */
/* What the parts of zrecv share while a session lasts. */
#ifndef ZRECV_RECEIVER_H
#define ZRECV_RECEIVER_H

#include "beneath.h"
#include "incoming.h"
#include "net/wire.h"
#include "queue.h"
#include "settings.h"
#include "store.h"

struct again {
    uint64_t number; /* 0: none */
    bool is_bad;     /* it is a file that came as something else than was sent */
    unsigned waits;  /* how often it was put off */
};

struct receiver {
    const struct settings *settings;
    struct wire wire;
    const char *peer; /* for messages */
    struct session_offer offer;
    uint32_t granted; /* of ACCEPT */
    bool is_stream;   /* all goes to standard output */
    int root;         /* the directory, -1 with is_stream */
    struct beneath beneath;
    struct store store; /* neither with is_stream nor with SESSION_DRY */
    bool has_store;
    struct digest *digest, *list; /* of a chunk, and over a list */
    struct session_entry entry;   /* the last one that was announced */
    struct incoming incoming;
    struct queue queue;
    uint64_t last_number;               /* the highest one that has come */
    struct again again[SESSION_WINDOW]; /* entries that are to be sent again, whole */
    uint64_t bad; /* files that came as something else than was sent, and have not come again */
    uint64_t entries, failed;
    enum session_status worst;      /* what refused entries make of the exit status */
    bool is_worth_keeping;          /* a later session may go on with what is in the store */
    bool decided;                   /* one side has said that there is to be no such session */
    bool told;                      /* COMPLETE has been sent */
    uint8_t xattrs[SESSION_XATTRS]; /* of entry */
};

/*
 * Refuses the entry of this number: tells the sender, and the user. text, a format, says why, and error is
 * its errno or 0. Returns false if the sender cannot be told.
 */
bool receiver_refuse(struct receiver *receiver, uint64_t number, enum session_status status, int error,
                     const char *format, ...) __attribute__((format(printf, 5, 6)));

/* Tells the sender that an entry is done: taken, or passed over, since something else may stay there. */
bool receiver_confirm(struct receiver *receiver, uint64_t number, bool taken);

/* Asks for bytes of an entry once more; for none: for the entry. */
bool receiver_ask_again(struct receiver *receiver, uint64_t number, uint64_t offset, uint64_t length);

/* Ends the session, and says why to both. error: errno, or 0. Returns false. */
bool receiver_end(struct receiver *receiver, enum session_status status, int error, const char *problem);

/* The same: a sender that does what it cannot. */
bool receiver_abort(struct receiver *receiver, const char *problem);

/* Calls a function that may take its time on a thread of its own, while the sender hears that we are still
 * there. */
bool receiver_wait_for(struct receiver *receiver, bool (*call)(void *of), void *of);

/* True when the journal has all it was told, on the disk unless the receiver does not sync. False with errno.
 */
bool receiver_settle(struct receiver *receiver);

#endif
