/* SPDX-License-Identifier: MIT */
/* What is to be done about something that is already where the copy goes. */
#ifndef ZCP_EXISTING_H
#define ZCP_EXISTING_H

#include "entry.h"

enum verdict {
    VERDICT_GO_ON,
    VERDICT_SKIP, /* done with it; failures are reported and noted */
    VERDICT_KEEP  /* what is there is as new as the source, and stands for its copy */
};

/* Finds out what is there, and removes it or moves it aside if the options say so. */
enum verdict existing_settle(struct copier *copier, struct entry *entry);

#endif
