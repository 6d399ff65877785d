/* SPDX-License-Identifier: MIT */
/*
 * The main of a fuzz target without libFuzzer: runs the seeds, then random changes of them, as many as the
 * target says or for so many seconds, and prints a TAP line.
 *
 *   fuzz-NAME [-t SECONDS] [-s NUMBER] [FILE...]
 *
 * The files are run as they are, and that is all; without files all of tests/fuzz/seeds/NAME. The number says
 * which changes, the same ones each time. They are made in a child: the input it has died of, or of which its
 * memory has grown too much, is left in fuzz-NAME.crash, beside the program.
 */
#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "fuzz.h"

enum {
    INPUT_MOST = 32 * 1024,
    SEEDS_MOST = 256,
    CHANGES_MOST = 8,
    PATIENCE = 60 /* seconds for one input */,
    MEMORY_MOST = 64 * 1024 /* KiB, in the end */
};

/* A sanitizer takes much more. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { IS_LARGER = 1 };
#else
enum { IS_LARGER = 0 };
#endif

struct input {
    size_t size;
    uint8_t data[INPUT_MOST];
};

/* What the child is at; shared with the parent. */
struct progress {
    unsigned long inputs;
    struct input current;
};

static struct input seeds[SEEDS_MOST];
static size_t seed_count;
static uint64_t state;

const char *__ubsan_default_options(void);

/* Undefined behaviour is the end. */
const char *__ubsan_default_options(void)
{
    return "halt_on_error=1:print_stacktrace=1";
}

/* xorshift64 */
static uint64_t draw(uint64_t below)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state % below;
}

static void read_seed(const char *path)
{
    FILE *file = fopen(path, "rb");

    if (file == NULL)
        err(1, "%s", path);
    if (seed_count == SEEDS_MOST)
        errx(1, "more than %d seeds", SEEDS_MOST);
    struct input *seed = &seeds[seed_count++];
    seed->size = fread(seed->data, 1, sizeof seed->data, file);
    fclose(file);
}

static int is_visible(const struct dirent *entry)
{
    return *entry->d_name != '.';
}

/* In the order of their names, so that a number makes the same changes everywhere. */
static void read_seeds(const char *directory)
{
    struct dirent **list;
    int count = scandir(directory, &list, is_visible, alphasort);
    char path[4096];

    if (count < 0)
        err(1, "%s", directory);
    for (int i = 0; i < count; i++) {
        snprintf(path, sizeof path, "%s/%s", directory, list[i]->d_name);
        read_seed(path);
        free(list[i]);
    }
    free(list);
}

/* Makes room for length bytes at a place, or takes them out. */
static void stretch(struct input *input, size_t at, size_t length)
{
    if (length > INPUT_MOST - input->size)
        length = INPUT_MOST - input->size;
    memmove(input->data + at + length, input->data + at, input->size - at);
    input->size += length;
}

static void cut(struct input *input, size_t at, size_t length)
{
    if (length > input->size - at)
        length = input->size - at;
    memmove(input->data + at, input->data + at + length, input->size - at - length);
    input->size -= length;
}

/* A number at a limit, of 1 to 8 bytes, in network order. */
static void put_limit(struct input *input, size_t at)
{
    static const uint64_t limits[] = {0,          1,          2,         127,        128,       255,
                                      256,        4095,       4096,      65535,      65536,     INT32_MAX,
                                      UINT32_MAX, 1ULL << 62, INT64_MAX, 1ULL << 63, UINT64_MAX};
    uint64_t value = limits[draw(sizeof limits / sizeof *limits)];

    for (size_t width = (size_t)1 << draw(4); width > 0; width--, at++)
        if (at < input->size)
            input->data[at] = (uint8_t)(value >> 8 * (width - 1));
}

static void put_piece(struct input *input, size_t at)
{
    const struct input *other = &seeds[draw(seed_count)];

    if (other->size == 0)
        return;
    size_t from = draw(other->size), length = 1 + draw(other->size - from), before = input->size;
    stretch(input, at, length);
    memcpy(input->data + at, other->data + from, input->size - before);
}

