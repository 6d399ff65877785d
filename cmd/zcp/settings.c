/* SPDX-License-Identifier: MIT */
/* The option table of zcp, and its command line. */
#include "settings.h"

#include <getopt.h>
#include <string.h>
#include <sys/stat.h>

#include "base/message.h"
#include "base/option.h"
#include "base/size.h"
#include "choice.h"
#include "conflicts.h"
#include "preserve.h"

enum {
    OPTION_ATTRIBUTES_ONLY = OPTION_COMMAND,
    OPTION_COPY_CONTENTS,
    OPTION_KEEP_DIRECTORY_SYMLINK,
    OPTION_NO_PRESERVE,
    OPTION_PARENTS,
    OPTION_REFLINK,
    OPTION_REMOVE_DESTINATION,
    OPTION_SPARSE,
    OPTION_STRIP_SLASHES,
    OPTION_IN_PLACE,
    OPTION_ATOMIC,
    OPTION_FSYNC,
    OPTION_VERIFY,
    OPTION_HASH,
    OPTION_RESUME,
    OPTION_DROP_CACHE
};

enum { JOBS_MAX = 64 };

static const struct option_row rows[] = {
    OPTION_HEADING("What is copied"),
    {'a', "archive", NULL, "the same as -dR --preserve=all, and quiet about\nwhat is impossible",
     OPTION_ABBREVIATED},
    {'R', "recursive", NULL, "copy directories with all that is in them", OPTION_ABBREVIATED},
    {'r', NULL, NULL, "the same as -R"},
    {'L', "dereference", NULL, "follow all symbolic links in SOURCE", OPTION_ABBREVIATED},
    {'H', NULL, NULL, "follow those that are a SOURCE themselves"},
    {'P', "no-dereference", NULL, "follow none (with -R the default)", OPTION_ABBREVIATED},
    {'d', NULL, NULL, "the same as -P --preserve=links"},
    {'x', "one-file-system", NULL, "stay on the file system of each SOURCE", OPTION_ABBREVIATED},
    {OPTION_COPY_CONTENTS, "copy-contents", NULL, "with -R: read FIFOs and devices, do not make them anew",
     OPTION_ABBREVIATED},
    {OPTION_ATTRIBUTES_ONLY, "attributes-only", NULL, "copy the attributes, and no bytes",
     OPTION_ABBREVIATED},

    OPTION_HEADING("Where to"),
    {'t', "target-directory", "DIRECTORY", "copy every SOURCE into DIRECTORY", OPTION_ABBREVIATED},
    {'T', "no-target-directory", NULL, "DEST is no directory to copy into", OPTION_ABBREVIATED},
    {OPTION_PARENTS, "parents", NULL, "use the whole name of SOURCE below DIRECTORY", OPTION_ABBREVIATED},
    {OPTION_STRIP_SLASHES, "strip-trailing-slashes", NULL, "remove slashes at the end of each SOURCE",
     OPTION_ABBREVIATED},
    {OPTION_KEEP_DIRECTORY_SYMLINK, "keep-directory-symlink", NULL,
     "follow existing symbolic links to directories\nin the destination", OPTION_ABBREVIATED},

    OPTION_HEADING("Files that are there already"),
    {'f', "force", NULL, "remove one that cannot be opened, and try again", OPTION_ABBREVIATED},
    {'i', "interactive", NULL, "ask before overwriting (overrides -n before it)", OPTION_ABBREVIATED},
    {'n', "no-clobber", NULL, "leave them as they are (overrides -i before it)", OPTION_ABBREVIATED},
    {'u', "update", "[=UPDATE]",
     "which are overwritten: all (default), none,\n"
     "none-fail (an error), older (the same as no UPDATE)",
     OPTION_ABBREVIATED},
    {OPTION_REMOVE_DESTINATION, "remove-destination", NULL, "remove them before anything is opened",
     OPTION_ABBREVIATED},
    {'b', "backup", "[=CONTROL]", "rename them, see below", OPTION_ABBREVIATED},
    {'S', "suffix", "SUFFIX", "what backups have behind their names, with -b", OPTION_ABBREVIATED},
    {OPTION_IN_PLACE, "in-place", NULL,
     "write over the bytes that are there, and keep the\nblocks of the file"},
    {OPTION_ATOMIC, "atomic", NULL, "replace them at once, when the copy is complete"},
    {OPTION_RESUME, "resume", NULL, "compare them, and go on where they differ or end"},

    OPTION_HEADING("What the copies have of the originals"),
    {'p', "preserve", "[=LIST]",
     "mode, ownership, timestamps (the same as no LIST),\nlinks, context, xattr, all", OPTION_ABBREVIATED},
    {OPTION_NO_PRESERVE, "no-preserve", "LIST", "not these", OPTION_ABBREVIATED},
    {'Z', "context", "[=CTX]", "new files get the default SELinux context, or CTX", OPTION_ABBREVIATED},

    OPTION_HEADING("How it is made"),
    {OPTION_REFLINK, "reflink", "[=WHEN]",
     "share blocks: auto (default), always (or fail; the\nsame as no WHEN), never", OPTION_ABBREVIATED},
    {OPTION_SPARSE, "sparse", "WHEN",
     "make holes: auto (where SOURCE has some), always\n(for zeros too), never", OPTION_ABBREVIATED},
    {'l', "link", NULL, "make hard links instead", OPTION_ABBREVIATED},
    {'s', "symbolic-link", NULL, "make symbolic links instead", OPTION_ABBREVIATED},

    OPTION_HEADING("Moving bytes"),
    {'j', "jobs", "N", "copy N files of a tree at a time"},
    TRANSFER_METHOD_ROW("clone, copy_file_range, sendfile, splice,\nmmap, read"),
    TRANSFER_PIPE_SIZE_ROW,
    TRANSFER_BWLIMIT_ROW("copy at most RATE bytes a second"),
    {OPTION_FSYNC, "fsync", NULL, "have everything on disk before exit 0"},
    {OPTION_VERIFY, "verify", "[=ALGO]",
     "read every copy back from its device, and compare\ndigests (default: xxh3)"},
    {OPTION_HASH, "hash", "ALGO[:FILE]",
     "print digests of the copies as sha256sum does\n(" DIGEST_REQUEST_HELP "), into FILE"},
    {OPTION_DROP_CACHE, "drop-cache", NULL, "leave in memory what was there before, and no more"},

    OPTION_HEADING("What is told"),
    {'v', "verbose", NULL, "a line for every file", OPTION_ABBREVIATED},
    {'g', "progress", "[=WHEN]",
     "show a progress line: auto (on a terminal; the\n"
     "same as no WHEN), always, or never (default)"},
    {TRANSFER_STATS, "stats", NULL, "print bytes, time, CPU time and methods at the end"},
    {TRANSFER_DEBUG, "debug", NULL, "-v, and explain which methods were used and why", OPTION_ABBREVIATED},
    {OPTION_HELP, "help", NULL, "display this help and exit", OPTION_ABBREVIATED},
    {OPTION_VERSION, "version", NULL, "output version information and exit", OPTION_ABBREVIATED},
};

