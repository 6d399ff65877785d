/* SPDX-License-Identifier: MIT */
/* What the options of one command line mean together. */
#ifndef ZCP_CONFLICTS_H
#define ZCP_CONFLICTS_H

#include <stdbool.h>

#include "settings.h"

enum update { UPDATE_ALL, UPDATE_NONE, UPDATE_NONE_FAIL, UPDATE_OLDER };
enum interactive { INTERACTIVE_DEFAULT, INTERACTIVE_ASK, INTERACTIVE_SKIP };

/* What the options have said that can be judged only when all have been read. */
struct wishes {
    enum update update;           /* of the last -u or --update */
    enum interactive interactive; /* of the last -i or -n */
    bool follow_given, backup;
    bool hard_links, symbolic_links;
    const char *control, *suffix; /* of backups, or NULL */
};

/* Completes the settings. Returns SETTINGS_GO_ON, or the exit status when they contradict each other
 * (reported). */
int conflicts_settle(struct settings *settings, const struct wishes *wishes);

/* The same for the operands that are left of argv. */
int conflicts_operands(struct settings *settings, int count, char **operands);

#endif
