/* SPDX-License-Identifier: MIT */
/*
 * Runs a tool that copies its input to several outputs, with readers behind it, and prints what the tool
 * cost: seconds, CPU seconds (user and system), peak resident KiB.
 *
 *   measure_tee [-k PIPES] [-o FILE -m MIB] [-p BYTES] [-n TIMES] TOOL... ['|' CARRIER...]
 *               [-- SOURCE... [-- SINK... [-- LISTENER...]]]
 *
 * SOURCE writes into the tool's input, SINK reads its output; without them these are /dev/null. With -k there
 * are so many pipes more, each read by a SINK of its own, and the word {pipes} stands for their names. With
 * LISTENER, which prints its port as the last word of a line on standard error, SINK reads what that
 * receives, and {port} in the tool's and the carrier's words stands for the port; a carrier takes the tool's
 * output there when the tool cannot, and what it costs is added. FILE is what the tool writes: it is emptied
 * before the clock starts, since that waits for the disk where the run before has left pages to it, and has
 * to be so many MiB long in the end. The clock runs from the start of the source until the last process is
 * gone; with -p it runs while so many bytes go through the tool one by one. With -n the sums of so many runs
 * are printed.
 */
#include <sys/stat.h>

#include "process.h"

enum { MOST_PIPES = 16, MOST_PROCESSES = MOST_PIPES + 5 };

struct process {
    char **command;
    pid_t pid; /* 0: it is gone */
    bool counts;
};

struct run {
    char **tool, **carrier, **source, **sink, **listener; /* NULL: there is none */
    const char *file;                                     /* NULL: the tool writes none that is looked at */
    long mib, pings;
    int pipes;
    int ends[MOST_PIPES]; /* the write ends of these pipes */
    int said;             /* read end of the listener's standard error, or -1 */
    struct process processes[MOST_PROCESSES];
    int count;
};

static void start(struct run *run, char **command, int in, int out, int error, bool counts)
{
    pid_t pid = spawn(command, in, out, error);

    run->processes[run->count++] = (struct process){command, pid, counts};
}

static int nothing(int flags)
{
    return open_or_die("/dev/null", flags);
}

/* Starts a sink; the write end of the pipe that it reads. */
static int start_sink(struct run *run)
{
    int data[2];

    make_pipe(data);
    start(run, run->sink, data[0], nothing(O_WRONLY), 2, false);
    return data[1];
}

static void start_listener(struct run *run, char port[6])
{
    int words[2], out = run->sink != NULL ? start_sink(run) : nothing(O_WRONLY);

    make_pipe(words);
    start(run, run->listener, nothing(O_RDONLY), out, words[1], false);
    close(words[1]);
    run->said = words[0];
    read_port(run->said, port);
}

/* Starts everything that reads. What the tool's output is to be; *from is the read end of it for -p. */
static int connect_readers(struct run *run, char port[6], int *from)
{
    int data[2];

    for (int i = 0; i < run->pipes; i++)
        run->ends[i] = start_sink(run);
    if (run->listener != NULL)
        start_listener(run, port);
    else if (run->sink != NULL)
        return start_sink(run);
    if (run->pings == 0)
        return nothing(O_WRONLY);
    make_pipe(data);
    *from = data[0];
    return data[1];
}

/* The same, and waits until all of them have been executed, which closes the pipe: starting eight programs
 * takes a part of a fast tool's time. */
static int start_readers(struct run *run, char port[6], int *from)
{
    int started[2];
    char none;

    make_pipe(started);
    int out = connect_readers(run, port, from);
    close(started[1]);
    if (read(started[0], &none, 1) != 0)
        err(1, "pipe");
    close(started[0]);
    return out;
}

/* A copy of command with the word {pipes} replaced by the names of the pipes. */
static char **with_pipes(const struct run *run, char **command)
{
    int count = 0, used = 0;

    while (command[count] != NULL)
        count++;
    char **copy = calloc((size_t)(count + run->pipes + 1), sizeof *copy);
    for (int i = 0; copy != NULL && i < count; i++) {
        bool is_mark = strcmp(command[i], "{pipes}") == 0;
        if (!is_mark)
            copy[used++] = command[i];
        for (int k = 0; is_mark && k < run->pipes; k++)
            if (asprintf(&copy[used++], "/dev/fd/%d", run->ends[k]) < 0)
                err(1, "asprintf");
    }
    return copy;
}

