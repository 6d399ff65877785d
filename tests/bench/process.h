/* SPDX-License-Identifier: MIT */
/*
 * What the programs that measure share: starting processes, the words of their commands, what they cost.
 * All of it ends the program by err(3) when something fails, for then there is nothing to measure.
 */
#ifndef BENCH_PROCESS_H
#define BENCH_PROCESS_H

#include <ctype.h>
#include <err.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
    PATIENCE = 120 /* seconds for one run, then SIGALRM ends it */,
    WARM_UP = 10 /* bytes before -p counts */
};

struct cost {
    double seconds, cpu;
    long peak; /* KiB */
};

static inline double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static inline int open_or_die(const char *path, int flags)
{
    int fd = open(path, flags | O_CLOEXEC, 0600);
    if (fd < 0)
        err(1, "%s", path);
    return fd;
}

static inline void make_pipe(int ends[2])
{
    if (pipe2(ends, O_CLOEXEC) != 0)
        err(1, "pipe");
}

/* Starts command with these as its descriptors 0 to 2, and closes in and out here. It dies with this process.
 */
static inline pid_t spawn(char **command, int in, int out, int error)
{
    pid_t pid = fork();

    if (pid < 0)
        err(1, "fork");
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (dup2(in, 0) < 0 || dup2(out, 1) < 0 || dup2(error, 2) < 0)
            _exit(127);
        execvp(command[0], command);
        warn("%s", command[0]);
        _exit(127);
    }
    close(in);
    close(out);
    return pid;
}

/* The command's process has ended badly, and everything with it. */
_Noreturn static inline void fail(char **command, int status)
{
    errx(1, "%s has failed (%s %d)", command[0], WIFEXITED(status) ? "status" : "signal",
         WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status));
}

static inline void add_usage(struct cost *cost, const struct rusage *usage)
{
    cost->cpu += (double)(usage->ru_utime.tv_sec + usage->ru_stime.tv_sec) +
                 (double)(usage->ru_utime.tv_usec + usage->ru_stime.tv_usec) / 1e6;
    if (usage->ru_maxrss > cost->peak)
        cost->peak = usage->ru_maxrss;
}

static inline void print_cost(const struct cost *cost)
{
    printf("%.6f %.6f %ld\n", cost->seconds, cost->cpu, cost->peak);
}

/* One line from fd without its newline; false at the end. */
static inline bool read_line(int fd, char *line, size_t room)
{
    size_t used = 0;
    char c;

    while (read(fd, &c, 1) == 1) {
        if (c == '\n') {
            line[used] = '\0';
            return true;
        }
        if (used + 1 < room)
            line[used++] = c;
    }
    return false;
}

/* The number at the end of the first line that has one. */
static inline void read_port(int fd, char port[6])
{
    char line[512];

    while (read_line(fd, line, sizeof line)) {
        size_t end = strlen(line), at = end;
        while (at > 0 && isdigit((unsigned char)line[at - 1]))
            at--;
        if (at < end && end - at < 6) {
            strcpy(port, line + at);
            return;
        }
        warnx("the receiver says: %s", line);
    }
    errx(1, "the receiver has not named its port");
}

/* Passes on what is left to say. */
static inline void forward(int fd)
{
    char text[4096];
    ssize_t n;

    while ((n = read(fd, text, sizeof text)) > 0)
        if (write(2, text, (size_t)n) < 0)
            return;
}

/* A copy of command with {port} replaced. */
static inline char **with_port(char **command, const char *port)
{
    static const char mark[] = "{port}";
    size_t count = 0;

    while (command[count] != NULL)
        count++;
    char **copy = calloc(count + 1, sizeof *copy);
    for (size_t i = 0; copy != NULL && i < count; i++) {
        char *at = strstr(command[i], mark);
        if (at == NULL)
            copy[i] = command[i];
        else if (asprintf(&copy[i], "%.*s%s%s", (int)(at - command[i]), command[i], port,
                          at + sizeof mark - 1) < 0)
            err(1, "asprintf");
    }
    return copy;
}

/* Cuts words in two at the word mark; what follows it, or NULL. */
static inline char **cut(char **words, const char *mark)
{
    for (; words != NULL && *words != NULL; words++) {
        if (strcmp(*words, mark) == 0) {
            *words = NULL;
            return words + 1;
        }
    }
    return NULL;
}

static inline void ping(int to, int from, long times)
{
    char byte = 'x';

    while (times-- > 0)
        if (write(to, &byte, 1) != 1 || read(from, &byte, 1) != 1)
            err(1, "the byte has not come through");
}

/* The seconds that so many bytes take from to to from, one by one. Closes both. */
static inline double time_pings(int to, int from, long times)
{
    ping(to, from, WARM_UP);
    double start = now();
    ping(to, from, times);
    double seconds = now() - start;
    close(to);
    close(from);
    return seconds;
}

#endif
