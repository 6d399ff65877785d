/* SPDX-License-Identifier: MIT */
/* Making, looking at and removing the directory of a fuzz target. */
#include "sandbox.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "fuzz.h"

static char to_remove[64];

/* A directory is the working directory when its turn comes. */
static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *at)
{
    char name[NAME_MAX + 4];

    (void)status;
    if (kind != FTW_DP)
        return unlink(path + at->base);
    snprintf(name, sizeof name, "../%s", path + at->base);
    return rmdir(name);
}

static int open_up(const char *path, const struct stat *status, int kind, struct FTW *at)
{
    (void)status;
    if (kind == FTW_D || kind == FTW_DNR)
        chmod(path + at->base, 0700); /* whatever mode it was given */
    return 0;
}

/* FTW_CHDIR, since a path in there may be too long together with that of the directory. */
static void remove_tree(const char *path)
{
    if (geteuid() != 0)
        nftw(path, open_up, 16, FTW_PHYS | FTW_CHDIR);
    nftw(path, remove_one, 16, FTW_PHYS | FTW_DEPTH | FTW_CHDIR);
}

static void at_end(void)
{
    remove_tree(to_remove);
}

void sandbox_open(struct sandbox *sandbox)
{
    strcpy(sandbox->top,
           access("/dev/shm", W_OK) == 0 ? "/dev/shm/zcopy-fuzz.XXXXXX" : "/tmp/zcopy-fuzz.XXXXXX");
    require(mkdtemp(sandbox->top) != NULL);
    strcpy(to_remove, sandbox->top);
    atexit(at_end);
    sandbox->fd = open(sandbox->top, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    require(sandbox->fd >= 0 && mkdirat(sandbox->fd, "out", 0700) == 0);
    int file = openat(sandbox->fd, "out/file", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    require(file >= 0 && write(file, "here", 4) == 4 && close(file) == 0);
    require(fstatat(sandbox->fd, "out", &sandbox->out, 0) == 0);
    require(fstatat(sandbox->fd, "out/file", &sandbox->file, 0) == 0);
}

void sandbox_begin(struct sandbox *sandbox, bool has_links)
{
    require(mkdirat(sandbox->fd, "in", 0700) == 0);
    sandbox->in = openat(sandbox->fd, "in", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    require(sandbox->in >= 0);
    if (!has_links)
        return;
    require(symlinkat("../out", sandbox->in, "l") == 0 && symlinkat("../out/file", sandbox->in, "m") == 0);
    require(mkdirat(sandbox->in, "d", 0700) == 0);
    int file = openat(sandbox->in, "f", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    require(file >= 0 && write(file, "old", 3) == 3 && close(file) == 0);
}

static void check_same(const struct sandbox *sandbox, const char *name, const struct stat *was)
{
    struct stat is;

    require(fstatat(sandbox->fd, name, &is, AT_SYMLINK_NOFOLLOW) == 0);
    require(is.st_ino == was->st_ino && is.st_mode == was->st_mode && is.st_uid == was->st_uid &&
            is.st_gid == was->st_gid && is.st_nlink == was->st_nlink && is.st_size == was->st_size);
    require(is.st_ctim.tv_sec == was->st_ctim.tv_sec && is.st_ctim.tv_nsec == was->st_ctim.tv_nsec);
}

static bool free_links_now;
static int root_now;
static size_t root_length;

/* A link that leads nowhere is one to a name that would be inside. */
static void check_link(const char *path)
{
    const struct open_how how = {.flags = O_PATH | O_CLOEXEC, .resolve = RESOLVE_BENEATH};
    int fd = (int)syscall(SYS_openat2, root_now, path, &how, sizeof how);

    if (fd >= 0)
        close(fd);
    else
        require(errno != EXDEV);
}

static int check_one(const char *path, const struct stat *status, int kind, struct FTW *at)
{
    (void)kind, (void)at;
    require(S_ISREG(status->st_mode) || S_ISDIR(status->st_mode) || S_ISLNK(status->st_mode) ||
            S_ISFIFO(status->st_mode));
    require(S_ISLNK(status->st_mode) || (status->st_mode & 07000) == 0);
    if (S_ISLNK(status->st_mode) && !free_links_now)
        check_link(path + root_length);
    return 0;
}

void sandbox_check(const struct sandbox *sandbox, bool free_links)
{
    char path[128];
    unsigned count = 0;

    check_same(sandbox, "out", &sandbox->out);
    check_same(sandbox, "out/file", &sandbox->file);
    int fd = openat(sandbox->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *directory = fdopendir(fd);
    require(directory != NULL);
    for (const struct dirent *entry = readdir(directory); entry != NULL; entry = readdir(directory))
        count += *entry->d_name != '.';
    closedir(directory);
    require(count == 2);
    snprintf(path, sizeof path, "%s/in", sandbox->top);
    free_links_now = free_links;
    root_now = sandbox->in;
    root_length = strlen(path) + 1;
    require(nftw(path, check_one, 16, FTW_PHYS | FTW_CHDIR) == 0);
}

bool sandbox_has(const struct sandbox *sandbox, const char *name)
{
    return faccessat(sandbox->in, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

void sandbox_end(struct sandbox *sandbox)
{
    char path[128];

    close(sandbox->in);
    snprintf(path, sizeof path, "%s/in", sandbox->top);
    remove_tree(path);
}
