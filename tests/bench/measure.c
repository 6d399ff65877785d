/* SPDX-License-Identifier: MIT */
/*
 * Runs a receiver and a sender, at will with a source before and a sink behind them, and prints what these
 * two cost: seconds, CPU seconds (user and system, both together), peak resident KiB of the larger one.
 *
 *   measure [-i FILE] [-o FILE] [-n TIMES] RECEIVER... ['|' SINK...] -- [SOURCE... '|'] SENDER...
 *   measure -p BYTES [-n TIMES] RECEIVER... -- SENDER...
 *   measure -r [-n TIMES] COMMAND...
 *
 * FILE (default /dev/null) is the sender's input, or the receiver's output. The receiver prints its port as
 * the last word of a line on standard error; {port} in the sender's words stands for it. The clock runs from
 * the start of the sender until the last process is gone. With -p it runs while so many bytes cross the open
 * connection one by one, each sent when the one before has come out; with -r COMMAND is run alone, and {port}
 * refuses connections. With -n the sums of so many runs are printed.
 */
#include <arpa/inet.h>
#include <ctype.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { SOURCE, SENDER, RECEIVER, SINK, PLACES };
enum {
    PATIENCE = 120 /* seconds for one run, then SIGALRM ends it */,
    WARM_UP = 10 /* bytes before -p counts */
};

struct cost {
    double seconds, cpu;
    long peak; /* KiB */
};

struct run {
    char **command[PLACES]; /* NULL: this place is empty */
    pid_t pid[PLACES];
    const char *input, *output;
    long pings;
    int said; /* read end of the receiver's standard error */
};

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static int open_or_die(const char *path, int flags)
{
    int fd = open(path, flags | O_CLOEXEC, 0600);
    if (fd < 0)
        err(1, "%s", path);
    return fd;
}

static void make_pipe(int ends[2])
{
    if (pipe2(ends, O_CLOEXEC) != 0)
        err(1, "pipe");
}

/* Starts command with these as its descriptors 0 to 2, and closes in and out here. It dies with this process.
 */
static pid_t spawn(char **command, int in, int out, int error)
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

/* One line from fd without its newline; false at the end. */
static bool read_line(int fd, char *line, size_t room)
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
static void read_port(int fd, char port[6])
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

/* A copy of command with {port} replaced. */
static char **with_port(char **command, const char *port)
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

static void add_usage(struct cost *cost, const struct rusage *usage)
{
    cost->cpu += (double)(usage->ru_utime.tv_sec + usage->ru_stime.tv_sec) +
                 (double)(usage->ru_utime.tv_usec + usage->ru_stime.tv_usec) / 1e6;
    if (usage->ru_maxrss > cost->peak)
        cost->peak = usage->ru_maxrss;
}

static void forward(int fd)
{
    char text[4096];
    ssize_t n;

    while ((n = read(fd, text, sizeof text)) > 0)
        if (write(2, text, (size_t)n) < 0)
            return;
}

/* Process number place has ended badly: nobody waits for it, and nothing it cost counts. */
_Noreturn static void give_up(const struct run *run, int place, int status)
{
    for (int i = 0; i < PLACES; i++)
        if (i != place && run->pid[i] > 0)
            kill(run->pid[i], SIGKILL);
    while (wait(NULL) > 0)
        ;
    forward(run->said);
    errx(1, "%s has failed (%s %d)", run->command[place][0], WIFEXITED(status) ? "status" : "signal",
         WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status));
}

static void wait_all(struct run *run, struct cost *cost)
{
    struct rusage usage;
    int status, place;
    pid_t pid;

    while ((pid = wait4(-1, &status, 0, &usage)) > 0) {
        for (place = 0; run->pid[place] != pid; place++)
            ;
        run->pid[place] = 0;
        if (status != 0)
            give_up(run, place, status);
        if (place == SENDER || place == RECEIVER)
            add_usage(cost, &usage);
    }
}

static void ping(int to, int from, long times)
{
    char byte = 'x';

    while (times-- > 0)
        if (write(to, &byte, 1) != 1 || read(from, &byte, 1) != 1)
            err(1, "the byte has not come through");
}

static double time_pings(int to, int from, long times)
{
    ping(to, from, WARM_UP);
    double start = now();
    ping(to, from, times);
    double seconds = now() - start;
    close(to);
    close(from);
    return seconds;
}

