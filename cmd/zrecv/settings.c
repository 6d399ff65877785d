/* SPDX-License-Identifier: MIT */
/* The option table of zrecv, and its command line. */
#include "settings.h"

#include <bsd/string.h>
#include <ctype.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/option.h"
#include "base/size.h"
#include "net/peer.h"

enum {
    OPTION_NEW_KEY = OPTION_COMMAND,
    OPTION_ONCE,
    OPTION_KEEP,
    OPTION_RESUME_WAIT,
    OPTION_CONNECT_TO,
    OPTION_ACCEPT,
    OPTION_OVERWRITE,
    OPTION_UPDATE,
    OPTION_SKIP_EXISTING,
    OPTION_VERIFY,
    OPTION_NO_FSYNC
};

static const struct option_row rows[] = {
    OPTION_HEADING("Who may send"),
    {PEER_KEY_FILE, "key-file", "FILE", "read the key from FILE, which nobody else may read"},
    {OPTION_NEW_KEY, "new-key", NULL, "print a new key and exit"},
    {PEER_PLAIN, "plain", NULL,
     "do not encrypt; the sender still has to prove that\n"
     "it has the key, and to say the same"},
    {PEER_NO_KEY, "no-key", NULL,
     "take what anybody sends; the sender has to say\n"
     "the same"},
    {PEER_ALLOW, "allow", "NET",
     "let in this address or NET/BITS only; may be\n"
     "given several times"},

    OPTION_HEADING("What is received"),
    {OPTION_ACCEPT, "accept", "LIST",
     "take what else the sender offers: owner, xattrs,\n"
     "links (symbolic links out of DIRECTORY)"},
    {OPTION_OVERWRITE, "overwrite", NULL, "replace files that are there"},
    {OPTION_UPDATE, "update", NULL,
     "replace files that are there, unless size and time\n"
     "agree"},
    {OPTION_SKIP_EXISTING, "skip-existing", NULL, "leave files that are there as they are"},
    {OPTION_VERIFY, "verify", NULL, "read every file back and check it once more"},
    {OPTION_NO_FSYNC, "no-fsync", NULL, "do not wait until all is on disk"},

    OPTION_HEADING("Sessions"),
    {OPTION_ONCE, "once", NULL, "end after one complete session (default)"},
    {OPTION_KEEP, "keep", NULL, "serve one sender after the other, several at a time"},
    {OPTION_RESUME_WAIT, "resume-wait", "SECONDS",
     "after a session that broke off, wait so long for\n"
     "the sender to come back (default 600)"},

    OPTION_HEADING("Connecting"),
    {OPTION_CONNECT_TO, "connect", NULL, "connect to a zsend --listen"},
    CONNECT_OPTION_ROWS,
    {PEER_PRINT_PORT, "print-port", NULL,
     "print the port that is listened on, alone on a line\n"
     "of standard error"},
    {TRANSFER_TIMEOUT, "timeout", "SECONDS", "end a session in which no byte has moved for so long"},

    OPTION_HEADING("Other"),
    TRANSFER_REPORT_ROWS,
    {'v', NULL, NULL, "tell about connections and files on standard error"},
    {OPTION_HELP, "help", NULL, "display this help and exit"},
    {OPTION_VERSION, "version", NULL, "output version information and exit"},
};

static const struct option_table table = {
    .usage = "Usage: zrecv [OPTION]... [[ADDR:]PORT [DIRECTORY | -]]\n"
             "  or:  zrecv --connect [OPTION]... HOST[:PORT] [DIRECTORY | -]",
    .description = "Wait for a zsend and store what it sends in DIRECTORY, or write it to standard\n"
                   "output (-). The port is 9390 and the directory this one, unless others are\n"
                   "given; unix:/PATH may stand in the place of the port. On a terminal, print the\n"
                   "command to be run on the other host, with a key that is good for one session.",
    .rows = rows,
    .row_count = sizeof rows / sizeof *rows,
    .epilogue = "SECONDS may have a fraction. SIGUSR1 prints a status line. The key is read from\n"
                "--key-file or from the environment variable ZSEND_KEY, if one of them is given.\n"
                "\n"
                "Exit status is 0 if a session came to its end, all that was sent is there, and\n"
                "the sender knows; 1 for an error on this side, or if the sender could not read\n"
                "all it was to send, 2 for a wrong command line, 3 if it could not be reached, 4\n"
                "if the session broke off and can be resumed, 5 if what arrived is not what was\n"
                "sent, 6 if the peer does not have the key, 7 if something was refused, 8 for a\n"
                "timeout.\n",
};

