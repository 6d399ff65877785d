/* SPDX-License-Identifier: MIT */
/* Delivering to an output, and its end. */
#include "output.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/message.h"
#include "net/connection.h"

bool output_is_behind(const struct output *output)
{
    return route_held(&output->route) > 0 || output->spill.held > 0;
}

size_t output_room(const struct output *output)
{
    uint64_t behind = route_held(&output->route) + output->spill.held;

    if (!output->is_buffered)
        return SIZE_MAX;
    return behind < output->spill.size ? (size_t)(output->spill.size - behind) : 0;
}

bool output_is_private(const struct output *output, bool tees)
{
    if (output->is_buffered || output_is_behind(output))
        return true;
    return tees && (output->route.sink_refused || output->route.out_kind != KIND_PIPE);
}

/* How many bytes its reader has still to take; -1: that cannot be known. TIOCOUTQ is also SIOCOUTQ of
 * sockets, which counts what the peer has not acknowledged (tcp(7)); a pipe has FIONREAD at both ends
 * (pipe(7)). */
static int queued_bytes(const struct output *output)
{
    int bytes;

    return ioctl(output->route.out, output->route.out_kind == KIND_PIPE ? FIONREAD : TIOCOUTQ, &bytes) == 0
               ? bytes
               : -1;
}

void output_note_stuck(struct output *output)
{
    if (output->stuck != 0)
        return;
    output->stuck = clock_now();
    output->queued = queued_bytes(output);
}

bool output_is_being_read(struct output *output)
{
    int before = output->queued;

    if (queued_bytes(output) >= before)
        return false;
    output->stuck = 0;
    output_note_stuck(output);
    return true;
}

void output_count(struct output *output, enum method method, size_t n)
{
    output->bytes += n;
    output->by_method[method] += n;
    output->blocked = false;
    output->stuck = 0;
}

/* How much may be written at once. A pipe that poll(2) calls writable takes PIPE_BUF bytes without blocking
 * (pipe(7)), and a datagram has to be short enough; 0: nothing now. */
static size_t writable(const struct output *output, size_t n)
{
    struct pollfd ready = {.fd = output->route.out, .events = POLLOUT};

    if (output->route.out_kind == KIND_DATAGRAM)
        return n < ROUTE_RESCUE ? n : ROUTE_RESCUE;
    if (!output->may_block)
        return n;
    if (poll(&ready, 1, 0) != 1)
        return 0;
    return n < PIPE_BUF ? n : PIPE_BUF;
}

ssize_t output_write(struct output *output, const char *data, size_t n, enum method method)
{
    size_t most = writable(output, n);

    if (most == 0) {
        errno = EAGAIN;
        return -1;
    }
    ssize_t written = sink_write(output->route.out, output->route.out_kind, data, most);
    if (written > 0)
        output_count(output, method, (size_t)written);
    return written;
}

ssize_t output_deliver(struct output *output)
{
    struct route *route = &output->route;

    if (route->in_memory == 0 && output->spill.held > 0 && spill_load(&output->spill, route) < 0)
        return -1;
    if (route->in_memory == 0 && route->sink_refused && route_rescue(route) < 0)
        return -1;
    if (route->in_memory > 0) {
        ssize_t n = output_write(output, route->data, route->in_memory, METHOD_READ);
        if (n > 0)
            route_forget(route, (size_t)n);
        return n;
    }
    ssize_t n = route_splice_to(route, route->out, route->in_pipe);
    if (n > 0)
        output_count(output, METHOD_SPLICE, (size_t)n);
    return n;
}

static void free_memory(struct output *output)
{
    route_free(&output->route);
    output->route = (struct route){
        .in = -1, .out = output->route.out, .out_kind = output->route.out_kind, .pipe = {-1, -1}};
    spill_free(&output->spill);
}

/* Closes our descriptors of it; 0 or an errno, which NFS and quotas have for close(2) only. */
static int close_all(struct output *output)
{
    int error = 0;

    if (output->shared >= 0)
        close(output->shared);
    if (output->route.out >= 0 && close(output->route.out) != 0)
        error = errno;
    output->shared = output->route.out = -1;
    return error;
}

int output_complete(struct output *output, bool sync)
{
    output->state = OUTPUT_COMPLETE;
    free_memory(output);
    if (output->is_lent)
        return 0;
    if (output_is_connection(output))
        return shutdown(output->route.out, SHUT_WR) != 0 && errno != ENOTCONN ? errno : 0;
    /* fsync(2) says EINVAL for what cannot be synced, and EROFS for some devices. */
    int error = sync && fsync(output->route.out) != 0 && errno != EINVAL && errno != EROFS ? errno : 0;
    int closed = close_all(output);
    return error != 0 ? error : closed;
}

void output_abandon(struct output *output)
{
    output->state = OUTPUT_GONE;
    free_memory(output);
    close_all(output);
}

/* The peer's kernel has everything. What the peer has said is thrown away, or closing would reset the
 * connection. */
static int settle_own(struct output *output, struct monitor *monitor, uint64_t patience)
{
    int error = connection_settle(output->route.out, monitor, patience);

    if (error == 0)
        error = connection_drain(output->route.out);
    if (error == 0)
        connection_close(output->route.out);
    else
        connection_reset(output->route.out);
    output->route.out = -1;
    return error;
}

/* Others may go on with the connection, so it is neither shut down nor read from. But if nobody has it
 * besides us, closing it resets it once the peer has said something: it has to have everything before that.
 */
static int settle_lent(struct output *output, struct monitor *monitor, uint64_t patience)
{
    int error = connection_settle_lent(output->route.out, monitor, patience), closed = close_all(output);

    return error != 0 ? error : closed;
}

static bool settle(struct output *output, const struct settings *settings, struct monitor *monitor)
{
    uint64_t patience = settings->drops ? settings->patience : 0;
    int error =
        output->is_lent ? settle_lent(output, monitor, patience) : settle_own(output, monitor, patience);

    if (error != 0)
        message_error(error, "error writing '%s': not all was acknowledged", output->name);
    return error == 0;
}

bool output_confirm(struct output *output, const struct settings *settings, bool whole,
                    struct monitor *monitor)
{
    bool good = true;

    if ((output->is_lent || output_is_connection(output)) && output->state == OUTPUT_COMPLETE)
        good = settle(output, settings, monitor);
    if (output->side != NULL) {
        good = side_digest_finish(output->side, whole && output->state == OUTPUT_COMPLETE ? "-" : NULL);
        good = digest_request_close(&output->digest, settings->sync) && good;
    }
    if (output->pid > 0)
        good = command_wait(output->name, output->pid, monitor);
    return good;
}
