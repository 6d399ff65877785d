# SPDX-License-Identifier: MIT
"""The rows of zcp: l to t. Copies need care that streams do not: see Stage."""
import os
import random
import shutil
import subprocess
import sys
import tempfile

from installed import file_system
from row import Row, measure

MIB = 1024 * 1024
TREE_FILES = 20000
LARGE_FILES, LARGE_MIB = 100, 32
SPARSE_GIB = 10
START_UPS = 200
CLONES = 50  # each over the one before, but for the first
IMAGE = "/dev/shm/zcopy-bench.image"
FORMATS = {
    "ext4": ["mkfs.ext4", "-q", "-F", "-E", "lazy_itable_init=0,nodiscard"],
    "xfs": ["mkfs.xfs", "-q", "-f", "-K"],
    "xfs without reflinks": ["mkfs.xfs", "-q", "-f", "-K", "-m", "reflink=0"],
    "btrfs": ["mkfs.btrfs", "-q", "-f", "-K"],
}


def run(*command):
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)


class Stage:
    """Where copies are made. What disturbs them here: ext4 is slow to create files after many were deleted, so
    that a file system is made anew for each round; a virtual machine gives freed memory back, and the next who
    touches it waits, so that each run is preceded by writing and deleting as much; and what the run before has left
    to be written."""

    def __init__(self, kind, make, mib, options="", cold=False):
        """kind: tmpfs, one of FORMATS, which is made in memory, or a directory that is there."""
        self.kind, self.make, self.mib, self.options, self.cold = kind, make, mib, options, cold
        self.top = IMAGE + ".mount"

    def __enter__(self):
        """Where everything is that make makes, and in the page cache."""
        if self.is_directory():
            self.top = tempfile.mkdtemp(prefix="zcopy-bench.", dir=self.kind)
            self.make(self.top)
            return self
        os.makedirs(self.top, exist_ok=True)
        if self.kind == "tmpfs":
            run("mount", "-t", "tmpfs", "-o", "size=90%", "none", self.top)
        else:
            self.make_image()
            subprocess.run([*FORMATS[self.kind], IMAGE], check=True, stdout=subprocess.DEVNULL)
            run("mount", "-o", ",".join(filter(None, ["loop", self.options])), IMAGE, self.top)
        self.make(self.top)
        return self

    def __exit__(self, *_):
        if self.is_directory():
            shutil.rmtree(self.top)
        else:
            run("umount", self.top)

    def is_directory(self):
        return os.path.isabs(self.kind)

    def make_image(self):
        """Written once as a whole, for a hole in it would have to be filled by whoever comes first."""
        if not os.path.exists(IMAGE) or os.path.getsize(IMAGE) != self.mib * MIB:
            run("dd", "if=/dev/zero", "of=" + IMAGE, "bs=1M", f"count={self.mib}", "status=none")

    def settle(self):
        if self.kind == "tmpfs":
            touched = os.path.join(self.top, "touched")
            run("dd", "if=/dev/zero", "of=" + touched, "bs=1M", f"count={self.mib}", "status=none")
            os.unlink(touched)
        run("sync")
        if self.cold:
            with open("/proc/sys/vm/drop_caches", "w", encoding="ascii") as file:
                file.write("3")


class CopyRow(Row):
    """Commands of the shell; {out} is a name that is new each time, and prepare, if there is one, a command before
    it."""

    def __init__(self, letter, title, mib, stage, commands, goals, prepare=None, keeps=False, piles=False, times=1,
                 most=None):
        super().__init__(letter, title, mib, commands, goals)
        self.stage, self.prepare, self.keeps, self.times = stage, prepare, keeps, times
        self.piles = piles  # copies are kept until the end
        self.most = most    # pairs, where one run takes long

    def run(self, pairs):
        """Each round in another order; keeps: on a file system of its own."""
        pairs = min(pairs, self.most or pairs)
        self.samples = {name: [] for name in self.commands}
        if self.keeps:
            for number in range(pairs + 1):
                with self.stage as stage:
                    self.round(stage, number, pairs)
        else:
            with self.stage as stage:
                for number in range(pairs + 1):
                    self.round(stage, number, pairs)

    def program(self, words):
        """Short runs go without a shell, which would take more time than they."""
        return words.split() if self.times > 1 else ["bash", "-e", "-o", "pipefail", "-c", words]

    def arguments(self, name, top, out):
        words = self.commands[name].format(top=top, out=out)
        return ["measure_tee", "-n", str(self.times), *self.program(words)]

    def look(self, top, out):
        """At what the run that does not count has made."""

    def round(self, stage, number, pairs):
        names = list(self.commands)
        for name in names[number % len(names):] + names[:number % len(names)]:
            out = os.path.join(stage.top, f"out{names.index(name)}" + (f".{number}" if self.piles else ""))
            if self.prepare:
                run("sh", "-c", self.prepare.format(top=stage.top, out=out))
            stage.settle()
            sample = measure(self.arguments(name, stage.top, out))
            if number > 0:
                self.samples[name].append(sample)
            else:
                self.look(stage.top, out)
            if not self.keeps and not self.piles:
                run("rm", "-rf", out)
        end = "" if number < pairs else "\n"
        print(f"\r{self.letter}: {self.title}: {number}/{pairs}", end=end, file=sys.stderr, flush=True)


