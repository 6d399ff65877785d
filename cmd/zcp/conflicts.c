/* SPDX-License-Identifier: MIT */
/* Options that exclude each other, or set what others leave open; in the order in which cp(1) judges them. */
#include "conflicts.h"

#include <stdlib.h>
#include <string.h>

#include "base/message.h"
#include "base/option.h"
#include "choice.h"
#include "preserve.h"
#include "same.h"

static const struct choice controls[] = {
    {"none", BACKUP_NONE},         {"off", BACKUP_NONE},          {"simple", BACKUP_SIMPLE},
    {"never", BACKUP_SIMPLE},      {"existing", BACKUP_EXISTING}, {"nil", BACKUP_EXISTING},
    {"numbered", BACKUP_NUMBERED}, {"t", BACKUP_NUMBERED},
};

static int wrong(const char *text)
{
    option_usage_error("%s", text);
    return EXIT_FAILED;
}

/* For what cp does not take for a mistake in typing. */
static int impossible(const char *text)
{
    message_note("%s", text);
    return EXIT_FAILED;
}

/* -n wins over --update in any order, as since coreutils 9.5; -i and --update are both obeyed. */
static enum overwrite overwrite_of(const struct wishes *wishes)
{
    bool ask = wishes->interactive == INTERACTIVE_ASK;

    if (wishes->interactive == INTERACTIVE_SKIP || wishes->update == UPDATE_NONE)
        return OVERWRITE_SKIP;
    if (wishes->update == UPDATE_NONE_FAIL)
        return OVERWRITE_FAIL;
    if (wishes->update == UPDATE_OLDER)
        return ask ? OVERWRITE_ASK_OLDER : OVERWRITE_OLDER;
    return ask ? OVERWRITE_ASK : OVERWRITE_YES;
}

static bool names_method(const struct settings *settings, const char *name)
{
    const struct ladder *methods = &settings->transfer.methods;

    for (size_t i = 0; i < methods->count; i++)
        if (strcmp(method_table[methods->steps[i]].name, name) == 0)
            return true;
    return false;
}

static int check_methods(const struct settings *settings)
{
    bool clone = names_method(settings, "clone");

    if (settings->transfer.methods.count == 0)
        return SETTINGS_GO_ON;
    if (settings->reflink == REFLINK_ALWAYS && !clone)
        return wrong("--reflink=always needs the method clone");
    if (settings->reflink == REFLINK_NEVER && (clone || names_method(settings, "copy_file_range")))
        return wrong("--reflink=never and --sparse=never exclude the methods clone and copy_file_range");
    return SETTINGS_GO_ON;
}

/* Options that are about the bytes of copies, and those that leave none, or nothing to go on with. */
static int check_bytes(const struct settings *settings, const struct wishes *wishes)
{
    bool none = wishes->hard_links || wishes->symbolic_links || settings->attributes_only;

    if (none && (settings->verifies || settings->hashes || settings->resume))
        return wrong(
            "--verify, --hash and --resume are about bytes, which -l, -s and --attributes-only do not copy");
    if (settings->resume && (settings->atomic || wishes->backup || settings->remove_destination))
        return wrong(
            "--resume goes on with what is there: --atomic, --backup and --remove-destination exclude it");
    return check_methods(settings);
}

static int check_pairs(const struct settings *settings, const struct wishes *wishes)
{
    if (wishes->hard_links && wishes->symbolic_links)
        return wrong("cannot make both hard and symbolic links");
    if (wishes->backup && (settings->overwrite == OVERWRITE_SKIP || settings->overwrite == OVERWRITE_FAIL))
        return wrong("--backup is mutually exclusive with -n or --update=none-fail");
    if (settings->reflink == REFLINK_ALWAYS && settings->sparse != SPARSE_AUTO)
        return wrong("--reflink can be used only with --sparse=auto");
    if (settings->in_place && settings->atomic)
        return wrong("--in-place and --atomic exclude each other");
    return check_bytes(settings, wishes);
}

