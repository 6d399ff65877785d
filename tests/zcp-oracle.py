#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs cp and zcp on equal trees with equal arguments, and compares all that comes of it.

zcp-oracle.py [--seed N] [--first I] [--runs K] [--seconds S] [--scenarios] [--every N] [--show] [--directory DIR]
Case I of seed N is always the same trees and the same options; a quarter of the cases, as root, is run as nobody. What is compared:
exit status, messages (with the name of the program replaced), lines of -v as a set, and of every file in the working
directory, source or target: type, mode, owner, size, bytes, mtime, names of one inode, text of links, device, extended
attributes, access control lists, and about how many blocks it has. zcp is run with -j1 and -j4, for which all is the same.
A case that differs is made smaller, and shown as shell.
"""
import argparse
import os
import random
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import time

import zcp_cases
import zcp_trees

NOBODY = 65534
PATIENCE = float(os.environ.get("ZCOPY_PATIENCE", 60))
ORDERS = 40  # tries for a tree that has its inodes in the order of another one
HANGS = 4  # seconds: what waits for the other end of a FIFO for so long, waits


class Outcome:
    """What one command has left."""

    def __init__(self, status, out, err, tree, order):
        self.status, self.out, self.err, self.tree, self.order = status, out, err, tree, order

    def has_order_of(self, other):
        return [name for name in self.order if name in other.tree] == [name for name in other.order if name in self.tree]


class Runner:
    def __init__(self, folder, cp, zcp):
        self.top, self.cp, self.zcp = folder + "/w", cp, zcp

    def run(self, case, command):
        start = time.time()
        user = NOBODY if case.as_nobody else None
        zcp_trees.build(self.top, case.steps, user)
        try:
            done = self.execute(case, command, user)
            return Outcome(*done, *zcp_trees.snapshot(self.top, start))
        finally:
            os.chdir("/")
            zcp_trees.remove(self.top)

    def execute(self, case, command, user):
        words = [word.replace("$PWD", self.top) for word in command + case.words]
        environment = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "HOME": "/", **sanitizers()}
        identity = {} if user is None else {"user": user, "group": user, "extra_groups": []}
        patience = HANGS if case.may_hang else PATIENCE
        try:
            done = subprocess.run([os.fsencode(word) for word in words], input=case.answers.encode(), cwd=self.top,
                                  env=environment, umask=case.umask, capture_output=True, timeout=patience, **identity)
        except subprocess.TimeoutExpired:
            return "hangs", [], []
        return done.returncode, tidy(done.stdout), tidy(done.stderr)

    def compare(self, case):
        """lines that say what differs"""
        wanted = self.run(case, [self.cp])
        lines = []
        for jobs in ("-j1", "-j4"):
            lines += [jobs + " " + line for line in self.against(wanted, case, [self.zcp, jobs])]
        return lines

    def against(self, wanted, case, command):
        """A directory is copied in the order of its inodes, which matters where it is copied into itself; and trees that are
        built alike do not always have the same order, least of all while others make files beside them."""
        for _ in range(ORDERS):
            found = self.run(case, command)
            lines = judge(case, wanted, found)
            if not lines or found.has_order_of(wanted):
                break
        return lines

    def differs(self, case):
        """what does so each time"""
        lines = self.compare(case)
        for _ in range(2):
            if lines:
                lines = self.compare(case)
        return lines


def sanitizers():
    return {name: value for name, value in os.environ.items() if name.endswith("SAN_OPTIONS")}


def tidy(text):
    """names with odd characters in them are shown in another way, which is meant; and zcp says that the extended attributes
    of a directory that cannot be searched are unknown, for it does not come to them by the directory's name; cp's messages of
    single ones name the wrong file"""
    text = re.sub(r"'(\S*/)?z?cp --help'", "'cp --help'", os.fsdecode(text))
    lines = [re.sub(r"(^|\? )(\S*/)?z?cp: ", r"\1cp: ", line) for line in text.splitlines()]
    return [line for line in lines if "odd" not in line and not re.search("(list|gett)ing attributes? of", line)]


def says_no(case):
    return any(re.match(r"-\w*i", word) for word in case.words) and "n" in case.answers + "n"


def is_meant(wanted):
    """cp does not copy a directory that it has met before, or follows links into its own copy until names are too long, or
    takes '.' below a directory that --parents has made for missing, or looks for absolute parents in the wrong place"""
    meant = "^cp: '[^']*': No such file or directory$|will not create hard link|Too many levels|File name too long|cannot create directory '.*/\\.\\.?': File exists"
    return any(re.search(meant, line) for line in wanted.err)


def keeps_special(line):
    """where there are access control lists, cp -p leaves setgid and sticky bits that were there; it also makes FIFOs with
    those of the source"""
    modes = re.search("mode: cp '0o([0-7]+)', zcp '0o([0-7]+)'", line)
    return bool(modes) and int(modes[1], 8) & 0o777 == int(modes[2], 8)


def judge(case, wanted, found):
    if is_meant(wanted):
        return []
    lines = []
    if found.status != wanted.status and not (says_no(case) and (wanted.status, found.status) == (0, 1)):
        lines.append("exit status: cp %s, zcp %s" % (wanted.status, found.status))
    if found.err != wanted.err:
        lines.append("messages:\n      cp  %s\n      zcp %s" % ("\n          ".join(wanted.err), "\n          ".join(found.err)))
    if sorted(found.out) != sorted(wanted.out):
        lines.append("output:\n      cp  %s\n      zcp %s" % ("\n          ".join(sorted(wanted.out)), "\n          ".join(sorted(found.out))))
    if "--reflink=always" in case.words:  # cp leaves an empty file, and zcp none
        return lines
    return lines + [line for line in zcp_trees.differences(wanted.tree, found.tree) if not keeps_special(line)]


def smaller(runner, case, deadline):
    """the same difference with fewer steps and words"""
    for kind in ("words", "steps"):
        at = 0
        while at < len(getattr(case, kind)) and time.monotonic() < deadline:
            less = case.without(kind, at)
            if runner.compare(less) and runner.compare(less):
                case = less
            else:
                at += 1
    return case


def report(title, case, lines):
    print("%s:%s" % (title, " as nobody" if case.as_nobody else ""))
    for step in case.steps:
        print("   ", zcp_trees.show(step))
    print("    umask %03o; %scp %s" % (case.umask, "printf %s | " % shlex.quote(case.answers) if case.answers else "",
                                      shlex.join(case.words)))
    for line in lines:
        print("  *", line)
    sys.stdout.flush()


def parse(arguments):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 32))
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--runs", type=int, default=100)
    parser.add_argument("--seconds", type=float, default=float("inf"))
    parser.add_argument("--scenarios", action="store_true", help="the ones that were written by hand, no random ones")
    parser.add_argument("--only", help="of these the ones whose title this expression matches")
    parser.add_argument("--every", type=int, default=1, help="of the ones that are left, each Nth")
    parser.add_argument("--show", action="store_true", help="only show the cases")
    parser.add_argument("--whole", action="store_true", help="do not make cases smaller")
    parser.add_argument("--failures", type=int, default=10, help="stop after so many")
    parser.add_argument("--directory", help="work there, and not in $TMPDIR")
    parser.add_argument("--cp", default="/bin/cp")
    parser.add_argument("--zcp", default=shutil.which("zcp"))
    return parser.parse_args(arguments)


def cases(options):
    is_root = os.geteuid() == 0
    if options.scenarios:
        yield from zcp_cases.scenarios(is_root)
        return
    for number in range(options.first, options.first + options.runs):
        yield "seed %d, case %d" % (options.seed, number), zcp_cases.random_case(options.seed, number, is_root)


def main():
    options = parse(sys.argv[1:])
    deadline = time.monotonic() + options.seconds
    folder = tempfile.mkdtemp(prefix="zcp-oracle-", dir=options.directory)
    os.chmod(folder, 0o755)
    runner = Runner(folder, options.cp, options.zcp)
    met = done = failures = 0
    for title, case in cases(options):
        if time.monotonic() > deadline or failures >= options.failures:
            break
        if options.only and not re.search(options.only, title):
            continue
        met += 1
        if met % options.every:
            continue
        done += 1
        lines = [] if not options.show else ["(shown only)"]
        lines = lines or runner.differs(case)
        if not lines:
            continue
        failures += not options.show
        if not options.show and not options.whole:
            case = smaller(runner, case, time.monotonic() + 20)
            lines = runner.compare(case) or lines
        report(title, case, lines)
    shutil.rmtree(folder)
    print("%d cases of seed %s, %d differ" % (done, "-" if options.scenarios else options.seed, failures))
    return 1 if failures or done == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
