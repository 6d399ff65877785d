# SPDX-License-Identifier: MIT
"""The rows of zcat-net and zsend: a to d."""
import contextlib
import os

from installed import file_system
from row import PINGS, REPEATS, Row, without_numbers

MIB = 1024 * 1024

LISTEN = {
    "zcat-net": ["zcat-net", "-n", "-v", "-l", "-d", "127.0.0.1", "0"],
    "nc": ["nc", "-n", "-v", "-l", "-d", "127.0.0.1", "0"],
    "socat": ["socat", "-d", "-d", "-u", "-b", "1048576", "TCP-LISTEN:0,bind=127.0.0.1", "STDOUT"],
    "bare": ["bare", "receive"],
}
CONNECT = {
    "zcat-net": ["zcat-net", "-n", "127.0.0.1", "{port}"],
    "nc": ["nc", "-n", "-N", "127.0.0.1", "{port}"],
    "socat": ["socat", "-u", "-b", "1048576", "STDIN", "TCP:127.0.0.1:{port}"],
    "bare": ["bare", "send", "{port}"],
}


def pipe_row(title, flag, twin):
    mib = 2048
    commands = {
        name: LISTEN[name] + ["|", "drain", *flag, str(mib), "--", "feed", *flag, str(mib), "|"] + CONNECT[name]
        for name in ("zcat-net", "nc", "socat")
    }
    goals = [("nc", "throughput", "at least", 4), ("nc", "CPU", "at most", 0.2),
             ("socat", "throughput", "at least", 1.5), ("socat", "CPU", "at most", 0.5)]
    return Row("a", title, mib, commands, without_numbers(goals) if twin else goals)


def file_row(title, path, mib, twin):
    sink = ["|", "drain", str(mib)] if twin else []
    commands = {
        "zsend": LISTEN["zcat-net"] + sink + ["--", "zsend", "--raw", path, "127.0.0.1:{port}"],
        "nc": ["-i", path] + LISTEN["nc"] + sink + ["--"] + CONNECT["nc"],
        "bare": ["-i", path] + LISTEN["bare"] + sink + ["--"] + CONNECT["bare"],
    }
    goals = [("nc", "throughput", "at least", 2), ("nc", "CPU", "at most", 0.4),
             ("bare", "throughput", "at least", 0.95), ("bare", "CPU", "at most", None)]
    return Row("b", title, mib, commands, without_numbers(goals) if twin else goals)


def byte_rows(where):
    path = os.path.join(where, "byte")
    with open(path, "wb") as file:
        file.write(b"x")
    once = ["-n", str(REPEATS), "-i", path]
    pings = ["-p", str(PINGS)]
    goals = [("nc", "time", "at most", 1.2)]
    return [
        Row("c", f"one byte through: listen, connect, send, close ({REPEATS} times)", 0,
            {name: once + LISTEN[name] + ["--"] + CONNECT[name] for name in ("zcat-net", "nc")}, goals),
        Row("c", f"one byte through an open connection ({PINGS} times)", 0,
            {name: pings + LISTEN[name] + ["--"] + CONNECT[name] for name in ("zcat-net", "nc")}, goals),
    ]


def start_rows():
    start = ["-r", "-n", str(REPEATS)]
    goals = [("nc", "time", "at most", 1.5)]
    return [
        Row("d", f"start-up: -z, refused ({REPEATS} times)", 0,
            {name: start + [name, "-n", "-z", "127.0.0.1", "{port}"] for name in ("zcat-net", "nc")}, goals),
        Row("d", f"start-up: sending, refused ({REPEATS} times)", 0,
            {"zsend": start + ["zsend", "--raw", "-", "127.0.0.1:{port}"],
             "nc": start + ["nc", "127.0.0.1", "{port}"]}, goals),
    ]


def file_rows(directories, mib, skipped):
    """Rows of cached files, one a directory; the last one also with a reader behind the receiver."""
    rows = []
    for where in directories:
        path = os.path.join(where, "data")
        kind = file_system(where)
        try:
            write_file(path, mib)
        except OSError as error:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(path)
            skipped.append(f"a cached file on {kind}: {error.strerror}")
            continue
        rows.append(file_row(f"file on {kind} to /dev/null", path, mib, False))
        last = path, kind
    if rows:
        rows.append(file_row(f"twin: file on {last[1]} to a pipe whose reader reads", last[0], mib, True))
    return rows


def write_file(path, mib):
    """Not compressible, on its medium (nothing is written back during the runs), and in the page cache."""
    block = os.urandom(64 * MIB)
    with open(path, "wb") as file:
        for _ in range(0, mib, 64):
            file.write(block)
        file.flush()
        os.fsync(file.fileno())


def make_rows(letters, directories, mib, skipped):
    rows = []
    if "a" in letters:
        rows.append(pipe_row("pipe to pipe, both ends without copies", ["-z"], False))
        rows.append(pipe_row("twin: pipe to pipe, every byte written and read", [], True))
    if "b" in letters:
        rows += file_rows(directories, mib, skipped)
    if "c" in letters:
        rows += byte_rows(directories[-1])
    if "d" in letters:
        rows += start_rows()
    return rows
