/* SPDX-License-Identifier: MIT */
/* getopt_long(3) and --help over one table. */
#include "base/option.h"

#include <bsd/stdlib.h>
#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/message.h"

#ifndef ZCOPY_VERSION
#error "the Makefile defines ZCOPY_VERSION"
#endif

enum { HELP_COLUMN = 27, ROWS_MAX = 128 };

static bool is_optional(const struct option_row *row)
{
    return row->argument != NULL && row->argument[0] == '[';
}

static int argument_kind(const struct option_row *row)
{
    return row->argument == NULL ? no_argument : is_optional(row) ? optional_argument : required_argument;
}

static void make_short(const struct option_table *table, char letters[static 2 * ROWS_MAX + 1])
{
    for (size_t i = 0; i < table->row_count; i++) {
        if (table->rows[i].id <= 0 || table->rows[i].id > 255)
            continue;
        *letters++ = (char)table->rows[i].id;
        if (argument_kind(&table->rows[i]) == required_argument)
            *letters++ = ':';
    }
    *letters = '\0';
}

static void make_long(const struct option_table *table, bool peers_only,
                      struct option names[static ROWS_MAX + 1])
{
    for (size_t i = 0; i < table->row_count; i++) {
        const struct option_row *row = &table->rows[i];
        if (row->name != NULL && (!peers_only || (row->flags & OPTION_ABBREVIATED)))
            *names++ = (struct option){row->name, argument_kind(row), NULL, row->id};
    }
    *names = (struct option){0};
}

/* The argument that getopt_long looks at next, as far as that is a long option. */
static const char *next_long(int argc, char **argv)
{
    for (int i = optind; i < argc; i++)
        if (argv[i][0] == '-' && argv[i][1] != '\0')
            return argv[i][1] == '-' && argv[i][2] != '\0' ? argv[i] + 2 : NULL;
    return NULL;
}

static bool is_full_name(const struct option_table *table, const char *text)
{
    size_t length = strcspn(text, "=");

    for (size_t i = 0; i < table->row_count; i++) {
        const char *name = table->rows[i].name;
        if (name != NULL && strlen(name) == length && strncmp(name, text, length) == 0)
            return true;
    }
    return false;
}

int option_next(const struct option_table *table, int argc, char **argv)
{
    struct option names[ROWS_MAX + 1];
    char letters[2 * ROWS_MAX + 1];
    const char *text = next_long(argc, argv);

    make_short(table, letters);
    make_long(table, text == NULL || !is_full_name(table, text), names);
    return getopt_long(argc, argv, letters, names, NULL);
}

static int print_names(const struct option_row *row)
{
    bool letter = row->id > 0 && row->id <= 255;
    int width = letter ? printf("  -%c", row->id) : printf("     ");

    if (row->name != NULL)
        width += printf("%s--%s", letter ? ", " : " ", row->name);
    if (row->argument != NULL)
        width += printf("%s%s", is_optional(row) ? "" : row->name ? "=" : " ", row->argument);
    return width;
}

static void print_row(const struct option_row *row)
{
    if (row->id == 0) {
        printf("\n%s:\n", row->help);
        return;
    }
    int width = print_names(row);
    const char *line = row->help;

    if (width > HELP_COLUMN - 2) {
        printf("\n");
        width = 0;
    }
    while (line != NULL) {
        size_t length = strcspn(line, "\n");
        printf("%*s%.*s\n", HELP_COLUMN - width, "", (int)length, line);
        line = line[length] ? line + length + 1 : NULL;
        width = 0;
    }
}

static int finish_output(void)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return 0;
    message_error(errno, "error writing 'standard output'");
    return 1;
}

int option_print_help(const struct option_table *table)
{
    printf("%s\n%s\n", table->usage, table->description);
    for (size_t i = 0; i < table->row_count; i++)
        if (table->rows[i].help != NULL)
            print_row(&table->rows[i]);
    printf("\n%s", table->epilogue);
    return finish_output();
}

int option_print_version(void)
{
    printf("%s (zcopy) %s\n"
           "Copyright (C) 2026 the zcopy authors\n"
           "License MIT: <https://opensource.org/license/mit>.\n"
           "There is NO WARRANTY, to the extent permitted by law.\n",
           getprogname(), ZCOPY_VERSION);
    return finish_output();
}

void option_usage_error(const char *format, ...)
{
    char text[512];
    va_list args;

    if (format != NULL) {
        va_start(args, format);
        vsnprintf(text, sizeof text, format, args);
        va_end(args);
        message_note("%s", text);
    }
    message_plain("Try '%s --help' for more information.", getprogname());
}

void option_bad_argument(const char *problem, const char *option, const char *argument)
{
    option_usage_error("%s argument '%s' for '%s'", problem, argument, option);
}
