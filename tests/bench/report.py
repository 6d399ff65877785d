# SPDX-License-Identifier: MIT
"""The tables of what was measured, and what they say about the goals."""
import math
import statistics

from installed import machine

ENOUGH = 6        # pairs; fewer have no 95 % interval of the median
PEAKS = (("e", "zcat-net and zsend --raw", "ab", 4096), ("k", "ztee", "fghi", 4096),
         ("y", "zsend and zrecv, each,", "vwx", 16384))  # letter, programs, the rows looked at, KiB


def interval(values):
    """The 95 % interval of the median from order statistics; the whole range when there are too few."""
    ordered = sorted(values)
    n = len(ordered)
    rank = 0
    below = 0.0
    while below + math.comb(n, rank) / 2**n <= 0.025:
        below += math.comb(n, rank) / 2**n
        rank += 1
    rank = max(rank, 1)
    return ordered[rank - 1], ordered[n - rank]


def verdict(median, low, high, sense, goal, pairs):
    if goal is None:
        return ""
    if pairs < ENOUGH:
        return "too few pairs"
    if median >= goal if sense == "at least" else median <= goal:
        return "met"
    excluded = high < goal if sense == "at least" else low > goal
    return "missed" if excluded else "not excluded"


def ratio_lines(rows):
    yield "| | work | ratio | median | 95 % interval | goal | |"
    yield "|---|---|---|---|---|---|---|"
    for row in rows:
        for peer, what, sense, goal in row.goals:
            if peer not in row.commands:
                continue
            values = row.ratios(peer, what)
            low, high = interval(values)
            median = statistics.median(values)
            asked = "" if goal is None else f"{sense} {goal}"
            yield (f"| {row.letter} | {row.title} | {what}, {row.ours()} : {peer} | {median:.2f} | "
                   f"{low:.2f} to {high:.2f} | {asked} | {verdict(median, low, high, sense, goal, len(values))} |")
    for letter, programs, looked_at, goal in PEAKS:
        yield from peak_lines(letter, programs, [row for row in rows if row.letter in looked_at], goal)


def peak_lines(letter, programs, rows, goal):
    peaks = [sample[2] for row in rows for sample in row.samples[row.ours()]]
    if peaks:
        letters = ", ".join(sorted({row.letter for row in rows}))
        yield (f"| {letter} | peak memory of {programs} in all runs of {letters} | KiB | {max(peaks)} | | "
               f"at most {goal} | {'met' if max(peaks) <= goal else 'missed'} |")


def value_lines(rows):
    yield "| | work | program | median seconds | GiB/s | CPU seconds | CPU seconds per GiB | peak KiB |"
    yield "|---|---|---|---|---|---|---|---|"
    for row in rows:
        gib = row.mib / 1024
        for name, samples in row.samples.items():
            seconds = statistics.median(sample[0] for sample in samples)
            cpu = statistics.median(sample[1] for sample in samples)
            speed = f"{gib / seconds:.2f} | {cpu:.3f} | {cpu / gib:.3f}" if gib else f"| {cpu:.3f} | "
            yield (f"| {row.letter} | {row.title} | {name} | {seconds:.3f} | {speed} | "
                   f"{max(sample[2] for sample in samples)} |")


def report(rows, pairs, known, skipped):
    named = ", ".join(f"{name} {version}" for name, version in known.items() if version)
    yield f"{machine()}; {named}."
    yield (f"Medians of {pairs} pairs, run in turn after a warm-up, with the 95 % interval of the median ratio"
           f"{' (here too few for one: the whole range)' if pairs < ENOUGH else ''}; CPU seconds are those of the")
    yield ("named programs only, both ends together; those of pee and sshd are with the children's. Above 1"
           " is good for throughput, below 1 for CPU and time;")
    yield "a goal is missed only if the interval excludes it."
    yield ""
    yield from ratio_lines(rows)
    yield ""
    yield from value_lines(rows)
    if skipped:
        yield ""
        yield from (f"Skipped: {what}." for what in skipped)
