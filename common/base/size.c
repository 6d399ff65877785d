/* SPDX-License-Identifier: MIT */
/* Sizes, counts and durations: text to number and back. */
#include "base/size.h"

#include <bsd/stdlib.h>
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

static const char size_units[] = "KMGTPE";

/* How many times 1024 the letter stands for: 0 for none, -1 when it is not one of the units. */
static int unit_power(const char *letter)
{
    const char *unit = strchr(size_units, toupper((unsigned char)*letter));

    if (*letter == '\0')
        return 0;
    return unit == NULL || letter[1] != '\0' ? -1 : (int)(unit - size_units) + 1;
}

/* expand_number(3) of libbsd would take more than sizes: it reads "-1" as 2^64-1, "10KiB" as 10240, and "010"
 * as an octal number. */
const char *size_parse(const char *text, uint64_t min, uint64_t max, uint64_t *value)
{
    char *letter;
    int power;

    if (!isdigit((unsigned char)*text))
        return "invalid";
    errno = 0;
    uint64_t number = strtoull(text, &letter, 10);
    if ((power = unit_power(letter)) < 0)
        return "invalid";
    if (errno != 0 || number > max >> (10 * power))
        return "too large";
    if (number << (10 * power) < min)
        return "too small";
    *value = number << (10 * power);
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
    unsigned long long seconds = nanoseconds / NANOSECONDS + (nanoseconds % NANOSECONDS != 0);
    unsigned long long hours = seconds / 3600;
    unsigned minutes = (unsigned)(seconds / 60 % 60), rest = (unsigned)(seconds % 60);

    if (hours > 0)
        snprintf(text, SIZE_TEXT, "%llu:%02u:%02u", hours, minutes, rest);
    else
        snprintf(text, SIZE_TEXT, "%u:%02u", minutes, rest);
    return text;
}
