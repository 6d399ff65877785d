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


def entry(number, kind, path, target=b"", size=0, mode=0o644, xattrs=b"", stamp=b"stamp"):
    numbers = struct.pack(">QBIIIqIQQ", number, kind, mode, 0, 0, 1700000000, 5, size, size)
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


if __name__ == "__main__":
    for made, seeds in (("frames", frames()),):
        for label, bytes_of in seeds.items():
            write(made, label, bytes_of)