static void change(struct input *input)
{
    size_t at = draw(input->size + 1);

    switch (draw(6)) {
    case 0:
        if (at < input->size)
            input->data[at] ^= (uint8_t)(1 << draw(8));
        break;
    case 1:
        if (at < input->size)
            input->data[at] = (uint8_t)draw(256);
        break;
    case 2:
        put_limit(input, at);
        break;
    case 3:
        cut(input, at, 1 + draw(32));
        break;
    case 4:
        stretch(input, at, 1 + draw(32));
        break;
    default:
        put_piece(input, at);
    }
}

/* From a copy of its length, whose end AddressSanitizer watches. */
static void try(struct progress *progress)
{
    uint8_t *copy = malloc(progress->current.size + (progress->current.size == 0));

    if (copy == NULL)
        err(1, "malloc");
    memcpy(copy, progress->current.data, progress->current.size);
    alarm(PATIENCE);
    LLVMFuzzerTestOneInput(copy, progress->current.size);
    free(copy);
    progress->inputs++;
}

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/* How long seeds are changed: until then, or (0) as often as a short run does. */
static bool goes_on(unsigned long changed, double end)
{
    return end > 0 ? now() < end : changed < fuzz_inputs();
}

static void run(struct progress *progress, bool only_seeds, double seconds)
{
    double end = seconds > 0 ? now() + seconds : 0;

    LLVMFuzzerInitialize(NULL, NULL);
    for (size_t i = 0; i < seed_count; i++) {
        progress->current = seeds[i];
        try(progress);
    }
    for (unsigned long changed = 0; !only_seeds && goes_on(changed, end); changed++) {
        const struct input *seed = &seeds[draw(seed_count)];
        progress->current.size = seed->size;
        memcpy(progress->current.data, seed->data, seed->size);
        for (uint64_t changes = 1 + draw(CHANGES_MOST); changes > 0; changes--)
            change(&progress->current);
        try(progress);
    }
}

static void keep(const struct input *input, const char *path)
{
    FILE *file = fopen(path, "wb");

    if (file == NULL || fwrite(input->data, 1, input->size, file) != input->size || fclose(file) != 0)
        warn("%s", path);
    else
        printf("# the input is in %s\n", path);
}

/* Runs the child. False: it has died. */
static bool run_apart(struct progress *progress, bool only_seeds, double seconds, const char *program)
{
    char path[4096];
    struct rusage usage;
    int status;

    fflush(stdout);
    pid_t pid = fork();
    if (pid < 0)
        err(1, "fork");
    if (pid == 0) {
        run(progress, only_seeds, seconds);
        exit(0);
    }
    if (wait4(pid, &status, 0, &usage) == pid && status == 0 && (IS_LARGER || usage.ru_maxrss < MEMORY_MOST))
        return true;
    printf("# %ld KiB of memory\n", usage.ru_maxrss);
    printf("# status %#x\n", (unsigned)status);
    snprintf(path, sizeof path, "%s.crash", program);
    keep(&progress->current, path);
    return false;
}

/* NAME in a path that ends in fuzz-NAME. */
static const char *target_of(const char *program)
{
    const char *slash = strrchr(program, '/'), *name = slash == NULL ? program : slash + 1;

    return strncmp(name, "fuzz-", 5) == 0 ? name + 5 : name;
}

int main(int argc, char **argv)
{
    const char *name = target_of(argv[0]);
    uint64_t number = 1;
    double seconds = 0;
    char directory[256];
    int option;

    while ((option = getopt(argc, argv, "s:t:")) != -1) {
        if (option == 's')
            number = strtoull(optarg, NULL, 10);
        else if (option == 't')
            seconds = strtod(optarg, NULL);
        else
            return 2;
    }
    state = (number + 1) * 0x9e3779b97f4a7c15;
    for (int i = optind; i < argc; i++)
        read_seed(argv[i]);
    if (optind == argc) {
        snprintf(directory, sizeof directory, "tests/fuzz/seeds/%s", name);
        read_seeds(directory);
    }
    struct progress *progress =
        mmap(NULL, sizeof *progress, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (progress == MAP_FAILED || seed_count == 0)
        errx(1, "nothing to run");
    bool good = run_apart(progress, optind < argc, seconds, argv[0]);
    printf("%s - fuzz target %s survives %s\n", good ? "ok" : "not ok", name,
           optind < argc ? "these files" : "its seeds and changes of them");
    printf("# %zu seeds, %lu inputs, number %llu\n", seed_count, progress->inputs,
           (unsigned long long)number);
    return good ? 0 : 1;
}
