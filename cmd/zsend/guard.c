/* SPDX-License-Identifier: MIT */
/* The handler of SIGBUS, and what it has to know, which can be nowhere but in variables of its own. */
#include "guard.h"

#include <signal.h>
#include <stdint.h>
#include <unistd.h>

#include "move/method.h"

static volatile uintptr_t begin, end; /* of the guarded bytes */
static volatile sig_atomic_t lost;
static size_t page_size;

static void handle(int number, siginfo_t *info, void *context)
{
    char *address = info->si_addr;
    uintptr_t at = (uintptr_t)address;

    (void)context;
    if (at >= begin && at < end && route_patch(address - at % page_size, page_size)) {
        lost = 1;
        return;
    }
    signal(number, SIG_DFL); /* not ours: the same access kills the process now */
}

void guard_set(const void *data, size_t length)
{
    struct sigaction action = {.sa_sigaction = handle, .sa_flags = SA_SIGINFO};

    page_size = (size_t)sysconf(_SC_PAGESIZE);
    lost = 0;
    begin = (uintptr_t)data;
    end = begin + length;
    sigaction(SIGBUS, &action, NULL);
}

bool guard_release(void)
{
    begin = end = 0;
    return lost != 0;
}
