/* SPDX-License-Identifier: MIT */
/* Extended attributes by libattr, which knows from /etc/xattr.conf which ones are not to be copied. */
#include <attr/error_context.h>
#include <attr/libattr.h>
#include <bsd/string.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "attributes.h"
#include "attributes_private.h"
#include "base/message.h"

static const char context_name[] = "security.selinux";

/* libattr knows its context only by its first member. */
struct telling {
    struct error_context context;
    const struct end *from, *to;
    bool all; /* also that a file system has no extended attributes, or not this one */
};

static void tell(struct error_context *context, const char *format, ...)
{
    const struct telling *telling = (const struct telling *)context;
    int error = errno;
    char text[2048];
    va_list args;

    if (!telling->all && (error == ENOTSUP || error == ENODATA))
        return;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    message_error(error, "%s", text);
}

/* For people the file has another name than for the kernel. Without memory libattr prints "(null)". */
static const char *quote(struct error_context *context, const char *name)
{
    const struct telling *telling = (const struct telling *)context;
    char *text = NULL;

    if (strcmp(name, telling->from->path) == 0)
        name = telling->from->place->text;
    else if (strcmp(name, telling->to->path) == 0)
        name = telling->to->place->text;
    return asprintf(&text, "'%s'", name) < 0 ? NULL : text;
}

static void quote_free(struct error_context *context, const char *text)
{
    char *own;

    (void)context;
    memcpy(&own, &text, sizeof own); /* it is ours, libattr only sees it as constant */
    free(own);
}

static int is_no_context(const char *name, struct error_context *context)
{
    return strcmp(name, context_name) != 0 && attr_copy_check_permissions(name, context);
}

/* As cp(1): all is told where the attributes were asked for by name, or are all that is copied; nothing with
 * -a. */
bool extended_copy(const struct settings *settings, const struct end *from, const struct end *to)
{
    const struct preserve *preserve = &settings->preserve;
    bool all = settings->attributes_only || preserve->xattr_required;
    struct telling telling = {{tell, quote, quote_free}, from, to, all};
    struct error_context *context = all || !preserve->quiet ? &telling.context : NULL;
    int (*check)(const char *, struct error_context *) =
        preserve->context || settings->set_context ? is_no_context : NULL;
    int status = from->fd >= 0 && to->fd >= 0
                     ? attr_copy_fd(from->path, from->fd, to->path, to->fd, check, context)
                     : attr_copy_file(from->path, to->path, check, context);

    return status == 0 || !preserve->xattr_required;
}

bool extended_copy_context(const struct settings *settings, const struct end *from, const struct end *to)
{
    const struct preserve *preserve = &settings->preserve;
    char value[XATTR_SIZE_MAX];
    ssize_t length = end_get(from, context_name, value, sizeof value);

    if (length >= 0 && end_set(to, context_name, value, (size_t)length) == 0)
        return true;
    if (preserve->context_required || !preserve->quiet)
        message_error(errno, "failed to set the security context of '%s'", to->place->text);
    return !preserve->context_required;
}

static bool set_context(const char *context)
{
    int fd = open("/proc/thread-self/attr/fscreate", O_WRONLY | O_CLOEXEC);
    bool written = fd >= 0 && write(fd, context, strlen(context)) >= 0;

    if (!written)
        message_error(errno, "failed to set default file creation context to '%s'", context);
    if (fd >= 0)
        close(fd);
    return written;
}

/* Without a context of its own a new file has the one that the kernel's policy gives it. */
bool attributes_begin(const struct settings *settings)
{
    if (settings->preserve.xattr)
        attr_copy_action("user.", NULL);
    return settings->context == NULL || set_context(settings->context);
}
