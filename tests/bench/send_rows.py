# SPDX-License-Identifier: MIT
"""The rows of zsend and zrecv: v to x. Both ends run here, over loopback; files are as in the rows of zcp."""
import getpass
import os
import shutil
import socket
import subprocess

from copy_rows import CopyRow, MIB, Stage, lacking, make_tree, one_file, peers
from installed import SSHD, file_system

TREE_FILES = 20000
FULL_MIB = 1024  # with a file of so many MiB the tree has all its files
CIPHER = "aes128-gcm@openssh.com"

SSHD_CONFIG = """HostKey {place}/host_key
AuthorizedKeysFile {place}/user_key.pub
StrictModes no
UsePAM no
UseDNS no
PermitRootLogin prohibit-password
PidFile none
Subsystem sftp internal-sftp
SetEnv HOME={place}
LogLevel QUIET
"""
SSH_CONFIG = """Host *
    User {user}
    IdentityFile {place}/user_key
    IdentitiesOnly yes
    IdentityAgent none
    UserKnownHostsFile /dev/null
    GlobalKnownHostsFile /dev/null
    StrictHostKeyChecking no
    BatchMode yes
    Compression no
    LogLevel ERROR
    Ciphers {cipher}
"""
RSYNCD_CONFIG = """use chroot = no
uid = {uid}
gid = {gid}
log file = /dev/null
[to]
path = /
read only = no
"""
OPENSSL_CONFIG = """openssl_conf = all
[all]
ssl_conf = ssl
[ssl]
system_default = both
[both]
MaxProtocol = TLSv1.2
CipherString = ECDHE-RSA-AES128-GCM-SHA256
"""


def shell(words):
    return ["bash", "-e", "-o", "pipefail", "-c", words]


class SendRow(CopyRow):
    """Commands are pairs: what receives into the directory {out}, and what sends from {top}; words of the shell, or a
    list of them. {port} is where the receiver listens."""

    def __init__(self, letter, title, mib, stage, sent, commands, goals, keeps=False):
        super().__init__(letter, title, mib, stage, commands, goals, prepare="mkdir {out}", keeps=keeps)
        self.sent = sent  # its name in {top}

    def arguments(self, name, top, out):
        ends = []
        for end in self.commands[name]:
            words = shell(end) if isinstance(end, str) else end
            ends.append([word.format(top=top, out=out, port="{port}") for word in words])
        return ["measure", *ends[0], "--", *ends[1]]

    def look(self, top, out):
        """Whether it has come, all of it: a program that does half the work is fast."""
        subprocess.run(["diff", "-r", os.path.join(top, self.sent), os.path.join(out, self.sent)], check=True)


def write(place, name, text):
    with open(os.path.join(place, name), "w", encoding="ascii",
              opener=lambda path, flags: os.open(path, flags, 0o600)) as file:
        file.write(text)


def our_ends(place, sent, *options):
    """zrecv and zsend, with a key of their own."""
    name = "key"
    key = subprocess.run(["zrecv", "--new-key"], check=True, capture_output=True, text=True).stdout
    write(place, name, key)
    key_file = "--key-file=" + os.path.join(place, name)
    return (["zrecv", *options, "--no-fsync", key_file, "--print-port", "127.0.0.1:0", "{out}"],
            ["zsend", *options, key_file, "{top}/" + sent, "127.0.0.1:{port}"])


def rsync_daemon(place, sent, *options):
    """inetd's way of starting it; what it receives is measured with it. {out} begins with a slash."""
    write(place, "rsyncd.conf", RSYNCD_CONFIG.format(uid=os.getuid(), gid=os.getgid()))
    return (["accept", "rsync", "--daemon", f"--config={place}/rsyncd.conf"],
            ["rsync", *options, "--port={port}", "{top}/" + sent, "127.0.0.1::to{out}/"])


