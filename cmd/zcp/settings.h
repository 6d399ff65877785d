/* SPDX-License-Identifier: MIT */
/* What the command line of zcp asks for. */
#ifndef ZCP_SETTINGS_H
#define ZCP_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/digest_request.h"
#include "move/transfer.h"

enum exit_status { EXIT_DONE = 0, EXIT_FAILED = 1 };

/* Which symbolic links of the source are followed. */
enum follow {
    FOLLOW_ALL,      /* -L, and the default without -R */
    FOLLOW_OPERANDS, /* -H: those that are operands */
    FOLLOW_NONE      /* -P, -d, -a, and the default with -R */
};

/* What happens to a destination that exists. */
enum overwrite {
    OVERWRITE_YES,
    OVERWRITE_ASK,      /* -i */
    OVERWRITE_SKIP,     /* -n, --update=none: without a word, and with exit status 0 */
    OVERWRITE_FAIL,     /* --update=none-fail: told, and exit status 1 */
    OVERWRITE_OLDER,    /* -u, --update=older: unless it is as new as the source */
    OVERWRITE_ASK_OLDER /* both: asked about if it is older, else left as it is without a word */
};

enum backup_kind { BACKUP_NONE, BACKUP_SIMPLE, BACKUP_EXISTING, BACKUP_NUMBERED };
enum reflink_when { REFLINK_AUTO, REFLINK_ALWAYS, REFLINK_NEVER };
enum sparse_when { SPARSE_AUTO, SPARSE_ALWAYS, SPARSE_NEVER };

/* What is made in the place of a file. */
enum making { MAKE_COPY, MAKE_HARD_LINK, MAKE_SYMBOLIC_LINK };

/* What a copy gets of the original, besides its bytes. */
struct preserve {
    bool mode;    /* with access control lists */
    bool no_mode; /* --no-preserve=mode: not even the permissions that a new file has from its source */
    bool owner, times, links, xattr, context;
    bool required;         /* -p, --preserve: a failure is told and makes the exit status 1 */
    bool xattr_required;   /* --preserve=xattr, and not -a or --preserve=all */
    bool context_required; /* --preserve=context, and not -a or --preserve=all */
    bool quiet;            /* -a: what a file system has no room for is not even told */
};

struct settings {
    struct transfer_options transfer; /* --method, --progress, --bwlimit, --stats, --debug */
    struct preserve preserve;
    enum follow follow;
    enum overwrite overwrite;
    enum backup_kind backup;
    const char *suffix;        /* of simple backups */
    enum reflink_when reflink; /* --sparse=never makes it REFLINK_NEVER: both methods would keep holes */
    enum sparse_when sparse;
    enum making making;
    bool recursive;
    bool copy_contents;   /* of FIFOs and devices, with recursive */
    bool attributes_only; /* no bytes */
    bool force;           /* -f: a destination that cannot be opened is removed */
    bool remove_destination;
    bool one_file_system;
    bool keep_directory_symlink;
    bool parents, strip_slashes;
    bool verbose;
    const char *target_directory; /* -t, or NULL */
    bool no_target_directory;     /* -T */
    bool set_context;             /* -Z or --context, with */
    const char *context;          /* its context, or NULL: the default of the path */
    long long jobs;               /* -j, 0: not given */
    bool in_place, atomic, sync, resume, drop_cache;
    bool verifies;
    enum digest_algorithm verify;
    bool hashes;
    struct digest_request hash;
    mode_t umask;    /* the process's, which cannot be read without changing it for all threads */
    char **operands; /* at least one; argv's */
    int operand_count;
};

/* What settings_parse returns when the command is to go on. */
enum { SETTINGS_GO_ON = -1 };

/*
 * Parses the command line as cp(1) does: of options that exclude each other the last one wins. Returns
 * SETTINGS_GO_ON, or the exit status when all is done (--help) or wrong (reported in GNU's words).
 */
int settings_parse(struct settings *settings, int argc, char **argv);

#endif
