#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A peer of datagrams, and a neighbour that keeps their boundaries.

datagrams.py peer ADDRESS ACTION...   binds 127.0.0.1, ::1 or a path, prints "port N", and does as it is told:
    rcvbuf:N, to:PORT or to:PATH (where to send to; else it is the last sender), hear:N (receives N datagrams),
    echo:N (and sends each back), into:FILE (what is received from now on, one after the other), send:SIZE,
    burst:COUNTxSIZE, wait:FIFO, connect, refused
datagrams.py keep SIZES COUNT COMMAND...   runs it with a datagram socket as its standard input, which gets
    datagrams of these sizes ("-": none; N=TEXT is N times this text, with Python's escapes), and as its standard output,
    of which COUNT are received.
datagrams.py packets SIZES COUNT COMMAND...   the same with sequenced packets, after which its standard input ends.

Each datagram is a line, "got LENGTH CRC" or "sent LENGTH CRC"; a sender is told as "from ADDRESS" when it is a new one.
"""
import os
import socket
import subprocess
import sys
import zlib

PATIENCE = 60  # seconds: no test waits longer for anything


def say(*words):
    print(*words, flush=True)


def told(word, data):
    say(word, len(data), zlib.crc32(data))
    return data


class Peer:
    def __init__(self, address):
        family = socket.AF_UNIX if "/" in address else socket.AF_INET6 if ":" in address else socket.AF_INET
        self.host, self.to, self.file = address, None, None
        self.socket = socket.socket(family, socket.SOCK_DGRAM)
        self.socket.settimeout(PATIENCE)
        self.socket.bind(address if family == socket.AF_UNIX else (address, 0))
        say("port", 0 if family == socket.AF_UNIX else self.socket.getsockname()[1])

    def do_rcvbuf(self, argument):
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, int(argument))

    def do_to(self, argument):
        self.to = argument if "/" in argument else (self.host, int(argument))

    def do_connect(self, _):
        self.socket.connect(self.to)

    def do_hear(self, argument, echo=False):
        for _ in range(int(argument)):
            data, sender = self.socket.recvfrom(1 << 20)
            if sender != self.to:
                say("from", sender[1] if isinstance(sender, tuple) else sender)
            self.to = sender
            if self.file:
                self.file.write(data)
            told("got", data)
            if echo:
                self.socket.sendto(data, sender)

    def do_echo(self, argument):
        self.do_hear(argument, True)

    def do_into(self, argument):
        self.file = open(argument, "wb", buffering=0)

    def do_send(self, argument):
        self.socket.sendto(told("sent", os.urandom(int(argument))), self.to)

    def do_burst(self, argument):
        count, size = argument.split("x")
        for _ in range(int(count)):
            self.do_send(size)

    def do_refused(self, _):
        """sends until that is refused; the socket is connected"""
        try:
            while True:
                self.socket.send(b"refuse me")
        except ConnectionRefusedError:
            say("refused")

    def do_wait(self, argument):
        with open(argument, "rb") as gate:
            gate.read()


def pair(kind):
    ours, theirs = socket.socketpair(socket.AF_UNIX, kind)
    for s in (ours, theirs):
        s.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
    ours.settimeout(PATIENCE)
    return ours, theirs


def datagram(size):
    count, _, text = size.partition("=")
    return text.encode().decode("unicode_escape").encode() * int(count) if text else os.urandom(int(count))


def keep(kind, sizes, count, command):
    feed, stdin = pair(kind)
    drink, stdout = pair(kind)
    child = subprocess.Popen(command, stdin=stdin, stdout=stdout)
    for size in sizes.split(",") if sizes != "-" else ():
        feed.send(told("sent", datagram(size)))
    if kind == socket.SOCK_SEQPACKET:
        feed.shutdown(socket.SHUT_WR)
    for _ in range(int(count)):
        told("got", drink.recv(1 << 20))
    return child.wait()


KINDS = {"keep": socket.SOCK_DGRAM, "packets": socket.SOCK_SEQPACKET}
if sys.argv[1] in KINDS:
    sys.exit(keep(KINDS[sys.argv[1]], sys.argv[2], sys.argv[3], sys.argv[4:]))
peer = Peer(sys.argv[2])
for action in sys.argv[3:]:
    name, _, argument = action.partition(":")
    getattr(peer, "do_" + name)(argument)
