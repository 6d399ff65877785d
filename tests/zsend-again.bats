#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# What depends on a file that has to be sent again, or on a session before: links, times, modes, and what the disk has lost.
# shellcheck disable=SC2030,SC2031,SC2034,SC2154 # every test is a subshell of its own; the helpers set variables
bats_require_minimum_version 1.5.0
load helpers
load sessions

setup_file() {
    one_key
}

setup() {
    session_setup
}

# dated FILE...: was changed long ago, so that its time tells whether it has been set.
dated() {
    touch -hd '2001-02-03 04:05:06.789' "$@"
}

# comes_right AT...: a file, a link to it and their directories do, although a byte is another one at these places of the stream.
comes_right() {
    mkdir -p tree/deep
    random_file tree/deep/x 200000
    ln tree/deep/x tree/deep/y
    dated tree/deep/x tree/deep tree
    receive --plain in
    for at; do
        between --up="$at" --how=flip
    done
    send --plain tree
    ended 0 0
    [ "$(went up)" -gt $((200000 * ($# + 1) - 10000)) ] # the file came once more for each
    same tree in/tree
    [ in/tree/deep/x -ef in/tree/deep/y ]
    nothing_left in
}

@test "a link to a file that is sent again, and the time of its directory, wait for it" {
    comes_right 100000
}

@test "they wait for a file that does not come right the second time either" {
    comes_right 300000 100000
}

@test "so they do when the session before had sent another content" {
    echo old | tee x >rest
    ln x y
    : >missing
    chmod 0 missing
    receive --plain in
    as_nobody send --plain x y missing
    ended 1 1
    [ in/x -ef in/y ]
    chmod 644 missing
    random_file x 200000 # the same inode
    [ x -ef y ]
    receive --plain in
    between --up=100000 --how=flip
    as_nobody send --plain x y missing
    ended 0 0
    cmp x in/x
    [ in/x -ef in/y ]
    nothing_left in
}

# as_nobody send ARGUMENT...: the same as a user who is not root, and cannot read everything.
as_nobody() {
    shift
    sent=0
    chmod 755 "$PWD"
    setpriv --reuid=65534 --regid=65534 --clear-groups env "PATH=$PATH" timeout 60 zsend "$@" "127.0.0.1:$port" \
        2>said || sent=$?
}

@test "a directory that one session has made, and the next could not fill, has its mode and time in the end" {
    [ "$(id -u)" -eq 0 ] || skip 'only root can be somebody else'
    mkdir -p tree/d
    echo x >tree/d/x
    chmod 0 tree/d/x
    chmod 750 tree/d
    chown -R 65534:65534 tree
    dated tree/d
    for _ in 1 2; do
        receive in
        as_nobody send tree
        ended 1 1
    done
    chmod 644 tree/d/x
    dated tree/d
    receive in
    as_nobody send tree
    ended 0 0
    same tree in/tree
    nothing_left in
}

@test "a directory without write permission is filled by the next session, also by who is not root" {
    [ "$(id -u)" -eq 0 ] || skip 'only root can be somebody else'
    mkdir -p tree/d target
    echo x >tree/d/x
    echo y >tree/d/y
    chmod 0 tree/d/x
    chmod 555 tree/d
    chown -R 65534:65534 tree target
    dated tree/d
    for wanted in 1 0; do
        rm -f heard
        setpriv --reuid=65534 --regid=65534 --clear-groups env "PATH=$PATH" \
            zrecv --print-port 127.0.0.1:0 target 2>heard </dev/null &
        receiver=$!
        take_port heard
        as_nobody send tree
        ended $wanted $wanted
        chmod 644 tree/d/x
    done
    same tree target/tree
    nothing_left target
    chmod -R u+w tree target
}

@test "what could not be brought to the disk is refused, and the next session sends it again" {
    can_trace
    random_file like 70000000
    rm -f heard
    traced /dev/null fdatasync -e inject=fdatasync:error=EIO:when=1 \
        zrecv --print-port --resume-wait=0 127.0.0.1:0 in 2>heard </dev/null &
    receiver=$!
    take_port heard
    send like
    ended 7 7
    grep -q "^zsend: .*'like': Input/output error$" said
    [ ! -e in/like ]
    passes '' like
    cmp like in/like
}

@test "a file that fails twice, in a write and then on its way to the disk, is refused once" {
    can_trace
    random_file like 9000001
    rm -f heard
    (
        trap '' XFSZ
        ulimit -f 6000
        traced /dev/null fdatasync -e inject=fdatasync:error=EIO:when=1 \
            zrecv --print-port --resume-wait=0 127.0.0.1:0 in 2>heard </dev/null
    ) &
    receiver=$!
    take_port heard
    send like
    ended 7 7
    [ "$(grep -c "'like': " heard)" -eq 1 ]
    [ "$(grep -c "'like': " said)" -eq 1 ]
    [ ! -e in/like ]
}

@test "when the file system has lost something at the end, the next session sends everything again" {
    can_trace
    random_file x 200000
    rm -f heard
    traced /dev/null syncfs -e inject=syncfs:error=EIO zrecv --print-port 127.0.0.1:0 in 2>heard </dev/null &
    receiver=$!
    take_port heard
    send x
    ended 7 7
    grep -q "cannot bring the directory to the disk: Input/output error$" said
    receive in
    between
    send x
    ended 0 0
    [ "$(went up)" -gt 200000 ]
    cmp x in/x
    nothing_left in
}

@test "standard output is on the disk, if it is a file, and what keeps it from there is told" {
    can_trace
    random_file like 3000001
    for fsync in '' --no-fsync; do
        rm -f heard
        traced trace fsync,fdatasync,syncfs zrecv $fsync --print-port 127.0.0.1:0 - >copy 2>heard </dev/null &
        receiver=$!
        take_port heard
        send like
        ended 0 0
        cmp like copy
        [ -z "$fsync" ] || run -1 grep 'sync(' trace
        [ "$fsync" ] || grep -q 'fsync(1' trace
    done
    rm -f heard
    traced /dev/null fsync -e inject=fsync:error=EIO zrecv --print-port 127.0.0.1:0 - >copy 2>heard </dev/null &
    receiver=$!
    take_port heard
    send like
    ended 7 7
    grep -q "^zsend: .*cannot bring 'standard output' to the disk: Input/output error$" said
    rm -f heard
    zrecv --print-port 127.0.0.1:0 - > >(cat >copy) 2>heard </dev/null & # a pipe has no disk
    receiver=$!
    take_port heard
    send like
    ended 0 0
}

@test "a file that has to be read once more takes its time, and nobody takes that for silence" {
    can_trace
    random_file like 9000001
    receive --resume-wait=0 in
    between --up=8000000
    send like
    ended 4 4
    kill "$proxy"
    receive --timeout=2 in # it was just made when it was sent, so it is read
    sent=0
    traced /dev/null pread64 -P like -e inject=pread64:delay_enter=250000 \
        timeout 60 zsend --timeout=2 like "127.0.0.1:$port" 2>said || sent=$?
    ended 0 0
    grep -q 'it had just been changed' said
    cmp like in/like
}

@test "links and FIFOs that may be replaced get their attributes, and --skip-existing passes over them aloud" {
    mkdir tree in/tree
    mkfifo -m 640 tree/fifo
    mkfifo -m 600 in/tree/fifo
    ln -s fifo tree/link
    ln -s fifo in/tree/link
    dated tree/fifo tree/link
    receive -v --skip-existing in
    send -v tree
    ended 0 0
    has_line said "^zsend: passed over 'tree/fifo'$"
    has_line heard "^zrecv: passed over 'tree/link'$"
    [ "$(stat -c %a in/tree/fifo)" = 600 ]
    passes --overwrite tree
    same tree in/tree
}

@test "--overwrite takes extended attributes from a directory that the sender does not have" {
    mkdir tree in/tree
    setfattr -n user.old -v 1 in/tree 2>/dev/null || skip 'no extended attributes here'
    setfattr -n user.new -v 2 tree
    receive --overwrite --accept=xattrs in
    send --xattrs tree
    ended 0 0
    [ "$(getfattr -d in/tree | grep -c '^user')" -eq 1 ]
    getfattr -d in/tree | grep -q '^user.new="2"$'
}

@test "directories beside one that has to wait for a file have their modes and times as well" {
    mkdir -p tree/{1..8}
    for i in {1..8}; do
        random_file "tree/$i/x" 60000
        for name in {1..60}; do
            echo "$name" >"tree/$i/$name"
        done
    done
    chmod 755 tree/*
    dated tree/* tree
    receive --plain in
    between --up=100000 --how=flip
    send --plain tree
    ended 0 0
    same tree in/tree
    nothing_left in
}

@test "extended attributes that cannot be read are missed, and sent by the same command later" {
    can_trace
    ! is_sanitized zsend || skip 'no strace under a sanitizer'
    mkdir -p tree/inner
    random_file tree/inner/like 100000
    setfattr -n user.key -v value tree tree/inner tree/inner/like 2>/dev/null || skip 'no extended attributes here'
    for case in fgetxattr:{1,2} openat:{1..40}; do
        rm -rf in
        mkdir in
        receive --plain --accept=xattrs in
        sent=0
        traced log "${case%:*}" -e inject="${case%:*}:error=EIO:when=${case#*:}" \
            timeout 60 zsend --plain --xattrs tree "127.0.0.1:$port" 2>said || sent=$?
        if [ "$sent" -ne 0 ]; then
            kill "$receiver" 2>/dev/null || true
            status_of "$receiver"
            [ -s said ]
            receive --plain --accept=xattrs in
            send --plain --xattrs tree
        fi
        ended 0 0
        for name in tree tree/inner tree/inner/like; do
            [ "$(getfattr --only-values -n user.key "in/$name")" = value ]
        done
    done
    run ! grep INJECTED log
}

@test "with --no-fsync, what close(2) says of a file is no success" {
    can_trace
    ! is_sanitized zrecv || skip 'no strace under a sanitizer'
    random_file like 100000
    for to in in -; do
        receive --no-fsync --resume-wait=0 "$to"
        strace -f -o trace -p "$receiver" -e trace=close -e inject=close:error=EDQUOT 2>attached &
        wait_for has_line attached attached
        send like
        ended 7 7
        grep -q 'Disk quota exceeded' heard
        [ ! -e in/like ]
    done
}