/* The tool alone inherits the pipes. They have no names, so that nobody waits for somebody to open them. */
static void start_tool(struct run *run, const char *port, int in, int out)
{
    char **command = with_port(with_pipes(run, run->tool), port);

    for (int i = 0; i < run->pipes; i++)
        if (fcntl(run->ends[i], F_SETFD, 0) != 0)
            err(1, "pipe");
    start(run, command, in, out, 2, true);
    for (int i = 0; i < run->pipes; i++)
        close(run->ends[i]);
}

/* Starts the carrier, if there is one, the source and the tool, whose output is out; *to is the write end of
 * its input for -p. */
static void start_writers(struct run *run, const char *port, int out, int *to)
{
    int data[2], in;

    if (run->carrier != NULL) {
        make_pipe(data);
        start(run, with_port(run->carrier, port), data[0], out, 2, true);
        out = data[1];
    }
    if (run->source != NULL || run->pings > 0) {
        make_pipe(data);
        in = data[0];
        *to = data[1];
    } else {
        in = nothing(O_RDONLY);
    }
    if (run->source != NULL)
        start(run, run->source, nothing(O_RDONLY), *to, 2, false);
    start_tool(run, port, in, out);
}

/* This one has ended badly: nobody waits for it, and nothing it cost counts. */
_Noreturn static void give_up(const struct run *run, const struct process *failed, int status)
{
    for (int i = 0; i < run->count; i++)
        if (run->processes[i].pid > 0)
            kill(run->processes[i].pid, SIGKILL);
    while (wait(NULL) > 0)
        ;
    if (run->said >= 0)
        forward(run->said);
    fail(failed->command, status);
}

static void wait_all(struct run *run, struct cost *cost)
{
    struct rusage usage;
    int status;
    pid_t pid;

    while ((pid = wait4(-1, &status, 0, &usage)) > 0) {
        struct process *process = run->processes;
        while (process->pid != pid)
            process++;
        process->pid = 0;
        if (status != 0)
            give_up(run, process, status);
        if (process->counts)
            add_usage(cost, &usage);
    }
}

static void empty_file(const struct run *run)
{
    if (run->file != NULL)
        close(open_or_die(run->file, O_WRONLY | O_CREAT | O_TRUNC));
}

static void check_file(const struct run *run)
{
    struct stat file;

    if (run->file == NULL)
        return;
    if (stat(run->file, &file) != 0)
        err(1, "%s", run->file);
    if (file.st_size != run->mib * 1024 * 1024)
        errx(1, "%s: %lld bytes instead of %ld MiB", run->file, (long long)file.st_size, run->mib);
}

static void run_once(struct run *run, struct cost *cost)
{
    int from = -1, to = -1;
    char port[6] = "";

    run->count = 0;
    run->said = -1;
    empty_file(run);
    int out = start_readers(run, port, &from);
    double start_time = now();
    start_writers(run, port, out, &to);
    double seconds = run->pings > 0 ? time_pings(to, from, run->pings) : 0;
    wait_all(run, cost);
    cost->seconds += run->pings > 0 ? seconds : now() - start_time;
    if (run->said >= 0) {
        forward(run->said);
        close(run->said);
    }
    check_file(run);
}

static char **unless_empty(char **command)
{
    return command != NULL && *command != NULL ? command : NULL;
}

static bool take_commands(struct run *run, char **words)
{
    run->tool = words;
    run->source = cut(words, "--");
    run->sink = cut(run->source, "--");
    run->listener = cut(run->sink, "--");
    run->carrier = cut(words, "|");
    run->source = unless_empty(run->source);
    run->sink = unless_empty(run->sink);
    return *words != NULL && run->pipes >= 0 && run->pipes <= MOST_PIPES &&
           (run->pipes == 0 || run->sink != NULL) && (run->pings == 0 || run->source == NULL);
}

int main(int argc, char **argv)
{
    struct run run = {0};
    struct cost cost = {0};
    long times = 1;
    int option;

    while ((option = getopt(argc, argv, "+k:m:n:o:p:")) != -1) {
        switch (option) {
        case 'k':
            run.pipes = atoi(optarg);
            break;
        case 'm':
            run.mib = atol(optarg);
            break;
        case 'n':
            times = atol(optarg);
            break;
        case 'o':
            run.file = optarg;
            break;
        case 'p':
            run.pings = atol(optarg);
            break;
        default:
            return 2;
        }
    }
    if (!take_commands(&run, argv + optind))
        errx(2, "the head of measure_tee.c says how to call this");
    while (times-- > 0) {
        alarm(PATIENCE);
        run_once(&run, &cost);
    }
    print_cost(&cost);
    return 0;
}
