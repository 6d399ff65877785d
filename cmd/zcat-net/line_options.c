/* SPDX-License-Identifier: MIT */
/* Parsing -C, -i and -t. */
#include "line_options.h"

#include "base/size.h"

int line_option(struct line_options *options, int id, const char *argument)
{
    const char *problem;

    switch (id) {
    case 'C':
        options->crlf = true;
        return 1;
    case 't':
        options->telnet = true;
        return 1;
    case 'i':
        problem = duration_parse(argument, &options->interval);
        if (problem != NULL)
            option_bad_argument(problem, "-i", argument);
        return problem ? -1 : 1;
    default:
        return 0;
    }
}

char line_options_letter(const struct line_options *options)
{
    return options->crlf ? 'C' : options->telnet ? 't' : options->interval > 0 ? 'i' : '\0';
}
