#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The sending side of a session, frame by frame: for tests that send what zsend never would.

Run as a program it is an honest sender of one file: session.py PORT NAME FILE, with the key in ZSEND_KEY.
"""
import base64
import collections
import hashlib
import hmac
import os
import select
import socket
import struct
import sys

PATIENCE = int(os.environ.get("ZCOPY_PATIENCE", 20))  # seconds: no test waits longer for an answer
CHUNK = 4 * 1024 * 1024  # bytes
UNKNOWN = 2**64 - 1  # a size

# common/net/frame.h
(HELLO, PROOF, OFFER, ACCEPT, HAVE, READY, ENTRY, DATA, DIGEST, FINISH, DROP, AGAIN, CHECKED, DONE, REFUSED, END,
 COMPLETE, BYE, ABORT, PING) = range(1, 21)
# common/net/session.h
FILE, DIRECTORY, LEAVE, SYMLINK, FIFO, HARD_LINK = range(1, 7)
SENDER, RECEIVER = 1, 2
ENCRYPTED, PLAIN, OPEN = 1, 2, 3
OWNER, XATTR, DRY, UNNAMED, STREAM = 1, 2, 4, 8, 16
SHA256 = 1  # common/base/digest.h

Frame = collections.namedtuple("Frame", "type payload data")
Reason = collections.namedtuple("Reason", "number status text")


def mac(key, data):
    return hmac.new(key, data, hashlib.sha256).digest()


def parse_key(text):
    """The 16 bytes of a key as zrecv writes them; the checksum is not looked at."""
    return base64.b32decode(text.strip()[3:].upper())[:16]


def derive(key, purpose):
    return mac(mac(b"zcopy session 1", key), purpose + b"\x01")


def digest(data):
    return hashlib.sha256(data).digest().ljust(64, b"\0")


def list_digest(chunks):
    """Over pairs of an offset and the data there."""
    return digest(b"".join(struct.pack(">QQ", at, len(data)) + digest(data) for at, data in sorted(chunks)))


def block(data):
    return struct.pack(">I", len(data)) + data


def name(path):
    return block(path if isinstance(path, bytes) else os.fsencode(path))


# Frames, as bytes. Lengths in the header can be made to lie.

def frame(kind, payload=b"", data=b"", payload_length=None, data_length=None, magic=b"ZC", version=1):
    return magic + struct.pack(">BBII", version, kind, len(payload) if payload_length is None else payload_length,
                               len(data) if data_length is None else data_length) + payload + data


def hello(role=SENDER, security=PLAIN, nonce=None):
    return frame(HELLO, (nonce or os.urandom(32)) + bytes([role, security]))


def proof(key, hellos, purpose=b"proof of sender"):
    return frame(PROOF, mac(derive(key, purpose), hellos))


def offer(identity=None, algorithm=SHA256, flags=0):
    return frame(OFFER, (identity or os.urandom(16)) + struct.pack(">BI", algorithm, flags))


def entry(number, path, kind=FILE, size=0, mode=0o644, target=b"", seconds=1_000_000_000, nanoseconds=5, uid=0, gid=0,
          stored=0, linked=True, stamp=b"", xattrs=b""):
    return frame(ENTRY, struct.pack(">QBIIIqIQQB", number, kind, mode, uid, gid, seconds, nanoseconds, size, stored, linked) +
                 name(path) + name(target) + block(stamp) + block(xattrs))


def data(number, offset, content, length=None):
    return frame(DATA, struct.pack(">QQ", number, offset), content, data_length=length)


def digest_of(content):
    return frame(DIGEST, digest(content))


def chunk(number, offset, content):
    return data(number, offset, content) + digest_of(content)


def finish(number, chunks=(), size=None, ask=False, count=None, listed=None):
    """chunks: pairs of an offset and the data there."""
    end = max((at + len(content) for at, content in chunks), default=0)
    return frame(FINISH, struct.pack(">QQQ", number, end if size is None else size,
                                     len(chunks) if count is None else count) +
                 (list_digest(chunks) if listed is None else listed) + bytes([ask]))


def file(number, path, content=b"", **fields):
    """All frames of a small file."""
    chunks = [(0, content)] if content else []
    return (entry(number, path, size=len(content), **fields) + b"".join(chunk(number, *one) for one in chunks) +
            finish(number, chunks))


def drop(number):
    return frame(DROP, struct.pack(">QB", number, 0))


def end(entries=0, failed=0):
    return frame(END, struct.pack(">QQ", entries, failed))


def connect(port):
    return socket.create_connection(("127.0.0.1", port), PATIENCE)


def knock(port, *words):
    """What somebody hears who says just that, until the other side hangs up."""
    heard = b""
    try:
        with connect(port) as connection:
            connection.sendall(b"".join(words))
            while piece := connection.recv(65536):
                heard += piece
    except ConnectionError:
        pass
    return heard


class Session:
    """Greets and offers. Answers are kept: outcome has the status of each entry that is done (0) or refused."""

    def __init__(self, port, key=None, flags=0, identity=None):
        self.connection = connect(port)
        self.input = self.connection.makefile("rb")
        self.outcome, self.reasons, self.again, self.checked = {}, {}, [], {}
        self.abort = self.complete = None
        self.greet(key)
        self.send(offer(identity, flags=flags))
        self.granted, = struct.unpack(">I", self.expect(ACCEPT).payload)
        self.have = []
        while (answer := self.expect(HAVE, READY)).type == HAVE:
            self.have.append(answer.payload)

    def greet(self, key):
        mine = hello(security=OPEN if key is None else PLAIN)
        self.send(mine)
        hellos = mine + frame(*self.expect(HELLO))
        if key is not None:
            self.send(proof(key, hellos))
            right = proof(key, hellos, b"proof of receiver")
            assert frame(*self.expect(PROOF)) == right, "the receiver does not have the key"

    def send(self, *frames):
        self.connection.sendall(b"".join(frames))

    def receive(self):
        """The next frame that says something; None: the connection has ended."""
        try:
            while len(header := self.input.read(12)) == 12:
                magic, version, kind, length, more = struct.unpack(">2sBBII", header)
                assert (magic, version) == (b"ZC", 1), header
                answer = Frame(kind, self.input.read(length), self.input.read(more))
                if kind != PING:
                    return answer
        except ConnectionError:
            pass
        return None

    def expect(self, *kinds):
        answer = self.receive()
        assert answer is not None and answer.type in kinds, "expected one of %s, not %s" % (kinds, answer)
        return answer

    def hear(self):
        """Takes one answer down. False: the connection has ended."""
        answer = self.receive()
        if answer is None:
            return False
        kind, payload = answer.type, answer.payload
        if kind == DONE:
            self.outcome[struct.unpack(">QB", payload)[0]] = 0
        elif kind in (REFUSED, ABORT):
            reason = Reason(*struct.unpack(">QB", payload[:9]), payload[13:])
            if kind == ABORT:
                self.abort = reason
            else:
                self.outcome[reason.number] = reason.status
                self.reasons[reason.number] = reason.text
        elif kind == CHECKED:
            number, good = struct.unpack(">QB", payload)
            self.checked[number] = bool(good)
        elif kind == AGAIN:
            self.again.append(struct.unpack(">QQQ", payload))
        elif kind == COMPLETE:
            self.complete = struct.unpack(">QQ", payload)
        else:
            raise AssertionError("the receiver says %s" % (answer,))
        return True

    def until(self, condition):
        """Hears the receiver out until that holds."""
        while not condition():
            assert self.hear(), "the receiver has hung up"

    def close(self, entries=None, failed=0):
        """The orderly end of a session: what has become of its entries."""
        self.send(end(len(self.outcome) if entries is None else entries, failed))
        self.until(lambda: self.complete is not None)
        self.send(frame(BYE))
        assert not self.hear(), "the receiver goes on behind BYE"
        return self.outcome

    def fall_silent(self):
        """Says no more, and hears out the receiver."""
        try:
            self.connection.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # it has hung up already
        while self.hear():
            pass

    def hang_up(self):
        self.input.close()
        self.connection.close()

    def aborted(self):
        """The receiver ends the session: with which status."""
        while self.hear():
            pass
        assert self.abort is not None, "no word of why"
        return self.abort.status

    def flood(self, make, times):
        """Sends make(1), make(2), ..., hangs up, and throws away what comes back, to its end."""
        gather, length = [], 0
        try:
            for i in range(1, times + 1):
                gather.append(make(i))
                length += len(gather[-1])
                if length >= 65536 or i == times:
                    self.pour(b"".join(gather))
                    gather, length = [], 0
            self.connection.shutdown(socket.SHUT_WR)
            while self.connection.recv(65536):
                pass
        except ConnectionError:
            pass
        self.hang_up()

    def pour(self, content):
        view = memoryview(content)
        while view:
            readable, writable, _ = select.select([self.connection], [self.connection], [], PATIENCE)
            assert readable or writable, "the receiver takes nothing"
            if readable and not self.connection.recv(65536):
                raise ConnectionError
            if writable:
                view = view[self.connection.send(view, socket.MSG_DONTWAIT):]


def main(port, path, source):
    with open(source, "rb") as opened:
        content = opened.read()
    session = Session(int(port), parse_key(os.environ["ZSEND_KEY"]))
    chunks = [(at, content[at:at + CHUNK]) for at in range(0, len(content), CHUNK)]
    session.send(entry(1, path, size=len(content)), *(chunk(1, *one) for one in chunks), finish(1, chunks))
    return session.close(1)[1]


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
