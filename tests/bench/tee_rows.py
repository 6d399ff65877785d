# SPDX-License-Identifier: MIT
"""The rows of ztee: f to j."""
import os
import shutil

from installed import file_system, uutils_tee
from row import PINGS, REPEATS, Row

MIB = 1024 * 1024
PIPE_MIB = 1024
FILE_MIB = 512
MANY_MIB = 256  # to many pipes, where GNU tee needs seconds for so few already

WITHOUT_COPIES = ["-z"]  # the neighbours lend their pages, and throw them away
LISTENER = ["zcat-net", "-n", "-v", "-l", "-d", "127.0.0.1", "0"]
NC = ["nc", "-n", "-N", "127.0.0.1", "{port}"]


def tools():
    """How each is called; a tee that is not installed is left out of the rows later."""
    return {"ztee": ["ztee"], "GNU tee": ["tee"], "uutils tee": [uutils_tee()[0]], "baretee": ["baretee"]}


def between(command, mib, flag=WITHOUT_COPIES):
    """The arguments of measure_tee for the command between a source and a sink."""
    return [*command, "--", "feed", *flag, str(mib), "--", "drain", *flag, str(mib)]


def make_row(letter, title, mib, commands, goals):
    return Row(letter, title, mib, commands, goals, by="measure_tee")


def null_row():
    commands = {name: between([*tool, "/dev/null"], PIPE_MIB) for name, tool in tools().items()}
    commands["mbuffer"] = between(["mbuffer", "-q", "-o", "-", "-o", "/dev/null"], PIPE_MIB)
    return make_row("f", "pipe to /dev/null and a pipe, neighbours without copies", PIPE_MIB, commands, [
        ("GNU tee", "throughput", "at least", 8), ("GNU tee", "CPU", "at most", 0.1),
        ("uutils tee", "throughput", "at least", 1), ("uutils tee", "CPU", "at most", None),
        ("baretee", "throughput", "at least", 0.9), ("baretee", "CPU", "at most", None),
        ("mbuffer", "throughput", "at least", None)])


def null_twin():
    commands = {name: between([*tool, "/dev/null"], PIPE_MIB, []) for name, tool in tools().items()}
    return make_row("f", "twin: pipe to /dev/null and a pipe, every byte written and read", PIPE_MIB, commands, [
        ("GNU tee", "throughput", "at least", None), ("GNU tee", "CPU", "at most", None),
        ("uutils tee", "throughput", "at least", 1), ("uutils tee", "CPU", "at most", None),
        ("baretee", "throughput", "at least", None)])


def writing(path):
    return ["-o", path, "-m", str(FILE_MIB)]


def file_row(path, kind):
    commands = {name: writing(path) + between([*tool, path], FILE_MIB) for name, tool in tools().items()}
    return make_row("g", f"pipe to a file on {kind} and a pipe", FILE_MIB, commands, [
        ("GNU tee", "throughput", "at least", 2), ("GNU tee", "CPU", "at most", None),
        ("uutils tee", "throughput", "at least", 1), ("uutils tee", "CPU", "at most", None),
        ("baretee", "throughput", "at least", None)])


def many_row(count, goals):
    """To so many pipes; standard output is one of them. pee has to start its readers itself."""
    more = ["-k", str(count - 1)]
    commands = {name: more + between([*tool, "{pipes}"], MANY_MIB) for name, tool in tools().items()}
    reader = f"exec drain -z {MANY_MIB}"
    commands["pee"] = ["pee", *[reader] * count, "--", "feed", "-z", str(MANY_MIB)]
    return make_row("h", f"pipe to {count} pipes", MANY_MIB, commands, goals)


def many_rows():
    def goals(gnu, uutils):
        return [("GNU tee", "throughput", "at least", gnu), ("GNU tee", "CPU", "at most", None),
                ("uutils tee", "throughput", "at least", uutils), ("uutils tee", "CPU", "at most", None),
                ("baretee", "throughput", "at least", 0.9), ("pee", "throughput", "at least", None)]
    return [many_row(4, goals(None, 1)), many_row(8, goals(15, 1.2))]


def socket_row(path, kind):
    """tee has no sockets: nc carries what comes out of it, and what that costs is added."""
    tees = tools()
    programs = {
        "ztee": ["ztee", "--no-stdout", "--tcp=127.0.0.1:{port}", path],
        "GNU tee and nc": [*tees["GNU tee"], path, "|", *NC],
        "uutils tee and nc": [*tees["uutils tee"], path, "|", *NC],
        "mbuffer": ["mbuffer", "-q", "-O", "127.0.0.1:{port}", "-f", "-o", path],
    }
    commands = {name: writing(path) + between(tool, FILE_MIB) + ["--", *LISTENER]
                for name, tool in programs.items()}
    goals = [(name, what, sense, None) for name in list(programs)[1:]
             for what, sense in (("throughput", "at least"), ("CPU", "at most"))]
    return make_row("i", f"pipe to a TCP connection and a file on {kind}", FILE_MIB, commands, goals)


def time_rows():
    tees = {name: tool for name, tool in tools().items() if name != "baretee"}
    return [
        make_row("j", f"one byte through to a pipe and /dev/null ({PINGS} times)", 0,
                 {name: ["-p", str(PINGS), *tool, "/dev/null"] for name, tool in tees.items()},
                 [("GNU tee", "time", "at most", 1.2), ("uutils tee", "time", "at most", None)]),
        make_row("j", f"start-up: empty input ({REPEATS} times)", 0,
                 {name: ["-n", str(REPEATS), *tees[name]] for name in ("ztee", "GNU tee")},
                 [("GNU tee", "time", "at most", 1.5)]),
    ]


def room_for_file(where, skipped):
    if shutil.disk_usage(where).free >= FILE_MIB * MIB:
        return True
    skipped.append(f"what tee writes on {file_system(where)}: no room for {FILE_MIB} MiB")
    return False


def make_rows(letters, directories, skipped):
    rows = []
    written = []
    if letters & set("gi"):
        written = [(os.path.join(where, "written"), file_system(where)) for where in directories
                   if room_for_file(where, skipped)]
    if "f" in letters:
        rows += [null_row(), null_twin()]
    if "g" in letters:
        rows += [file_row(path, kind) for path, kind in written]
    if "h" in letters:
        rows += many_rows()
    if "i" in letters and written:
        rows.append(socket_row(*written[-1]))
    if "j" in letters:
        rows += time_rows()
    return rows
