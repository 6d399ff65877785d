/* SPDX-License-Identifier: MIT */
/* Arguments that are one of several words, as GNU's commands take them. */
#ifndef ZCP_CHOICE_H
#define ZCP_CHOICE_H

#include <stdbool.h>
#include <stddef.h>

/* Words with the same value are synonyms; they stand side by side. */
struct choice {
    const char *word;
    int value;
};

#define CHOICE_COUNT(choices) (sizeof(choices) / sizeof *(choices))

/*
 * Finds the word, or the only value whose words begin like that, in the first length characters of text.
 * False: there is none, or there are several; that is reported as a usage error of what ("--sparse").
 */
bool choice_take(const struct choice *choices, size_t count, const char *what, const char *text,
                 size_t length, int *value);

#endif
