/* SPDX-License-Identifier: MIT */
/* Checks which methods can serve each pair of kinds, and the order in which they are tried. */
#include <string.h>

#include "move/ladder.h"
#include "unit.h"

enum { TEXT = 128 };

static const char *ladder_text(const struct ladder *ladder, char text[TEXT])
{
    *text = '\0';
    for (size_t i = 0; i < ladder->count; i++) {
        strcat(text, i > 0 ? "," : "");
        strcat(text, method_table[ladder->steps[i]].name);
    }
    return text;
}

/*
 * The facts of the kernel, a row a source and a column a sink, in the order of enum kind: letters of the
 * methods that are tried by default, in this order (F copy_file_range, S sendfile, P splice, R read), and
 * behind a slash those that can serve the pair but have to be asked for (M mmap).
 */
struct row {
    enum kind source;
    const char *sinks[KIND_COUNT];
};

/* clang-format off */
static const struct row rows[KIND_COUNT] = {
    /*                  FILE       APPEND  BLOCK      PIPE       STREAM     DATAGRAM TERMINAL   NULL       DEVICE     OTHER */
    {KIND_FILE,     {"FSPR/M", "R/M", "SPR/M",  "PR/SM",  "SPR/M",  "R/M",  "R/SPM",  "SPR/M",  "R/SPM",  "R/M"}},
    {KIND_APPEND,   {"FSPR/M", "R/M", "SPR/M",  "PR/SM",  "SPR/M",  "R/M",  "R/SPM",  "SPR/M",  "R/SPM",  "R/M"}},
    {KIND_BLOCK,    {"SPR/M",  "R/M", "SPR/M",  "PR/SM",  "SPR/M",  "R/M",  "R/SPM",  "SPR/M",  "R/SPM",  "R/M"}},
    {KIND_PIPE,     {"PR",     "R",   "PR",     "PR",     "PR",     "R",    "R/P",    "PR",     "R/P",    "R"}},
    {KIND_STREAM,   {"PR",     "R",   "PR",     "PR",     "PR",     "R",    "R/P",    "PR",     "R/P",    "R"}},
    {KIND_DATAGRAM, {"R",      "R",   "R",      "R",      "R",      "R",    "R",      "R",      "R",      "R"}},
    {KIND_TERMINAL, {"R/P",    "R",   "R/P",    "R/P",    "R/P",    "R",    "R/P",    "R/P",    "R/P",    "R"}},
    {KIND_NULL,     {"R",      "R",   "R",      "R",      "R",      "R",    "R",      "R",      "R",      "R"}},
    {KIND_DEVICE,   {"R/P",    "R",   "R/P",    "R/P",    "R/P",    "R",    "R/P",    "R/P",    "R/P",    "R"}},
    {KIND_OTHER,    {"R",      "R",   "R",      "R",      "R",      "R",    "R",      "R",      "R",      "R"}},
};
/* clang-format on */

static const char letters[] = "CFSPTMR"; /* of the methods, in the order of the enum */

static enum method method_of(char letter)
{
    return (enum method)(strchr(letters, letter) - letters);
}

static struct ladder by_default(const char *cell)
{
    struct ladder ladder = {0};

    for (; *cell != '\0' && *cell != '/'; cell++)
        ladder.steps[ladder.count++] = method_of(*cell);
    return ladder;
}

static bool is_served(const char *cell, enum method method)
{
    return strchr(cell, letters[method]) != NULL;
}

static void check_pair(enum kind source, enum kind sink, const char *cell)
{
    static const struct ladder all = {METHOD_COUNT,
                                      {METHOD_READ, METHOD_MMAP, METHOD_TEE, METHOD_SPLICE, METHOD_SENDFILE,
                                       METHOD_COPY_FILE_RANGE, METHOD_CLONE}};
    struct ladder expected = by_default(cell), chosen = ladder_for(source, sink), every = {0};
    char expected_text[TEXT], text[TEXT];

    ladder_text(&expected, expected_text);
    check(strcmp(ladder_text(&chosen, text), expected_text) == 0, "a %s to a %s: by default %s (it is %s)",
          kind_name(source), kind_name(sink), expected_text, text);
    for (size_t i = 0; i < all.count; i++)
        if (is_served(cell, all.steps[i]))
            every.steps[every.count++] = all.steps[i];
    ladder_text(&every, expected_text);
    struct ladder restricted = ladder_restrict(&all, source, sink);
    check(strcmp(ladder_text(&restricted, text), expected_text) == 0,
          "a %s to a %s: of all, in the order asked for, %s (it is %s)", kind_name(source), kind_name(sink),
          expected_text, text);
    for (enum method method = 0; method < METHOD_COUNT; method++) {
        struct ladder one = {1, {method}};
        restricted = ladder_restrict(&one, source, sink);
        if (method_serves(method, source, sink) != is_served(cell, method) ||
            restricted.count != is_served(cell, method))
            check(false, "a %s to a %s: %s", kind_name(source), kind_name(sink), method_table[method].name);
    }
}

static void check_lists(void)
{
    static const char *const good[] = {"sendfile",    "splice",
                                       "mmap",        "read",
                                       "read,splice", "sendfile,splice,mmap,read",
                                       "clone",       "copy_file_range,clone",
                                       "tee",         "clone,copy_file_range,sendfile,splice,mmap,read"};
    static const char *const bad[] = {"",
                                      ",",
                                      "read,",
                                      ",read",
                                      "read,,mmap",
                                      "read,read",
                                      "Read",
                                      "reads",
                                      "rea",
                                      "read mmap",
                                      " read",
                                      "splice,mmap,splice",
                                      "clone,clone",
                                      "auto",
                                      "sendfile;read",
                                      "copy_file"};

    struct ladder ladder;
    char text[TEXT];

    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        check(ladder_parse(good[i], &ladder) && strcmp(ladder_text(&ladder, text), good[i]) == 0,
              "'%s' is a list of methods", good[i]);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        check(!ladder_parse(bad[i], &ladder), "'%s' is no list of methods", bad[i]);
}

static void check_drop(void)
{
    struct ladder ladder = {3, {METHOD_SPLICE, METHOD_MMAP, METHOD_READ}};
    char text[TEXT];

    ladder_drop(&ladder, METHOD_MMAP);
    check(strcmp(ladder_text(&ladder, text), "splice,read") == 0, "a method in the middle is dropped");
    ladder_drop(&ladder, METHOD_SENDFILE);
    check(strcmp(ladder_text(&ladder, text), "splice,read") == 0, "one that is not there changes nothing");
    ladder_drop(&ladder, METHOD_SPLICE);
    ladder_drop(&ladder, METHOD_READ);
    check(ladder.count == 0, "the first and the last can be dropped");
}

int main(void)
{
    struct ladder nothing = {0};

    for (enum kind source = 0; source < KIND_COUNT; source++) {
        check(rows[source].source == source, "the table has a row for a %s", kind_name(source));
        for (enum kind sink = 0; sink < KIND_COUNT; sink++)
            check_pair(source, sink, rows[source].sinks[sink]);
    }
    check(ladder_restrict(&nothing, KIND_FILE, KIND_STREAM).count == 0, "nothing asked for gives nothing");
    check_lists();
    check_drop();
    return unit_status();
}
