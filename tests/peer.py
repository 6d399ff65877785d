#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A TCP peer that behaves as its arguments say, one action after the other, on one connection.

Without --connect it listens on a free port of 127.0.0.1 and prints "port N"; the connection is made when the
first action needs it. Its other lines tell what it has come to, for tests to wait for.
"""
import fcntl
import os
import signal
import socket
import struct
import sys
import termios
import threading
import time

PATIENCE = 60  # seconds: no test waits longer for anything


class Peer:
    def __init__(self):
        self.connect_to = self.connection = self.name = None
        self.listener = socket.socket()
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.listener.bind(("127.0.0.1", 0))
        self.fillers = []

    def say(self, text):
        print(text, flush=True)

    @property
    def c(self):
        if self.connection is None:
            if self.connect_to:
                self.connection = socket.create_connection(("127.0.0.1", self.connect_to), PATIENCE)
            else:
                self.accept()
        return self.connection

    # The actions; ARGUMENT is what stands behind the colon.

    def do_rcvbuf(self, argument):
        """a receive buffer of so many bytes, before anything is connected"""
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, int(argument))

    def do_listen(self, _):
        self.listener.listen(5)
        self.say("port %d" % self.listener.getsockname()[1])

    def do_bind(self, _):
        """tells the port on which only a later 'listen' will answer"""
        self.say("port %d" % self.listener.getsockname()[1])

    def do_deaf(self, _):
        """a listener whose queue is full, so that no connection is ever answered"""
        self.listener.listen(0)
        for _ in range(4):
            filler = socket.socket()
            filler.setblocking(False)
            filler.connect_ex(self.listener.getsockname())
            self.fillers.append(filler)
        self.say("port %d" % self.listener.getsockname()[1])

    def accept(self):
        self.listener.settimeout(PATIENCE)
        self.connection, self.name = self.listener.accept()
        self.connection.settimeout(PATIENCE)

    def do_name(self, _):
        """tells who has connected"""
        self.c
        self.say("from %s %d" % self.name)

    def do_say(self, argument):
        self.say(argument)

    def do_wait(self, argument):
        """until somebody opens that FIFO for writing"""
        with open(argument, "rb") as gate:
            gate.read()

    def do_recv(self, argument):
        left = int(argument)
        while left > 0:
            data = self.c.recv(min(left, 1 << 20))
            if not data:
                raise EOFError("the end came %d bytes early" % left)
            left -= len(data)

    def do_save(self, argument):
        """receives to the end, into a file"""
        with open(argument, "wb") as out:
            while data := self.c.recv(1 << 20):
                out.write(data)
        self.say("received")

    def do_peek(self, _):
        """tells whether a FIN has come; there must be no data"""
        self.c.setblocking(False)
        try:
            self.c.recv(1, socket.MSG_PEEK)
            self.say("fin")
        except BlockingIOError:
            self.say("no fin")
        self.c.settimeout(PATIENCE)

    def do_text(self, argument):
        self.c.sendall(os.fsencode(argument))

    def do_send(self, argument):
        with open(argument, "rb") as source:
            self.c.sendall(source.read())

    def do_hex(self, argument):
        """sends bytes, given in hexadecimal digits, in one piece"""
        self.c.sendall(bytes.fromhex(argument))

    def do_urgent(self, argument):
        """sends text whose last byte is urgent"""
        self.c.send(os.fsencode(argument), socket.MSG_OOB)

    def do_drip(self, argument):
        """sends such bytes one by one, each when the one before has been acknowledged"""
        self.c.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in bytes.fromhex(argument):
            self.c.sendall(bytes([byte]))
            while struct.unpack("i", fcntl.ioctl(self.c, termios.TIOCOUTQ, bytes(4)))[0] > 0:
                pass

    def do_dawdle(self, argument):
        """sends a byte every so many milliseconds, until the other side is gone"""
        try:
            while True:
                self.c.sendall(b"x")
                time.sleep(int(argument) / 1000)
        except OSError:
            self.do_close(None)

    def do_gone(self, _):
        """waits until the other side is gone, and closes then"""
        try:
            while self.c.recv(1 << 16):
                pass
        except ConnectionError:
            pass
        self.do_close(None)

    def do_take(self, argument):
        """receives so many bytes and adds them to a file: take:BYTES:FILE"""
        count, name = argument.split(":")
        data = b""
        while len(data) < int(count):
            piece = self.c.recv(int(count) - len(data))
            if not piece:
                raise EOFError("the end came %d bytes early" % (int(count) - len(data)))
            data += piece
        with open(name, "ab") as out:
            out.write(data)

    def do_head(self, argument):
        """receives to an empty line and adds that to a file"""
        data = b""
        while not data.endswith(b"\r\n\r\n"):
            byte = self.c.recv(1)
            if not byte:
                raise EOFError("the end came early")
            data += byte
        with open(argument, "ab") as out:
            out.write(data)

    def do_duplex(self, argument):
        """send and save at once: duplex:SEND:SAVE"""
        source, sink = argument.split(":")
        sender = threading.Thread(target=self.do_send, args=(source,), daemon=True)
        self.c
        sender.start()
        self.do_save(sink)
        sender.join()

    def do_flood(self, _):
        """sends from now on, until the other side is gone"""
        connection = self.c

        def flood():
            try:
                while True:
                    connection.sendall(bytes(65536))
            except OSError:
                pass

        threading.Thread(target=flood, daemon=True).start()

    def do_option(self, argument):
        """tells the value of an option of the connection, given by its names in the socket module"""
        level, option = (getattr(socket, name) for name in argument.split(","))
        self.say("%s %d" % (argument, self.c.getsockopt(level, option)))

    def do_fin(self, _):
        self.c.shutdown(socket.SHUT_WR)

    def do_close(self, _):
        self.c.close()
        self.connection = None

    def do_reset(self, _):
        self.c.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.do_close(None)

    def do_hold(self, _):
        """keeps all as it is, until killed"""
        if not self.fillers:
            self.c
        signal.pause()


def main(arguments):
    peer = Peer()
    if arguments[0] == "--connect":
        peer.connect_to = int(arguments[1])
        arguments = arguments[2:]
    elif not any(word in ("bind", "deaf", "listen") for word in arguments):
        first = 1 if arguments[0].startswith("rcvbuf:") else 0
        arguments = arguments[:first] + ["listen"] + arguments[first:]
    for word in arguments:
        action, _, argument = word.partition(":")
        try:
            getattr(peer, "do_" + action)(argument)
        except (OSError, EOFError) as error:
            peer.say("%s: %s" % (action, error))
            os._exit(1)


main(sys.argv[1:])
