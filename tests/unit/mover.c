/* SPDX-License-Identifier: MIT */
/* Checks zcp's mover over files with holes, old bytes and system calls that fail, in layouts made by chance.
 */
#include "../../cmd/zcp/mover.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/sendfile.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "unit.h"

enum { PAGE = 4096, SIZE_MAX_TESTED = 40 * PAGE, OLD = 0x55 /* a byte that no source has */ };

static struct settings settings;
static struct run run;
static struct mover mover;
static int source, target;

/* --- system calls that fail, are short, or come while something else happens
 * -------------------------------- */

enum call { CALL_CFR, CALL_SENDFILE, CALL_SPLICE, CALL_READ, CALL_WRITE, CALL_IOCTL, CALL_PUNCH, CALL_COUNT };
static const char *const call_names[] = {"copy_file_range", "sendfile", "splice",   "read",
                                         "write",           "FICLONE",  "fallocate"};

static struct {
    enum call call;
    int countdown;       /* the call of that number is disturbed; 0: none */
    int error;           /* with this errno; 0: not */
    void (*event)(void); /* this happens before it; NULL: nothing */
    size_t most;         /* bytes that any call moves; 0: as many as it likes */
    bool reached;
} fault;

/* Returns true when this call has to fail, with errno. */
static bool fails(enum call call)
{
    if (call != fault.call || fault.countdown == 0 || --fault.countdown > 0)
        return false;
    fault.reached = true;
    if (fault.event != NULL)
        fault.event();
    errno = fault.error;
    return fault.error != 0;
}

static size_t shortened(size_t n)
{
    return fault.most > 0 && n > fault.most ? fault.most : n;
}

ssize_t copy_file_range(int in, off64_t *in_at, int out, off64_t *out_at, size_t n, unsigned flags)
{
    return fails(CALL_CFR) ? -1 : syscall(SYS_copy_file_range, in, in_at, out, out_at, shortened(n), flags);
}

ssize_t sendfile(int out, int in, off_t *offset, size_t n)
{
    return fails(CALL_SENDFILE) ? -1 : syscall(SYS_sendfile, out, in, offset, shortened(n));
}

ssize_t splice(int in, off64_t *in_at, int out, off64_t *out_at, size_t n, unsigned flags)
{
    return fails(CALL_SPLICE) ? -1 : syscall(SYS_splice, in, in_at, out, out_at, shortened(n), flags);
}

ssize_t read(int fd, void *buffer, size_t n)
{
    return fd == source && fails(CALL_READ) ? -1 : syscall(SYS_read, fd, buffer, shortened(n));
}

ssize_t write(int fd, const void *data, size_t n)
{
    return fd == target && fails(CALL_WRITE) ? -1 : syscall(SYS_write, fd, data, shortened(n));
}

int ioctl(int fd, unsigned long request, ...)
{
    va_list arguments;

    va_start(arguments, request);
    long argument = va_arg(arguments, long);
    va_end(arguments);
    return fails(CALL_IOCTL) ? -1 : (int)syscall(SYS_ioctl, fd, request, argument);
}

int fallocate(int fd, int mode, off_t offset, off_t length)
{
    return fails(CALL_PUNCH) ? -1 : (int)syscall(SYS_fallocate, fd, mode, offset, length);
}

/* --- files
 * ---------------------------------------------------------------------------------------------------- */

static uint32_t state;

static uint32_t chance(uint32_t below)
{
    state ^= state << 13, state ^= state >> 17, state ^= state << 5;
    return state % below;
}

static int make_file(void)
{
    char path[] = "/tmp/zcopy-mover-XXXXXX";
    int fd = mkstemp(path);

    unlink(path);
    return fd;
}

/* Bytes at an offset: of the source of every value but OLD, some zero; or all OLD. */
static void fill(int fd, size_t offset, size_t length, bool old)
{
    static char data[SIZE_MAX_TESTED];

    memset(data, OLD, length);
    for (size_t i = 0; !old && i < length; i++)
        data[i] = (char)chance(OLD);
    if (!old && length > PAGE && chance(3) == 0)
        memset(data + chance((uint32_t)length - PAGE), 0, PAGE);
    if (pwrite(fd, data, length, (off_t)offset) != (ssize_t)length)
        abort();
}

/* A size that likes the edges of pages. */
static size_t some_size(void)
{
    size_t size = chance(SIZE_MAX_TESTED / PAGE) * PAGE;
    uint32_t edge = chance(5);

    return edge == 0 ? size + 1 : edge == 1 && size > 0 ? size - 1 : edge == 2 ? size + chance(PAGE) : size;
}

