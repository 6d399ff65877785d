#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes the seeds of the fuzz targets into the folder seeds beside this file."""
import os
import struct

HELLO, PROOF, OFFER, ACCEPT, HAVE, READY, ENTRY, CHUNK, DIGEST, FINISH, DROP, AGAIN, CHECKED, DONE, REFUSED, END, \
    COMPLETE, BYE, ABORT, PING = range(1, 21)
FILE, DIRECTORY, LEAVE, SYMLINK, FIFO, HARD_LINK = range(1, 7)
DIGEST_BYTES = 64
HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "seeds")


def text(value):
    return struct.pack(">I", len(value)) + value


def digest(value):
    return value.ljust(DIGEST_BYTES, b"\0")


def entry(number, kind, path, target=b"", size=0, mode=0o644, xattrs=b"", stamp=b"stamp",
          stored=None, linked=True):
    numbers = struct.pack(">QBIIIqIQQB", number, kind, mode, 0, 0, 1700000000, 5, size, size if stored is None else stored, linked)
    return numbers + text(path) + text(target) + text(stamp) + text(xattrs)


def chunk(number, offset):
    return struct.pack(">QQ", number, offset)


def finish(number, size, chunks, ask=0):
    return struct.pack(">QQQ", number, size, chunks) + digest(b"") + bytes([ask])


def frame(kind, payload=b"", data=b""):
    return struct.pack(">2sBBII", b"ZC", 1, kind, len(payload), len(data)) + payload + data


def write(target, name, content):
    os.makedirs(os.path.join(HERE, target), exist_ok=True)
    with open(os.path.join(HERE, target, name), "wb") as file:
        file.write(content)