static bool settle_control(struct settings *settings, const struct wishes *wishes)
{
    const char *what = "backup type", *control = wishes->control;
    int kind = BACKUP_EXISTING;

    if (control == NULL) {
        control = getenv("VERSION_CONTROL");
        what = "$VERSION_CONTROL";
    }
    if (control != NULL && control[0] != '\0' &&
        !choice_take(controls, CHOICE_COUNT(controls), what, control, strlen(control), &kind))
        return false;
    settings->backup = (enum backup_kind)kind;
    return true;
}

/* A suffix that would lead out of the directory is as good as none. */
static void settle_suffix(struct settings *settings, const char *suffix)
{
    if (suffix == NULL)
        suffix = getenv("SIMPLE_BACKUP_SUFFIX");
    settings->suffix = suffix == NULL || suffix[0] == '\0' || strchr(suffix, '/') != NULL ? "~" : suffix;
}

static void settle_links(struct settings *settings, const struct wishes *wishes)
{
    settings->making = wishes->hard_links       ? MAKE_HARD_LINK
                       : wishes->symbolic_links ? MAKE_SYMBOLIC_LINK
                                                : MAKE_COPY;
    if (!wishes->follow_given)
        settings->follow = settings->recursive && !wishes->hard_links ? FOLLOW_NONE : FOLLOW_ALL;
}

/* -Z wins over -a, and not over --preserve=context. */
static int settle_context(struct settings *settings)
{
    struct preserve *preserve = &settings->preserve;

    if (settings->set_context && preserve->context_required)
        return impossible("cannot set target context and preserve it");
    if (settings->set_context)
        preserve->context = false;
    if (preserve->context_required && !preserve_has_selinux())
        return impossible("cannot preserve security context without an SELinux-enabled kernel");
    return SETTINGS_GO_ON;
}

int conflicts_settle(struct settings *settings, const struct wishes *wishes)
{
    settings->overwrite = overwrite_of(wishes);
    if (settings->reflink == REFLINK_AUTO && settings->sparse == SPARSE_NEVER)
        settings->reflink = REFLINK_NEVER;
    int status = check_pairs(settings, wishes);
    if (status != SETTINGS_GO_ON)
        return status;
    if (wishes->backup && !settle_control(settings, wishes))
        return EXIT_FAILED;
    settle_suffix(settings, wishes->suffix);
    settle_links(settings, wishes);
    return settle_context(settings);
}

/* The list of digests is emptied at the start. */
static int check_list(const struct settings *settings)
{
    struct stat list, operand;

    if (!settings->hashes || settings->hash.file == NULL || stat(settings->hash.file, &list) != 0 ||
        !S_ISREG(list.st_mode))
        return SETTINGS_GO_ON;
    for (int i = 0; i < settings->operand_count; i++) {
        if (stat(settings->operands[i], &operand) != 0 || !same_inode(&list, &operand))
            continue;
        message_note("'%s' is the file for the digests", settings->operands[i]);
        return EXIT_FAILED;
    }
    return SETTINGS_GO_ON;
}

static int check_operands(const struct settings *settings)
{
    int count = settings->operand_count;
    char **operands = settings->operands;

    if (count == 0)
        return wrong("missing file operand");
    if (count == 1 && settings->target_directory == NULL) {
        option_usage_error("missing destination file operand after '%s'", operands[0]);
        return EXIT_FAILED;
    }
    if (!settings->no_target_directory)
        return SETTINGS_GO_ON;
    if (settings->target_directory != NULL)
        return impossible("cannot combine --target-directory (-t) and --no-target-directory (-T)");
    if (count == 2)
        return SETTINGS_GO_ON;
    option_usage_error("extra operand '%s'", operands[2]);
    return EXIT_FAILED;
}

int conflicts_operands(struct settings *settings, int count, char **operands)
{
    settings->operands = operands;
    settings->operand_count = count;
    int status = check_operands(settings);
    return status == SETTINGS_GO_ON ? check_list(settings) : status;
}
