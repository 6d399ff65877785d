# SPDX-License-Identifier: MIT
# zrecv killed before any call that changes something: the next one makes the whole tree, or both ends do not say 0.
# shellcheck disable=SC2030,SC2031,SC2034,SC2154 # every test is a subshell of its own; the helpers set variables
bats_require_minimum_version 1.5.0
load helpers
load sessions

setup_file() {
    one_key
}

setup() {
    session_setup
    can_trace
    is_sanitized zrecv && skip 'the sanitizer makes calls of its own, which are counted'
    mkdir -p tree/inner/empty
    random_file tree/inner/large 5000017
    echo small >tree/small
    ln tree/small tree/second
    ln -s small tree/symbolic
    mkfifo -m 640 tree/fifo
    age tree
    chmod 750 tree tree/inner
}

# killed_at CALL N [OPTION-OF-ZRECV]...: the tree is sent to a zrecv that is killed before its N-th call of that name; of write, the
# first one says the port. False: it had not so many, and has received all.
killed_at() {
    local nth=$2
    [ "$1" != write ] || nth=$((nth + 1))
    rm -rf in heard
    mkdir in
    strace -f -qq -o trace -e trace="$1" -e inject="$1:signal=KILL:when=$nth" \
        zrecv "${@:3}" --plain --print-port 127.0.0.1:0 in 2>heard >taken </dev/null &
    receiver=$!
    take_port heard
    send --plain tree
    if ! wait_for gone "$receiver"; then
        sent='and zrecv runs for ever'
        return 1
    fi
    status_of "$receiver"
    [ "$status" -ne 0 ]
}

# survives CALL [OPTION-OF-ZRECV]...: wherever it is killed, the next session ends well and the tree is the same. $kills counts.
survives() {
    local n=0 existing
    also=(--plain)
    while killed_at "$1" $((n + 1)) "${@:2}"; do
        n=$((n + 1))
        echo "$* $n: $sent"
        existing=
        [ "$sent" -ne 0 ] || existing=--overwrite # it was cleaning up: the same once more is another transfer
        [ "$sent" -ne 0 ] || same tree in/tree
        passes "--plain $existing ${*:2}" tree
        same tree in/tree
    done
    [ "$sent" = 0 ]
    same tree in/tree
    nothing_left in
    kills=$((kills + n))
}

@test "killed before any call that makes a name" {
    kills=0
    for call in mkdirat symlinkat mknodat linkat renameat renameat2 unlinkat; do
        survives "$call"
    done
    [ "$kills" -ge 14 ]
}

@test "killed before any call that writes" {
    kills=0
    for call in write pwrite64 ftruncate sendto; do
        survives "$call"
    done
    [ "$kills" -ge 20 ]
}

@test "killed before any call that gives attributes, or brings to the disk" {
    kills=0
    for call in fchmod utimensat fsync fdatasync syncfs; do
        survives "$call"
    done
    [ "$kills" -ge 8 ]
}

@test "killed before any call that makes a name or writes, and --no-fsync" {
    kills=0
    for call in mkdirat renameat2 write; do
        survives "$call" --no-fsync
    done
    [ "$kills" -ge 12 ]
}
