# SPDX-License-Identifier: MIT
"""The trees that zcp-oracle.py copies: built from steps that can be left out one by one, shown as shell, and read back."""
import hashlib
import os
import random
import shlex
import socket
import stat
import struct
import subprocess
import time

BASE = 1_000_000_000  # what is built is as old as this, in seconds; what a command touches is not
MOST_TOLD = 12  # differences of two trees
LONGEST = 1000  # bytes of a name that is looked at
BLOCK = random.Random(1).randbytes(1 << 21)
ODD = ["odd\nline", "-odd", "odd\x80\udcff\udcfe", "odd" + "x" * 240, "odd space", "odd'quote", "odd\\back", "*odd?",
       "odd\x1besc", '"odd"']
OBJECTS = {"user": 1, "u": 2, "group": 4, "g": 8, "mask": 16, "other": 32}


def acl_value(entries):
    """the kernel's form of "user::7 u:5:6 group::5 mask::7 other::0" """
    value = struct.pack("<I", 2)
    for entry in entries.split():
        kind, who, rights = entry.split(":")
        value += struct.pack("<HHI", OBJECTS[kind], int(rights), int(who) if who else 0xffffffff)
    return value


def contents(size, seed):
    start = seed * 4099 % (1 << 20)
    block = BLOCK[start:start + (1 << 20)]
    return (block * (size // len(block) + 1))[:size]


def make_file(path, size, seed=0):
    with open(path, "wb") as file:
        file.write(contents(size, seed))


def make_sparse(path, *layout):
    """layout: numbers of bytes, in turn a hole, data, a hole, data, and so on; negative: zeros that are written. (cp makes
    holes of these, too, in files that have holes already, as with --sparse=always.)"""
    with open(path, "wb") as file:
        for turn, size in enumerate(layout):
            if turn % 2 == 0:
                file.seek(size, os.SEEK_CUR)
            else:
                file.write(contents(size, turn) if size >= 0 else bytes(-size))
        file.truncate()


def make_deep(path, levels):
    for _ in range(levels):
        os.mkdir(path)
        path += "/d"
    make_file(path, 10)


def make_socket(path):
    with socket.socket(socket.AF_UNIX) as bound:
        here = os.getcwd()
        os.chdir(os.path.dirname(path) or ".")  # names of sockets are short
        try:
            bound.bind(os.path.basename(path))
        finally:
            os.chdir(here)


def make_device(path, kind, major, minor):
    os.mknod(path, 0o644 | {"b": stat.S_IFBLK, "c": stat.S_IFCHR}[kind], os.makedev(major, minor))


MAKERS = {
    "dir": os.mkdir,
    "file": make_file,
    "sparse": make_sparse,
    "deep": make_deep,
    "symlink": lambda path, text: os.symlink(text, path),
    "link": lambda path, old: os.link(old, path, follow_symlinks=False),
    "fifo": os.mkfifo,
    "socket": make_socket,
    "device": make_device,
    "mode": os.chmod,
    "owner": lambda path, user, group: os.chown(path, user, group, follow_symlinks=False),
    "xattr": lambda path, name, value: os.setxattr(path, name, value.encode(), follow_symlinks=False),
    "acl": lambda path, entries: os.setxattr(path, "system.posix_acl_access", acl_value(entries)),
    "default-acl": lambda path, entries: os.setxattr(path, "system.posix_acl_default", acl_value(entries)),
    "time": lambda path, seconds, ns: None,  # at the end
}

SHELL = {
    "dir": "mkdir {0}",
    "file": "head -c {1} /dev/urandom >{0}",
    "symlink": "ln -s {1} {0}",
    "link": "ln -P {1} {0}",
    "fifo": "mkfifo {0}",
    "device": "mknod {0} {1} {2} {3}",
    "owner": "chown -h {1}:{2} {0}",
    "xattr": "setfattr -n {1} -v {2} {0}",
    "time": "touch -h -d @{1}.{2} {0}",
}


def show(step):
    kind, *arguments = step
    words = [shlex.quote(str(argument)) for argument in arguments]
    if kind == "mode":
        return "chmod %04o %s" % (arguments[1], words[0])
    return SHELL[kind].format(*words) if kind in SHELL else "# " + " ".join([kind] + words)


def set_times(steps):
    """from the inner to the outer: what is made in a directory touches it"""
    times = {}
    for number, (kind, path, *arguments) in enumerate(steps):
        if kind == "time":
            times[path] = arguments[0] * 10**9 + arguments[1]
        elif kind in ("dir", "file", "sparse", "deep", "symlink", "fifo", "socket", "device"):
            times.setdefault(path, (BASE + 100 * number) * 10**9 + 123456789)
    for path in sorted(times, key=lambda name: -name.count("/")):
        try:
            os.utime(path, ns=(times[path], times[path]), follow_symlinks=False)
        except OSError:
            pass  # it has not been made


def build(top, steps, owner=None):
    """steps whose files are missing, or that this user or file system cannot do, are left out"""
    os.mkdir(top, 0o755)
    if owner is not None:
        os.chown(top, owner, owner)
    os.chdir(top)
    for kind, path, *arguments in steps:
        try:
            MAKERS[kind](path, *arguments)
            if owner is not None and kind not in ("link", "mode", "owner", "xattr", "acl", "default-acl", "time"):
                own(path, owner, kind == "deep")
        except OSError:
            pass
    set_times(steps)
    os.utime(".", ns=(BASE * 10**9, BASE * 10**9))


def own(path, owner, deep):
    os.chown(path, owner, owner, follow_symlinks=False)
    if deep:
        for folder, folders, files in os.walk(path):
            for name in folders + files:
                os.chown(folder + "/" + name, owner, owner)


def remove(top):
    """snapshot() has permitted it where that was needed; deeper than Python would go"""
    subprocess.run(["rm", "-rf", top], check=True)


def opened_up(path, status, action):
    """does it, as a user who may first have to permit it to himself"""
    if os.geteuid() != 0 and status.st_mode & 0o700 != 0o700:
        os.chmod(path, 0o700)
    return action()


def digest(path):
    with open(path, "rb", buffering=0) as file:
        return hashlib.blake2b(file.read(), digest_size=8).hexdigest()


def extended(path):
    try:
        return {name: os.getxattr(path, name, follow_symlinks=False)
                for name in os.listxattr(path, follow_symlinks=False)}
    except OSError:
        return None


def when(ns, start):
    """a time that was there before, or "new" """
    return "new" if start - 2 <= ns / 1e9 <= time.time() + 2 else ns


def describe(path, start, firsts):
    status = os.lstat(path)
    kind = stat.S_IFMT(status.st_mode)
    found = {"type": oct(kind), "mode": oct(stat.S_IMODE(status.st_mode)), "owner": (status.st_uid, status.st_gid),
             "mtime": when(status.st_mtime_ns, start), "xattrs": extended(path)}
    if kind != stat.S_IFDIR:
        found["links"] = status.st_nlink
        found["same as"] = firsts.setdefault((status.st_dev, status.st_ino), path)
    if kind == stat.S_IFREG:
        found["size"], found["KiB"] = status.st_size, status.st_blocks // 2
        found["digest"] = opened_up(path, status, lambda: digest(path))
    elif kind == stat.S_IFLNK:
        found["text"] = os.readlink(path)
    elif kind in (stat.S_IFBLK, stat.S_IFCHR):
        found["rdev"] = status.st_rdev
    return found, status


def snapshot(top, start):
    """everything below top: {name: {field: value}}; and the names of each directory in the order of their inodes"""
    os.chdir(top)
    found, firsts, waiting, places = {}, {}, ["."], {}
    while waiting:
        path = waiting.pop()
        found[path], status = describe(path, start, firsts)
        places[path] = os.path.dirname(path), status.st_ino
        if stat.S_ISDIR(status.st_mode) and len(path) < LONGEST:
            names = opened_up(path, status, lambda: os.listdir(path))
            waiting += [path + "/" + name for name in sorted(names, reverse=True)]
    return found, sorted(places, key=places.get)


def differences(wanted, found):
    lines = []
    for path in sorted(set(wanted) | set(found)):
        a, b = wanted.get(path), found.get(path)
        if a is None or b is None:
            lines.append("%.200r is %s" % (path, "missing" if b is None else "too much: %s" % b["type"]))
            continue
        for field in sorted(set(a) | set(b)):
            one, other = a.get(field), b.get(field)
            if one != other and not (field == "KiB" and abs((one or 0) - (other or 0)) <= 8):
                lines.append("%.200r %s: cp %r, zcp %r" % (path, field, one, other))
    return lines[:MOST_TOLD]
