#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Peers for commands that rewrite lines or answer telnet: what they say is compared byte by byte.

lines.py crlf [--whole] COMMAND...    what standard input becomes with -C, cut at every place or whole
lines.py telnet [--whole] COMMAND...  what is answered with -t, and that all is handed on unchanged
lines.py flood BYTES COMMAND...       answers stay whole while standard input is sent as fast as it can
The command connects to the address and port that follow its arguments.
"""
import os
import re
import select
import socket
import subprocess
import sys
import threading

PATIENCE = 60  # seconds
IAC, DONT, DO, WONT, WILL, SB, SE = 255, 254, 253, 252, 251, 250, 240

LINES = [b"", b"\n", b"a\nb", b"\r\n", b"\r\r\n\n\r", b"\n\n\r\n\r", b"\x00\xff\n\r\x0b\x85\r\n"]

# Requests and answers: what nc does with them as well if they come whole; those that only the RFC knows.
REQUESTS = [
    (bytes([IAC, DO, 1]), bytes([IAC, WONT, 1])),
    (b"login: " + bytes([IAC, WILL, 3, 65, IAC, DO, 255]), bytes([IAC, DONT, 3, IAC, WONT, 255])),
    (bytes([IAC, IAC, DO, 1, IAC, WILL, 2]), bytes([IAC, DONT, 2])),
    (bytes([IAC, SB, 24, 1, IAC, SE, IAC, DO, 24]), bytes([IAC, WONT, 24])),
]
REPLIES = [(bytes([IAC, WONT, 1, IAC, DONT, 1, IAC, DO, 5]), bytes([IAC, WONT, 5]))]


def crlf(data):
    return re.sub(rb"(?<!\r)\n", b"\r\n", data)


class Run:
    """the command, connected to us"""

    def __init__(self, command, **options):
        with socket.create_server(("127.0.0.1", 0)) as listener:
            for option, value in options.items():
                listener.setsockopt(socket.SOL_SOCKET, getattr(socket, option), value)
            self.child = subprocess.Popen(command + ["127.0.0.1", str(listener.getsockname()[1])],
                                          stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0)
            listener.settimeout(PATIENCE)
            self.peer, _ = listener.accept()
        self.peer.settimeout(PATIENCE)

    def printed(self, n):
        """the next n bytes of its standard output"""
        data = b""
        while len(data) < n:
            if not select.select([self.child.stdout], [], [], PATIENCE)[0]:
                raise TimeoutError("%d bytes on standard output, %d missing" % (len(data), n - len(data)))
            piece = os.read(self.child.stdout.fileno(), n - len(data))
            if not piece:
                break
            data += piece
        return data

    def heard(self, n=1 << 30):
        """the next n bytes that the peer gets, or all to the end"""
        data = b""
        while len(data) < n and (piece := self.peer.recv(min(n - len(data), 1 << 20))):
            data += piece
        return data

    def end(self):
        self.child.stdin.close()
        rest = self.heard()
        self.peer.close()
        return rest, self.child.stdout.read(), self.child.wait(PATIENCE)


def expect(what, got, wanted):
    if got != wanted:
        sys.exit("%s: %.500r instead of %.500r" % (what, got, wanted))


def try_crlf(command, data, cut):
    run = Run(command)
    run.child.stdin.write(data[:cut])
    heard = run.heard(len(crlf(data[:cut])))
    run.child.stdin.write(data[cut:])
    rest, printed, status = run.end()
    expect("%r, cut at %d" % (data, cut), (heard + rest, printed, status), (crlf(data), b"", 0))


def try_telnet(command, data, answers, cut):
    run = Run(command)
    printed = b""
    for piece in data[:cut], data[cut:]:
        run.peer.sendall(piece)
        printed += run.printed(len(piece))
    heard = run.heard(len(answers))
    run.child.stdin.write(b"bye")
    heard += run.heard(3)
    run.peer.shutdown(socket.SHUT_WR)
    rest, more, status = run.end()
    expect("%r, cut at %d" % (data, cut), (heard + rest, printed + more, status), (answers + b"bye", data, 0))


def cuts(data, whole):
    return [0] if whole else range(len(data) + 1)


def flood(size, command):
    """the peer reads little at a time: the socket of the command is always full"""
    count = 3000
    run = Run(command, SO_RCVBUF=4096)

    def feed():
        left = size
        while left > 0:
            left -= run.child.stdin.write(b"x" * min(left, 5003))

    def ask():
        for i in range(count):
            run.peer.sendall(bytes([IAC, DO, i % 255]))

    threads = [threading.Thread(target=work, daemon=True) for work in (feed, ask)]
    for thread in threads:
        thread.start()
    run.child.stdout.close()
    heard = run.heard(size + 3 * count)
    for thread in threads:
        thread.join()
    run.peer.shutdown(socket.SHUT_WR)
    run.child.stdin.close()
    heard += run.heard()
    answers = re.findall(rb"\xff\xfc.", heard, re.DOTALL)
    expect("status", run.child.wait(PATIENCE), 0)
    expect("answers", answers, [bytes([IAC, WONT, i % 255]) for i in range(count)])
    expect("the rest", re.sub(rb"\xff\xfc.", b"", heard, flags=re.DOTALL) == b"x" * size, True)


def main(mode, command):
    whole = command[0] == "--whole"
    command = command[whole:]
    if mode == "crlf":
        for data in LINES:
            for cut in cuts(data, whole):
                try_crlf(command, data, cut)
    elif mode == "telnet":
        for data, answers in REQUESTS + ([] if whole else REPLIES):
            for cut in cuts(data, whole):
                try_telnet(command, data, answers, cut)
    else:
        flood(int(command[0]), command[1:])


main(sys.argv[1], sys.argv[2:])
