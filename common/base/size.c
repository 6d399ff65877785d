/* SPDX-License-Identifier: MIT */
/* Sizes, counts and durations: text to number and back. */
#include "base/size.h"

#include <bsd/stdlib.h>
#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"

static const char size_units[] = "KMGTPE";

/* Digits, then nothing or one letter of units. expand_number(3) of libbsd takes more: it reads "-1" as
 * 2^64-1 and "10KiB" as 10240. */
static bool is_size(const char *text)
{
    size_t digits = strspn(text, "0123456789");
    const char *rest = text + digits;
    return digits > 0 && (*rest == '\0' || (strchr(size_units, toupper((unsigned char)*rest)) && !rest[1]));
}

const char *size_parse(const char *text, uint64_t min, uint64_t max, uint64_t *value)
{
    uint64_t number;

    if (!is_size(text))
        return "invalid";
    if (expand_number(text, &number) != 0 || number > max)
        return "too large";
    if (number < min)
        return "too small";
    *value = number;
    return NULL;
}

const char *count_parse(const char *text, long long min, long long max, long long *value)
{
    const char *wrong = NULL;
    long long number = strtonum(text, min, max, &wrong);

    if (wrong == NULL)
        *value = number;
    return wrong;
}

const char *duration_parse(const char *text, uint64_t *nanoseconds)
{
    char *end;

    if (strspn(text, "0123456789.") != strlen(text) || *text == '\0')
        return "invalid";
    double seconds = strtod(text, &end);
    if (*end != '\0')
        return "invalid";
    if (seconds > 1e9)
        return "too large";
    *nanoseconds = (uint64_t)(seconds * (double)NANOSECONDS);
    return NULL;
}

const char *size_format(char text[SIZE_TEXT], uint64_t bytes)
{
    double shown = (double)bytes;
    int unit = -1;

    while (shown >= 1023.95 && size_units[unit + 1] != '\0') {
        shown /= 1024;
        unit++;
    }
    if (unit < 0)
        snprintf(text, SIZE_TEXT, "%d B", (int)bytes);
    else
        snprintf(text, SIZE_TEXT, "%.*f %ciB", shown < 10 ? 2 : 1, shown, size_units[unit]);
    return text;
}

const char *duration_format(char text[SIZE_TEXT], uint64_t nanoseconds)
{
    unsigned long long seconds = (nanoseconds + NANOSECONDS - 1) / NANOSECONDS;
    unsigned long long hours = seconds / 3600;
    unsigned minutes = (unsigned)(seconds / 60 % 60), rest = (unsigned)(seconds % 60);

    if (hours > 0)
        snprintf(text, SIZE_TEXT, "%llu:%02u:%02u", hours, minutes, rest);
    else
        snprintf(text, SIZE_TEXT, "%u:%02u", minutes, rest);
    return text;
}
