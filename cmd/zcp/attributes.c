/* SPDX-License-Identifier: MIT */
/* Owner, extended attributes, access control lists, mode and times of a copy. */
#include "attributes.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "attributes_private.h"
#include "base/message.h"

enum {
    PERMISSIONS = 07777,
    SPECIAL = S_ISUID | S_ISGID | S_ISVTX,
    ALL_READ_WRITE = 0666 /* of a file that nobody has restricted; a directory's are with S_IXUGO */
};

struct job {
    const struct settings *settings;
    const struct preserve *preserve;
    const struct attributes *copy;
    struct end from, to;
    struct stat now; /* of the copy, before it gets anything */
    mode_t mode;     /* to give it, with preserve.mode */
};

/* Nobody else may look into a file, or put something into a directory, that does not belong to its owner yet.
 */
static mode_t left_out_at_first(const struct settings *settings, const struct stat *status)
{
    mode_t others = settings->preserve.owner   ? S_IRWXG | S_IRWXO
                    : S_ISDIR(status->st_mode) ? S_IWGRP | S_IWOTH
                                               : 0;
    return status->st_mode & others;
}

mode_t attributes_mode_at_first(const struct settings *settings, const struct stat *status)
{
    mode_t mode = status->st_mode & (S_ISDIR(status->st_mode) ? 01777 : 0777);

    return (mode & ~left_out_at_first(settings, status)) | (S_ISDIR(status->st_mode) ? S_IRWXU : 0);
}

static bool fail(const struct job *job, const char *what)
{
    message_error(errno, "%s '%s'", what, job->copy->to->text);
    return !job->preserve->required;
}

/* Its permissions may be too wide for the new owner and group, who can open it as soon as it is theirs. */
static bool restrict_before(const struct job *job)
{
    mode_t both = job->now.st_mode & job->copy->status->st_mode & S_IRWXU;

    if (job->copy->created || !job->preserve->mode || S_ISLNK(job->now.st_mode))
        return true;
    return acl_drop(&job->to) && end_chmod(&job->to, both) == 0;
}

/* That an ordinary user cannot give files away is no failure; but somebody else's setuid bit is not his to
 * give.
 */
static bool forgive_owner(struct job *job)
{
    int error = errno;

    if ((error == EPERM || error == EINVAL) && end_chown(&job->to, (uid_t)-1, job->copy->status->st_gid) != 0)
        errno = error;
    job->mode &= ~(mode_t)SPECIAL;
    if ((error == EPERM || error == EINVAL) && geteuid() != 0)
        return true;
    errno = error;
    return fail(job, "failed to preserve ownership for");
}

static bool copy_owner(struct job *job)
{
    const struct stat *status = job->copy->status;

    if (!job->preserve->owner || (job->now.st_uid == status->st_uid && job->now.st_gid == status->st_gid))
        return true;
    if (!restrict_before(job) && !((errno == EPERM || errno == EINVAL) && geteuid() != 0))
        return fail(job, "clearing permissions for");
    return end_chown(&job->to, status->st_uid, status->st_gid) == 0 || forgive_owner(job);
}

/* Only who may write to a file may give it attributes of his own (user.*), whatever the descriptor allows. */
static bool copy_extended(const struct job *job)
{
    bool locked = !S_ISLNK(job->now.st_mode) && !(job->now.st_mode & S_IWUSR) && geteuid() != 0;

    if (!job->preserve->xattr)
        return true;
    locked = locked && end_chmod(&job->to, S_IRUSR | S_IWUSR) == 0;
    bool good = extended_copy(job->settings, &job->from, &job->to);
    if (locked && end_chmod(&job->to, job->now.st_mode & PERMISSIONS) != 0)
        return fail(job, "preserving permissions for") && good;
    return good;
}

/* The mode comes last, since setting a list may take the setgid bit away. -a is quiet where there are no
 * lists. */
static bool preserve_mode(const struct job *job)
{
    bool listed = acl_copy(&job->from, &job->to, S_ISDIR(job->now.st_mode));
    int error = errno;
    bool impossible = !listed && (error == ENOTSUP || error == ENOSYS);
    mode_t mode = listed ? job->mode : acl_reduce(&job->from, job->mode);

    if (end_chmod(&job->to, mode) == 0 && (listed || (impossible && job->preserve->quiet)))
        return true;
    errno = listed ? errno : error;
    return fail(job, "preserving permissions for");
}

static bool default_mode(const struct job *job)
{
    bool wide = S_ISDIR(job->now.st_mode) || S_ISSOCK(job->now.st_mode);
    mode_t mode = (wide ? 0777 : ALL_READ_WRITE) & ~job->settings->umask;

    mode |= job->now.st_mode & S_ISGID; /* of a directory, which may have inherited it */
    if (acl_drop(&job->to) && end_chmod(&job->to, mode) == 0)
        return true;
    message_error(errno, "setting permissions for '%s'", job->copy->to->text);
    return false;
}

/* What was left out at first, or lent to us for a while. All else is as the system has made it, which may
 * mean a default access control list of the directory, and not the umask. */
static bool complete_mode(const struct job *job)
{
    const struct stat *status = job->copy->status;
    mode_t now = job->now.st_mode & PERMISSIONS;
    mode_t missing = left_out_at_first(job->settings, status) & ~job->settings->umask;
    mode_t lent = S_ISDIR(job->now.st_mode) ? S_IRWXU & ~status->st_mode : 0;
    mode_t mode = (now | missing | job->copy->widen) & ~lent;

    return mode == now || end_chmod(&job->to, mode) == 0 || fail(job, "preserving permissions for");
}

static bool copy_mode(const struct job *job)
{
    if (S_ISLNK(job->now.st_mode))
        return true;
    if (job->preserve->mode)
        return preserve_mode(job);
    if (!job->copy->created)
        return true;
    return job->preserve->no_mode ? default_mode(job) : complete_mode(job);
}

static bool copy_times(const struct job *job)
{
    const struct timespec times[2] = {job->copy->status->st_atim, job->copy->status->st_mtim};

    return !job->preserve->times || end_set_times(&job->to, times) == 0 || fail(job, "preserving times for");
}

static bool look(struct job *job)
{
    if (end_stat(&job->to, &job->now) == 0)
        return true;
    message_error(errno, "cannot stat '%s'", job->copy->to->text);
    return false;
}

/* Nothing is to be done for most files that are copied without -p or -a. */
static bool is_nothing(const struct settings *settings, const struct attributes *copy)
{
    const struct preserve *preserve = &settings->preserve;

    if (preserve->mode || preserve->owner || preserve->times || preserve->xattr || preserve->context)
        return false;
    return !copy->created || (!preserve->no_mode && !S_ISDIR(copy->status->st_mode) && copy->widen == 0);
}

static bool copy_permissions(const struct job *job)
{
    bool good = copy_extended(job);

    if (job->preserve->context)
        good = extended_copy_context(job->settings, &job->from, &job->to) && good;
    return copy_mode(job) && good;
}

bool attributes_copy(const struct settings *settings, const struct attributes *attributes)
{
    struct job job = {.settings = settings,
                      .preserve = &settings->preserve,
                      .copy = attributes,
                      .mode = attributes->status->st_mode & PERMISSIONS};

    if (is_nothing(settings, attributes))
        return true;
    end_make(&job.from, attributes->from, attributes->in);
    end_make(&job.to, attributes->to, attributes->out);
    if (!look(&job))
        return false;
    bool good = copy_owner(&job);
    if (good) /* else they would be for somebody whom they were not given to */
        good = copy_permissions(&job);
    return copy_times(&job) && good;
}