/* Data and holes in turn. */
static void lay_out(int fd, bool old)
{
    size_t size = some_size(), offset = 0, length;
    bool hole = chance(2) == 0, solid = chance(3) == 0;

    for (; offset < size; offset += length, hole = !hole) {
        length = 1 + some_size() / 4;
        if (length > size - offset)
            length = size - offset;
        if (!hole || solid)
            fill(fd, offset, length, old);
    }
    if (ftruncate(fd, (off_t)size) != 0)
        abort();
}

static size_t content(int fd, char bytes[2 * SIZE_MAX_TESTED])
{
    ssize_t n = pread(fd, bytes, 2 * SIZE_MAX_TESTED, 0);
    return n < 0 ? 0 : (size_t)n;
}

static bool copy(void)
{
    static const struct place from = {AT_FDCWD, "source", "source"}, to = {AT_FDCWD, "target", "target"};
    struct stat status;

    atomic_store(&run.bytes, 0);
    atomic_store(&run.signal, 0);
    lseek(source, 0, SEEK_SET);
    lseek(target, 0, SEEK_SET);
    return fstat(source, &status) == 0 && mover_copy(&mover, source, &status, &from, target, &to, NULL);
}

/* --- what has to hold
 * ----------------------------------------------------------------------------------------- */

static char wanted[2 * SIZE_MAX_TESTED], found[2 * SIZE_MAX_TESTED];

static bool is_identical(void)
{
    size_t n = content(source, wanted);
    return content(target, found) == n && memcmp(wanted, found, n) == 0 && run.bytes == n;
}

/* The target has a beginning of the source, and nothing else. */
static bool is_prefix(void)
{
    size_t n = content(source, wanted), m = content(target, found);
    return m <= n && memcmp(wanted, found, m) == 0;
}

static void new_files(bool old)
{
    source = make_file();
    target = make_file();
    lay_out(source, false);
    if (old)
        lay_out(target, true);
}

static void close_files(void)
{
    close(source);
    close(target);
    memset(&fault, 0, sizeof fault);
}

static void set_methods(const char *list)
{
    settings.transfer.methods.count = 0;
    if (list != NULL)
        ladder_parse(list, &settings.transfer.methods);
}

static const char *const lists[] = {NULL,   "copy_file_range", "sendfile", "splice", "mmap",
                                    "read", "splice,read"};

/* Every list of methods, with and without old bytes, and each way with zeros. */
static void check_layouts(void)
{
    for (size_t list = 0; list < sizeof lists / sizeof *lists; list++)
        for (int sparse = SPARSE_AUTO; sparse <= SPARSE_NEVER; sparse++) {
            bool good = true, reads = list == 0 || list >= 5;
            set_methods(lists[list]);
            settings.sparse = (enum sparse_when)sparse;
            if ((sparse == SPARSE_ALWAYS && !reads) || (sparse == SPARSE_NEVER && list == 1))
                continue;
            for (uint32_t seed = 1; seed <= 60 && good; seed++) {
                state = seed * 2654435761u;
                new_files(seed % 3 != 0);
                fault.most = seed % 4 == 0 ? 1 + chance(3 * PAGE) : 0;
                good = copy() && is_identical();
                close_files();
                if (!good)
                    printf("# seed %u\n", seed);
            }
            check(good, "any layout over any other by %s, --sparse=%s", lists[list] ? lists[list] : "itself",
                  (const char *[]){"auto", "always", "never"}[sparse]);
        }
    settings.sparse = SPARSE_AUTO;
}

static const int errors[] = {EINTR, EINVAL, EXDEV, EPERM, EOPNOTSUPP, EIO, ENOSPC};

/* Whether a copy by default has to survive it. */
static bool survives(enum call call, int error)
{
    bool refusal = error != EIO && error != ENOSPC;

    if (error == EINTR || call == CALL_PUNCH)
        return true;
    if (call == CALL_READ || call == CALL_WRITE)
        return false;
    return refusal || (call == CALL_CFR && error == EIO);
}

/* The list that makes the copy come to this call. */
static const char *list_for(enum call call)
{
    return call == CALL_SENDFILE                     ? "sendfile,read"
           : call == CALL_SPLICE                     ? "splice,read"
           : call == CALL_READ || call == CALL_WRITE ? "read"
                                                     : NULL;
}

