# SPDX-License-Identifier: MIT
# zrecv and a sender that has the key and means ill: names, links, kinds, sizes, and what a file may become.
# shellcheck disable=SC2030,SC2031,SC2034,SC2154 # every test is a subshell of its own, which shares variables
bats_require_minimum_version 1.5.0
load helpers
load hostile

@test "a sender that goes by the rules is served, frame by frame" {
    receive
    hostile <<'PYTHON'
s.send(entry(1, "d", DIRECTORY, mode=0o755), file(2, "d/f", b"content"), entry(3, "d/l", SYMLINK, target="f"),
       entry(4, "d/p", FIFO), entry(5, "d/h", HARD_LINK, target="d/f"), file(6, "empty"),
       entry(7, "d", LEAVE, mode=0o750))
assert s.close(7) == {number: 0 for number in range(1, 8)}
assert s.complete == (7, 0)
PYTHON
    ended 0
    says
    published d d/f d/h d/l d/p empty
    [ "$(cat in/d/h)" = content ]
    [ "$(stat -c '%a %h %Y' in/d/f)" = "644 2 1000000000" ]
    [ "$(stat -c %a in/d)" = 750 ]
    [ ! -e in/.zrecv.d ]
}

@test "a small file that goes by the rules is served by the module itself" {
    random_file sent 9000000
    receive
    python3 "$BATS_TEST_DIRNAME/session.py" "$port" name sent
    ended 0
    cmp sent in/name
}

@test "names that lead out of the directory, or are none, are refused, whatever they name, and the rest goes on" {
    mkdir outside
    receive
    hostile <<'PYTHON'
import os
here = os.getcwd()
bad = [here + "/evil", "/", "../evil", "a/../../evil", "..", ".", "", "./evil", "a/./evil", "a//evil", "a/", "evil/..",
       "x" * 256, "x/" * 2047 + "x", ".zrecv.d", ".zrecv.d/evil", ".zrecv.d/../evil", ".zrecv.d/"]
number = 0
for path in bad:
    for kind in (FILE, DIRECTORY, LEAVE, SYMLINK, FIFO, HARD_LINK):
        number += 1
        if kind == FILE:
            s.send(file(number, path, b"evil"))
        else:
            s.send(entry(number, path, kind, target="good"))
        s.until(lambda: number in s.outcome)
        assert s.outcome[number] == 7 or (kind, path[:2]) == (LEAVE, "x/"), (path, kind, s.outcome[number])
        assert s.outcome[number] == 0 or s.reasons[number]
s.send(file(number + 1, "good", b"good"))
assert s.close()[number + 1] == 0
PYTHON
    ended 7
    published good
    grep -F "zrecv: '../evil': " err
}

@test "names and paths inside the store of partial files are out of reach as targets, too" {
    receive
    hostile <<'PYTHON'
import glob
s.send(entry(1, "part", size=8), chunk(1, 0, b"half"))
s.send(chunk(1, 4, b"more"), finish(1, [(0, b"half"), (4, b"more")]))
s.until(lambda: 1 in s.outcome)
journal = glob.glob("in/.zrecv.d/*/journal")[0][3:]
s.send(entry(2, "j", HARD_LINK, target=journal))
assert s.close() == {1: 0, 2: 7}
PYTHON
    ended 7
    published part
}

@test "a name that is longer than names can be ends the session, or is refused" {
    receive
    hostile <<'PYTHON'
s.send(file(1, "good", b"good"), entry(2, "x/" * 2048 + "x"))
while s.hear() and 2 not in s.outcome:
    pass
assert s.abort or s.outcome[2] == 7
s.hang_up()
PYTHON
    status_of "$receiver"
    [[ $status =~ ^[47]$ ]]
    published good
}

@test "a tree may be as deep as a name can tell, and no deeper" {
    receive
    hostile <<'PYTHON'
for depth in range(1, 2049):
    s.send(entry(depth, "/".join("a" * depth), DIRECTORY))
s.until(lambda: len(s.outcome) == 2048)
assert set(s.outcome.values()) == {0}
for more in range(2049, 3000):
    s.send(entry(more, "b/" * 2047 + "b", DIRECTORY))
s.close(2999)
assert all(s.outcome[number] == 7 for number in range(2049, 3000))
PYTHON
    ended 7
    [ "$(find in -type d -not -path '*/.zrecv.d*' -printf x | wc -c)" -eq 2049 ]
}

@test "a link that was planted is not followed: not by names, not by what is in a directory of its name" {
    mkdir -p outside in
    ln -s ../outside in/older
    receive --accept=links --overwrite
    hostile <<'PYTHON'
s.send(entry(1, "link", SYMLINK, target="../outside"), file(2, "link/evil", b"evil"),
       entry(3, "link/evil", DIRECTORY), entry(4, "link/evil", SYMLINK, target="x"), entry(5, "link/evil", FIFO),
       file(6, "good", b"good"), entry(7, "link/evil", HARD_LINK, target="good"),
       entry(8, "link", DIRECTORY), entry(9, "link", LEAVE, mode=0o777), file(10, "link/evil", b"evil"),
       file(11, "older/evil", b"evil"), entry(12, "older", DIRECTORY), entry(13, "older/evil", DIRECTORY),
       entry(14, "older", LEAVE, mode=0o777))
outcome = s.close(15)
assert outcome == {number: 0 if number in (1, 6) else 7 for number in range(1, 15)}, outcome
PYTHON
    ended 7
    published good link older
}

