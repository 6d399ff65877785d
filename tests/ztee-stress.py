#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs ztee on random schedules and judges each: the bytes of every output, the messages and the exit status.

ztee-stress.py [--seed N] [--first I] [--runs K] [--seconds S] [--show]
Run I of seed N is always the same command, the same bytes, and the same pieces and pauses of everybody around it.
What it holds ztee to:
- An output that lives has exactly the input, one that does not has a beginning of it. No output dies but those whose
  reader leaves, or that are given up as a message says.
- A TCP reader sees the end of the stream only if it has all of it.
- Exit status 1 comes with a line that says why, and 0 means that nothing has failed.
- Nothing hangs.
"""
import argparse
import errno
import fcntl
import hashlib
import os
import random
import re
import select
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

PAGE, KIB, MIB = 4096, 1 << 10, 1 << 20
LARGEST = 3 * MIB  # bytes of input
BLOCK = random.Random(1).randbytes(LARGEST + MIB)  # all input is cut from it
OLD = BLOCK[-5000:]  # what a file has that is there already
PATIENCE = float(os.environ.get("ZCOPY_PATIENCE", 60))  # seconds that a run may take
F_SETPIPE_SZ = 1031
# Bytes that a pipe and its reader swallow at most before a broken one has to be noticed. One that is filled by splice
# from a socket has up to 32 KiB in each of its pages: 4.2 MiB were seen in a pipe of 1 MiB.
TO_TELL, TO_TELL_BY_SOCKET = 3 * MIB // 2, 8 * MIB
ENDS = {"exit", "exit-nopipe"}
FORGIVES = {"warn-nopipe", "exit-nopipe"}


def about(rng, low, high):
    """a size, small ones as often as large ones"""
    return min(high, int(low * ((high + 1) / low) ** rng.random()))


class Pace:
    """The sizes of the pieces that somebody reads or writes, and the pauses between them."""

    def __init__(self, rng, total, most_pieces):
        self.rng = random.Random(rng.random())
        self.style = rng.choice(["whole", "same", "same", "mixed", "mixed", "pages", "dots"])
        self.least = total // most_pieces + 1
        self.size = about(rng, 1, MIB)
        self.pauses = rng.choice([0, 0, 0.02, 0.3])
        self.left = 0.1  # seconds of all pauses
        self.count = 0

    def piece(self):
        self.count += 1
        size = {"whole": MIB, "same": self.size, "mixed": about(self.rng, 1, MIB),
                "pages": PAGE * self.rng.randint(1, 20),
                "dots": 1 if self.count % 17 else self.rng.choice([PAGE, 16 * PAGE])}[self.style]
        return size if self.style == "dots" and self.least < 2000 else max(size, self.least)

    def pause(self):
        if self.left <= 0 or self.rng.random() >= self.pauses:
            return 0
        pause = self.rng.random() * 0.005
        self.left -= pause
        return pause


class End:
    """Something to wait for in the loop."""

    events = select.POLLIN
    is_over = False
    wake = 0.0  # not before this moment

    def close(self):
        self.is_over = True
        if self.channel is not None:
            self.channel.close()
        self.channel = None

    def fileno(self):
        return self.channel.fileno()


class Pipe:
    """One end of a pipe, as if it were a socket."""

    def __init__(self, fd, capacity=None):
        self.fd = fd
        os.set_blocking(fd, False)
        if capacity:
            set_capacity(fd, capacity)

    def fileno(self):
        return self.fd

    def recv(self, n):
        return os.read(self.fd, n)

    def send(self, data):
        return os.write(self.fd, data)

    def close(self):
        os.close(self.fd)


def set_capacity(fd, capacity):
    try:
        fcntl.fcntl(fd, F_SETPIPE_SZ, capacity)
    except OSError:
        pass  # an ordinary user may have only so much


class Reader(End):
    """The far end of an output: takes pieces, compares them, and may leave early or sit still until all is over."""

    def __init__(self, channel, data, pace, leaves, stalls, accepts=False):
        self.channel, self.data, self.pace = channel, data, pace
        self.leaves, self.stalls, self.accepts = leaves, stalls, accepts
        self.got, self.wrong, self.has_ended = 0, None, False
        if leaves == 0 and not accepts:
            self.close()

    def ready(self):
        if self.accepts:
            listener, self.channel = self.channel, self.channel.accept()[0]
            listener.close()
            self.channel.setblocking(False)
            self.accepts = False
        else:
            self.read()
        if self.leaves is not None and self.got >= self.leaves and not self.is_over:
            self.close()

    def read(self):
        want = self.pace.piece() if self.leaves is None else min(self.pace.piece(), self.leaves - self.got)
        try:
            piece = self.channel.recv(want)
        except BlockingIOError:
            return
        except ConnectionError:
            return self.close()
        if piece != self.data[self.got:self.got + len(piece)] and self.wrong is None:
            self.wrong = self.got
        self.got += len(piece)
        self.wake = time.monotonic() + self.pace.pause()
        if not piece:
            self.has_ended = True
            self.close()

    def finish(self):
        """ztee and its commands are no more, and may never have come to opening this output"""
        self.stalls, self.wake = False, 0.0
        try:
            self.ready()
        except BlockingIOError:
            self.close()


class Writer(End):
    """What feeds standard input; by splice from the file source if there is one."""

    events = select.POLLOUT

    def __init__(self, channel, data, pace, source=None):
        self.channel, self.data, self.pace, self.source = channel, data, pace, source
        self.sent = 0
        if not data:
            self.close()

    def ready(self):
        n = self.pace.piece()
        try:
            if self.source is None:
                self.sent += self.channel.send(self.data[self.sent:self.sent + n])
            else:
                self.sent += os.splice(self.source, self.channel.fileno(), min(n, len(self.data) - self.sent),
                                       flags=os.SPLICE_F_NONBLOCK)
        except BlockingIOError:
            return
        except ConnectionError:
            return self.close()
        self.wake = time.monotonic() + self.pace.pause()
        if self.sent == len(self.data):
            self.close()


class Watched(End):
    """A descriptor that is read to its end: standard error, or a pidfd that becomes readable."""

    def __init__(self, fd, reads):
        self.channel, self.reads, self.text = Pipe(fd), reads, b""

    def ready(self):
        piece = self.channel.recv(65536) if self.reads else b""
        self.text += piece
        if not piece:
            self.close()


class Output:
    """One output: the words that ask for it, and what has to become of it."""

    def __init__(self, kind, name, words=(), reader=None, path=None, base=b""):
        self.kind, self.name, self.words = kind, name, list(words)
        self.reader, self.path, self.base = reader, path, base
        self.old = b""  # what is at the path before ztee opens it
        self.cannot = False  # no method that is allowed serves it, as ztee sees at once
        self.may_refuse = False  # the same, but that shows when it is tried
        self.most = None  # bytes that the command takes before it leaves
        self.fails = False  # the command exits with a status
        self.algorithm = None

    @property
    def leaves(self):
        return self.reader.leaves if self.reader else self.most

    def is_pipe(self):
        return self.kind in ("pipe", "fifo", "fd-pipe", "exec")

    def is_as_tee(self):
        return self.kind in ("pipe", "socket", "fifo")

    def shortfall(self, data):
        """None if it has exactly what it should, or what is wrong; a good beginning only is a number of bytes"""
        if self.kind == "null" or self.algorithm:
            return None
        if self.path is None:
            if self.reader.wrong is not None:
                return "other bytes in the piece at %d" % self.reader.wrong
            return None if self.reader.got == len(data) else self.reader.got
        wanted = self.base + (bytes(data) if self.most is None else bytes(data[:self.most]))
        try:
            with open(self.path, "rb") as file:
                found = file.read()
        except FileNotFoundError:
            found = b""  # the shell of a command had not come to it
        if found == wanted:
            return None
        if found == self.old:
            return 0
        if not wanted.startswith(found):
            return "other bytes from %d on" % len(os.path.commonprefix([found, wanted]))
        return max(0, len(found) - len(self.base))


class Run:
    """One schedule: makes it, runs it, judges it."""

    def __init__(self, seed, index, command):
        self.rng = random.Random("%d:%d" % (seed, index))
        self.command = command
        self.theirs, self.words, self.passed, self.outputs, self.ends = [], [], [], [], []
        self.problems, self.hung = [], False
        rng = self.rng
        count = rng.choice([1, 2, 2, 2, 3, 4, 5, 6, 8, 8, rng.randint(9, 63), 64])
        most = min(LARGEST, 48 * MIB // count)
        size = rng.choice([0, rng.randint(1, 64), about(rng, 1, most), about(rng, PAGE, most),
                           about(rng, 64 * KIB, most), rng.randint(1, most), most])
        start = rng.randint(0, MIB)
        self.data = memoryview(BLOCK)[start:start + size]
        self.most_pieces = 8000 // (count + 1)
        self.mode = rng.choice(["default", "default", "warn", "warn", "warn-nopipe", "warn-nopipe", "exit",
                                "exit-nopipe"])
        self.death = rng.choice([0, 0, 0, 0.2, 0.7])
        self.drops = rng.random() < 0.04
        self.append = rng.random() < 0.1
        self.execs = self.signals = 0
        self.make_options()
        self.make_input()
        self.make_stdout()
        while len(self.outputs) < count:
            self.make_output("%d" % len(self.outputs))
        if self.execs and not self.serves_by_copying():
            self.refuse_shared_file()

    # --- making it ---------------------------------------------------------------------------------------------

    def option(self, chance, *words):
        if self.rng.random() < chance:
            self.words += words

    def make_options(self):
        rng = self.rng
        if self.mode == "warn-nopipe":
            self.words.append(rng.choice(["-p", "--output-error", "--output-error=warn-nopipe"]))
        elif self.mode != "default":
            self.words.append("--output-error=" + self.mode)
        if self.append:
            self.words.append("-a")
        if self.drops:
            self.words += ["--slow=drop", "--slow-timeout=0.3"]
        self.buffer = rng.random() < 0.25
        if self.buffer:
            self.words.append("--buffer=%d" % about(rng, 4096, 4 * MIB))
        self.option(0.4, "--pipe-size=%s" % rng.choice(["keep", about(rng, PAGE, MIB)]))
        self.option(0.05, "--bwlimit=100M")
        self.option(0.03, "--fsync")

    def make_input(self):
        rng = self.rng
        kind = rng.choice(["pipe", "pipe", "pipe", "splice", "file", "file", "unix", "tcp"])
        methods = ["", "", "", "splice", "tee", "read", "splice,read", "read,splice"]
        if kind == "file":
            methods += ["mmap", "mmap,read", "mmap,splice"] * 2
        if self.mode in ENDS:
            methods = [m for m in methods if m == "" or "read" in m]
        self.methods = rng.choice(methods)
        if self.methods:
            self.words.append("--method=" + self.methods)
        self.input = kind
        pace, source = Pace(rng, len(self.data), self.most_pieces), None
        if kind in ("file", "splice"):
            before = OLD[:rng.choice([0, 1, PAGE])]
            with open("input", "wb") as file:
                file.write(before + bytes(self.data))
            source = os.open("input", os.O_RDONLY)
            os.lseek(source, len(before), os.SEEK_SET)
            if kind == "file":
                self.stdin = self.give(source)
                return
        if kind in ("pipe", "splice"):
            read_end, write_end = os.pipe()
            channel = Pipe(write_end, self.capacity())
            self.stdin = self.give(read_end)
        else:
            channel, theirs = socket.socketpair() if kind == "unix" else tcp_pair()
            channel.setblocking(False)
            theirs.setblocking(rng.random() < 0.5)
            self.stdin = self.give(theirs.detach())
        self.writer = Writer(channel, self.data, pace, source)
        self.ends.append(self.writer)

    def give(self, fd):
        """a descriptor of ztee's, closed here once it runs"""
        self.theirs.append(fd)
        return fd

    def capacity(self):
        return PAGE << self.rng.randint(0, 8)

    def read_by(self, channel, accepts=False, least=0):
        rng, size, leaves = self.rng, len(self.data), None
        if rng.random() < self.death:
            leaves = max(least, rng.choice([0, about(rng, 1, max(1, size)), rng.randint(0, size)]))
        stalls = self.drops and leaves is None and rng.random() < 0.3
        reader = Reader(channel, self.data, Pace(rng, len(self.data), self.most_pieces), leaves, stalls, accepts)
        self.ends.append(reader)
        return reader

    def pipe_to_reader(self):
        read_end, write_end = os.pipe()
        reader = self.read_by(Pipe(read_end, self.capacity()))
        os.set_blocking(write_end, self.rng.random() < 0.7)
        return self.give(write_end), reader

    def socket_to_reader(self):
        ours, theirs = self.rng.choice([socket.socketpair, tcp_pair])()
        ours.setblocking(False)
        theirs.setblocking(self.rng.random() < 0.5)
        blocks = theirs.getblocking()
        return self.give(theirs.detach()), self.read_by(ours), blocks

    def file_for(self, path, append):
        """a descriptor of a file that has something, at its end or in the middle"""
        with open(path, "wb") as file:
            file.write(OLD)
        fd = os.open(path, os.O_WRONLY | (os.O_APPEND if append else 0))
        base = OLD[:len(OLD) if append else self.rng.randint(0, len(OLD))]
        os.lseek(fd, len(base), os.SEEK_SET)
        os.ftruncate(fd, len(base))
        if append:
            os.ftruncate(fd, len(OLD))
            base = OLD
        return self.give(fd), base

    def serves_by_copying(self):
        return not re.search("splice|tee", self.methods) or "read" in self.methods or self.methods.startswith("mmap")

    def make_stdout(self):
        kind = self.rng.choice(["none", "pipe", "pipe", "pipe", "file", "append", "socket"])
        name = "standard output"
        self.stdout = subprocess.DEVNULL
        if kind == "none":
            self.words.append("--no-stdout")
        elif kind == "pipe":
            self.stdout, reader = self.pipe_to_reader()
            self.outputs.append(Output("pipe", name, reader=reader))
        elif kind == "socket":
            self.stdout, reader, blocks = self.socket_to_reader()
            self.outputs.append(Output("socket", name, reader=reader))
            self.outputs[-1].cannot = blocks and not self.serves_by_copying()
        else:
            self.stdout, base = self.file_for("stdout", kind == "append")
            self.outputs.append(Output(kind, name, path="stdout", base=base))
            self.outputs[-1].cannot = kind == "append" and not self.serves_by_copying()

    def refuse_shared_file(self):
        """commands have ztee's standard output: as a file it is written to, and never spliced"""
        for output in self.outputs:
            output.cannot = output.cannot or output.name == "standard output" and output.kind == "file"

    def make_output(self, number):
        kinds = ["file", "file", "fifo", "fifo", "fifo", "fd_pipe", "fd_pipe", "fd_pipe", "tcp", "tcp", "unix",
                 "fd_socket", "fd_file", "hash"]
        if self.execs < 5:
            kinds += ["exec", "exec"]
        if self.rng.random() < 0.03:
            kinds = ["null"]
        output = getattr(self, "make_" + self.rng.choice(kinds))(number)
        self.words += output.words
        self.outputs.append(output)

    def make_null(self, number):
        output = Output("null", "/dev/null", ["/dev/null"])
        # Bytes that are mapped for several outputs may come to it through a pipe.
        output.may_refuse = self.append and "read" not in self.methods and bool(re.search("splice|tee", self.methods))
        return output

    def make_file(self, number):
        path = "file" + number
        is_old = self.rng.random() < 0.3
        if is_old:
            with open(path, "wb") as file:
                file.write(OLD)
        output = Output("file", path, [path], path=path, base=OLD if is_old and self.append else b"")
        output.old = OLD if is_old else b""
        output.cannot = self.append and not self.serves_by_copying()
        return output

    def make_fifo(self, number):
        path = "fifo" + number
        os.mkfifo(path)
        channel = Pipe(os.open(path, os.O_RDONLY | os.O_NONBLOCK), self.capacity())
        # Opening a FIFO whose reader has left would wait for another one.
        return Output("fifo", path, [path], self.read_by(channel, least=1))

    def make_fd_pipe(self, number):
        fd, reader = self.pipe_to_reader()
        self.passed.append(fd)
        return Output("fd-pipe", "descriptor %d" % fd, ["--fd=%d" % fd], reader)

    def make_fd_socket(self, number):
        fd, reader, blocks = self.socket_to_reader()
        self.passed.append(fd)
        output = Output("fd-socket", "descriptor %d" % fd, ["--fd=%d" % fd], reader)
        output.cannot = blocks and not self.serves_by_copying()
        return output

    def make_fd_file(self, number):
        append = self.rng.random() < 0.5
        fd, base = self.file_for("fd-file" + number, append)
        self.passed.append(fd)
        output = Output("fd-file", "descriptor %d" % fd, ["--fd=%d" % fd], path="fd-file" + number, base=base)
        output.cannot = append and not self.serves_by_copying()
        return output

    def make_tcp(self, number):
        listener = socket.socket()
        if self.rng.random() < 0.4:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, about(self.rng, 2048, MIB))
        listener.bind(("127.0.0.1", 0))
        listener.listen(1)
        listener.setblocking(False)
        name = "127.0.0.1:%d" % listener.getsockname()[1]
        return Output("tcp", name, ["--tcp=" + name], self.read_by(listener, True))

    def make_unix(self, number):
        name = "@ztee-stress-%d-%s" % (os.getpid(), number) if self.rng.random() < 0.5 else "unix" + number
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(name.replace("@", "\0"))
        listener.listen(1)
        listener.setblocking(False)
        return Output("unix", name, ["--unix=" + name], self.read_by(listener, True))

    def make_exec(self, number):
        self.execs += 1
        path = "exec" + number
        most, fails = None, self.rng.random() < 0.1
        text = "cat > " + path
        if self.rng.random() < self.death:
            most = about(self.rng, 1, max(1, len(self.data)))
            text = "head -c %d > %s" % (most, path)
        text += "; exit 3" if fails else ""
        output = Output("exec", text, ["--exec=" + text], path=path)
        output.most, output.fails = most, fails
        return output

    def make_hash(self, number):
        algorithm = self.rng.choice(["sha256", "sha512"])
        path = "hash" + number if self.rng.random() < 0.5 else None
        name = algorithm + (":" + path if path else "")
        output = Output("hash", name, ["--hash=" + name], path=path)
        output.algorithm = algorithm
        return output

    # --- running it --------------------------------------------------------------------------------------------

    def run(self):
        errors, theirs = os.pipe()
        child = subprocess.Popen([self.command] + self.words, stdin=self.stdin, stdout=self.stdout, stderr=theirs,
                                 pass_fds=self.passed, env={**os.environ, "TMPDIR": os.getcwd()})
        for fd in self.theirs + [theirs]:
            os.close(fd)
        told, over = Watched(errors, True), Watched(os.pidfd_open(child.pid), False)
        self.plan_signal()
        self.loop(child, [told, over], time.monotonic() + PATIENCE)
        self.status = child.wait()
        self.lines = told.text.decode(errors="replace").splitlines()
        for end in self.ends:
            end.close()

    def plan_signal(self):
        """in some runs: at which turn of the loop ztee gets which signal"""
        rng = self.rng
        self.signal_at, self.killed_by = None, None
        self.signal = rng.choice([signal.SIGSTOP, signal.SIGUSR1, signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
        if rng.random() < 0.12:
            self.signal_at = about(rng, 1, 2000)

    def send_signal(self, child, turn):
        if self.signal_at is None or turn < self.signal_at:
            return
        if turn == self.signal_at:
            if self.signal == signal.SIGUSR1 and not any(e.got for e in self.ends if isinstance(e, Reader)):
                self.signal_at = None  # it may not have come to taking it
                return
            child.send_signal(self.signal)
            if self.signal in (signal.SIGTERM, signal.SIGINT, signal.SIGKILL):
                self.killed_by = self.signal
        elif self.signal == signal.SIGSTOP:
            child.send_signal(signal.SIGCONT)
            self.signal_at = None

    def loop(self, child, watched, deadline):
        """everybody reads and writes until ztee and its commands have ended and all readers are at their end"""
        turn, is_over = 0, False
        while True:
            turn += 1
            now = time.monotonic()
            if not watched[1].is_over:
                self.send_signal(child, turn)
            if not is_over and all(w.is_over for w in watched):
                is_over = True
                for end in self.ends:
                    end.close() if isinstance(end, Writer) else None if end.is_over else end.finish()
            living = [e for e in self.ends + watched if not e.is_over and not getattr(e, "stalls", False)]
            if not living:
                return
            if now > deadline:
                self.hang(child)
                return
            poll, by_fd = select.poll(), {}
            for end in living:
                if end.wake <= now:
                    by_fd[end.fileno()] = end
                    poll.register(end, end.events)
            latest = now + 0.1 if self.signal_at else deadline
            pause = min([e.wake for e in living if e.wake > now] + [deadline, latest])
            for fd, _ in poll.poll(max(0, (pause - now) * 1000)):
                by_fd[fd].ready()

    def hang(self, child):
        self.hung = True
        for task in os.listdir("/proc/%d/task" % child.pid):
            try:
                with open("/proc/%d/task/%s/syscall" % (child.pid, task)) as file:
                    self.problems.append("hung; thread %s: system call %s" % (task, file.read().strip()))
            except OSError:
                self.problems.append("hung; thread %s" % task)
        child.kill()

    # --- judging it --------------------------------------------------------------------------------------------

    def complain(self, text, *values):
        self.problems.append(text % values)

    def judge(self):
        self.read_messages()
        if self.hung:
            return
        self.judge_status()
        mode, told = self.mode, self.told
        is_early = self.status < 0 or (mode in ENDS and told)
        for output in self.outputs:
            self.judge_bytes(output, is_early)
            named = output.name in told
            if named and not self.may_fail(output):
                self.complain("'%s' has failed: %s", output.name, told[output.name])
            if output.cannot and not named and self.status >= 0:
                self.complain("'%s' cannot be served, but that is not said", output.name)
            breaks = output.is_pipe() and output.leaves is not None and self.has_to_be_told(output)
            if breaks and not named and not is_early and mode not in FORGIVES:
                self.complain("nobody reads '%s', but that is not said", output.name)
        self.judge_digests(is_early)

    def may_fail(self, output):
        return output.leaves is not None or output.cannot or output.may_refuse or output.fails or self.drops

    def has_to_be_told(self, output):
        to_tell = TO_TELL_BY_SOCKET if self.input in ("unix", "tcp") else TO_TELL
        return len(self.data) > output.leaves + to_tell

    def read_messages(self):
        self.told, self.digests = {}, []
        names = {o.name for o in self.outputs}
        for line in self.lines:
            match = re.match(r"ztee: (?:error writing '(.*?)': (.*)|"
                             r"'(.*?)' (has taken nothing for 0.3 s and is cut off|has failed with exit status 3)|"
                             r"no method of --method can move bytes to '(.*?)' (\(.*\).*))$", line)
            groups = [g for g in match.groups() if g is not None] if match else []
            if groups and groups[0] in names:
                self.told[groups[0]] = groups[1]
            elif re.match("[0-9a-f]{64,128}  -$", line):
                self.digests.append(line)
            elif self.signal != signal.SIGUSR1 or self.signal_at is None or not re.match(r"ztee: [0-9.]+ ", line):
                self.complain("an unexpected line: %s", line)

    def judge_status(self):
        allowed = {1 if self.told else 0}
        if self.killed_by:
            allowed.add(-self.killed_by)
        breaks = [o for o in self.outputs if o.is_as_tee() and o.leaves is not None and not o.cannot]
        if self.mode == "default" and breaks:
            allowed.add(-signal.SIGPIPE)
            if any(o.is_pipe() and self.has_to_be_told(o) and o.name not in self.told for o in breaks):
                allowed -= {0, 1}
        if self.status not in allowed:
            self.complain("exit status %d instead of %s", self.status, sorted(allowed))

    def judge_bytes(self, output, is_early):
        problem = output.shortfall(self.data)
        if isinstance(problem, str):
            self.complain("'%s' has %s", output.name, problem)
        elif problem is not None:
            lived = (output.leaves is None or output.kind == "exec") and (output.name not in self.told or output.fails)
            if lived and not is_early:
                self.complain("'%s' has only %d bytes", output.name, problem)
            if output.kind == "tcp" and output.reader.has_ended:
                self.complain("'%s' has only %d bytes and takes them for all", output.name, problem)

    def judge_digests(self, is_early):
        wanted = []
        for output in self.outputs:
            if not output.algorithm or output.name in self.told:
                continue
            line = hashlib.new(output.algorithm, self.data).hexdigest() + "  -"
            found = line
            if output.path:
                with open(output.path, "a+") as file:
                    file.seek(0)
                    found = file.read().rstrip("\n")
            else:
                wanted.append(line)
            if found != line and not (is_early and found == ""):
                self.complain("'%s' is %s instead of %s", output.name, found, line)
        if sorted(wanted) != sorted(self.digests) and not (is_early and set(self.digests) <= set(wanted)):
            self.complain("the digests are %s instead of %s", self.digests, wanted)

    def describe(self):
        print("  %d bytes from a %s: ztee %s" % (len(self.data), self.input, shlex.join(self.words)))
        for output in self.outputs:
            if output.leaves is not None or output.reader and output.reader.stalls:
                what = "sits still" if output.leaves is None else "leaves after %d bytes" % output.leaves
                print("  the reader of '%s' %s" % (output.name, what))
        if self.signal_at is not None:
            print("  %s was sent" % self.signal.name)
        print("  exit status %s" % getattr(self, "status", "?"))
        for line in getattr(self, "lines", []):
            print("  | " + line)
        for problem in self.problems:
            print("  ! " + problem)


def tcp_pair():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        ours = socket.create_connection(listener.getsockname())
        return ours, listener.accept()[0]


def run_one(seed, index, options):
    directory = tempfile.mkdtemp(prefix="ztee-stress-")
    home = os.getcwd()
    os.chdir(directory)
    try:
        run = Run(seed, index, options.command)
        run.run()
        run.judge()
    finally:
        os.chdir(home)
        shutil.rmtree(directory)
    if options.show or run.problems:
        print("run %d of seed %d: %s" % (index, seed, "failed" if run.problems else "good"))
        run.describe()
        if run.problems:
            print("  again: %s --seed %d --first %d --runs 1" % (sys.argv[0], seed, index), flush=True)
    return not run.problems


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 32))
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--runs", type=int, default=100)
    parser.add_argument("--seconds", type=float, default=float("inf"), help="start no run after so long")
    parser.add_argument("--show", action="store_true", help="show every run")
    parser.add_argument("--command", default=shutil.which("ztee"))
    options = parser.parse_args()
    print("seed %d" % options.seed, flush=True)
    start, runs, bad = time.monotonic(), 0, 0
    while runs < options.runs and time.monotonic() - start < options.seconds:
        bad += not run_one(options.seed, options.first + runs, options)
        runs += 1
    print("%d runs, %d failed, %.0f s" % (runs, bad, time.monotonic() - start))
    sys.exit(bad > 0 or runs == 0)


main()
