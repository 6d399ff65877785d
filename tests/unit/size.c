/* SPDX-License-Identifier: MIT */
/* Checks how sizes, counts and durations are read and written. */
#include <limits.h>
#include <string.h>

#include "base/clock.h"
#include "base/size.h"
#include "unit.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

static bool same(const char *text, const char *expected)
{
    return text == expected || (text != NULL && expected != NULL && strcmp(text, expected) == 0);
}

static const char *shown(const char *problem)
{
    return problem ? problem : "taken";
}

static void check_sizes(void)
{
    static const struct {
        const char *text;
        uint64_t value;
    } good[] = {
        {"0", 0},
        {"1", 1},
        {"4096", 4096},
        {"64K", 65536},
        {"64k", 65536},
        {"1M", 1 << 20},
        {"2G", UINT64_C(2) << 30},
        {"3t", UINT64_C(3) << 40},
        {"5P", UINT64_C(5) << 50},
        {"15E", UINT64_C(15) << 60},
        {"0K", 0},
        {"010", 10},
        {"08K", 8192},
        {"9223372036854775807", INT64_MAX},
        {"18446744073709551615", UINT64_MAX},
    };
    static const char *const bad[] = {"",     "-1",    "+1",  "10KiB", "10KB", "1e3", "0x10",
                                      "1.5M", " 1",    "1 ",  "K",     "1 K",  "1B",  "1KK",
                                      "1k1",  "1,000", "abc", "-",     "1\n",  "--1", "1Z"};
    static const char *const large[] = {"16E", "18446744073709551616", "99999999999999999999999", "16384P"};

    for (size_t i = 0; i < COUNT(good); i++) {
        uint64_t value = 77;
        const char *problem = size_parse(good[i].text, 0, UINT64_MAX, &value);
        check(problem == NULL && value == good[i].value, "'%s' is %llu bytes (%s, %llu)", good[i].text,
              (unsigned long long)good[i].value, shown(problem), (unsigned long long)value);
    }
    for (size_t i = 0; i < COUNT(bad); i++) {
        uint64_t value = 77;
        const char *problem = size_parse(bad[i], 0, UINT64_MAX, &value);
        check(same(problem, "invalid") && value == 77, "bad size %zu is invalid (%s)", i, shown(problem));
    }
    for (size_t i = 0; i < COUNT(large); i++) {
        uint64_t value = 77;
        const char *problem = size_parse(large[i], 0, UINT64_MAX, &value);
        check(same(problem, "too large") && value == 77, "'%s' is too large (%s)", large[i], shown(problem));
    }
}

static void check_bounds(void)
{
    uint64_t value = 77;

    check(size_parse("4K", 4096, 8192, &value) == NULL && value == 4096, "the least size is taken");
    check(size_parse("8K", 4096, 8192, &value) == NULL && value == 8192, "the greatest size is taken");
    check(same(size_parse("4095", 4096, 8192, &value), "too small"), "one byte less is too small");
    check(same(size_parse("8193", 4096, 8192, &value), "too large"), "one byte more is too large");
    check(same(size_parse("16E", 0, INT64_MAX, &value), "too large"), "2^64 is too large for any bound");
    check(value == 8192, "the value stays as it was when the text is refused");
}

static void check_counts(void)
{
    static const struct {
        const char *text, *problem;
        long long value;
    } rows[] = {
        {"1", NULL, 1},          {"100", NULL, 100},     {"-5", NULL, -5},
        {"101", "too large", 0}, {"-6", "too small", 0}, {"", "invalid", 0},
        {"x", "invalid", 0},     {"1x", "invalid", 0},   {"1.5", "invalid", 0},
        {"0x1", "invalid", 0},   {"1K", "invalid", 0},   {"99999999999999999999", "too large", 0},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        long long value = 0;
        const char *problem = count_parse(rows[i].text, -5, 100, &value);
        check(same(problem, rows[i].problem) && value == rows[i].value, "the number '%s': %s (it is %s)",
              rows[i].text, shown(rows[i].problem), shown(problem));
    }
}

static void check_durations(void)
{
    static const struct {
        const char *text, *problem;
        uint64_t value;
    } rows[] = {
        {"0", NULL, 0},
        {"1", NULL, NANOSECONDS},
        {"0.5", NULL, NANOSECONDS / 2},
        {".25", NULL, NANOSECONDS / 4},
        {"2.", NULL, 2 * NANOSECONDS},
        {"1000000000", NULL, 1000000000 * NANOSECONDS},
        {"1000000001", "too large", 77},
        {"99999999999999999999999999", "too large", 77},
        {"", "invalid", 77},
        {".", "invalid", 77},
        {"-1", "invalid", 77},
        {"+1", "invalid", 77},
        {"1e3", "invalid", 77},
        {"1.2.3", "invalid", 77},
        {"inf", "invalid", 77},
        {"nan", "invalid", 77},
        {"0x1", "invalid", 77},
        {"1s", "invalid", 77},
        {" 1", "invalid", 77},
        {"1 ", "invalid", 77},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        uint64_t value = 77;
        const char *problem = duration_parse(rows[i].text, &value);
        check(same(problem, rows[i].problem) && value == rows[i].value, "'%s' seconds: %s (it is %s)",
              rows[i].text, shown(rows[i].problem), shown(problem));
    }
}

static void check_size_format(void)
{
    static const struct {
        uint64_t bytes;
        const char *text;
    } rows[] = {
        {0, "0 B"},
        {1, "1 B"},
        {1023, "1023 B"},
        {1024, "1.00 KiB"},
        {1536, "1.50 KiB"},
        {10240, "10.0 KiB"},
        {1048575, "1.00 MiB"},
        {1048576, "1.00 MiB"},
        {UINT64_C(1023) << 20, "1023.0 MiB"},
        {UINT64_C(5) << 30, "5.00 GiB"},
        {UINT64_C(1) << 40, "1.00 TiB"},
        {UINT64_C(1) << 50, "1.00 PiB"},
        {UINT64_MAX, "16.0 EiB"},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        char text[SIZE_TEXT];
        check(same(size_format(text, rows[i].bytes), rows[i].text),
              "%llu bytes are written '%s' (it is '%s')", (unsigned long long)rows[i].bytes, rows[i].text,
              text);
    }
}

static void check_duration_format(void)
{
    static const struct {
        uint64_t nanoseconds;
        const char *text;
    } rows[] = {
        {0, "0:00"},
        {1, "0:01"},
        {NANOSECONDS, "0:01"},
        {NANOSECONDS + 1, "0:02"},
        {59 * NANOSECONDS, "0:59"},
        {60 * NANOSECONDS, "1:00"},
        {123 * NANOSECONDS, "2:03"},
        {3599 * NANOSECONDS, "59:59"},
        {3600 * NANOSECONDS, "1:00:00"},
        {3723 * NANOSECONDS, "1:02:03"},
        {360000 * NANOSECONDS, "100:00:00"},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        char text[SIZE_TEXT];
        check(same(duration_format(text, rows[i].nanoseconds), rows[i].text),
              "%llu ns are written '%s' (it is '%s')", (unsigned long long)rows[i].nanoseconds, rows[i].text,
              text);
    }
    char text[SIZE_TEXT];
    check(strlen(duration_format(text, UINT64_MAX)) < SIZE_TEXT - 1, "the longest duration has room");
    check(!same(text, "0:00"), "and is not nothing");
}

int main(void)
{
    check_sizes();
    check_bounds();
    check_counts();
    check_durations();
    check_size_format();
    check_duration_format();
    return unit_status();
}
