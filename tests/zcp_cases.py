# SPDX-License-Identifier: MIT
"""What zcp-oracle.py compares: trees and command lines, random ones and those that were thought out."""
import copy
import random

from zcp_scenarios import SCENARIOS
from zcp_trees import BASE, ODD


class Case:
    def __init__(self, steps, words, answers="", umask=0o022, as_nobody=False):
        self.steps, self.words, self.answers = steps, words, answers
        self.umask, self.as_nobody = umask, as_nobody

    @property
    def may_hang(self):
        return any(step[0] == "fifo" for step in self.steps)

    def without(self, kind, at):
        less = copy.copy(self)
        setattr(less, kind, getattr(self, kind)[:at] + getattr(self, kind)[at + 1:])
        return less


def scenarios(is_root):
    for title, steps, *commands in SCENARIOS:
        for number, words in enumerate(commands):
            answers = "y\nn\ny\n" if "-i" in words else ""
            for as_nobody in (False, True) if is_root else (False,):
                yield "%s (%d)" % (title, number + 1), Case(steps, words.split(), answers, as_nobody=as_nobody)


LISTS = ["mode", "ownership", "timestamps", "links", "xattr", "all", "mode,timestamps", "links,mode", "all,links"]
# No simple backups: cp 9.1 makes those of d/f as f~.
COMMON = ["-f", "-i", "-n", "-u", "-l", "-s", "-x", "-T", "-v", "-v", "-v", "--remove-destination", "--attributes-only",
          "--strip-trailing-slashes", "--parents"]
VALUED = ["--backup=" + kind for kind in ("numbered", "none")] + \
    ["--sparse=" + when for when in ("auto", "always", "never")] + \
    ["--reflink=" + when for when in ("auto", "never", "always")] + \
    ["--preserve=" + what for what in LISTS] + ["--no-preserve=" + what for what in LISTS]
TREES = ["-r", "-R", "-a", "-a", "-rp", "-rd", "-rL", "-rH", "-rP", "-dR", "-aL", "-aH"]
FOLLOW = ["-d", "-P", "-H", "-L", "-p", "-p"]


def options(rng):
    words = []
    if rng.random() < 0.75:
        words.append(rng.choice(TREES))
    elif rng.random() < 0.4:
        words.append(rng.choice(FOLLOW))
    words += rng.sample(COMMON, rng.choice([0, 0, 1, 1, 2, 3]))
    words += rng.sample(VALUED, rng.choice([0, 0, 1, 1, 2]))
    if rng.random() < 0.15:
        words.append(rng.choice(FOLLOW))
    if "-n" in words:  # its conflict with -b is told in newer words
        words = [word for word in words if not word.startswith(("-b", "--backup", "-S"))]
    return words


# Small trees of few names, where everything meets everything.

def names_in(rng, folder, depth):
    steps = []
    for name in "abcde":
        if rng.random() < (0.8 if depth == 0 else 0.4):
            steps += thing(rng, folder + name, depth)
    return steps


def thing(rng, path, depth):
    up = "../" * path.count("/")
    kind = rng.choices(["file", "dir", "symlink", "absolute", "link"], [5, 5 if depth < 3 else 0, 4, 1, 3])[0]
    if kind == "dir":
        return [("dir", path), *names_in(rng, path + "/", depth + 1)]
    if kind == "symlink":
        return [("symlink", path, up + rng.choice(["", "", "a/", "b/"]) + rng.choice(["a", "b", "c", "d", "e", ".", "x"]))]
    if kind == "absolute":
        return [("symlink", path, rng.choice(["/dev/null", "/nowhere"]))]
    if kind == "link":
        return [("link", path, rng.choice(["", "a/", "b/", "c/"]) + rng.choice("abcde")), ("file", path, rng.randint(0, 9000))] \
            if rng.random() < 0.1 else [("link", path, rng.choice(["", "a/", "b/"]) + rng.choice("abcd"))]
    steps = [("file", path, rng.choice([0, 1, 5000]), rng.randint(0, 99))]
    if rng.random() < 0.5:
        steps.append(("time", path, BASE + rng.randint(0, 3), rng.choice([0, 1, 999999999])))
    return steps


def operand(rng):
    name = rng.choice("abcde")
    while rng.random() < 0.3:
        name += "/" + rng.choice(["a", "b", "c", "d", "e", ".", ".."])
    return rng.choice(["", "", "", "", "", "./", "../w/"]) + name + rng.choice(["", "", "", "", "/", "/."])


def chaos(rng):
    steps = names_in(rng, "", 0)
    for step in list(steps):
        if step[0] in ("file", "dir") and rng.random() < 0.1:
            steps.append(("mode", step[1], rng.choice([0o000, 0o200, 0o444, 0o555, 0o300, 0o700, 0o2755, 0o1777])))
    words = options(rng)
    operands = [operand(rng) for _ in range(rng.choice([1, 1, 1, 2, 2, 3]))]
    if rng.random() < 0.1:
        words = ["-t", operand(rng)] + words
    elif rng.random() < 0.3:
        operands.append(rng.choice(["x", "x/y", "x/", "a/x", "b/x", "."]))
    else:
        operands.append(operand(rng))
    return steps, words + operands


