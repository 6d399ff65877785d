#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs a command whose standard input or output is of a chosen kind, and sees that their flags stay as they are.

ends.py [--in KIND FILE] [--out KIND FILE] [--gate FIFO] [--log FILE] COMMAND...
FILE feeds the command's input; what comes out is collected in the other FILE, once the gate, if there is one,
has been opened. Exits with the command's status, or with 99 if a flag, mode or socket option of a descriptor
has changed. The log gets the sizes of pipes before and after. Kinds:
  pipe, nonblock (a pipe that is O_NONBLOCK), unix and tcp (stream sockets), pty (raw mode), lines (a terminal
  in line mode, ended by ^D), idle (a terminal at which nobody types), file, append, closed, broken (a pipe that nobody reads any more)
"""
import argparse
import ctypes
import fcntl
import os
import signal
import socket
import stat
import subprocess
import sys
import termios
import threading
import tty


def tcp_pair():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        a = socket.create_connection(listener.getsockname())
        return a, listener.accept()[0]


def terminal(raw):
    master, slave = os.openpty()
    if raw:
        tty.setraw(slave)
    else:
        attributes = termios.tcgetattr(slave)
        attributes[3] &= ~termios.ECHO
        termios.tcsetattr(slave, termios.TCSANOW, attributes)
    return master, slave


def make(kind, path, writes):
    """(our end, the command's end) of a new channel; our end is None where there is nothing to do"""
    if kind in ("pipe", "nonblock", "broken"):
        reader, writer = os.pipe()
        ours, theirs = (reader, writer) if writes else (writer, reader)
        if kind == "nonblock":
            os.set_blocking(theirs, False)
        if kind == "broken":
            os.close(ours)
            ours = None
        return ours, theirs
    if kind in ("unix", "tcp"):
        ours, theirs = socket.socketpair() if kind == "unix" else tcp_pair()
        return ours.detach(), theirs.detach()
    if kind in ("pty", "idle", "lines"):
        return terminal(kind != "lines")
    flags = os.O_WRONLY | os.O_CREAT | (os.O_APPEND if kind == "append" else 0) if writes else os.O_RDONLY
    return None, os.open(path, flags, 0o600)


def state(fd):
    """all that a command must not change"""
    result = {"flags": hex(fcntl.fcntl(fd, fcntl.F_GETFL))}
    if os.isatty(fd):
        result["terminal"] = termios.tcgetattr(fd)
    if stat.S_ISSOCK(os.fstat(fd).st_mode):
        with socket.socket(fileno=os.dup(fd)) as s:
            for option in ("SO_RCVLOWAT", "SO_LINGER", "SO_KEEPALIVE", "SO_RCVTIMEO", "SO_SNDTIMEO"):
                result[option] = s.getsockopt(socket.SOL_SOCKET, getattr(socket, option), 16)
    return result


def pipe_size(fd):
    try:
        return fcntl.fcntl(fd, 1032)  # F_GETPIPE_SZ
    except OSError:
        return 0


def write_all(fd, data):
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view[: 1 << 16]):]


def feed(fd, kind, path):
    if kind == "idle":
        return
    try:
        with open(path, "rb") as source:
            write_all(fd, source.read())
        if kind == "lines":
            os.write(fd, b"\x04")
    except OSError:
        pass  # the command has gone: its status tells
    if kind in ("unix", "tcp"):
        with socket.socket(fileno=os.dup(fd)) as s:
            s.shutdown(socket.SHUT_WR)
    if kind != "lines":
        os.close(fd)


def collect(fd, path, gate):
    if gate:
        with open(gate, "rb") as g:
            g.read()
    with open(path, "wb", buffering=0) as sink:
        try:
            while data := os.read(fd, 1 << 20):
                sink.write(data)
        except OSError:
            pass  # how a terminal's end looks from the other side


def start(command, fds):
    def prepare():
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG: it does not outlive the test
        for number, fd in fds.items():
            os.dup2(fd, number) if fd is not None else os.close(number)

    return subprocess.Popen(command, preexec_fn=prepare, close_fds=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--in", dest="stdin", nargs=2)
    parser.add_argument("--out", dest="stdout", nargs=2)
    parser.add_argument("--gate")
    parser.add_argument("--log")
    parser.add_argument("command", nargs=argparse.REMAINDER)
    options = parser.parse_args()

    fds, before, threads = {}, {}, []
    for number, wanted in ((0, options.stdin), (1, options.stdout)):
        if wanted is None:
            continue
        kind, path = wanted
        if kind == "closed":
            fds[number] = None
            continue
        ours, fds[number] = make(kind, path, number == 1)
        before[number] = state(fds[number]), pipe_size(fds[number])
        if ours is not None:
            arguments = (ours, path, options.gate) if number else (ours, kind, path)
            threads.append(threading.Thread(target=collect if number else feed, args=arguments, daemon=True))
            if number:
                collector = threads[-1]
    command = options.command[1:] if options.command[0] == "--" else options.command
    child = start(command, fds)
    for thread in threads:
        thread.start()
    status = child.wait()
    for number, (flags, size) in before.items():
        if state(fds[number]) != flags:
            print("descriptor %d: %s has become %s" % (number, flags, state(fds[number])), file=sys.stderr)
            status = 99
        if options.log:
            with open(options.log, "a") as log:
                print("pipe %d %d %d" % (number, size, pipe_size(fds[number])), file=log)
        os.close(fds[number])
    if options.stdout and options.stdout[0] in ("pipe", "nonblock", "unix", "tcp", "pty"):
        collector.join()
    sys.exit(status if status >= 0 else 128 - status)


main()