/* The receiver, and the sink when there is one; *from is the read end of its output for -p. */
static void start_receiver(struct run *run, int *from)
{
    int data[2], words[2], output = -1;

    make_pipe(words);
    run->said = words[0];
    if (run->pings > 0 || run->command[SINK] != NULL) {
        make_pipe(data);
        output = data[1];
        *from = data[0];
    } else {
        output = open_or_die(run->output, O_WRONLY | O_CREAT | O_TRUNC);
    }
    if (run->command[SINK] != NULL)
        run->pid[SINK] = spawn(run->command[SINK], *from, open_or_die(run->output, O_WRONLY), 2);
    run->pid[RECEIVER] = spawn(run->command[RECEIVER], open_or_die("/dev/null", O_RDONLY), output, words[1]);
    close(words[1]);
}

/* The sender, and the source when there is one; *to is the write end of its input for -p. */
static void start_sender(struct run *run, const char *port, int *to)
{
    int data[2], input = -1;

    if (run->pings > 0 || run->command[SOURCE] != NULL) {
        make_pipe(data);
        input = data[0];
        *to = data[1];
    } else {
        input = open_or_die(run->input, O_RDONLY);
    }
    if (run->command[SOURCE] != NULL)
        run->pid[SOURCE] = spawn(run->command[SOURCE], open_or_die(run->input, O_RDONLY), *to, 2);
    char **command = with_port(run->command[SENDER], port);
    run->pid[SENDER] = spawn(command, input, open_or_die("/dev/null", O_WRONLY), 2);
}

static void run_pair(struct run *run, struct cost *cost)
{
    int from = -1, to = -1;
    char port[6];

    start_receiver(run, &from);
    read_port(run->said, port);
    double start = now();
    start_sender(run, port, &to);
    double seconds = run->pings > 0 ? time_pings(to, from, run->pings) : 0;
    wait_all(run, cost);
    cost->seconds += run->pings > 0 ? seconds : now() - start;
    forward(run->said);
    close(run->said);
}

/* The number of a port of this machine that nobody listens on, as long as this process lives. */
static void refusing_port(char port[6])
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof address) != 0 ||
        getsockname(fd, (struct sockaddr *)&address, &length) != 0)
        err(1, "no port to be refused on");
    snprintf(port, 6, "%u", (unsigned)ntohs(address.sin_port));
}

static void run_refused(char **command, struct cost *cost)
{
    struct rusage usage;
    int status, quiet = open_or_die("/dev/null", O_WRONLY);
    double start = now();

    pid_t pid = spawn(command, open_or_die("/dev/null", O_RDONLY), open_or_die("/dev/null", O_WRONLY), quiet);
    if (wait4(pid, &status, 0, &usage) < 0 || !WIFEXITED(status) || WEXITSTATUS(status) == 0 ||
        WEXITSTATUS(status) >= 126)
        errx(1, "%s has not been refused (status %#x)", command[0], (unsigned)status);
    cost->seconds += now() - start;
    add_usage(cost, &usage);
    close(quiet);
}

/* Cuts words in two at the word mark; what follows it, or NULL. */
static char **cut(char **words, const char *mark)
{
    for (; words != NULL && *words != NULL; words++) {
        if (strcmp(*words, mark) == 0) {
            *words = NULL;
            return words + 1;
        }
    }
    return NULL;
}

static void take_commands(struct run *run, char **words)
{
    run->command[RECEIVER] = words;
    run->command[SENDER] = cut(words, "--");
    run->command[SINK] = cut(words, "|");
    char **after = cut(run->command[SENDER], "|");
    if (after != NULL) {
        run->command[SOURCE] = run->command[SENDER];
        run->command[SENDER] = after;
    }
}

int main(int argc, char **argv)
{
    struct run run = {.input = "/dev/null", .output = "/dev/null"};
    struct cost cost = {0};
    bool refused = false;
    long times = 1;
    char port[6];
    int option;

    while ((option = getopt(argc, argv, "+i:o:n:p:r")) != -1) {
        switch (option) {
        case 'i':
            run.input = optarg;
            break;
        case 'o':
            run.output = optarg;
            break;
        case 'n':
            times = atol(optarg);
            break;
        case 'p':
            run.pings = atol(optarg);
            break;
        case 'r':
            refused = true;
            break;
        default:
            return 2;
        }
    }
    take_commands(&run, argv + optind);
    if (*run.command[RECEIVER] == NULL || refused == (run.command[SENDER] != NULL))
        errx(2, "the head of measure.c says how to call this");
    if (refused)
        refusing_port(port);
    char **alone = refused ? with_port(run.command[RECEIVER], port) : NULL;
    while (times-- > 0) {
        alarm(PATIENCE);
        if (refused)
            run_refused(alone, &cost);
        else
            run_pair(&run, &cost);
    }
    printf("%.6f %.6f %ld\n", cost.seconds, cost.cpu, cost.peak);
    return 0;
}
