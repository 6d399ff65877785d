# SPDX-License-Identifier: MIT
"""One kind of work that several programs do in turn, and how it is measured."""
import subprocess
import sys

REPEATS = 50  # short runs that make one sample
PINGS = 2000


class Row:
    """One kind of work: how each program does it, ours first, and what is asked of the ratios."""

    def __init__(self, letter, title, mib, commands, goals, by="measure"):
        self.letter = letter
        self.title = title
        self.mib = mib            # MiB of one run, 0: what counts is the time
        self.commands = commands  # name -> arguments of the program that measures; "A and B" needs both
        self.goals = goals        # (peer, measure, "at least" or "at most", number or None)
        self.by = by              # the program that measures
        self.samples = {}         # name -> [(seconds, CPU seconds, peak KiB)]

    def ours(self):
        return next(iter(self.commands))

    def leave_out(self, program):
        """Forgets the commands that need this program; whether there are any."""
        lacking = [name for name in self.commands if program in name.split(" and ")]
        for name in lacking:
            del self.commands[name]
        return bool(lacking)

    def run(self, pairs):
        """A B C A B C ..., after one of each that does not count."""
        self.samples = {name: [] for name in self.commands}
        for number in range(pairs + 1):
            for name, arguments in self.commands.items():
                sample = measure([self.by, *arguments])
                if number > 0:
                    self.samples[name].append(sample)
            print(f"\r{self.letter}: {self.title}: {number}/{pairs}", end="", file=sys.stderr, flush=True)
        print(file=sys.stderr)

    def ratios(self, peer, what):
        """Throughput of ours in that of the peer, or time and CPU seconds likewise, pair by pair."""
        pairs = zip(self.samples[self.ours()], self.samples[peer])
        if what == "throughput":
            return [theirs[0] / our[0] for our, theirs in pairs]
        column = 1 if what == "CPU" else 0
        return [our[column] / theirs[column] for our, theirs in pairs]


def without_numbers(goals):
    return [(peer, what, sense, None) for peer, what, sense, _ in goals]


def measure(command):
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)}\n{done.stderr}failed with status {done.returncode}")
    seconds, cpu, peak = done.stdout.split()
    return float(seconds), float(cpu), int(peak)