static const struct option_table table = {
    .usage = "Usage: zcp [OPTION]... [-T] SOURCE DEST\n"
             "  or:  zcp [OPTION]... SOURCE... DIRECTORY\n"
             "  or:  zcp [OPTION]... -t DIRECTORY SOURCE...",
    .description = "Copy SOURCE to DEST, or each SOURCE into DIRECTORY; inside the kernel wherever the\n"
                   "file systems allow that.",
    .rows = rows,
    .row_count = sizeof rows / sizeof *rows,
    .epilogue = "CONTROL of backups, or $VERSION_CONTROL without it: none or off; numbered or t\n"
                "(file.~1~); simple or never (file~); existing or nil (default: numbered if there\n"
                "are numbered ones, else simple). $SIMPLE_BACKUP_SUFFIX is the default of -S.\n"
                "RATE takes the suffixes K, M, G and T (powers of 1024). SIGUSR1 prints a status\n"
                "line.\n"
                "\n"
                "Exit status is 0 if everything was copied, 1 if not, or if the command line is\n"
                "wrong.\n",
};

static const struct choice reflinks[] = {
    {"auto", REFLINK_AUTO}, {"always", REFLINK_ALWAYS}, {"never", REFLINK_NEVER}};
static const struct choice sparses[] = {
    {"never", SPARSE_NEVER}, {"auto", SPARSE_AUTO}, {"always", SPARSE_ALWAYS}};
