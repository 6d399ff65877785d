/* SPDX-License-Identifier: MIT */
/* Which attributes a copy gets. */
#include "preserve.h"

#include <string.h>
#include <unistd.h>

#include "choice.h"

enum attribute { MODE, TIMESTAMPS, OWNERSHIP, LINKS, CONTEXT, XATTR, ALL };

static const struct choice attributes[] = {
    {"mode", MODE},   {"timestamps", TIMESTAMPS}, {"ownership", OWNERSHIP},
    {"links", LINKS}, {"context", CONTEXT},       {"xattr", XATTR},
    {"all", ALL},
};

bool preserve_has_selinux(void)
{
    return access("/sys/fs/selinux/enforce", F_OK) == 0;
}

static void set_mode(struct preserve *preserve, bool on)
{
    preserve->mode = on;
    preserve->no_mode = !on;
}

/* The context, the extended attributes: what is not named need not succeed. */
static void set_all(struct preserve *preserve, bool on)
{
    set_mode(preserve, on);
    preserve->times = preserve->owner = preserve->links = preserve->xattr = on;
    if (preserve_has_selinux())
        preserve->context = on;
}

static void set_attribute(struct preserve *preserve, enum attribute attribute, bool on)
{
    switch (attribute) {
    case MODE:
        set_mode(preserve, on);
        break;
    case TIMESTAMPS:
        preserve->times = on;
        break;
    case OWNERSHIP:
        preserve->owner = on;
        break;
    case LINKS:
        preserve->links = on;
        break;
    case CONTEXT:
        preserve->context = preserve->context_required = on;
        break;
    case XATTR:
        preserve->xattr = preserve->xattr_required = on;
        break;
    case ALL:
        set_all(preserve, on);
        break;
    }
}

/* cp(1) leaves an earlier --no-preserve=mode in force here; where mode is set it has no effect. */
void preserve_usual(struct preserve *preserve)
{
    preserve->mode = preserve->owner = preserve->times = preserve->required = true;
}

void preserve_archive(struct preserve *preserve)
{
    preserve_usual(preserve);
    preserve->links = preserve->xattr = preserve->quiet = true;
    if (preserve_has_selinux())
        preserve->context = true;
}

bool preserve_list(struct preserve *preserve, const char *list, bool on)
{
    const char *what = on ? "--preserve" : "--no-preserve";

    for (;;) {
        size_t length = strcspn(list, ",");
        int attribute;
        if (!choice_take(attributes, CHOICE_COUNT(attributes), what, list, length, &attribute))
            return false;
        set_attribute(preserve, (enum attribute)attribute, on);
        if (list[length] == '\0')
            break;
        list += length + 1;
    }
    preserve->required = preserve->required || on;
    return true;
}