static void check_fault(enum call call, int error)
{
    bool good = true;
    int reached = 0;

    set_methods(list_for(call));
    for (uint32_t seed = 1; seed <= 45 && good; seed++) {
        state = seed * 40503u + 7;
        memset(&mover.pair, 0, sizeof mover.pair);
        new_files(seed % 4 != 0);
        fault.call = call;
        fault.error = error;
        fault.countdown = 1 + (int)seed % 3;
        fault.most = seed % 2 == 0 ? 1 + chance(3 * PAGE) : 0;
        settings.sparse = seed % 5 == 0 && list_for(call) != NULL ? SPARSE_ALWAYS : SPARSE_AUTO;
        bool done = copy();
        good = done ? is_identical() : is_prefix();
        good = good && done == (!fault.reached || survives(call, error));
        reached += fault.reached;
        if (!good)
            printf("# seed %u: %s\n", seed, done ? "done" : "failed");
        close_files();
    }
    settings.sparse = SPARSE_AUTO;
    check(good && reached > 0, "%s, %s: all bytes, or a beginning of them (%d times)", call_names[call],
          strerrorname_np(error), reached);
}

static void interrupt(void)
{
    atomic_store(&run.signal, SIGINT);
}

/* A signal at any call: what is there is new. */
static void check_interrupted(void)
{
    for (enum call call = 0; call < CALL_COUNT; call++) {
        bool good = true;
        int reached = 0;
        set_methods(list_for(call));
        for (uint32_t seed = 1; seed <= 60 && good; seed++) {
            state = seed * 69069u + 3;
            memset(&mover.pair, 0, sizeof mover.pair);
            new_files(seed % 4 != 0);
            fault.call = call;
            fault.countdown = 1 + (int)seed % 4;
            fault.event = interrupt;
            fault.most = 1 + chance(3 * PAGE);
            bool done = copy();
            good = (done && is_identical()) || (!done && fault.reached && is_prefix());
            reached += !done;
            close_files();
        }
        check(good && reached > 0, "a signal during %s: a beginning of the source (%d times)",
              call_names[call], reached);
    }
    set_methods(NULL);
}

static size_t shrunk;

static void grow(void)
{
    fill(source, (size_t)lseek(source, 0, SEEK_END), 1 + chance(3 * PAGE), false);
}

/* The position of the source is the mover's, and grow has to leave it alone. */
static void grow_quietly(void)
{
    off_t position = lseek(source, 0, SEEK_CUR);
    grow();
    lseek(source, position, SEEK_SET);
}

static void shrink(void)
{
    struct stat status;

    fstat(source, &status);
    shrunk = status.st_size > 0 ? chance((uint32_t)status.st_size) : 0;
    if (ftruncate(source, (off_t)shrunk) != 0)
        abort();
}

static void check_moving_source(void)
{
    static char before[2 * SIZE_MAX_TESTED];

    for (int list = 0; list < 3; list++) {
        static const char *const of[] = {NULL, "sendfile", "read"};
        static const enum call calls[] = {CALL_CFR, CALL_SENDFILE, CALL_READ};
        bool grown = true, cut = true;
        set_methods(of[list]);
        for (uint32_t seed = 1; seed <= 60; seed++) {
            state = seed * 747796405u;
            new_files(seed % 2);
            fault.call = calls[list];
            fault.countdown = 1 + (int)seed % 3;
            fault.most = 1 + chance(3 * PAGE);
            fault.event = grow_quietly;
            grown = copy() && is_identical() && grown;
            close_files();
            new_files(seed % 2);
            size_t n = content(source, before);
            fault.call = calls[list];
            fault.countdown = 1 + (int)seed % 3;
            fault.most = 1 + chance(3 * PAGE);
            fault.event = shrink;
            shrunk = n;
            bool done = copy();
            size_t m = content(target, found);
            cut = cut && done && m <= n && m >= shrunk && memcmp(before, found, m) == 0;
            close_files();
        }
        check(grown, "a source that grows is copied to its end (%s)", of[list] ? of[list] : "by itself");
        check(cut, "of one that shrinks nothing is made up (%s)", of[list] ? of[list] : "by itself");
    }
    set_methods(NULL);
}

int main(void)
{
    settings.transfer = transfer_defaults;
    settings.in_place = true;
    run.settings = &settings;
    signal(SIGPIPE, SIG_IGN);
    if (freopen("/dev/null", "w", stderr) == NULL || !mover_open(&mover, &run))
        return 1;
    check_layouts();
    for (enum call call = 0; call < CALL_COUNT; call++)
        for (size_t i = 0; i < sizeof errors / sizeof *errors; i++)
            check_fault(call, errors[i]);
    check_interrupted();
    check_moving_source();
    mover_close(&mover);
    return unit_status();
}