# Trees with everything in them, and a target that has some of it.

MODES = [0o000, 0o200, 0o400, 0o444, 0o555, 0o600, 0o644, 0o664, 0o666, 0o755, 0o777, 0o2755, 0o4755, 0o6711, 0o1644, 0o2644]
FOLDERS = [0o000, 0o300, 0o500, 0o555, 0o700, 0o711, 0o755, 0o775, 0o777, 0o1777, 0o2755, 0o3777]
LISTED = ["user::6 user:7:4 group::4 mask::6 other::0", "user::7 group::7 group:9:5 mask::5 other::5",
          "user::7 user:65534:7 group::0 mask::7 other::0"]


def one(rng, path, is_root):
    kind = rng.choices(["file", "sparse", "symlink", "socket", "fifo", "device"], [10, 3, 4, 1, 1, 1])[0]
    if kind == "file":
        return ("file", path, rng.choice([0, 1, 100, 4096, 4097, 70000, 200000, 1300000]), rng.randint(0, 99))
    if kind == "sparse":
        return ("sparse", path, *[rng.choice([0, 4096, 65536, 65537, 262144]) for _ in range(rng.randint(1, 6))])
    if kind == "symlink":
        return ("symlink", path, rng.choice(["a", "b", "../b", ".", "..", "no", "odd name", "/nowhere/x", "x" * 300, "s"]))
    if kind == "device":
        return ("device", path, *rng.choice([("c", 1, 3), ("c", 4000, 77), ("b", 4000, 78)]))
    return (kind, path)


def adorn(rng, path, kind, is_root):
    modes, steps = (FOLDERS, []) if kind == "dir" else (MODES, [])
    if rng.random() < 0.3:
        steps.append(("xattr", path, "user.zcp%d" % rng.randint(0, 2), "value" * rng.randint(1, 20)))
    if kind == "dir" and rng.random() < 0.15:
        steps.append(("default-acl", path, rng.choice(LISTED)))
    if is_root and rng.random() < 0.15:
        steps.append(("owner", path, rng.choice([0, 7, 65534]), rng.choice([0, 9, 65534])))
    if kind != "symlink" and rng.random() < 0.4:
        steps.append(("mode", path, rng.choice(modes)))
    if kind in ("dir", "file") and rng.random() < 0.15:
        steps.append(("acl", path, rng.choice(LISTED)))
    if rng.random() < 0.4:
        steps.append(("time", path, BASE + rng.choice([-5 * BASE // 4, 0, 1, 10**8]), rng.randint(0, 999999999)))
    return steps


def fill(rng, folder, depth, is_root, names):
    steps, later = [], []
    for name in names:
        path = folder + "/" + name
        kind = rng.choices(["dir", "link", "other"], [3 if depth < 2 else 0, 2, 8])[0]
        if kind == "dir":
            steps += [("dir", path)] + fill(rng, path, depth + 1, is_root, rng.sample(["a", "b", "c", "d"], rng.randint(0, 4)))
        elif kind == "link":
            steps.append(("link", path, folder + "/" + rng.choice(names)))
        else:
            kind, *_ = made = one(rng, path, is_root)
            steps.append(made)
        later += adorn(rng, path, kind, is_root) if kind != "link" else []
    return steps + later


def bestiary(rng, is_root):
    names = rng.sample(["a", "b", "c", "d", "e", "f", "g", *ODD], rng.randint(1, 9))
    steps = [("dir", "s"), *fill(rng, "s", 0, is_root, names)]
    if rng.random() < 0.05:
        steps.append(("deep", "s/deep", 300))
    target = rng.choice(["t", "t", "t", "t/u", "l", "gone"])
    if rng.random() < 0.6:
        steps.append(("dir", "t"))
        inside = rng.choice(["t", "t/s"])
        if inside != "t":
            steps += [("dir", inside)]
        steps += fill(rng, inside, 0, is_root, rng.sample(names, rng.randint(0, len(names))))
        steps += adorn(rng, "t", "dir", is_root)
    steps += [("symlink", "l", "t"), ("symlink", "gone", "nowhere"), *adorn(rng, "s", "dir", is_root)]
    words = options(rng)
    sources = rng.choice([["s"], ["s"], ["s"], ["s/"], ["s/."], ["s/" + name for name in rng.sample(names, min(3, len(names)))]])
    sources = [source for source in sources if not source.startswith("-")]
    has_fifo = any(step[0] == "fifo" for step in steps)
    if has_fifo and not (any(word[1] in "raRd" for word in words) and "r" in "".join(words).lower().replace("reflink", "")):
        steps = [step for step in steps if step[0] != "fifo"]
    return steps, words + sources + [target]


def random_case(seed, number, is_root):
    rng = random.Random("%d %d" % (seed, number))
    steps, words = chaos(rng) if rng.random() < 0.5 else bestiary(rng, is_root)
    answers = "".join(rng.choice(["y\n", "n\n", "yes\n", "\n"]) for _ in range(rng.randint(0, 8)))
    return Case(steps, words, answers if "-i" in words else "", rng.choice([0o022, 0o022, 0o077, 0o002, 0]),
                is_root and rng.random() < 0.4)