@test "a link in the place of a file is replaced, what it points to is not written" {
    echo safe >outside
    mkdir in
    ln -s ../outside in/older
    receive --accept=links --overwrite
    hostile <<'PYTHON'
s.send(entry(1, "link", SYMLINK, target="../outside"))
s.until(lambda: 1 in s.outcome)
s.send(file(2, "link", b"evil"), file(3, "older", b"evil"))
assert s.close(3) == {1: 0, 2: 0, 3: 0}
PYTHON
    ended 0
    [ "$(cat outside)" = safe ]
    [ -f in/link ]
    [ ! -L in/link ]
    [ ! -L in/older ]
}

@test "a directory does not become a link while files are sent into it" {
    mkdir outside
    receive --accept=links --overwrite
    hostile <<'PYTHON'
s.send(entry(1, "d", DIRECTORY), file(2, "d/a", b"a"))
s.until(lambda: 2 in s.outcome)
s.send(entry(3, "d", SYMLINK, target="../outside"), file(4, "d", b"evil"), entry(5, "d", FIFO), file(6, "d/b", b"b"))
assert s.close(6) == {1: 0, 2: 0, 3: 7, 4: 7, 5: 7, 6: 0}
PYTHON
    ended 7
    published d d/a d/b
}

@test "symbolic links that are absolute or leave the tree are refused, those within it are not" {
    receive
    hostile <<'PYTHON'
targets = {"/etc/passwd": 7, "..": 7, "../x": 7, "a/../../x": 7, "./../x": 7, "a//..//../x": 7, "/": 7, "": 7,
           "a/../x": 7, "a/b": 0, "./x": 0, "b": 0}
for number, target in enumerate(targets, 1):
    s.send(entry(number, "l%d" % number, SYMLINK, target=target))
s.send(entry(20, "d", DIRECTORY), entry(21, "d/up", SYMLINK, target="../x"), entry(22, "d/out", SYMLINK, target="../../x"))
outcome = s.close(15)
assert [outcome[number] for number in range(1, 13)] == list(targets.values()), outcome
assert (outcome[21], outcome[22]) == (0, 7)
PYTHON
    ended 7
    published d d/up l10 l11 l12
}

