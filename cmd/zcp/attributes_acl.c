/* SPDX-License-Identifier: MIT */
/* Access control lists, as the extended attributes that they are for the kernel (acl(5), xattr(7)). */
#include <endian.h>
#include <errno.h>
#include <linux/limits.h>
#include <linux/posix_acl.h>
#include <linux/posix_acl_xattr.h>

#include "attributes_private.h"

static const char access_list[] = "system.posix_acl_access";
static const char default_list[] = "system.posix_acl_default";

/* The kernel sees to it that a list that says no more than the mode is none. */
static bool is_none(int error)
{
    return error == ENODATA || error == ENOTSUP || error == ENOSYS;
}

/* Asking first is cheaper: removing one writes to the journal also where there is none. */
static bool drop(const struct end *end, const char *name)
{
    if (end_get(end, name, NULL, 0) < 0)
        return is_none(errno);
    return end_remove(end, name) == 0 || is_none(errno);
}

static bool copy(const struct end *from, const struct end *to, const char *name)
{
    char list[XATTR_SIZE_MAX];
    ssize_t length = end_get(from, name, list, sizeof list);

    if (length < 0)
        return is_none(errno) && drop(to, name);
    return end_set(to, name, list, (size_t)length) == 0;
}

bool acl_copy(const struct end *from, const struct end *to, bool directory)
{
    return copy(from, to, access_list) && (!directory || copy(from, to, default_list));
}

/* The permissions in the first entry with this tag; without one, all. */
static unsigned permissions(const struct posix_acl_xattr_entry *entries, size_t count, unsigned tag)
{
    for (size_t i = 0; i < count; i++)
        if (le16toh(entries[i].e_tag) == tag)
            return le16toh(entries[i].e_perm);
    return S_IRWXO;
}

mode_t acl_reduce(const struct end *end, mode_t mode)
{
    struct {
        struct posix_acl_xattr_header header;
        struct posix_acl_xattr_entry entries[XATTR_SIZE_MAX / sizeof(struct posix_acl_xattr_entry)];
    } list;
    ssize_t length = end_get(end, access_list, &list, sizeof list);

    if (length < 0 && is_none(errno))
        return mode;
    mode &= ~(mode_t)S_IRWXG;
    if (length < (ssize_t)sizeof list.header) /* nobody knows it */
        return mode;
    size_t count = ((size_t)length - sizeof list.header) / sizeof *list.entries;
    unsigned group = permissions(list.entries, count, ACL_GROUP_OBJ) &
                     permissions(list.entries, count, ACL_MASK) & S_IRWXO;
    return mode | (mode_t)(group << 3);
}

bool acl_drop(const struct end *end)
{
    return drop(end, access_list);
}
