#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Sessions are broken off at bytes that a seed draws, go on, and have to end with the tree that was sent.

zsend-cuts.py [--seed=S] [--first=N] [--cuts=N] [--jobs=N] [--zsend=COMMAND] KIND[:SECURITY]...
A proxy between both sides lets so many bytes through, and then:
  sender, receiver   that side gets SIGKILL
  reset, close       both sides get a RST, or a FIN
  flip               one byte arrives as another one, and all goes on; not with plain and open, which promise nothing for names
  stall              nothing arrives any more, and both sides have --timeout=1
SECURITY is encrypted, plain or open; without it each has its turn. Then the same commands go on, until zsend has exited 0.
In the directory where it runs it leaves what has failed. CUTS in the environment: so many cuts in all, instead of --cuts.
"""
import argparse
import concurrent.futures
import glob
import hashlib
import importlib.util
import itertools
import os
import random
import shutil
import signal
import stat
import subprocess
import sys
import threading

PATIENCE = 60  # seconds: whoever needs longer hangs
CHUNK = 4 << 20
SLACK = 600_000  # bytes that a break may cost beside a chunk: frames, and what was under way
OPTIONS = {"encrypted": [], "plain": ["--plain"], "open": ["--no-key"]}
MOST_BREAKS = 2


def sibling(name):
    spec = importlib.util.spec_from_file_location(name, os.path.join(os.path.dirname(os.path.abspath(__file__)), name + ".py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


cut = sibling("cut")


class Wrong(Exception):
    """a promise that was not kept"""


def plant(top):
    rng = random.Random(5)
    os.mkdir(top)

    def put(path, size):
        with open(os.path.join(top, path), "wb") as file:
            file.write(rng.randbytes(size))

    for folder in ("a", "a/b", "empty", "z"):
        os.mkdir(os.path.join(top, folder))
    put("a/large", CHUNK + 1_000_001)
    put("a/b/medium", 300_000)
    put("a/none", 0)
    for number in range(60):
        put("z/%d" % number, rng.randrange(4000))
    with open(os.path.join(top, "a/holes"), "wb") as file:
        for place in (0, 1_000_000, 2_500_000):
            file.seek(place)
            file.write(rng.randbytes(5000))
        file.truncate(4_000_000)
    os.link(os.path.join(top, "a/b/medium"), os.path.join(top, "z/again"))
    os.symlink("../a/large", os.path.join(top, "z/link"))
    os.mkfifo(os.path.join(top, "z/fifo"), 0o600)
    for number, (folder, folders, files) in enumerate(os.walk(top, topdown=False)):
        for place, name in enumerate(sorted(files) + ["."]):
            when = (1_000_000_000 + 1000 * number + place) * 10**9 + 123456789
            os.utime(os.path.join(folder, name), ns=(when, when), follow_symlinks=name == ".")


def listing(top):
    """all there is: {name: (kind and mode, time, size, first name of the same file, contents)}"""
    found, firsts = {}, {}
    for folder, folders, files in os.walk(top):
        folders.sort()
        for name in ["."] + sorted(folders + files):
            path = os.path.join(folder, name)
            status = os.lstat(path)
            kind, size, contents, first = stat.S_IFMT(status.st_mode), 0, None, None
            if kind == stat.S_IFREG:
                size = status.st_size
                first = firsts.setdefault(status.st_ino, os.path.relpath(path, top))
                with open(path, "rb") as file:
                    contents = hashlib.blake2b(file.read()).hexdigest()
            elif kind == stat.S_IFLNK:
                contents = os.readlink(path)
            found[os.path.relpath(path, top)] = (oct(status.st_mode), status.st_mtime_ns, size, first, contents)
    return found


def compare(wanted, top):
    found = listing(top) if os.path.isdir(top) else {}
    for name in sorted(set(wanted) | set(found)):
        if wanted.get(name) != found.get(name):
            raise Wrong("the tree differs: %s is %s instead of %s" % (name, found.get(name), wanted.get(name)))


class Receiver:
    def __init__(self, options, directory):
        self.process = subprocess.Popen(["zrecv", "--print-port", *options, "127.0.0.1:0", directory],
                                        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        self.said = []
        self.port = None
        for line in self.process.stderr:
            self.said.append(line)
            if line.strip().isdigit():
                self.port = int(line)
                break
        if self.port is None:
            raise Wrong("zrecv does not start, and says %s" % b"".join(self.said))
        threading.Thread(target=lambda: self.said.extend(self.process.stderr), daemon=True).start()

    def kill(self):
        self.process.kill()

    def wait(self, patience=PATIENCE):
        try:
            return self.process.wait(patience)
        except subprocess.TimeoutExpired:
            return None


class Trial:
    """one transfer, broken off once or more, to its end"""

    def __init__(self, kind, security, seed, sender, wanted):
        self.kind, self.security, self.rng, self.wanted = kind, security, random.Random(seed), wanted
        self.sender_command, self.receiver, self.log = sender, None, []
        self.directory = os.path.abspath("in " + seed)
        self.cuts = self.up = 0
        self.common = OPTIONS[security] + (["--timeout=1"] if kind == "stall" else [])
        self.kept = ["--no-fsync"] if self.rng.random() < 0.5 else []
        self.piece = self.rng.choice([cut.PIECE, cut.PIECE, cut.PIECE, 1460])

    def place(self, total):
        """a way and a byte of it: anywhere, or where something begins or ends"""
        way = self.rng.choice(["up", "up", "up", "down"])
        most = total[way == "down"]
        where = self.rng.choice(["any", "any", "any", "begin", "end"])
        if where == "any":
            return way, self.rng.randrange(most)
        edge = self.rng.randrange(min(most, 3000 if where == "begin" else 400))
        return way, edge if where == "begin" else most - 1 - edge

    def proxy(self, total, breaks):
        if not breaks:
            return cut.Proxy(self.receiver.port, piece=self.piece)
        way, at = self.place(total)
        self.log.append("%s after %d bytes %s" % (self.kind, at, way))
        how = self.kind if self.kind in ("reset", "close", "flip", "stall") else self.shoot
        return cut.Proxy(self.receiver.port, how=how, say=self.hear, piece=self.piece, **{way: at})

    def hear(self, text):
        self.cuts += text == "cut"

    def shoot(self):
        self.cuts += 1
        (self.sender if self.kind == "sender" else self.receiver).kill()

    def send(self, total, breaks):
        """one go of zsend; its exit status, and whether it was disturbed"""
        before = self.cuts
        if self.receiver is None or self.receiver.wait(0) is not None:
            self.receiver = Receiver(self.common + self.kept, self.directory)
        proxy = self.proxy(total, breaks)
        self.sender = subprocess.Popen([self.sender_command, *self.common, "tree", "127.0.0.1:%d" % proxy.port],
                                       stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        try:
            said = self.sender.communicate(timeout=PATIENCE)[1]
        except subprocess.TimeoutExpired:
            self.sender.kill()
            raise Wrong("zsend hangs")
        proxy.wait_over(proxy.begun, PATIENCE)
        proxy.close()
        up = sum(passed[0] for passed in proxy.passed)
        self.log.append("zsend exited with %d after %d bytes, saying %s" % (self.sender.returncode, up, said))
        self.up += up
        return self.sender.returncode, self.cuts > before

    def judge_receiver(self, status):
        """of one that has ended"""
        self.log.append("zrecv exited with %s, having said %s" % (status, b"".join(self.receiver.said)))
        if status == 0:
            compare(self.wanted, os.path.join(self.directory, "tree"))
        elif status not in ((-signal.SIGKILL,) if self.kind == "receiver" else (4, 5, 8)):
            raise Wrong("zrecv exited with %s" % status)

    def run(self, total):
        os.mkdir(self.directory)
        breaks = self.rng.choice([1, 1, 1, 2])
        allowed = {"sender": [-signal.SIGKILL], "flip": [4, 5, 6], "stall": [4, 8]}.get(self.kind, [4, 6])
        for left in itertools.count(breaks, -1):
            if left < -3:
                raise Wrong("it never ends")
            sent, disturbed = self.send(total, left > 0)
            if sent == 0:
                compare(self.wanted, os.path.join(self.directory, "tree"))
                if left <= 0 or not disturbed:
                    break
            elif disturbed and sent not in allowed:
                raise Wrong("zsend exited with %d" % sent)
            elif not disturbed and (sent not in (3, 4) or self.receiver.wait(PATIENCE) is None):
                raise Wrong("zsend exited with %d, and was not disturbed" % sent)
            if sent == 0 and self.kind == "receiver" and self.receiver.wait() is not None and not self.has_journal():
                return  # it was killed when it had heard the last word
            if self.receiver.process.poll() is not None:
                self.judge_receiver(self.receiver.process.returncode)
                if self.receiver.process.returncode == 0:
                    if sent not in (0, 3) and self.kind != "sender":
                        raise Wrong("zrecv exited with 0 and zsend with %d" % sent)
                    return
        self.finish()

    def has_journal(self):
        return bool(glob.glob(os.path.join(glob.escape(self.directory), ".zrecv.d", "*", "journal")))

    def finish(self):
        status = self.receiver.wait()
        self.judge_receiver(status)
        if status != 0:
            raise Wrong("zrecv exited with %s in the end" % status)
        if os.listdir(self.directory) != ["tree"]:
            raise Wrong("something is left: %s" % os.listdir(self.directory))

    def judge_bytes(self, total):
        most = total[0] + self.cuts * (CHUNK + SLACK)
        if self.kind in ("sender", "reset", "close") and self.up > most:
            raise Wrong("%d bytes were sent for %d" % (self.up, total[0]))


def measure(security, sender, wanted):
    """bytes up and down of a transfer that nothing disturbs"""
    trial = Trial("none", security, "first " + security, sender, wanted)
    os.mkdir(trial.directory)
    receiver = trial.receiver = Receiver(trial.common, trial.directory)
    proxy = cut.Proxy(receiver.port)
    status = subprocess.run(["zsend", *trial.common, "tree", "127.0.0.1:%d" % proxy.port], timeout=PATIENCE,
                            stdin=subprocess.DEVNULL).returncode
    if status != 0 or receiver.wait() != 0:
        raise Wrong("zsend exited with %s and zrecv with %s when nothing disturbed them" % (status, receiver.wait(0)))
    compare(wanted, os.path.join(trial.directory, "tree"))
    proxy.wait_over(1, PATIENCE)
    shutil.rmtree(trial.directory)
    return proxy.passed[0]


def attempt(number, kind, security, options, wanted, totals):
    trial = Trial(kind, security, "%s %d" % (options.seed, number), options.zsend, wanted)
    try:
        trial.run(totals[security])
        trial.judge_bytes(totals[security])
    except Wrong as wrong:
        trial.log.append(str(wrong))
        print("cut %d (--seed=%s --first=%d --cuts=1 %s:%s): %s\n  %s" %
              (number, options.seed, number, kind, security, wrong, "\n  ".join(trial.log)), flush=True)
        return False, trial.cuts
    finally:
        if trial.receiver is not None:
            trial.receiver.kill()
            trial.receiver.wait()
    shutil.rmtree(trial.directory)
    return True, trial.cuts


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", default=str(random.SystemRandom().randrange(10**6)))
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--cuts", type=int, default=10)
    parser.add_argument("--jobs", type=int, default=min(4, os.cpu_count() or 1))
    parser.add_argument("--zsend", default="zsend", help="to be tried in its place")
    parser.add_argument("kinds", nargs="+")
    options = parser.parse_args()
    cuts = int(os.environ.get("CUTS", options.cuts))
    turns = []
    for word in options.kinds:
        kind, _, security = word.partition(":")
        turns += [(kind, each) for each in ([security] if security else list(OPTIONS))
                  if kind != "flip" or each == "encrypted"]
    plant("tree")
    wanted = listing("tree")
    totals = {security: measure(security, options.zsend, wanted) for security in {turn[1] for turn in turns}}
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        results = list(pool.map(lambda number: attempt(number, *turns[number % len(turns)], options, wanted, totals),
                                range(options.first, options.first + cuts)))
    failed = sum(not good for good, _ in results)
    print("seed %s: %d transfers, %d breaks, %d failed" % (options.seed, len(results), sum(n for _, n in results), failed))
    shutil.rmtree("tree")
    sys.exit(failed > 0)


main()