static int take_accept(struct settings *settings, const char *argument)
{
    for (const char *word = argument;; word++) {
        size_t length = strcspn(word, ",");
        if (length == 5 && strncmp(word, "owner", length) == 0)
            settings->accept |= SESSION_OWNER;
        else if (length == 6 && strncmp(word, "xattrs", length) == 0)
            settings->accept |= SESSION_XATTR;
        else if (length == 5 && strncmp(word, "links", length) == 0)
            settings->accept_links = true;
        else {
            option_bad_argument("invalid", "--accept", argument);
            return SESSION_USAGE;
        }
        word += length;
        if (*word == '\0')
            return SETTINGS_GO_ON;
    }
}

static int take_wait(struct settings *settings, const char *argument)
{
    const char *problem = duration_parse(argument, &settings->resume_wait);

    if (problem == NULL)
        return SETTINGS_GO_ON;
    option_bad_argument(problem, "--resume-wait", argument);
    return SESSION_USAGE;
}

static int take_own(struct settings *settings, int id, const char *argument)
{
    switch (id) {
    case OPTION_HELP:
        return option_print_help(&table);
    case OPTION_VERSION:
        return option_print_version();
    case OPTION_NEW_KEY:
        settings->new_key = true;
        break;
    case OPTION_ONCE:
    case OPTION_KEEP:
        settings->keep = id == OPTION_KEEP;
        break;
    case OPTION_RESUME_WAIT:
        return take_wait(settings, argument);
    case OPTION_CONNECT_TO:
        settings->connects = true;
        break;
    case OPTION_ACCEPT:
        return take_accept(settings, argument);
    case OPTION_OVERWRITE:
        settings->existing = EXISTING_OVERWRITE;
        break;
    case OPTION_UPDATE:
        settings->existing = EXISTING_UPDATE;
        break;
    case OPTION_SKIP_EXISTING:
        settings->existing = EXISTING_SKIP;
        break;
    case OPTION_VERIFY:
        settings->verify = true;
        break;
    case OPTION_NO_FSYNC:
        settings->sync = false;
        break;
    case 'v':
        settings->verbose = true;
        break;
    default:
        option_usage_error(NULL);
        return SESSION_USAGE;
    }
    return SETTINGS_GO_ON;
}

static int take_option(struct settings *settings, int id)
{
    int taken;

    if ((taken = peer_option(&settings->peer, id, optarg)) == 0 &&
        (taken = transfer_option(&settings->transfer, id, optarg)) == 0 &&
        (taken = connect_option(&settings->connect, id, optarg)) == 0)
        return take_own(settings, id, optarg);
    return taken > 0 ? SETTINGS_GO_ON : SESSION_USAGE;
}

static bool check(const struct settings *settings, int count, char **operands)
{
    const char *problem = peer_check(&settings->peer);
    int most = settings->new_key ? 0 : 2;

    if (count > most)
        option_usage_error("extra operand '%s'", operands[most]);
    else if (problem != NULL)
        option_usage_error("%s", problem);
    else if (settings->connects && count == 0)
        option_usage_error("--connect needs HOST[:PORT]");
    else if (settings->connects && (settings->keep || peer_has_listening(&settings->peer)))
        option_usage_error("--keep, --allow and --print-port are for who listens, and --connect does not");
    else if (settings->peer.no_key && !settings->has_directory)
        option_usage_error("--no-key needs a DIRECTORY, or -");
    else if (settings->keep && strcmp(settings->directory, "-") == 0)
        option_usage_error("--keep needs a DIRECTORY: standard output takes one session");
    else
        return true;
    return false;
}

int settings_parse(struct settings *settings, int argc, char **argv)
{
    int id;

    *settings = (struct settings){.transfer = transfer_defaults,
                                  .connect = CONNECT_OPTIONS_DEFAULT,
                                  .directory = ".",
                                  .sync = true,
                                  .resume_wait = 600 * UINT64_C(1000000000)};
    settings->umask = umask(0);
    umask(settings->umask);
    while ((id = option_next(&table, argc, argv)) != -1) {
        int status = take_option(settings, id);
        if (status != SETTINGS_GO_ON)
            return status;
    }
    int count = argc - optind;
    char **operands = argv + optind;
    if (count >= 2)
        settings->directory = operands[1];
    settings->has_directory = count >= 2;
    if (!check(settings, count, operands))
        return SESSION_USAGE;
    if (settings->new_key)
        return peer_print_new_key();
    const char *text = count > 0 ? operands[0] : PEER_PORT,
               *problem = peer_parse(text, !settings->connects, &settings->address);
    if (problem == NULL)
        return SETTINGS_GO_ON;
    option_usage_error("%s: '%s'", problem, text);
    return SESSION_USAGE;
}
