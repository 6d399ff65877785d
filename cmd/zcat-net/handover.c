/* SPDX-License-Identifier: MIT */
/* One message with a descriptor: unix(7), SCM_RIGHTS. */
#include "handover.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/message.h"
#include "net/connection.h"

static const char standard_output[] = "standard output";

bool handover_is_possible(void)
{
    int domain = AF_UNSPEC;
    socklen_t length = sizeof domain;

    if (getsockopt(STDOUT_FILENO, SOL_SOCKET, SO_DOMAIN, &domain, &length) == 0 && domain == AF_UNIX)
        return true;
    message_note("cannot pass the connection over '%s': not a UNIX socket", standard_output);
    return false;
}

/* Returns 0, or an errno. */
static int send_descriptor(int fd)
{
    char byte = 0;
    struct iovec data = {.iov_base = &byte, .iov_len = 1};
    union {
        struct cmsghdr header;
        char room[CMSG_SPACE(sizeof fd)];
    } control = {.room = {0}};
    struct msghdr message = {.msg_iov = &data,
                             .msg_iovlen = 1,
                             .msg_control = control.room,
                             .msg_controllen = sizeof control.room};
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);

    *header =
        (struct cmsghdr){.cmsg_len = CMSG_LEN(sizeof fd), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS};
    memcpy(CMSG_DATA(header), &fd, sizeof fd);
    return sendmsg(STDOUT_FILENO, &message, MSG_NOSIGNAL) >= 0 ? 0 : errno;
}

static int send_when_ready(int fd, struct monitor *monitor)
{
    struct pollfd output = {.fd = STDOUT_FILENO, .events = POLLOUT};
    int error;

    while ((error = send_descriptor(fd)) == EAGAIN || error == EINTR)
        if (monitor_wait(monitor, &output, 1, CLOCK_NEVER) < 0)
            return errno;
    return error;
}

bool handover(int fd, struct monitor *monitor)
{
    int error = connection_disarm(fd) ? send_when_ready(fd, monitor) : errno;

    if (error != 0) {
        message_error(error, "cannot pass the connection over '%s'", standard_output);
        connection_arm(fd);
        connection_reset(fd);
        return false;
    }
    close(fd);
    return true;
}
