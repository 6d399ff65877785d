/* SPDX-License-Identifier: MIT */
/* Preloaded into a command: cuts the calls that move bytes short, or fails them, and counts what it did. */
/*
 * The environment says how:
 *   SHORT=BYTES       the most that one call may move
 *   SHORT_WHOLE=N     but every N-th call may move all it can
 *   SHORT_FAIL=N      every N-th call fails before it has moved a byte (2 or more, or nothing ever moves)
 *   SHORT_ERRNO=E     with this errno, EINTR if it is not given
 *   SHORT_MAP=OFFSET  what is mapped of a file from there on to be read is gone: SIGBUS (mmap(2))
 *   SHORT_REPORT=FILE a line for each call, "NAME CUT FAILED", is appended at exit
 * Descriptor 2 is left alone: what a test reads there has to be whole.
 */
#undef _FILE_OFFSET_BITS /* sendfile(3) and sendfile64(3) have to be two functions here */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <unistd.h>

enum call {
    CALL_SPLICE,
    CALL_TEE,
    CALL_SENDFILE,
    CALL_READ,
    CALL_WRITE,
    CALL_SEND,
    CALL_RECV,
    CALL_COPY,
    CALL_COUNT
};

static const char *const names[CALL_COUNT] = {"splice", "tee",  "sendfile", "read",
                                              "write",  "send", "recv",     "copy_file_range"};
static _Atomic unsigned long turns, cut[CALL_COUNT], failed[CALL_COUNT];
static unsigned long most, whole_every, fail_every, lost_at;
static int fail_errno;

static unsigned long setting(const char *name, unsigned long otherwise)
{
    const char *text = getenv(name);
    return text != NULL ? strtoul(text, NULL, 10) : otherwise;
}

__attribute__((constructor)) static void begin(void)
{
    whole_every = setting("SHORT_WHOLE", 0);
    fail_every = setting("SHORT_FAIL", 0);
    fail_errno = (int)setting("SHORT_ERRNO", EINTR);
    most = setting("SHORT", 0);
    lost_at = setting("SHORT_MAP", 0);
}

__attribute__((destructor)) static void report(void)
{
    const char *name = getenv("SHORT_REPORT");
    FILE *file = name != NULL ? fopen(name, "a") : NULL;

    if (file == NULL)
        return;
    for (int i = 0; i < CALL_COUNT; i++)
        fprintf(file, "%s %lu %lu\n", names[i], cut[i], failed[i]);
    fclose(file);
}

/* The length that this call may have. False with errno: it has to fail. */
static bool allow(enum call call, int fd, size_t *length)
{
    if (fd == STDERR_FILENO)
        return true;
    unsigned long turn = atomic_fetch_add(&turns, 1) + 1;
    if (fail_every > 0 && turn % fail_every == 0) {
        failed[call]++;
        errno = fail_errno;
        return false;
    }
    bool whole = most == 0 || (whole_every > 0 && turn % whole_every == 0);
    if (!whole && *length > most) {
        cut[call]++;
        *length = most;
    }
    return true;
}

/* Calls the function that this one hides, with the length that is allowed. */
#define PASS_ON(call, function, fd, length, ...)                           \
    do {                                                                   \
        static __typeof__(&(function)) hidden;                             \
        if (hidden == NULL)                                                \
            hidden = (__typeof__(&(function)))dlsym(RTLD_NEXT, #function); \
        return allow(call, fd, &(length)) ? hidden(__VA_ARGS__) : -1;      \
    } while (0)

ssize_t splice(int in, off64_t *from, int out, off64_t *to, size_t length, unsigned flags)
{
    PASS_ON(CALL_SPLICE, splice, in, length, in, from, out, to, length, flags);
}

ssize_t tee(int in, int out, size_t length, unsigned flags)
{
    PASS_ON(CALL_TEE, tee, in, length, in, out, length, flags);
}

ssize_t sendfile(int out, int in, off_t *offset, size_t length)
{
    PASS_ON(CALL_SENDFILE, sendfile, in, length, out, in, offset, length);
}

ssize_t sendfile64(int out, int in, off64_t *offset, size_t length)
{
    PASS_ON(CALL_SENDFILE, sendfile64, in, length, out, in, offset, length);
}

ssize_t read(int fd, void *buffer, size_t length)
{
    PASS_ON(CALL_READ, read, fd, length, fd, buffer, length);
}

ssize_t write(int fd, const void *buffer, size_t length)
{
    PASS_ON(CALL_WRITE, write, fd, length, fd, buffer, length);
}

ssize_t send(int fd, const void *buffer, size_t length, int flags)
{
    PASS_ON(CALL_SEND, send, fd, length, fd, buffer, length, flags);
}

ssize_t recv(int fd, void *buffer, size_t length, int flags)
{
    PASS_ON(CALL_RECV, recv, fd, length, fd, buffer, length, flags);
}

ssize_t copy_file_range(int in, off64_t *from, int out, off64_t *to, size_t length, unsigned flags)
{
    PASS_ON(CALL_COPY, copy_file_range, in, length, in, from, out, to, length, flags);
}

static void *map(void *at, size_t length, int protection, int flags, int fd, off64_t offset)
{
    static void *(*real)(void *, size_t, int, int, int, off64_t);

    if (real == NULL)
        real = (__typeof__(real))dlsym(RTLD_NEXT, "mmap64");
    if (lost_at == 0 || fd < 0 || protection != PROT_READ || offset != (off64_t)lost_at)
        return real(at, length, protection, flags, fd, offset);
    int empty = memfd_create("empty", MFD_CLOEXEC);
    void *mapped = real(at, length, protection, flags, empty, 0);
    close(empty);
    return mapped;
}

void *mmap(void *at, size_t length, int protection, int flags, int fd, off_t offset)
{
    return map(at, length, protection, flags, fd, offset);
}

void *mmap64(void *at, size_t length, int protection, int flags, int fd, off64_t offset)
{
    return map(at, length, protection, flags, fd, offset);
}
