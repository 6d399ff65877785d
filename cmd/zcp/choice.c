/* SPDX-License-Identifier: MIT */
/* Finds words by their beginnings, and lists what there is. */
#include "choice.h"

#include <stdio.h>
#include <string.h>

#include "base/message.h"
#include "base/option.h"

/* "  - 'none', 'off'": a value with all its words. Returns how many. */
static size_t list_value(const struct choice *choice, size_t count)
{
    char line[128];
    int used = snprintf(line, sizeof line, "  - '%s'", choice->word);
    size_t words = 1;

    for (; words < count && choice[words].value == choice->value; words++)
        used += snprintf(line + used, sizeof line - (size_t)used, ", '%s'", choice[words].word);
    message_plain("%s", line);
    return words;
}

static void complain(const struct choice *choices, size_t count, bool ambiguous, const char *what,
                     const char *text, size_t length)
{
    message_note("%s argument '%.*s' for '%s'", ambiguous ? "ambiguous" : "invalid", (int)length, text, what);
    message_plain("Valid arguments are:");
    for (size_t i = 0; i < count;)
        i += list_value(&choices[i], count - i);
    option_usage_error(NULL);
}

bool choice_take(const struct choice *choices, size_t count, const char *what, const char *text,
                 size_t length, int *value)
{
    const struct choice *found = NULL;
    bool ambiguous = false;

    for (const struct choice *choice = choices; choice < choices + count; choice++) {
        if (strncmp(choice->word, text, length) != 0)
            continue;
        if (choice->word[length] == '\0') {
            *value = choice->value;
            return true;
        }
        ambiguous = ambiguous || (found != NULL && found->value != choice->value);
        found = choice;
    }
    if (found == NULL || ambiguous) {
        complain(choices, count, ambiguous, what, text, length);
        return false;
    }
    *value = found->value;
    return true;
}
