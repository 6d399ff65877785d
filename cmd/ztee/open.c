/* SPDX-License-Identifier: MIT */
/* Opening the outputs. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/descriptor.h"
#include "base/message.h"
#include "net/connection.h"
#include "output.h"

/* True when the input is this regular file, and has something: ztee would destroy it, or copy it into itself
 * for ever. */
static bool is_input(const struct stat *file)
{
    struct stat input;

    return S_ISREG(file->st_mode) && file->st_size > 0 && fstat(STDIN_FILENO, &input) == 0 &&
           same_inode(&input, file);
}

static int refuse_input(const char *name)
{
    message_note("'%s' is the input file", name);
    return -1;
}

/* Waits for the reader of a FIFO, as tee does. What is opened here is ours alone, and its flags with it. */
static int open_file(const char *path, bool append)
{
    struct stat file;

    if (stat(path, &file) == 0 && is_input(&file))
        return refuse_input(path);
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | (append ? O_APPEND : O_TRUNC), 0666);
    if (fd >= 0 && fstat(fd, &file) == 0 && !S_ISREG(file.st_mode) && !S_ISBLK(file.st_mode))
        fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
    if (fd < 0)
        message_error(errno, "cannot open '%s'", path);
    return fd;
}

/* A description of our own would be O_NONBLOCK, and the same in all else: not if this one cannot be written
 * to, nor for the master of a pseudoterminal, which is made anew by every open (ptmx(4)). */
static bool can_be_reopened(int fd, enum kind kind)
{
    int flags = fcntl(fd, F_GETFL);
    unsigned number;

    if (flags & O_NONBLOCK || (flags & O_ACCMODE) == O_RDONLY)
        return false;
    return kind == KIND_PIPE || (kind == KIND_TERMINAL && ioctl(fd, TIOCGPTN, &number) != 0);
}

/* A descriptor that came from outside. Its flags are shared with others and stay as they are; but of pipes
 * and terminals /proc gives a description of our own. */
static int open_shared(struct output *output, int fd)
{
    struct stat file;
    char path[DESCRIPTOR_PATH];
    enum kind kind = kind_of(fd);

    if (fstat(fd, &file) == 0 && is_input(&file) &&
        (kind == KIND_APPEND || lseek(fd, 0, SEEK_CUR) > lseek(STDIN_FILENO, 0, SEEK_CUR)))
        return refuse_input(output->name);
    if (!can_be_reopened(fd, kind))
        return fd;
    descriptor_path(path, fd);
    int own = open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (own < 0)
        return fd;
    output->shared = fd;
    return own;
}

void outputs_claim(struct settings *settings)
{
    /* All numbers are looked at before any is duplicated: a duplicate must not be taken for one of them. */
    for (size_t i = 0; i < settings->output_count; i++) {
        struct output_request *request = &settings->outputs[i];
        int fd = request->type == OUTPUT_FD ? atoi(request->argument) : -1; /* settings.c has checked it */
        request->fd = fd >= 0 && fcntl(fd, F_GETFD) >= 0 ? fd : -1;
        request->error = EBADF;
    }
    for (size_t i = 0; i < settings->output_count; i++) {
        struct output_request *request = &settings->outputs[i];
        if (request->fd >= 0 && (request->fd = fcntl(request->fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1)) < 0)
            request->error = errno;
    }
    for (size_t i = 0; i < settings->output_count; i++)
        if (settings->outputs[i].fd >= 0 && atoi(settings->outputs[i].argument) > STDERR_FILENO)
            close(atoi(settings->outputs[i].argument));
}

static int open_number(struct output *output, const struct output_request *request)
{
    snprintf(output->label, sizeof output->label, "descriptor %d", atoi(request->argument));
    output->name = output->label;
    if (request->fd >= 0)
        return open_shared(output, request->fd);
    message_error(request->error, "cannot write to '%s'", output->name);
    return -1;
}

static int open_connection(const struct output_request *request, const struct settings *settings,
                           struct monitor *monitor)
{
    struct address address;
    struct socket_failure failure;

    if (request->type == OUTPUT_UNIX)
        address_set_unix(&address, request->argument);
    else
        address_parse(request->argument, &address);
    return connect_by_options(&address, &settings->connect, monitor, false, false, &failure);
}

static int open_command(struct output *output, const struct command_signals *signals)
{
    int fd = command_start(output->name, signals, &output->pid);

    if (fd < 0)
        message_error(errno, "cannot run '%s'", output->name);
    return fd;
}

