# SPDX-License-Identifier: MIT
# Sessions on bad days: sources that cannot be read or that change, full disks, silent peers, altered bytes.
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

teardown() {
    local pids
    pids=$(jobs -p)
    # shellcheck disable=SC2086 # one word a process
    [ -z "$pids" ] || kill -KILL $pids 2>/dev/null || true
    # shellcheck disable=SC2086
    [ -z "$pids" ] || wait $pids 2>/dev/null || true
    ! mountpoint -q "$BATS_TEST_TMPDIR/small" || umount -l "$BATS_TEST_TMPDIR/small"
}

# held [OPTION]... SOURCE...: a zsend with the options is held when 300000 bytes have passed; what is in the connection
# then is much less than the files of these tests have. go_on lets it go on, and waits for both ends; $received is the
# status of zrecv.
held() {
    rm -f gate
    mkfifo gate
    receive ${security:+"$security"} in
    between --up=300000 --how=gate:gate
    start_send ${security:+"$security"} "$@"
    wait_for is_cut
}

go_on() {
    open_gate gate
    sender_ends
    wait_for gone "$receiver"
    status_of "$receiver"
    received=$status
    kill "$proxy"
    echo "zsend $sent, zrecv $received"
    cat said heard
}

# small_disk OPTIONS: mounts a tmpfs at small.
small_disk() {
    mkdir small
    mount -t tmpfs -o "$1" tmpfs small 2>/dev/null || skip "no tmpfs with $1 can be mounted here"
}

# --- sources --------------------------------------------------------------------------------------------------------

@test "a source that cannot be read is named, the others arrive, and both exit 1; it is sent when it can be read" {
    mkdir tree tree/secret
    for i in {1..30}; do echo "$i" | tee "tree/$i" >"tree/secret/$i"; done
    echo x >y
    ours
    chmod 000 tree/7 tree/secret
    receive in
    sent=0
    as_user env "PATH=$PATH" timeout 60 zsend tree y missing "127.0.0.1:$port" 2>said || sent=$?
    ended 1 1
    grep -q "^zrecv: .*: the sender could not send 3 of its files$" heard
    grep -q "tree/7'*: Permission denied" said
    grep -q "tree/secret'*: Permission denied" said
    grep -q "missing'*: No such file or directory" said
    [ "$(wc -l <said)" -eq 3 ]
    [ "$(find in/tree -type f | wc -l)" -eq 29 ]
    cmp y in/y
    [ ! -e in/tree/7 ]
    chmod 644 tree/7
    chmod 755 tree/secret
    mkdir missing
    receive in
    send tree y missing
    ended 0 0
    [ "$(find in/tree -type f | wc -l)" -eq 60 ]
    nothing_left in
}

@test "nothing but sources that are missing is an error, and zrecv has nothing" {
    receive --resume-wait=0 in
    send missing none
    [ "$sent" -eq 1 ]
    grep -q "missing'*: No such file or directory" said
    grep -q "none'*: No such file or directory" said
    [ -z "$(ls in)" ]
}

@test "devices and sockets in a tree are named and left out" {
    mkdir tree
    echo x >tree/x
    python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind("tree/socket")'
    mknod tree/null c 1 3 2>/dev/null || true
    receive in
    send tree
    [ "$sent" -eq 1 ]
    wait_for gone "$receiver"
    grep -q "tree/socket'*: " said
    all_of in/tree x
}

