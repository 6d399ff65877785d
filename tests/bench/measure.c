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
#include <sys/socket.h>

#include "process.h"

enum { SOURCE, SENDER, RECEIVER, SINK, PLACES };

struct run {
    char **command[PLACES]; /* NULL: this place is empty */
    pid_t pid[PLACES];
    const char *input, *output;
    long pings;
    int said; /* read end of the receiver's standard error */
};

/* Process number place has ended badly: nobody waits for it, and nothing it cost counts. */
_Noreturn static void give_up(const struct run *run, int place, int status)
{
    for (int i = 0; i < PLACES; i++)
        if (i != place && run->pid[i] > 0)
            kill(run->pid[i], SIGKILL);
    while (wait(NULL) > 0)
        ;
    forward(run->said);
    fail(run->command[place], status);
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
    print_cost(&cost);
    return 0;
}