bool outputs_clash(const struct output *outputs, size_t count, const struct output_request *request)
{
    struct digest_request digest;

    if (request->type != OUTPUT_DIGEST || !digest_request_parse(request->argument, &digest) ||
        digest.file == NULL)
        return false;
    for (size_t i = 0; i < count; i++) {
        const struct output *other = &outputs[i];
        int fd = other->type == OUTPUT_DIGEST ? other->digest.output : other->route.out;
        if (!output_is_live(other) || !descriptor_has_file(fd, digest.file))
            continue;
        message_note("'%s' is an output already, and no place for a digest", digest.file);
        return true;
    }
    return false;
}

static int open_digest(struct output *output)
{
    struct stat file;
    int fd = -1;

    digest_request_parse(output->name, &output->digest); /* settings.c has checked it */
    if (output->digest.file != NULL && stat(output->digest.file, &file) == 0 && is_input(&file))
        return refuse_input(output->digest.file);
    if (digest_request_open(&output->digest))
        output->side = side_digest_start(&output->digest, &fd);
    return fd;
}

/* A descriptor, or -1 (reported). */
static int open_type(struct output *output, const struct output_request *request,
                     const struct settings *settings, const struct command_signals *signals,
                     struct monitor *monitor)
{
    switch (request->type) {
    case OUTPUT_STDOUT:
        output->name = "standard output";
        return open_shared(output, STDOUT_FILENO);
    case OUTPUT_FILE:
        return open_file(request->argument, settings->append);
    case OUTPUT_FD:
        return open_number(output, request);
    case OUTPUT_COMMAND:
        return open_command(output, signals);
    case OUTPUT_DIGEST:
        return open_digest(output);
    default:
        return open_connection(request, settings, monitor);
    }
}

static bool starts_commands(const struct settings *settings)
{
    for (size_t i = 0; i < settings->output_count; i++)
        if (settings->outputs[i].type == OUTPUT_COMMAND)
            return true;
    return false;
}

static bool is_same_file(int fd, int other)
{
    struct stat one, two;

    return fstat(fd, &one) == 0 && fstat(other, &two) == 0 && same_inode(&one, &two);
}

/* A file from outside that others write to at its position while we do: commands, which have our standard
 * output, and messages. write(2) locks the position, splice(2) does not: what either has written is written
 * over (seen on Linux 6.18, in 3 of 100 runs with a command that prints a line). */
static bool has_other_writers(const struct output *output, const struct settings *settings)
{
    int fd = output->route.out;

    if (output->type != OUTPUT_STDOUT && output->type != OUTPUT_FD)
        return false;
    return is_same_file(fd, STDERR_FILENO) || (starts_commands(settings) && is_same_file(fd, STDOUT_FILENO));
}

/* What splice cannot write to without waiting, or without harm, or at all: these are written to from memory.
 */
static bool has_to_be_copied_to(const struct output *output, const struct settings *settings)
{
    switch (output->route.out_kind) {
    case KIND_FILE:
    case KIND_BLOCK:
        return has_other_writers(output, settings);
    case KIND_PIPE:
    case KIND_NULL:
        return false;
    case KIND_STREAM: /* SPLICE_F_NONBLOCK does not keep a splice to a blocking socket from waiting */
        return !(fcntl(output->route.out, F_GETFL) & O_NONBLOCK);
    default:
        return true;
    }
}

/* Only what may make others wait has a buffer. */
static bool can_be_slow(enum kind kind)
{
    return kind == KIND_PIPE || kind == KIND_STREAM || kind == KIND_DATAGRAM || kind == KIND_TERMINAL;
}

static void prepare(struct output *output, const struct settings *settings)
{
    struct route *route = &output->route;

    route->sink_refused = has_to_be_copied_to(output, settings);
    output->may_block = (route->out_kind == KIND_PIPE || route->out_kind == KIND_TERMINAL) &&
                        !(fcntl(route->out, F_GETFL) & O_NONBLOCK) &&
                        descriptor_permits(route->out, O_WRONLY);
    output->is_lent = route->out_kind == KIND_STREAM && !output_is_connection(output) &&
                      output->type != OUTPUT_COMMAND && connection_is_tcp(route->out);
    output->can_be_slow = can_be_slow(route->out_kind) && output->type != OUTPUT_DIGEST;
    if (settings->buffer == 0 || !output->can_be_slow)
        return;
    output->is_buffered = true;
    output->spill.size = settings->buffer;
    if (route->pipe_size > settings->buffer)
        route->pipe_size = (size_t)settings->buffer;
}

bool output_open(struct output *output, const struct output_request *request, const struct settings *settings,
                 const struct command_signals *signals, struct monitor *monitor)
{
    *output =
        (struct output){.type = request->type, .name = request->argument, .shared = -1, .spill = {.fd = -1}};
    int fd = open_type(output, request, settings, signals, monitor);
    output->route = route_make(-1, fd, settings->transfer.pipe_size);
    if (fd < 0)
        return false;
    output->state = OUTPUT_OPEN;
    prepare(output, settings);
    return true;
}