@test "a read error is told for its file, and the others arrive" {
    can_trace
    mkdir tree
    random_file tree/a 100001
    random_file tree/bad 9000001
    random_file tree/c 100001
    for method in read sendfile; do
        rm -rf in/*
        receive --plain in
        sent=0
        traced /dev/null read,pread64,sendfile,splice -P "$PWD/tree/bad" \
            -e inject=read,pread64,sendfile,splice:error=EIO:when=2+ \
            timeout 60 zsend --plain --method=$method tree "127.0.0.1:$port" 2>said || sent=$?
        [ "$sent" -eq 1 ]
        wait_for gone "$receiver"
        grep -q "tree/bad'*: Input/output error" said
        all_of in/tree a c
        cmp tree/a in/tree/a
        cmp tree/c in/tree/c
    done
}

# whole_or_named: the file like is there as it is now, or zsend has ended with 1 and its name; the file rest is there.
whole_or_named() {
    if [ "$sent" -eq 0 ]; then
        cmp like in/like
    else
        [ "$sent" -eq 1 ]
        grep -q "like'*: " said
        [ ! -e in/like ]
    fi
    cmp rest in/rest
}

@test "a source that is cut short while it is sent arrives as it is then, or fails with its own message, and the rest goes on" {
    random_file rest 5000001
    for security in '' --plain; do
        for method in sendfile mmap read; do
            [ "$security$method" != sendfile ] || continue # nobody encrypts on the way
            rm -rf in/*
            random_file like 30000000
            held --method=$method like rest
            truncate -s 500001 like
            go_on
            whole_or_named
        done
    done
}

@test "a source that changes once while it is sent arrives as it is, or fails with its own message" {
    random_file rest 1000
    for security in '' --plain; do
        for change in 'conv=notrunc seek=0' 'conv=notrunc seek=29000000' 'conv=notrunc seek=30000000'; do
            rm -rf in/*
            random_file like 30000000
            held like rest
            # shellcheck disable=SC2086 # several operands
            printf changed | dd of=like bs=1 status=none $change
            go_on
            whole_or_named
        done
    done
}

@test "a source that never keeps still fails with its own message, and the rest goes on" {
    random_file like 20000000
    random_file rest 100001
    receive in
    while :; do
        printf "%s" "$RANDOM" | dd of=like bs=1 seek=$((RANDOM * 600)) conv=notrunc status=none
    done &
    writer=$!
    send --bwlimit=40M like rest # so slowly that the writer has its turns
    kill "$writer"
    ended 1 1
    grep -q "like'*: " said
    all_of in rest .zrecv.d
    cmp rest in/rest
    receive in
    send like rest
    ended 0 0
    all_of in like rest
    cmp like in/like
}

@test "a source that is replaced or removed while it is sent arrives as it was" {
    random_file like 30000000
    cp like was
    echo x >rest
    held like rest
    rm like
    go_on
    # it may be told as a change; what is there is never something else
    [ "$sent" -eq 0 ] || grep -q "like'*: " said
    [ ! -e in/like ] || cmp was in/like
    [ "$sent" -ne 0 ] || [ -e in/like ]
    cmp rest in/rest
}

# --- room -----------------------------------------------------------------------------------------------------------

@test "a file for which there is no room is refused early, with 7 at both ends" {
    random_file like 30000000
    echo x >rest
    small_disk size=4M
    for security in '' --plain; do
        receive ${security:+"$security"} small
        between
        send ${security:+"$security"} like rest
        ended 7 7
        grep -q "like'*: .*No space left on device" said
        [ "$(went up)" -lt 20000000 ]
        kill "$proxy"
        cmp rest small/rest
        rm -rf small/rest small/.zrecv.d
    done
}

@test "a disk that becomes full ends with 7 at both ends, and with room again all goes on" {
    mkdir tree
    for name in a b c; do random_file "tree/$name" 6000000; done
    age tree
    for security in '' --plain; do
        small_disk size=10M
        receive ${security:+"$security"} small
        send ${security:+"$security"} tree
        ended 7 7
        grep -q "No space left on device" said
        [ "$(find small/tree -type f | wc -l)" -eq 1 ]
        mount -o remount,size=40M small
        receive ${security:+"$security"} small
        between
        send ${security:+"$security"} tree
        ended 0 0
        same tree small/tree
        nothing_left small
        [ "$(went up)" -lt 12500000 ]
        kill "$proxy"
        umount small
        rmdir small
    done
}

@test "a stream that fills the disk ends with a failure at both ends, and leaves nothing of its name" {
    random_file like 9000000
    small_disk size=4M
    receive --resume-wait=0 small
    send --name=like - < <(cat like)
    ended 7 7
    grep -q "No space left on device" said
    [ ! -e small/like ]
}

@test "a directory that cannot be written, or is none, ends zrecv or refuses what comes" {
    echo x >like
    ours
    mkdir closed
    run timeout 20 zrecv 127.0.0.1:0 missing </dev/null
    [ "$status" -eq 1 ]
    [[ $output == *missing* ]]
    run timeout 20 zrecv 127.0.0.1:0 like </dev/null
    [ "$status" -eq 1 ]
    [[ $output == *like* ]]
    chmod 555 closed
    rm -f heard
    chown 1:1 closed
    setpriv --reuid=65534 --regid=65534 --clear-groups env "PATH=$PATH" \
        zrecv --print-port --resume-wait=0 127.0.0.1:0 closed 2>heard &
    receiver=$!
    wait_for grep -q . heard
    if has_line heard '^[0-9][0-9]*$'; then
        take_port heard
        send like
        [ "$sent" -eq 7 ]
    fi
    status_of "$receiver"
    [ "$status" -eq 1 ] || [ "$status" -eq 7 ]
}

# --- the network ----------------------------------------------------------------------------------------------------

@test "a peer that is silent for --timeout is told as that by both sides" {
    random_file like 9000001
    for security in '' --plain; do
        receive ${security:+"$security"} --timeout=1 --resume-wait=0 in
        between --up=3000000 --how=stall
        send ${security:+"$security"} --timeout=1 like
        ended 8 8
        kill "$proxy"
    done
    start_peer hold # one that does not even say hello
    send --timeout=1 like
    [ "$sent" -eq 8 ]
}

@test "a long wait for the disk is no silence" {
    can_trace
    random_file like 9000001
    rm -f heard
    traced /dev/null fdatasync,fsync -e inject=fdatasync,fsync:delay_exit=3500000:when=1 \
        zrecv --print-port 127.0.0.1:0 in 2>heard &
    receiver=$!
    take_port heard
    send --timeout=2 like
    ended 0 0
    cmp like in/like
}

@test "one byte that is altered on the way breaks an encrypted session, and the next goes on" {
    random_file like 9000001
    for at in 10 700 100000 5000000; do
        rm -f in/*
        receive in
        direct=$port
        between --up=$at --how=flip
        send like
        [ "$sent" -eq 4 ] || [ "$sent" -eq 6 ]
        [ ! -e in/like ]
        kill "$proxy"
        port=$direct
        send like
        ended 0 0
        cmp like in/like
    done
}

@test "one byte of a file that is altered on the way is noticed with --plain and with --no-key, and sent again" {
    random_file like 9000001
    for case in --plain:xxh3:100000 --plain:sha256:5000000 --no-key:blake2b:8900000 --no-key:xxh3:5000000; do
        IFS=: read -r security hash at <<<"$case"
        rm -f in/*
        receive "$security" in
        between "--up=$at" --how=flip
        send "$security" "--hash=$hash" like
        ended 0 0
        cmp like in/like
        [ "$(went up)" -gt 9090000 ]
        kill "$proxy"
    done
}

@test "a byte of every chunk altered for ever is exit status 5 or 4, and never a wrong file" {
    random_file like 3000001
    receive --plain --resume-wait=0 in
    between --up=1000000 --how=flips
    send --plain like
    [ "$sent" -eq 4 ] || [ "$sent" -eq 5 ]
    [ ! -e in/like ]
}
