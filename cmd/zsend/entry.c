/* SPDX-License-Identifier: MIT */
/* ENTRY frames, and the extended attributes in them. */
#include "entry.h"

#include <bsd/string.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>

#include "again.h"
#include "answers.h"
#include "base/message.h"
#include "stamp.h"

/* Packs the attributes of the user's name space. False: they are too many, or cannot be read. */
static bool pack_xattrs(int fd, struct packer *packer)
{
    char names[XATTR_LIST_MAX], value[XATTR_SIZE_MAX];
    ssize_t length = flistxattr(fd, names, sizeof names);

    if (length < 0)
        return errno == ENOTSUP;
    for (const char *name = names; name < names + length; name += strlen(name) + 1) {
        if (strncmp(name, "user.", 5) != 0)
            continue;
        ssize_t size = fgetxattr(fd, name, value, sizeof value);
        if (size < 0)
            return false;
        pack_text(packer, name);
        pack_block(packer, value, (size_t)size);
    }
    errno = E2BIG;
    return !packer->full;
}

static bool send_frame(struct sender *sender, const struct session_entry *entry)
{
    uint8_t *payload = malloc(FRAME_PAYLOAD_MAX);
    struct packer packer = packer_make(payload, payload == NULL ? 0 : FRAME_PAYLOAD_MAX);

    session_pack_entry(&packer, entry);
    bool good = !packer.full && wire_send(&sender->wire, FRAME_ENTRY, payload, packer.length);
    free(payload);
    return good || (sender->wire.error == 0 && sender_abort(sender, SESSION_LOCAL, "no memory"));
}

static bool add_xattrs(struct sender *sender, struct session_entry *entry, int fd, const char *text,
                       uint8_t **bytes)
{
    *bytes = malloc(SESSION_XATTRS);
    struct packer packer = packer_make(*bytes, *bytes == NULL ? 0 : SESSION_XATTRS);
    if (!pack_xattrs(fd, &packer)) {
        message_error(errno, "cannot send the extended attributes of '%s'", text);
        sender_note(sender, SESSION_LOCAL);
        return false;
    }
    entry->xattrs = *bytes;
    entry->xattrs_length = packer.length;
    return true;
}

uint64_t entry_send(struct sender *sender, enum session_kind kind, const struct stat *status, int fd,
                    const char *path, const char *text, const char *target, uint64_t number,
                    const struct have_file **have)
{
    static struct session_entry entry;
    struct outstanding *outstanding;
    uint8_t *xattrs = NULL;

    if (number == 0) {
        if (!answers_take(sender, false) || !again_send(sender))
            return 0;
        number = ++sender->number;
    }
    while ((outstanding = answers_expect(sender, number, kind, path, text)) == NULL)
        if (answers_again(sender) == NULL || !again_send(sender))
            return 0;
    if (kind == SESSION_HARD_LINK && outstanding->target == NULL)
        outstanding->target = strdup(target);
    entry = (struct session_entry){.number = number,
                                   .kind = kind,
                                   .mode = status->st_mode & 07777,
                                   .uid = status->st_uid,
                                   .gid = status->st_gid,
                                   .seconds = status->st_mtim.tv_sec,
                                   .nanoseconds = (uint32_t)status->st_mtim.tv_nsec,
                                   .size = kind == SESSION_FILE ? (uint64_t)status->st_size : 0,
                                   .stored = (uint64_t)status->st_blocks * 512,
                                   .linked = kind == SESSION_FILE && status->st_nlink > 1};
    strlcpy(entry.path, path, sizeof entry.path);
    strlcpy(entry.target, target != NULL ? target : "", sizeof entry.target);
    if (have != NULL && *have != NULL) /* whatever is said of it has to stay: the receiver compares */
        memcpy(entry.stamp, (*have)->stamp, entry.stamp_length = (*have)->stamp_length);
    else if (kind == SESSION_FILE && status->st_size >= 0) /* one without a size is never gone on with */
        entry.stamp_length = stamp_make(status, entry.stamp);
    if (sender->granted & SESSION_XATTR && fd >= 0 && !add_xattrs(sender, &entry, fd, text, &xattrs)) {
        entry.stamp_length = 0; /* a later session sends it again, with them */
        if (have != NULL)
            *have = NULL;
    }
    bool sent = send_frame(sender, &entry);
    free(xattrs);
    sender->entries += kind != SESSION_LEAVE;
    return sent ? number : 0;
}