static const struct choice updates[] = {
    {"all", UPDATE_ALL}, {"none", UPDATE_NONE}, {"none-fail", UPDATE_NONE_FAIL}, {"older", UPDATE_OLDER}};

static int go_on_if(bool good)
{
    return good ? SETTINGS_GO_ON : EXIT_FAILED;
}

static int take_reflink(struct settings *settings, const char *argument)
{
    int when = REFLINK_ALWAYS;
    bool good = argument == NULL ||
                choice_take(reflinks, CHOICE_COUNT(reflinks), "--reflink", argument, strlen(argument), &when);

    settings->reflink = (enum reflink_when)when;
    return go_on_if(good);
}

static int take_sparse(struct settings *settings, const char *argument)
{
    int when = SPARSE_AUTO;
    bool good = choice_take(sparses, CHOICE_COUNT(sparses), "--sparse", argument, strlen(argument), &when);

    settings->sparse = (enum sparse_when)when;
    return go_on_if(good);
}

static int take_update(struct wishes *wishes, const char *argument)
{
    int update = UPDATE_OLDER;
    bool good = argument == NULL ||
                choice_take(updates, CHOICE_COUNT(updates), "--update", argument, strlen(argument), &update);

    wishes->update = (enum update)update;
    return go_on_if(good);
}

static int take_preserve(struct settings *settings, const char *list)
{
    if (list != NULL)
        return go_on_if(preserve_list(&settings->preserve, list, true));
    preserve_usual(&settings->preserve);
    return SETTINGS_GO_ON;
}

static int take_target(struct settings *settings, const char *directory)
{
    if (settings->target_directory != NULL) {
        message_note("multiple target directories specified");
        return EXIT_FAILED;
    }
    settings->target_directory = directory;
    return SETTINGS_GO_ON;
}

static int take_context(struct settings *settings, const char *context)
{
    if (preserve_has_selinux()) {
        settings->set_context = true;
        settings->context = context != NULL ? context : settings->context;
    } else if (context != NULL) {
        message_note("warning: ignoring --context; it requires an SELinux-enabled kernel");
    }
    return SETTINGS_GO_ON;
}

static int take_jobs(struct settings *settings, const char *argument)
{
    const char *problem = count_parse(argument, 1, JOBS_MAX, &settings->jobs);

    if (problem != NULL)
        option_bad_argument(problem, "--jobs", argument);
    return go_on_if(problem == NULL);
}

static int take_verify(struct settings *settings, const char *argument)
{
    settings->verifies = true;
    settings->verify = DIGEST_XXH3;
    if (argument == NULL || digest_find(argument, strlen(argument), &settings->verify))
        return SETTINGS_GO_ON;
    option_bad_argument("invalid", "--verify", argument);
    return EXIT_FAILED;
}

static int take_hash(struct settings *settings, const char *argument)
{
    settings->hashes = digest_request_parse(argument, &settings->hash);
    settings->hash.is_result = true;
    if (!settings->hashes)
        option_bad_argument("invalid", "--hash", argument);
    return go_on_if(settings->hashes);
}

static void follow(struct settings *settings, struct wishes *wishes, enum follow which)
{
    settings->follow = which;
    wishes->follow_given = true;
}

/* -a, -d and the letters that are one setting each, as are the long options without an argument. */
static bool take_simple(struct settings *settings, struct wishes *wishes, int id)
{
    switch (id) {
    case 'a':
        preserve_archive(&settings->preserve);
        settings->recursive = true;
        follow(settings, wishes, FOLLOW_NONE);
        return true;
    case 'd':
        settings->preserve.links = true;
        follow(settings, wishes, FOLLOW_NONE);
        return true;
    case 'H':
        follow(settings, wishes, FOLLOW_OPERANDS);
        return true;
    case 'L':
        follow(settings, wishes, FOLLOW_ALL);
        return true;
    case 'P':
        follow(settings, wishes, FOLLOW_NONE);
        return true;
    case 'i':
        wishes->interactive = INTERACTIVE_ASK;
        return true;
    case 'n':
        wishes->interactive = INTERACTIVE_SKIP;
        return true;
    case 'l':
        return wishes->hard_links = true;
    case 's':
        return wishes->symbolic_links = true;
    default:
        return false;
    }
}

