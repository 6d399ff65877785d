# SPDX-License-Identifier: MIT
# Sources that let a session down: pages and bytes that cannot be read, files that go, names that are two things.
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

@test "a page that cannot be read in is an error with its file, and no zeros arrive in its place" {
    is_sanitized zsend && skip 'no preloading under a sanitizer'
    random_file like 9000001
    random_file rest 100001
    receive in
    sent=0
    LD_PRELOAD="${ZCOPY_BUILD:-$BATS_TEST_DIRNAME/../build}/tests/short.so" SHORT_MAP=1048576 \
        timeout 60 zsend like rest "127.0.0.1:$port" 2>said || sent=$?
    ended 1 1
    has_line said "^zsend: error reading 'like': Input/output error$"
    [ ! -e in/like ]
    cmp rest in/rest
}

@test "a read error in the middle of a chunk has its errno and exit status 1, by every method" {
    can_trace
    random_file like 9000001
    random_file rest 100001
    for case in :read ':mmap' --plain:read --plain:sendfile --plain:splice; do
        rm -rf in
        mkdir in
        receive ${case%:*} in
        sent=0
        traced /dev/null read,pread64,sendfile,splice -P "$PWD/like" \
            -e inject=read,pread64,sendfile,splice:error=EIO:when=4+ \
            timeout 60 zsend ${case%:*} --method="${case#*:}" like rest "127.0.0.1:$port" 2>said || sent=$?
        if [ "$case" = :mmap ] && [ "$sent" -eq 0 ]; then # which reads no byte of it by a call
            cmp like in/like
            ended 0 0
        else
            ended 1 1
            has_line said "^zsend: error reading 'like': Input/output error$"
            [ ! -e in/like ]
        fi
        cmp rest in/rest
    done
}

# has_heard N: an event: zrecv, traced, has received so often.
has_heard() {
    [ "$(grep -c 'recvfrom(.* = [1-9]' trace)" -ge "$1" ]
}

@test "a file that another process has leased is waited for, while the receiver hears of the sender" {
    can_trace
    random_file like 100001
    hold_lease like
    rm -f heard
    traced trace recvfrom timeout 60 zrecv --plain --print-port 127.0.0.1:0 in 2>heard </dev/null &
    receiver=$!
    take_port heard
    start_send --plain like
    wait_for has_line lease wanted
    # In less than the 45 seconds after which the kernel ends a lease.
    ZCOPY_PATIENCE=30 wait_for has_heard "$(($(grep -c 'recvfrom(.* = [1-9]' trace) + 3))"
    open_gate gate
    sender_ends
    ended 0 0
    cmp like in/like
}

@test "a session that breaks off while a leased file is waited for is no failure of the file" {
    random_file like 100001
    hold_lease like
    receive in
    start_send like
    wait_for has_line lease wanted
    kill -KILL "$receiver"
    sender_ends
    open_gate gate
    [ "$sent" -eq 4 ]
    run ! grep 'cannot open' said
    has_line said 'the session broke off'
}

# goes_on_to_its_end: an event: the sender, which stops once, and goes on when it is told to, has ended.
goes_on_to_its_end() {
    pkill -CONT -f "zsend --plain tree/like tree/rest 127.0.0.1:$port"
    gone "$sender"
}

@test "a file that is asked for again and is gone is no reason to wait for ever" {
    mkdir tree
    random_file tree/like 100001
    printf CHANGED | dd of=tree/like bs=1 seek=50000 conv=notrunc status=none
    random_file tree/rest 9000001
    receive --plain in
    between --up=50000 --how=flip
    # It goes when it has been sent, and before zsend opens the next one.
    traced /dev/null openat -P tree/rest -e inject=openat:signal=STOP:when=1 \
        timeout 60 zsend --plain tree/like tree/rest "127.0.0.1:$port" 2>said &
    sender=$!
    wait_for is_cut
    rm tree/like
    wait_for goes_on_to_its_end
    sender_ends
    [ "$sent" -eq 1 ]
    grep -q "^zsend: cannot open 'tree/like': No such file or directory$" said
    wait_for gone "$receiver"
    status_of "$receiver"
    [ "$status" -eq 5 ]
    [ ! -e in/like ]
    cmp tree/rest in/rest
}

@test "two operands that would have one name are refused before anything is sent" {
    mkdir a b
    echo one >a/x
    echo two >b/x
    receive --resume-wait=0 --overwrite in
    for operands in 'a/x b/x' 'a/. b/.' 'a b/../a' 'a/x - --name=x'; do
        read -ra words <<<"$operands"
        send "${words[@]}" </dev/null
        [ "$sent" -eq 2 ]
        grep -q ': another one that is to be sent has the same name there$' said
    done
    send a b
    ended 0 0
    cmp b/x in/b/x
}

@test "--owner and --xattrs make another transfer: what was complete without them is not passed over" {
    [ "$(id -u)" -eq 0 ] || skip 'only root can give files away'
    mkdir tree
    random_file tree/a 100001
    random_file tree/b 9000001
    chown 1234:2345 tree/a tree/b
    receive --accept=owner --resume-wait=0 in
    between --up=5000000
    send tree/a tree/b
    ended 4 4
    kill "$proxy"
    receive --accept=owner --overwrite in
    send --owner tree/a tree/b
    ended 0 0
    [ "$(stat -c %u:%g in/a in/b)" = $'1234:2345\n1234:2345' ]
}

@test "files of /sys, which say that they have a page, arrive with what they read as" {
    [ "$(stat -c %s /sys/kernel/uevent_seqnum)" -gt "$(wc -c </sys/kernel/uevent_seqnum)" ] || skip 'no /sys here'
    truncate -s 100K hole # of which the last byte is there
    for how in '' --plain; do
        rm -rf in
        mkdir in
        receive ${how:+"$how"} in
        send ${how:+"$how"} /sys/kernel/uevent_seqnum hole
        ended 0 0
        grep -qx '[0-9]*' in/uevent_seqnum
        cmp hole in/hole
    done
}

@test "files of /proc, which say that they are empty, arrive with what they read as" {
    cat /proc/version >version
    for how in '' --plain; do
        rm -f in/*
        receive ${how:+"$how"} in
        send ${how:+"$how"} /proc/version /proc/self/status
        ended 0 0
        cmp version in/version
        grep -q '^Name:.*zsend$' in/status
        receive ${how:+"$how"} -
        send ${how:+"$how"} /proc/version
        ended 0 0
        cmp version taken
    done
    receive in
    send /proc/self/mem # which cannot be read at its beginning
    ended 1 1
    grep -q "^zsend: error reading '/proc/self/mem': Input/output error$" said
}
