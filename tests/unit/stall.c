/* SPDX-License-Identifier: MIT */
/* The clock of -w and --timeout. */
#include "base/stall.h"

#include "base/clock.h"
#include "unit.h"

int main(void)
{
    struct stall stall = {0};

    stall_note(&stall, 0, 100);
    check(stall.since == 100, "the clock starts when it is first looked at");
    stall_note(&stall, 0, 200);
    check(stall_deadline(&stall, 1000) == 1100, "it runs on while no byte moves");
    stall_note(&stall, 1, 300);
    check(stall_deadline(&stall, 1000) == 1300, "a byte starts it again");
    stall_note(&stall, 0, 400);
    check(stall_deadline(&stall, 1000) == 1400, "so does any other change of the count");
    check(stall_deadline(&stall, 0) == CLOCK_NEVER, "without a patience it never runs out");
    check(stall_next_look(&stall, 0, 400) == CLOCK_NEVER, "and nobody has to look");
    check(stall_next_look(&stall, 1000, 400) == 650, "the count is looked at four times in the patience");
    check(stall_next_look(&stall, 1000, 1300) == 1400, "and at its end");
    return unit_status();
}
