/* SPDX-License-Identifier: MIT */
/* Checks which spellings of options a table accepts. */
#include "base/option.h"

#include <getopt.h>
#include <string.h>

#include "unit.h"

enum { ONLY = OPTION_COMMAND, OUTPUT, OUTSIDE, NEW, NEWER, COLOUR };

static const struct option_row rows[] = {
    OPTION_HEADING("Of the peer"),
    {'a', "append", NULL, "append", OPTION_ABBREVIATED},
    {OUTPUT, "output", "FILE", "output", OPTION_ABBREVIATED},
    {OUTSIDE, "outside", NULL, "outside", OPTION_ABBREVIATED},
    OPTION_HEADING("Of its own"),
    {NEW, "new", NULL, "new", 0},
    {NEWER, "newer", "N", "newer", 0},
    {COLOUR, "apparent", "[=WHEN]", "takes no abbreviation of append away", 0},
    {ONLY, "only", NULL, "only", 0},
    {'n', NULL, "NUMBER", "a letter with an argument", 0},
    {'x', NULL, NULL, NULL, 0},
};

static const struct option_table table = {.usage = "Usage: test",
                                          .description = "",
                                          .rows = rows,
                                          .row_count = sizeof rows / sizeof *rows,
                                          .epilogue = ""};

/* A command line, and what option_next is to make of it: "ID[=ARGUMENT] ... | OPERAND ...". */
static const struct {
    const char *line, *expected;
} lines[] = {
    {"", "|"},
    {"--append", "a |"},
    {"-a", "a |"},
    {"--app", "a |"},
    {"--ap", "a |"},
    {"--a", "a |"},
    {"--output=f", "output=f |"},
    {"--output f", "output=f |"},
    {"--outp=f", "output=f |"},
    {"--outp f", "output=f |"},
    {"--out=f", "? |"}, /* output or outside */
    {"--outs", "outside |"},
    {"--new", "new |"},
    {"--newer=3", "newer=3 |"},
    {"--newe=3", "? |"},
    {"--ne", "? |"},
    {"--onl", "? |"},
    {"--only", "only |"},
    {"--only=1", "? |"},
    {"--apparent", "apparent |"},
    {"--apparent=x", "apparent=x |"},
    {"--apparent x", "apparent | x"},
    {"--appa", "? |"},
    {"--bogus", "? |"},
    {"-z", "? |"},
    {"-x", "x |"},
    {"-n 5", "n=5 |"},
    {"-n5", "n=5 |"},
    {"-an5", "a n=5 |"},
    {"-n", "? |"},
    {"--output", "? |"},
    {"-n --app", "n=--app |"},
    {"-ax --app --new op", "a x a new | op"},
    {"op --app", "a | op"},
    {"op1 --newer 4 op2 --app", "newer=4 a | op1 op2"},
    {"--app -- --new", "a | --new"},
    {"-- -a", "| -a"},
    {"- --app", "a | -"},
    {"--new --app", "new a |"},
    {"--app --new", "a new |"},
    {"-n --new --only", "n=--new only |"},
    {"--newer --app --app", "newer=--app a |"},
};

static const char *name_of(int id)
{
    static char letter[2];

    for (size_t i = 0; i < table.row_count; i++)
        if (id > 255 && rows[i].id == id)
            return rows[i].name;
    letter[0] = (char)id;
    return letter;
}

enum { TEXT = 256 };

static void append(char *text, const char *first, const char *second, const char *third)
{
    size_t length = strlen(text);
    snprintf(text + length, TEXT - length, "%s%s%s", first, second, third);
}

/* Every line starts with optind 0, by which getopt_long forgets the line before: the GNU way to begin again.
 */
static const char *parse(const char *line, char text[static TEXT])
{
    static char words[TEXT], program[] = "test";
    char *argv[32] = {program}, *rest = words;
    int argc = 1, id;

    snprintf(words, sizeof words, "%s", line);
    for (char *word; (word = strsep(&rest, " ")) != NULL;)
        if (*word != '\0')
            argv[argc++] = word;
    *text = '\0';
    optind = 0;
    opterr = 0;
    while ((id = option_next(&table, argc, argv)) != -1) {
        bool has_argument = id != '?' && optarg != NULL;
        append(text, name_of(id), has_argument ? "=" : "", has_argument ? optarg : "");
        append(text, " ", "", "");
    }
    append(text, "|", "", "");
    for (; optind < argc; optind++)
        append(text, " ", argv[optind], "");
    return text;
}

int main(void)
{
    char text[TEXT];

    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        check(strcmp(parse(lines[i].line, text), lines[i].expected) == 0, "'%s' is '%s' (it is '%s')",
              lines[i].line, lines[i].expected, text);
    return unit_status();
}
