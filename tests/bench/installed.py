# SPDX-License-Identifier: MIT
"""What this machine has: the programs that are compared and their versions, file systems, the processor."""
import functools
import os
import platform
import re
import shutil
import subprocess
import sys

SSHD = shutil.which("sshd", path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin")  # it wants its whole path
UUTILS_TEES = ("tee", "/usr/lib/cargo/bin/coreutils/tee")  # where distributions have it


def first_match(command, pattern):
    """What pattern's group finds in what command says; None: the program is not there or not the one meant."""
    try:
        said = subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    except OSError:
        return None
    found = re.search(pattern, said.stdout + said.stderr)
    return found and found.group(1)


@functools.cache
def uutils_tee():
    """The path and the version of uutils tee; None and None: it is not installed."""
    named = os.environ.get("UUTILS_TEE")
    for path in [named] if named else UUTILS_TEES:
        version = first_match([path, "--version"], r"uutils coreutils\) ([0-9.]+)")
        if version is not None:
            return path, version
    if named:
        sys.exit(f"UUTILS_TEE={named}: this is no uutils tee")
    return None, None


def ssh_version():
    """Of the three programs that are needed; None: one is missing."""
    if SSHD is None or shutil.which("ssh-keygen") is None:
        return None
    return first_match(["ssh", "-V"], r"(OpenSSH_[^ ,]+)")


def versions():
    return {
        "zcopy": first_match(["zcat-net", "--version"], r"([0-9][0-9.]*)"),
        "cp": first_match(["cp", "--version"], r"\(GNU coreutils\) ([0-9.]+)"),
        "rsync": first_match(["rsync", "--version"], r"version ([0-9.]+)"),
        "tar": first_match(["tar", "--version"], r"\(GNU tar\) ([0-9.]+)"),
        "nc": first_match(["nc", "-h"], r"(OpenBSD netcat[^\n]*)"),
        "socat": first_match(["socat", "-V"], r"socat version ([0-9.]+)"),
        "GNU tee": first_match(["tee", "--version"], r"\(GNU coreutils\) ([0-9.]+)"),
        "uutils tee": uutils_tee()[1],
        "mbuffer": first_match(["mbuffer", "--version"], r"mbuffer version ([0-9A-Za-z.]+)"),
        "ssh": ssh_version(),
        "scp": ssh_version() and shutil.which("scp") and "of the same",
        "ncat": first_match(["ncat", "--version"], r"Version ([0-9.]+)"),
        "xxhsum": first_match(["xxhsum", "--version"], r"xxhsum ([0-9.]+)"),
        "pee": shutil.which("pee") and "of moreutils",  # it does not tell its version
    }


def file_system(where):
    found = subprocess.run(["findmnt", "-n", "-o", "FSTYPE", "-T", where], capture_output=True, text=True,
                           check=False)
    return found.stdout.strip().split("\n")[-1] or "unknown file system"


def machine():
    model = first_match(["cat", "/proc/cpuinfo"], r"model name\s*: *([^\n]*)") or platform.machine()
    return f"{model}, {len(os.sched_getaffinity(0))} CPUs, Linux {platform.release()}"