def plain_commands(place):
    return {
        "zsend": our_ends(place, "file", "--plain"),
        "nc and xxhsum": ("nc -n -v -l -d 127.0.0.1 0 >{out}/file; xxhsum -q -H128 {out}/file",
                          "nc -n -N 127.0.0.1 {port} <{top}/file; xxhsum -q -H128 {top}/file"),
        "rsync": rsync_daemon(place, "file", "-W"),
    }


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def encrypted_commands(place):
    """Only the line with its port is passed on of what ncat says: its fingerprint may end in digits as well. With TLS
    1.3 the receiver of ncat 7.93 often loses the end, as the sender closes while the tickets that it was sent are
    unread; so it is TLS 1.2, with the cipher that zsend has."""
    write(place, "openssl.cnf", OPENSSL_CONFIG)
    sshd = sshd_command(place)
    ssh = f"ssh -F {place}/ssh_config"
    listen = f"OPENSSL_CONF={place}/openssl.cnf ncat -n -v --ssl --recv-only -l 127.0.0.1 {free_port()}"
    return {
        "zsend": our_ends(place, "file"),
        "scp": (sshd, ["scp", "-q", "-F", f"{place}/ssh_config", "-P", "{port}", "{top}/file", "127.0.0.1:{out}/file"]),
        "rsync and ssh": (sshd, ["rsync", "-W", "-e", ssh + " -p {port}", "{top}/file", "127.0.0.1:{out}/file"]),
        "ncat": (listen + " 2>&1 >{out}/file | sed -un '/Listening on/p' >&2",
                 "exec ncat -n --ssl --send-only 127.0.0.1 {port} <{top}/file"),
    }


def tree_commands(place):
    return {
        "zsend": our_ends(place, "tree", "--plain"),
        "tar and nc": ("nc -n -v -l -d 127.0.0.1 0 | tar -C {out} -xf -",
                       "tar -C {top} -cf - tree | nc -n -N 127.0.0.1 {port}"),
        "rsync": rsync_daemon(place, "tree", "-a"),
    }


def sshd_command(place):
    """It has no better status than 255 for a client that has gone in order."""
    return f"accept {SSHD} -i -f {place}/sshd_config || test $? = 255"


def prepare_ssh(place):
    """Keys for this run, and the configurations of both ends; nothing of the user's own is read. What is wrong, or
    None."""
    if SSHD is None or not all(map(shutil.which, ("ssh", "ssh-keygen"))):
        return None  # left out as not installed
    if os.geteuid() == 0:
        os.makedirs("/run/sshd", exist_ok=True)  # sshd wants it of root
    for name in ("host_key", "user_key"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", os.path.join(place, name)], check=True)
    write(place, "sshd_config", SSHD_CONFIG.format(place=place))
    write(place, "ssh_config", SSH_CONFIG.format(place=place, user=getpass.getuser(), cipher=CIPHER))
    tried = subprocess.run(["measure", *shell(sshd_command(place)), "--", "ssh", "-F", f"{place}/ssh_config", "-p",
                            "{port}", "127.0.0.1", "true"], capture_output=True, text=True, check=False)
    return tried.stderr.strip().split("\n")[-1] if tried.returncode != 0 else None


def stages(mib, directory):
    """tmpfs and the disk: the names of their kinds, and how they are made."""
    for kind in ("tmpfs", directory):
        yield kind if kind == "tmpfs" else file_system(kind), Stage(kind, one_file(mib), mib)


def file_rows(letters, mib, directory, place, skipped):
    if "v" in letters:
        goals = {"nc and xxhsum": 2, "rsync": 3}
        for where, stage in stages(mib, directory):
            commands = plain_commands(place)
            yield SendRow("v", f"a cached file of {mib} MiB to a new one, plain, with digests, {where}", mib, stage,
                          "file", commands, peers(commands, goals=goals))
    if "w" in letters:
        problem = prepare_ssh(place)
        if problem is not None:
            skipped.append(f"scp and rsync over ssh: sshd does not let {getpass.getuser()} in ({problem})")
        for where, stage in stages(mib, directory):
            commands = encrypted_commands(place)
            for name in ("scp", "rsync and ssh") if problem is not None else ():
                del commands[name]
            yield SendRow("w", f"a cached file of {mib} MiB to a new one, encrypted, {where}", mib, stage, "file", commands,
                          peers(commands, goals={"scp": 2, "rsync and ssh": 2, "ncat": 2}))


def tree_rows(letters, mib, place):
    if "x" in letters:
        files = TREE_FILES // max(FULL_MIB // mib, 1)
        commands = tree_commands(place)
        stage = Stage("ext4", make_tree(files, halves=False), max(files // 32 * 8, 512))
        yield SendRow("x", f"a tree of {files} files of 0 to 64 KiB, plain, ext4", files // 32, stage, "tree", commands,
                      peers(commands, goals={"tar and nc": 1, "rsync": 3}), keeps=True)


def make_rows(letters, mib, directory, place, skipped):
    """mib: of the file; the tree shrinks with it. place: a directory for keys and configurations."""
    rows = [*file_rows(letters, mib, directory, place, skipped), *tree_rows(letters, mib, place)]
    skipped += [f"{row.title}: {lacking(row)}" for row in rows if lacking(row)]
    return [row for row in rows if lacking(row) is None]