@test "links that stay in the tree one by one do not leave it together" {
    receive
    hostile <<'PYTHON'
s.send(entry(1, "here", SYMLINK, target="."), entry(2, "out", SYMLINK, target="here/../outside"),
       entry(3, "d", DIRECTORY), entry(4, "d/top", SYMLINK, target=".."),
       entry(5, "d/out", SYMLINK, target="top/../outside"))
s.close(5)
PYTHON
    status_of "$receiver"
    for link in in/out in/d/out; do
        [ ! -L "$link" ] || [[ $(realpath -m "$link") == "$(realpath in)"/* ]]
    done
}

@test "what is there is not replaced, by nothing" {
    mkdir -p in/directory
    chmod 700 in/directory
    echo old >in/file
    mkfifo in/fifo
    ln -s file in/link
    receive
    hostile <<'PYTHON'
number = 0
for path in ("file", "directory", "fifo", "link"):
    for kind in (FILE, DIRECTORY, SYMLINK, FIFO, HARD_LINK):
        number += 1
        s.send(file(number, path, b"new") if kind == FILE else entry(number, path, kind, target="other"))
same = [1 + 5 + 1, 1 + 2 * 5 + 3]  # a directory for a directory, a FIFO for a FIFO
s.until(lambda: len(s.outcome) == number)
assert s.outcome == {i: 0 if i in same else 7 for i in range(1, number + 1)}, s.outcome
s.send(entry(number + 1, "directory", LEAVE, mode=0o777))
s.close()
PYTHON
    ended 7
    [ "$(cat in/file)" = old ]
    [ "$(readlink in/link)" = file ]
    [ "$(stat -c %a in/directory)" = 700 ]
    published directory fifo file link
    grep -Fx "zrecv: 'file': it exists" err
}

@test "a name that comes twice is refused the second time" {
    local HOW
    for HOW in --verify --no-fsync; do
        rm -rf in
        receive
        hostile <<'PYTHON'
s.send(file(1, "twice", b"first"), file(2, "twice", b"second"))
s.until(lambda: 2 in s.outcome)
s.send(file(3, "twice", b"third"), entry(4, "twice", DIRECTORY), entry(5, "twice", SYMLINK, target="x"),
       entry(6, "twice", FIFO))
assert s.close(6) == {1: 0, 2: 7, 3: 7, 4: 7, 5: 7, 6: 7}, s.outcome
PYTHON
        ended 7
        published twice
        [ "$(cat in/twice)" = first ]
    done
}

@test "a hard link is to what was sent, not to a file of ours, nor to what is no file" {
    mkdir in
    echo ours >in/ours
    echo outside >outside
    receive
    hostile <<'PYTHON'
s.send(file(1, "sent", b"sent"), entry(2, "d", DIRECTORY), entry(3, "d/l", SYMLINK, target="../sent"),
       entry(4, "good", HARD_LINK, target="sent"), entry(5, "x1", HARD_LINK, target="d"),
       entry(6, "x2", HARD_LINK, target="../outside"), entry(7, "x3", HARD_LINK, target="missing"),
       entry(8, "x4", HARD_LINK, target=""), entry(9, "x5", HARD_LINK, target="d/l"),
       entry(10, "x6", HARD_LINK, target="ours"))
outcome = s.close(10)
assert outcome == {number: 0 if number < 5 else 7 for number in range(1, 11)}, outcome
PYTHON
    ended 7
    published d d/l good ours sent
}

@test "modes have no setuid, setgid and sticky bits, whatever the type in them says, and pass the umask" {
    (umask 027 && receive && echo "$port $receiver" >ids && wait "$receiver") &
    wait_for has_line ids .
    read -r port receiver <ids
    hostile <<'PYTHON'
s.send(file(1, "suid", b"#!/bin/sh\n", mode=0o6777), file(2, "sticky", mode=0o1666),
       file(3, "device", mode=0o20666), file(4, "all", mode=2**32 - 1), entry(5, "d", DIRECTORY, mode=0o7777),
       entry(6, "d", LEAVE, mode=0o7777), entry(7, "p", FIFO, mode=0o6777))
s.close(7)
PYTHON
    wait_for gone "$receiver"
    [ "$(stat -c '%n %A' in/* | sort)" = "in/all -rwxr-x---
in/d drwxr-x---
in/device -rw-r-----
in/p prwxr-x---
in/sticky -rw-r-----
in/suid -rwxr-x---" ]
}

@test "owners and extended attributes are not taken unless that was said, and only those of the user's ever" {
    receive
    hostile <<'PYTHON'
pair = lambda label, value: name(label) + block(value)
many = pair("user.ok", b"1") + pair("security.evil", b"2") + pair("trusted.evil", b"3") + pair("system.evil", b"4")
s.send(file(1, "f", b"x", uid=12345, gid=12345, xattrs=many))
s.close(1)
assert os.stat("in/f").st_uid == os.geteuid()
assert os.listxattr("in/f") == [], os.listxattr("in/f")
PYTHON
    ended 0
    python3 -c 'import os; open("probe", "w"); os.setxattr("probe", "user.x", b"")' || skip 'no extended attributes here'
    rm -f in/f
    receive --accept=xattrs
    hostile <<'PYTHON'
s.close(0)
PYTHON
    ended 0
    receive --accept=xattrs
    stranger <<'PYTHON'
s = Session(port, key, flags=XATTR)
pair = lambda label, value: name(label) + block(value)
many = pair("user.ok", b"1") + pair("security.evil", b"2") + pair("trusted.evil", b"3") + pair("user", b"4")
s.send(file(1, "f", b"x", xattrs=many), file(2, "g", b"x", xattrs=many[:-2]), entry(3, "d", DIRECTORY),
       entry(4, "d", LEAVE, xattrs=many))
s.close(4)
for path in ("in/f", "in/d"):
    assert os.listxattr(path) == ["user.ok"], os.listxattr(path)
PYTHON
    wait_for gone "$receiver"
}

@test "control bytes in names, and in what the sender says, reach the terminal escaped" {
    receive
    hostile <<'PYTHON'
s.send(file(1, b"../\x1b]0;evil\x07\nzrecv: all is well\r\x7f\x9b", b""), entry(2, b"l\x1b[31m", SYMLINK, target=b"../\x1b"),
       file(3, b"\x1b[2J\nx", b"kept"))
s.until(lambda: len(s.outcome) == 3)
assert s.outcome == {1: 7, 2: 7, 3: 0}
s.send(frame(ABORT, struct.pack(">QB", 0, 1) + block(b"gone\x1b[31m\nzrecv: all is well")))
assert not s.hear()
PYTHON
    status_of "$receiver"
    [ "$status" -ne 0 ]
    cat -v err
    [ "$(tr -d '\n\40-\176' <err | wc -c)" -eq 0 ]
    run ! grep '^zrecv: all is well' err
    published $'\033[2J\nx'
}

@test "a directory for partial files that is a link, open to others, or no directory, is not used" {
    local kind
    mkdir outside
    for kind in link open file; do
        rm -rf in
        mkdir in
        case $kind in
        link) ln -s ../outside in/.zrecv.d ;;
        open) mkdir -m 755 in/.zrecv.d ;;
        file) : >in/.zrecv.d ;;
        esac
        receive
        stranger <<'PYTHON'
try:
    Session(port, key)
except AssertionError as error:
    assert "type=%d" % ABORT in str(error), error
else:
    raise AssertionError("it was used")
PYTHON
        ended 7
        says "127\.0\.0\.1:[0-9]+: .*(directory for partial files|\.zrecv\.d).*"
    done
}
