/* SPDX-License-Identifier: MIT */
/* What the files of attributes.h share: the two ends of a copy, and the kinds of extended attributes. */
#ifndef ZCP_ATTRIBUTES_PRIVATE_H
#define ZCP_ATTRIBUTES_PRIVATE_H

#include <limits.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "base/descriptor.h"
#include "place.h"
#include "settings.h"

/*
 * A file by its descriptor, or where it has none (-1) by a path whose last component no call here follows. A
 * descriptor of O_PATH, and that of the directory that "." is, have a name in /proc that is followed.
 */
struct end {
    int fd;
    const struct place *place;
    int opened;                 /* the descriptor for a name alone, or -1, */
    char name[DESCRIPTOR_PATH]; /* and that name */
    char path[PATH_MAX + 64];
};

void end_make(struct end *end, const struct place *place, int fd);

/* As fstat(2), fchown(2) and futimens(2). */
int end_stat(const struct end *end, struct stat *status);
int end_chown(const struct end *end, uid_t user, gid_t group);
int end_set_times(const struct end *end, const struct timespec times[2]);

/* As fgetxattr(2), fsetxattr(2), fremovexattr(2) and fchmod(2). */
ssize_t end_get(const struct end *end, const char *name, void *value, size_t size);
int end_set(const struct end *end, const char *name, const void *value, size_t size);
int end_remove(const struct end *end, const char *name);
int end_chmod(const struct end *end, mode_t mode);

/* Extended attributes, except those that are permissions. False: the exit status is 1. */
bool extended_copy(const struct settings *settings, const struct end *from, const struct end *to);

/* The SELinux context. False: the exit status is 1. */
bool extended_copy_context(const struct settings *settings, const struct end *from, const struct end *to);

/* The access control list, and with directory the default one. A copy has none afterwards if the original has
 * none. False with errno: *to has lost its own at most. */
bool acl_copy(const struct end *from, const struct end *to, bool directory);

/* The mode without the access control list, of a file that may have one: the bits of the group are then those
 * that the list gives the owning group, for those of the mode are the most that anybody in the list may have.
 */
mode_t acl_reduce(const struct end *end, mode_t mode);

/* Removes the access control list. False with errno. */
bool acl_drop(const struct end *end);

#endif
