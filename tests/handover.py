#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A parent that is handed a connection over a socket, as ssh's ProxyUseFdpass is, and a server for sshd.

handover.py [--late] COMMAND...: runs it with a UNIX socket as its standard output, tells what comes over that
  and what state the descriptor is in when the command has gone, and sends a line over it. With --late the
  socket is O_NONBLOCK and full until the command has been seen to wait.
handover.py --sshd CONFIG: one connection to a free port, whose number is printed, goes to an sshd.
"""
import array
import fcntl
import os
import select
import shutil
import socket
import subprocess
import sys

PATIENCE = 60  # seconds


def wait_until_it_polls(pid):
    """the command waits for room: it sleeps in poll(2), and its descriptors are those that it starts with"""
    while True:
        with open("/proc/%d/syscall" % pid) as f:
            if f.read().split()[0] in ("7", "271", "73"):  # poll, ppoll on x86-64, ppoll on arm64
                return
        select.select([], [], [], 0.01)


def fill(end):
    end.setblocking(False)
    pieces = 0
    try:
        while True:
            end.send(b"x")
            pieces += 1
    except BlockingIOError:
        return pieces


def received(ours):
    space = socket.CMSG_LEN(4 * 8)
    data, ancillary, flags, _ = ours.recvmsg(64, space)
    fds = array.array("i")
    for level, kind, content in ancillary:
        if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
            fds.frombytes(content[: len(content) - len(content) % fds.itemsize])
    return data, list(fds), flags


def parent(command, late):
    ours, theirs = socket.socketpair()
    pieces = fill(theirs) if late else 0
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=theirs)
    theirs.close()
    ours.settimeout(PATIENCE)
    if late:
        wait_until_it_polls(child.pid)
        while pieces > 0:
            pieces -= len(ours.recv(pieces))
    data, fds, flags = received(ours)
    status = child.wait(PATIENCE)
    print("status %d data %r descriptors %d flags %d" % (status, data, len(fds), flags))
    if fds:
        with socket.socket(fileno=fds[0]) as connection:
            nonblock = fcntl.fcntl(connection, fcntl.F_GETFL) & os.O_NONBLOCK
            print("nonblock %d" % nonblock)
            for option in ("SO_LINGER", "SO_KEEPALIVE"):
                value = connection.getsockopt(socket.SOL_SOCKET, getattr(socket, option), 8)
                print("%s %d" % (option, any(value)))
            connection.settimeout(PATIENCE)
            connection.sendall(b"sent by the parent\n")
            connection.shutdown(socket.SHUT_WR)
            answer = b""
            while piece := connection.recv(65536):
                answer += piece
            print("answer %r" % answer)
    print("rest %r" % ours.recv(64))
    sys.exit(status)


def serve_sshd(config):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        print("port %d" % listener.getsockname()[1], flush=True)
        listener.settimeout(PATIENCE)
        connection, _ = listener.accept()
    path = shutil.which("sshd", path="/usr/sbin:/usr/local/sbin:" + os.environ["PATH"])
    os.dup2(connection.fileno(), 0)
    os.dup2(connection.fileno(), 1)
    os.execv(path, [path, "-i", "-e", "-f", config])


if sys.argv[1] == "--sshd":
    serve_sshd(sys.argv[2])
elif sys.argv[1] == "--late":
    parent(sys.argv[2:], True)
else:
    parent(sys.argv[1:], False)