def frames():
    have = text(b"a/b") + text(b"stamp") + struct.pack(">BQ", 1, 7) + digest(b"list") + chunk(0, 7) + digest(b"chunk")
    return {
        "hello": frame(HELLO, bytes(range(32)) + b"\1\2"),
        "proof": frame(PROOF, bytes(32)),
        "offer": frame(OFFER, bytes(range(16)) + struct.pack(">BI", 0, 3)),
        "accept": frame(ACCEPT, struct.pack(">I", 3)),
        "have": frame(HAVE, have),
        "ready": frame(READY),
        "entry": frame(ENTRY, entry(1, FILE, b"d/f", size=7, xattrs=text(b"user.a") + text(b"\0\1"))),
        "entry-link": frame(ENTRY, entry(2, SYMLINK, b"d/l", target=b"../\xff\n")),
        "chunk": frame(CHUNK, chunk(1, 4), b"abc"),
        "finish": frame(FINISH, finish(1, 7, 2, 1)),
        "drop": frame(DROP, struct.pack(">QB", 1, 0)),
        "again": frame(AGAIN, struct.pack(">QQQ", 1, 0, 4)),
        "checked": frame(CHECKED, struct.pack(">QB", 1, 1)),
        "refused": frame(REFUSED, struct.pack(">QB", 1, 7) + text(b"it exists")),
        "abort": frame(ABORT, struct.pack(">QB", 0, 4) + text(b"")),
        "end": frame(END, struct.pack(">QQ", 3, 1)),
        "key": b"zk1aaaqeayeaudaocajbifqydiob5paut2i",
        "key-bad": b"zk1aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    }


CUT, LONG, RIGHT = 31, 64, 128
UPDATE, SKIP, LINKS, ATTRIBUTES, VERIFY, SYNC, STREAM, HAS_FILES = 2, 3, 4, 8, 16, 32, 64, 128
GREETS, RAW = 64, 128


def step(kind, payload=b"", data=b"", size=None):
    return struct.pack(">BHH", kind, len(payload), len(data) if size is None else size) + payload + data


def piece(number, offset, data):
    return step(CHUNK, chunk(number, offset), data) + step(DIGEST | RIGHT)


def last(number, size, ask=0):
    return step(FINISH | RIGHT, struct.pack(">QQB", number, size, ask))


def whole(number, path, data, **more):
    return step(ENTRY, entry(number, FILE, path, size=len(data), **more)) + piece(number, 0, data) + last(number, len(data))


def bye(entries):
    return step(END, struct.pack(">QQ", entries, 0)) + step(BYE)


def receiver():
    tree = (step(ENTRY, entry(1, DIRECTORY, b"d", mode=0o755)) + whole(2, b"d/f", b"contents", mode=0o4755) +
            step(ENTRY, entry(3, SYMLINK, b"d/l", b"f")) + step(ENTRY, entry(4, FIFO, b"p")) +
            step(ENTRY, entry(5, HARD_LINK, b"h", b"d/f")) + step(ENTRY, entry(6, LEAVE, b"d", mode=0o2700)))
    sparse = step(ENTRY, entry(1, FILE, b"s", size=1 << 40, stored=3)) + piece(1, 1 << 39, b"mid") + last(1, 1 << 40, 1)
    wrong = (step(ENTRY, entry(1, FILE, b"w", size=4)) + step(CHUNK, chunk(1, 0), b"data") + step(DIGEST, digest(b"lie")) +
             step(FINISH, finish(1, 4, 1, 1)) + piece(1, 0, b"data") + last(1, 4, 1))
    half = step(ENTRY, entry(1, FILE, b"r", size=8)) + piece(1, 0, b"half")
    long = step(CHUNK | LONG, chunk(1, 0), size=27)
    hostile = (step(ENTRY, entry(1, FILE, b"../out/file", size=1)) + step(ENTRY, entry(2, FILE, b"/tmp/x", size=1)) +
               step(ENTRY, entry(3, FILE, b".zrecv.d/x", size=1)) + whole(4, b"l/file", b"x") + whole(5, b"m", b"x") +
               step(ENTRY, entry(6, HARD_LINK, b"h", b"l/file")) + step(ENTRY, entry(7, SYMLINK, b"n", b"/etc")) +
               step(ENTRY, entry(8, LEAVE, b"l", mode=0o777)))
    planted = (step(ENTRY, entry(1, DIRECTORY, b"s")) + step(ENTRY, entry(2, SYMLINK, b"s/u", b"..")) +
               step(ENTRY, entry(3, SYMLINK, b"t", b"s/u/../x")) + whole(4, b"t/f", b"x") + whole(5, b"s/u/y", b"x"))
    hello = frame(HELLO, bytes(32) + b"\1\3")
    offer = frame(OFFER, bytes(16) + struct.pack(">BI", 0, 0))
    return {
        "tree": bytes([SYNC, 0]) + tree + bye(6),
        "tree-attributes": bytes([UPDATE | ATTRIBUTES | VERIFY, 1 | 3 << 2]) + step(ENTRY, entry(
            1, FILE, b"f", size=1, xattrs=text(b"user.a") + text(b"1") + text(b"security.b") + text(b"2"))) +
            piece(1, 0, b"1") + last(1, 1) + bye(1),
        "twice": bytes([0, 0]) + tree + step(CUT) + tree + bye(6),
        "sparse": bytes([SYNC | VERIFY, 0]) + sparse + bye(1),
        "wrong": bytes([0, 0]) + wrong + bye(1),
        "resumed": bytes([SYNC, 0]) + half + step(CUT) + step(ENTRY | RIGHT, entry(1, FILE, b"r", size=8)) +
        piece(1, 4, b"rest") + last(1, 8) + bye(1),
        "again": bytes([0, 0]) + half + step(CUT) + step(ENTRY, entry(1, FILE, b"r", size=8, stamp=b"other")) +
        piece(1, 0, b"whole it") + last(1, 8) + bye(1),
        "long": bytes([0, 0]) + step(ENTRY, entry(1, FILE, b"z", size=1 << 20)) + step(PING) + long + step(DIGEST | RIGHT) +
        step(CHUNK | LONG, chunk(1, 1 << 18), size=31) + step(DIGEST | RIGHT) + last(1, 1 << 20) + bye(1),
        "stream": bytes([STREAM, 0]) + whole(1, b"", b"stream") + bye(1),
        "stream-unnamed": bytes([STREAM, 8 << 2]) + step(ENTRY, entry(1, FILE, b"", size=(1 << 64) - 1)) +
        piece(1, 0, b"one") + piece(1, 3, b"two") + last(1, 6) + bye(1),
        "dry": bytes([0, 4 << 2]) + tree + bye(6),
        "dropped": bytes([0, 0]) + half + step(DROP, struct.pack(">QB", 1, 0)) + whole(2, b"x", b"x") + bye(2),
        "hostile": bytes([HAS_FILES, 0]) + hostile + bye(8),
        "hostile-overwrite": bytes([HAS_FILES | 1, 0]) + hostile + whole(9, b"f", b"new") + bye(9),
        "planted": bytes([0, 0]) + planted + bye(5),
        "overlap": bytes([0, 0]) + half + piece(1, 2, b"overl") + last(1, 8) + bye(1),
        "outside": bytes([0, 0]) + step(ENTRY, entry(1, FILE, b"o", size=4)) + piece(1, (1 << 63) - 2, b"data"),
        "raw": bytes([0, GREETS | RAW]) + hello + offer + frame(ENTRY, entry(1, FIFO, b"p")) + frame(
            END, struct.pack(">QQ", 1, 0)) + frame(BYE),
        "raw-frames": bytes([0, RAW]) + frame(ENTRY, entry(1, FILE, b"f", size=3)) + frame(CHUNK, chunk(1, 0), b"abc"),
    }


if __name__ == "__main__":
    for made, seeds in (("frames", frames()), ("receiver", receiver())):
        for label, bytes_of in seeds.items():
            write(made, label, bytes_of)