def write_file(path, mib):
    block = random.Random(1).randbytes(MIB)
    with open(path, "wb") as file:
        for number in range(mib):
            file.write(number.to_bytes(8, "big") + block[8:])


def one_file(mib):
    return lambda top: write_file(os.path.join(top, "file"), mib)


def make_tree(files, halves=True):
    """So many files of 0 to 64 KiB, 100 in a directory; halves: half/0 and half/1 are the same files once more, by
    hard links."""
    def make(top):
        rng = random.Random(2)
        data = rng.randbytes(64 * 1024)
        for number in range(0, files, 100):
            place = f"d{number // 100 % 14}/e{number}"
            os.makedirs(os.path.join(top, "tree", place))
            half = os.path.join(top, "half", str(number // 100 % 2), place)
            if halves:
                os.makedirs(half)
            for name in range(number, number + 100):
                path = os.path.join(top, "tree", place, f"f{name}")
                with open(path, "wb") as file:
                    file.write(data[:rng.randrange(64 * 1024 + 1)])
                if halves:
                    os.link(path, os.path.join(half, f"f{name}"))
    return make


def make_large_files(count, mib):
    def make(top):
        os.mkdir(os.path.join(top, "tree"))
        for number in range(count):
            write_file(os.path.join(top, "tree", f"f{number}"), mib)
    return make


def make_sparse(gib):
    """1 % of it is data: 1 MiB at every 100."""
    def make(top):
        with open(os.path.join(top, "file"), "wb") as file:
            for number in range(gib * 1024 // 100):
                file.seek(number * 100 * MIB)
                file.write(random.Random(number).randbytes(MIB))
            file.truncate(gib * 1024 * MIB)
    return make


def make_names(count):
    """Nine tenths are files of their own, the others are names of files that have two."""
    def make(top):
        for number in range(0, count, 1000):
            place = os.path.join(top, "tree", f"d{number}")
            os.makedirs(place)
            for name in range(950):
                os.close(os.open(f"{place}/f{name}", os.O_CREAT | os.O_WRONLY))
            for name in range(50):
                os.link(f"{place}/f{name}", f"{place}/l{name}")
    return make


def peers(commands, measures=("throughput",), goals=()):
    """The ratios that a row shows: goals by peer, else none."""
    goals = dict(goals)
    senses = {"throughput": "at least"}
    return [(name, what, senses.get(what, "at most"), goals.get(name) if what == measures[0] else None)
            for name in list(commands)[1:] for what in (*measures, "CPU")]


def large_rows(mib, directory):
    commands = {"zcp": "zcp {top}/file {out}", "cp": "cp {top}/file {out}",
                "dd": "dd if={top}/file of={out} bs=1M status=none", "rsync": "rsync -W {top}/file {out}"}
    for kind in (directory, "tmpfs"):
        where = file_system(kind) if kind == directory else kind
        yield CopyRow("l", f"a cached file of {mib} MiB to a new one, {where}", mib, Stage(kind, one_file(mib), mib),
                      dict(commands), peers(commands, goals={"cp": 1}))


def tree_row(letter, title, make, mib, image, commands, goals):
    stage = Stage("ext4", make, image)
    return CopyRow(letter, title, mib, stage, commands, peers(commands, goals=goals), keeps=True)


def tree_rows(scale, directory):
    files = TREE_FILES // scale
    mib = files // 32
    image = max(mib * 12, 512)
    commands = {
        "zcp": "zcp -r {top}/tree {out}", "cp": "cp -r {top}/tree {out}",
        "two cp": "mkdir {out}; cp -r {top}/half/0 {out} & cp -r {top}/half/1 {out}; wait $!",
        "zcp -j1": "zcp -j1 -r {top}/tree {out}", "rsync": "rsync -a {top}/tree {out}",
        "tar": "mkdir {out}; tar -C {top} -cf - tree | tar -C {out} -xf -"}
    title = f"a tree of {files} files of 0 to 64 KiB"
    yield tree_row("m", title, make_tree(files), mib, image, commands, {"cp": 2, "two cp": 1, "rsync": 4})
    count = max(LARGE_FILES // scale, 2)
    commands = {"zcp": "zcp -r {top}/tree {out}", "cp": "cp -r {top}/tree {out}"}
    where = file_system(directory)
    large = Stage(directory, make_large_files(count, LARGE_MIB), 0)
    yield CopyRow("n", f"a tree of {count} files of {LARGE_MIB} MiB, {where}", count * LARGE_MIB, large, dict(commands),
                  peers(commands))
    cold = Stage(directory, make_tree(files), 0, cold=True)
    yield CopyRow("o", f"{title}, from the disk, {where}", mib, cold, dict(commands), peers(commands), piles=True)


def in_place_rows(mib, directory):
    commands = {"zcp": "zcp --in-place {top}/file {out}", "cp": "cp {top}/file {out}"}
    for kind, options, target, goal in (
            (directory, "", mib, 3), ("ext4", "", mib, 1), ("ext4", "noauto_da_alloc", mib, 1),
            ("xfs without reflinks", "", mib, 1), ("tmpfs", "", mib, 1), (directory, "", mib // 2, None),
            (directory, "", mib + mib // 2, None)):
        where = file_system(kind) if kind == directory else kind + " in memory"
        stage = Stage(kind, one_file(mib), mib if kind == "tmpfs" else mib * 5, options)
        yield CopyRow("p", f"{mib} MiB over a file of {target} MiB, --in-place, {where} {options}".strip(), mib, stage,
                      dict(commands), peers(commands, goals={"cp": goal}),
                      prepare=f"dd if=/dev/urandom of={{out}} bs=1M count={target} status=none; sync")


def shared_rows(mib, gib):
    commands = {"zcp": "zcp --reflink=always {top}/file {out}", "cp": "cp --reflink=always {top}/file {out}"}
    goals = [("cp", "time", "at most", 1), ("cp", "CPU", "at most", None)]
    for kind in ("btrfs", "xfs"):
        stage = Stage(kind, one_file(mib), mib * 2 + 512)
        yield CopyRow("q", f"a clone of {mib} MiB ({CLONES} times), {kind}", 0, stage, dict(commands), goals, times=CLONES)
    commands = {"zcp": "zcp {top}/file {out}", "cp": "cp {top}/file {out}"}
    stage = Stage("ext4", make_sparse(gib), gib * 40 + 256)
    yield CopyRow("r", f"a sparse file of {gib} GiB with 1 % data, ext4", 0, stage, commands, goals)


def small_rows():
    commands = {"zcp": "zcp {top}/file {out}", "cp": "cp {top}/file {out}"}
    stage = Stage("tmpfs", lambda top: shutil.copy("/etc/passwd", os.path.join(top, "file")), 8)
    yield CopyRow("s", f"start-up: a file of one block ({START_UPS} times)", 0, stage, commands,
                  [("cp", "time", "at most", 1.5)], times=START_UPS)


def digest_rows(mib):
    stage = Stage("ext4", one_file(mib), mib * 5 // 2 + 64)
    commands = {"zcp": "zcp --hash=sha256:{out}.sum {top}/file {out}",
                "cp and sha256sum": "cp {top}/file {out}; sha256sum {out} >{out}.sum"}
    yield CopyRow("t", f"{mib} MiB and their SHA-256, ext4", mib, stage, commands, peers(commands))
    forget = "dd of={out} oflag=nocache conv=notrunc,fdatasync count=0 status=none </dev/null"
    commands = {"zcp": "zcp --verify {top}/file {out}",
                "cp and cmp": "cp {top}/file {out}; " + forget + "; cmp {top}/file {out}"}
    yield CopyRow("t", f"{mib} MiB read back from the device, ext4", mib, stage, commands, peers(commands))


def memory_row(names):
    """What counts is the peak, which is promised to be at most 4 MiB, 1 MiB for each of the jobs and 100 bytes for each
    file with several names."""
    promise = 4 * 1024 + 1024 * 2 + names // 20 * 100 // 1024
    return CopyRow("u", f"a tree of {names} names, a tenth of them of files with two; promised: {promise} KiB", 0,
                   Stage("tmpfs", make_names(names), 8), {"zcp": "zcp -a -j2 {top}/tree {out}"}, [], most=2)


def lacking(row):
    """Why a row cannot be measured here, or None."""
    kind = row.stage.kind
    if row.stage.is_directory():
        return None
    if os.geteuid() != 0:
        return "only root can mount"
    if kind in FORMATS and shutil.which(FORMATS[kind][0]) is None:
        return FORMATS[kind][0] + " is not installed"
    return None


def make_rows(letters, mib, directory, skipped):
    """mib: of the largest file; the other sizes shrink with it."""
    scale = max(4096 // mib, 1)
    rows = [*large_rows(mib, directory), *tree_rows(scale, directory), *in_place_rows(mib // 4, directory),
            *shared_rows(mib // 4, max(SPARSE_GIB // scale, 1)), *small_rows(), *digest_rows(mib // 4),
            memory_row(1000000 // scale)]
    rows = [row for row in rows if row.letter in letters]
    able = [row for row in rows if lacking(row) is None]
    skipped += [f"{row.title}: {lacking(row)}" for row in rows if lacking(row)]
    return able


def clean_up():
    if os.path.exists(IMAGE):
        os.unlink(IMAGE)
    subprocess.run(["umount", "-q", IMAGE + ".mount"], check=False)
    if os.path.isdir(IMAGE + ".mount"):
        os.rmdir(IMAGE + ".mount")