/* What an option without an argument sets, or NULL. */
static bool *flag_of(struct settings *settings, int id)
{
    switch (id) {
    case 'f':
        return &settings->force;
    case 'r':
    case 'R':
        return &settings->recursive;
    case 'T':
        return &settings->no_target_directory;
    case 'v':
        return &settings->verbose;
    case 'x':
        return &settings->one_file_system;
    case OPTION_ATTRIBUTES_ONLY:
        return &settings->attributes_only;
    case OPTION_COPY_CONTENTS:
        return &settings->copy_contents;
    case OPTION_KEEP_DIRECTORY_SYMLINK:
        return &settings->keep_directory_symlink;
    case OPTION_PARENTS:
        return &settings->parents;
    case OPTION_REMOVE_DESTINATION:
        return &settings->remove_destination;
    case OPTION_STRIP_SLASHES:
        return &settings->strip_slashes;
    case OPTION_IN_PLACE:
        return &settings->in_place;
    case OPTION_ATOMIC:
        return &settings->atomic;
    case OPTION_FSYNC:
        return &settings->sync;
    case OPTION_RESUME:
        return &settings->resume;
    case OPTION_DROP_CACHE:
        return &settings->drop_cache;
    default:
        return NULL;
    }
}

static int take_valued(struct settings *settings, struct wishes *wishes, int id, const char *argument)
{
    switch (id) {
    case 'b':
        wishes->backup = true;
        wishes->control = argument != NULL ? argument : wishes->control;
        return SETTINGS_GO_ON;
    case 'S':
        wishes->backup = true;
        wishes->suffix = argument;
        return SETTINGS_GO_ON;
    case 'j':
        return take_jobs(settings, argument);
    case 'p':
        return take_preserve(settings, argument);
    case OPTION_NO_PRESERVE:
        return go_on_if(preserve_list(&settings->preserve, argument, false));
    case 't':
        return take_target(settings, argument);
    case 'u':
        return take_update(wishes, argument);
    case 'Z':
        return take_context(settings, argument);
    case OPTION_REFLINK:
        return take_reflink(settings, argument);
    case OPTION_SPARSE:
        return take_sparse(settings, argument);
    case OPTION_VERIFY:
        return take_verify(settings, argument);
    case OPTION_HASH:
        return take_hash(settings, argument);
    case OPTION_HELP:
        return option_print_help(&table);
    case OPTION_VERSION:
        return option_print_version();
    default:
        option_usage_error(NULL);
        return EXIT_FAILED;
    }
}

static int take_option(struct settings *settings, struct wishes *wishes, int id)
{
    bool *flag = flag_of(settings, id);
    int taken = transfer_option(&settings->transfer, id == 'g' ? TRANSFER_PROGRESS : id, optarg);

    if (taken != 0)
        return go_on_if(taken > 0);
    if (flag != NULL)
        *flag = true;
    else if (!take_simple(settings, wishes, id))
        return take_valued(settings, wishes, id, optarg);
    return SETTINGS_GO_ON;
}

static mode_t current_umask(void)
{
    mode_t mask = umask(0);

    umask(mask);
    return mask;
}

int settings_parse(struct settings *settings, int argc, char **argv)
{
    struct wishes wishes = {0};
    int id, status = SETTINGS_GO_ON;

    *settings = (struct settings){.transfer = transfer_defaults, .umask = current_umask()};
    settings->transfer.offered |= 1u << METHOD_CLONE | 1u << METHOD_COPY_FILE_RANGE;
    while (status == SETTINGS_GO_ON && (id = option_next(&table, argc, argv)) != -1)
        status = take_option(settings, &wishes, id);
    settings->verbose = settings->verbose || settings->transfer.debug; /* as --debug of cp(1) */
    if (status == SETTINGS_GO_ON)
        status = conflicts_settle(settings, &wishes);
    return status == SETTINGS_GO_ON ? conflicts_operands(settings, argc - optind, argv + optind) : status;
}
