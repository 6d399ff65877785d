#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A TCP proxy that counts the bytes it lets through, and breaks a connection when they are enough.

cut.py [--up=BYTES | --down=BYTES] [--how=HOW] [--times=N] PORT
It listens on a free port of 127.0.0.1, prints that, and connects on to PORT there for everybody who comes. The way up
is the one towards PORT. The first N connections (1) are broken where exactly so many bytes have gone that way, and
then it prints "cut". When a connection is over it prints "passed UP DOWN", in bytes. How it breaks:
  reset       both sides get a RST
  close       both sides get a FIN, and what they still say is thrown away
  stall       nothing goes on any more, in either direction, and nothing is told to anybody
  gate:FIFO   the same, until somebody opens that FIFO for writing; then it goes on as if nothing had happened
  flip        the next byte that way is another one, and all goes on
  flips       so it is with one byte in so many, for ever
"""
import argparse
import errno
import fcntl
import os
import select
import socket
import struct
import sys
import termios
import threading
import time

PIECE = 1 << 16
BUFFER = 1 << 17  # of each socket: what is under way inside the proxy stays small against what is counted
TCP_CLOSE = 7
DRAIN = 2  # seconds at most until what was let through has arrived, before a connection is broken


def drain(sink):
    """waits until all that was written has been acknowledged, if the other side takes it"""
    end = time.monotonic() + DRAIN
    while time.monotonic() < end:
        try:
            if sink.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0] == TCP_CLOSE or \
                    struct.unpack("i", fcntl.ioctl(sink, termios.TIOCOUTQ, bytes(4)))[0] == 0:
                return
        except OSError:
            return
        select.select([], [], [], 0.001)


def reset(sink):
    drain(sink)
    sink.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sink.close()


class Way:
    """one direction of a connection"""

    def __init__(self, source, sink, limit, piece):
        self.source, self.sink, self.piece = source, sink, piece
        self.limit = self.every = limit
        self.passed, self.held, self.ended = 0, b"", False

    def room(self):
        return self.piece if self.limit is None else min(self.piece, self.limit - self.passed)

    def is_full(self):
        return self.limit is not None and self.passed >= self.limit and not self.held

    def read(self):
        self.held = self.source.recv(self.room())
        if not self.held:
            self.ended = True
            self.sink.shutdown(socket.SHUT_WR)

    def fail(self):
        raise ConnectionResetError(errno.ECONNRESET, os.strerror(errno.ECONNRESET))

    def write(self):
        count = self.sink.send(self.held)
        self.held = self.held[count:]
        self.passed += count


class Connection(threading.Thread):
    def __init__(self, proxy, near, limits, how):
        super().__init__(daemon=True)
        self.proxy, self.near, self.how = proxy, near, how
        self.far = socket.socket()
        self.far.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, BUFFER)
        self.limits = limits
        self.up = self.down = None

    def run(self):
        try:
            self.far.connect(("127.0.0.1", self.proxy.target))
        except OSError:
            reset(self.near)
            self.proxy.over(0, 0)
            return
        self.up = Way(self.near, self.far, self.limits[0], self.proxy.piece)
        self.down = Way(self.far, self.near, self.limits[1], self.proxy.piece)
        for end in (self.near, self.far):
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            end.setblocking(False)
        try:
            self.forward()
        finally:
            for end in (self.near, self.far):
                end.close()
            self.proxy.over(self.up.passed, self.down.passed)

    def forward(self):
        ways = (self.up, self.down)
        while not all(way.ended for way in ways):
            for way in ways:
                if way.is_full() and not self.break_at(way):
                    return
            for way, action in self.ready(ways):
                try:
                    action()
                except BlockingIOError:
                    pass
                except OSError:  # one side is gone: the other hears of it when it has all that was said before
                    self.finish(way)
                    return

    def ready(self, ways):
        poll, wanted = select.poll(), {}
        for end in (self.near, self.far):
            wanted[end.fileno()] = []
        for way in ways:
            if way.held:
                wanted[way.sink.fileno()].append((select.POLLOUT, way, way.write))
            elif not way.ended:
                wanted[way.source.fileno()].append((select.POLLIN, way, way.read))
        for number, actions in wanted.items():
            poll.register(number, sum(event for event, _, _ in actions))
        for number, events in poll.poll():
            fitting = [(way, action) for event, way, action in wanted[number] if events & event]
            if not fitting and events & (select.POLLERR | select.POLLHUP):
                way = self.up if number == self.near.fileno() else self.down
                fitting = [(way, way.fail)]
            yield from fitting

    def finish(self, broken):
        for way in (self.up, self.down):
            if way is not broken and way.held:
                way.sink.setblocking(True)
                way.sink.settimeout(DRAIN)
                try:
                    way.sink.sendall(way.held)
                except OSError:
                    pass
        for end in (self.near, self.far):
            reset(end)

    def break_at(self, way):
        """false: that was the end of the connection"""
        how = self.how
        way.limit = way.limit + 1 + way.every if how == "flips" else None
        if how in ("flip", "flips"):
            self.flip(way)
            return True
        if callable(how):
            how()
            return True
        drain(way.sink)
        self.proxy.say("cut")
        if how == "stall":
            self.proxy.stall()
        if how.startswith("gate:"):
            with open(how[len("gate:"):], "rb") as gate:
                gate.read()
            return True
        if how == "reset":
            reset(self.near)
            reset(self.far)
        else:
            self.close()
        return False

    def flip(self, way):
        way.source.setblocking(True)
        byte = way.source.recv(1)
        way.source.setblocking(False)
        if byte:
            way.held = bytes([byte[0] ^ 0x10])
            self.proxy.say("cut")
        else:
            way.ended = True
            way.sink.shutdown(socket.SHUT_WR)

    def close(self):
        ends = [self.near, self.far]
        for end in ends:
            try:
                end.shutdown(socket.SHUT_WR)
            except OSError:
                pass
        until = time.monotonic() + DRAIN
        while ends and time.monotonic() < until:
            for end in select.select(ends, [], [], DRAIN)[0]:
                try:
                    if end.recv(PIECE):
                        continue
                except OSError:
                    pass
                ends.remove(end)


class Proxy:
    def __init__(self, target, up=None, down=None, how="reset", times=1, say=lambda text: None, piece=PIECE):
        self.target, self.limits, self.how, self.times, self.say = target, (up, down), how, times, say
        self.piece = piece  # bytes at most that go on at once
        self.passed = []  # of each connection that is over: bytes up, bytes down
        self.changed = threading.Condition()
        self.begun = self.stalled = 0
        self.listener = socket.socket()
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER)
        self.listener.bind(("127.0.0.1", 0))
        self.listener.listen(16)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                near = self.listener.accept()[0]
            except OSError:
                return
            self.begun += 1
            limits = self.limits if self.begun <= self.times else (None, None)
            Connection(self, near, limits, self.how).start()

    def over(self, up, down):
        with self.changed:
            self.passed.append((up, down))
            self.changed.notify_all()
        self.say("passed %d %d" % (up, down))

    def stall(self):
        with self.changed:
            self.stalled += 1
            self.changed.notify_all()
        threading.Event().wait()

    def wait_over(self, count, patience):
        """until so many connections are over, or stand still"""
        with self.changed:
            return self.changed.wait_for(lambda: len(self.passed) + self.stalled >= count, patience)

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--up", type=int)
    parser.add_argument("--down", type=int)
    parser.add_argument("--how", default="reset")
    parser.add_argument("--times", type=int, default=1)
    parser.add_argument("port", type=int)
    options = parser.parse_args()

    def say(text):
        sys.stdout.write(text + "\n")
        sys.stdout.flush()

    proxy = Proxy(options.port, options.up, options.down, options.how, options.times, say)
    say(str(proxy.port))
    threading.Event().wait()


if __name__ == "__main__":
    main()
