# SPDX-License-Identifier: MIT
# The power goes while zrecv receives: what it has promised is on the disk, and the same transfer can be taken up again.
# shellcheck disable=SC2030,SC2031,SC2034,SC2154 # every test is a subshell of its own; the helpers set variables
bats_require_minimum_version 1.5.0
load helpers
load sessions
load power

setup_file() {
    one_key
}

setup() {
    power_setup
    mkdir -p tree/inner/empty
    random_file tree/inner/large 3000017
    for i in 1 2 3 4 5; do random_file "tree/inner/$i" "${i}0000"; done
    ln tree/inner/1 tree/second
    ln -s inner/1 tree/symbolic
    mkfifo -m 640 tree/fifo
    truncate -s 300000 tree/holes
    echo end >>tree/holes
    age tree
    chmod 750 tree tree/inner
}

# traceable: for tests that count calls.
traceable() {
    can_trace
    is_sanitized zrecv && skip 'the sanitizer makes calls of its own, which are counted'
    cuts=0
}

# cut_at CALL N [OPTION-OF-ZRECV]...: the power goes before the N-th call of that name; of write, the first one says the port. False: zrecv
# had not so many, and has received all.
cut_at() {
    local nth=$2
    [ "$1" != write ] || nth=$((nth + 1))
    new_disk "$kind"
    boots disk
    under=(strace -f -qq -o "$PWD/trace" -e trace="$1" -e inject="$1:signal=KILL:when=$nth")
    receive --plain "${@:3}" "$PWD/mounted"
    send --plain tree
    wait_for gone "$receiver"
    status_of "$receiver"
    power_fails
    [ "$status" -ne 0 ]
}

# survives KIND CALL...: wherever the power goes (POWER=N: at every call, else at some of them), the next session ends well
# and the tree is the same. $cuts counts.
survives() {
    local call n step=6
    [ -z "${POWER:-}" ] || step=1
    kind=$1
    for call in "${@:2}"; do
        n=1
        while cut_at "$call" "$n"; do
            echo "$1 $call $n: $sent"
            cuts=$((cuts + 1))
            all_comes_back "$cuts"
            n=$((n + step))
        done
        [ "$sent" = 0 ]
        existing=--overwrite
        comes_back cut # zsend has said that all is there
    done
}

# moments KIND N: the power goes when so many bytes have gone to zrecv: N numbers at random, always the same ones.
moments() {
    local i at all=3150000
    mkfifo gate
    RANDOM=$2
    for ((i = 0; i < $2; i++)); do
        at=$(((RANDOM * 32768 + RANDOM) % all))
        new_disk "$1"
        boots disk
        under=()
        receive --plain "$PWD/mounted"
        between --up="$at" --how=gate:gate
        start_send --plain tree
        wait_for is_cut
        echo "$1 at $at"
        power_fails
        ends_now "$receiver" "$sender" "$proxy"
        sent=killed
        all_comes_back "$i"
    done
}

# is_put_away: an event: zrecv has brought in what there is for resuming.
is_put_away() {
    has_line heard 'the session broke off' && [[ $(readlink "/proc/$receiver/fd/"*) != */.zrecv.d/* ]]
}

# first_part [OPTION-OF-ZRECV]...: the machine has received the greater part of the file large when the connection breaks.
first_part() {
    random_file large 12000017
    new_disk ext4
    boots disk
    receive --plain "$@" "$PWD/mounted"
    between --up=9000000
    send --plain large
    ended 4
    wait_for is_put_away
}

# second_part MOST [OPTION-OF-ZRECV]...: the machine, which runs again, receives the rest; at most so many bytes are sent.
second_part() {
    receive --plain "${@:2}" "$PWD/mounted"
    between
    send --plain large
    ended 0 0
    cmp large "$disk/large"
    nothing_left "$disk"
    [ "$(went up)" -le "$1" ] || { went up && return 1; }
    ends_now "$machine" "$proxy"
}

@test "the power goes before a call that makes a name, or brings to the disk" {
    traceable
    survives ext4 mkdirat renameat2 fdatasync
    [ "$cuts" -ge 4 ]
}

@test "the power goes before a call that makes a name, on xfs" {
    traceable
    survives xfs renameat2
    [ "$cuts" -ge 2 ]
}

@test "the power goes before any call that changes something (POWER=N in the environment)" {
    [ -n "${POWER:-}" ] || skip 'the long campaign'
    traceable
    survives ext4 write pwrite64 ftruncate fchmod utimensat fsync syncfs linkat symlinkat mknodat unlinkat
    survives xfs mkdirat write fdatasync fsync syncfs unlinkat
}

@test "the power goes at any byte" {
    moments ext4 "${POWER:-2}"
}

@test "what was checked, and on the disk when the power went, is not sent again" {
    first_part
    power_fails
    for image in cut cut-later; do
        boots "$image"
        second_part 4000000
    done
}

@test "what did not have to be on the disk is read after the machine was started anew" {
    first_part --no-fsync
    sync -f "$disk" # it is there nevertheless
    power_fails
    boots cut
    second_part 4000000 --no-fsync
}

@test "of what did not have to be on the disk, that is sent again which is not there as it was" {
    first_part --no-fsync
    sync -f "$disk"
    power_fails
    boots cut
    printf x | dd of="$(echo "$disk"/.zrecv.d/*/1)" bs=1 seek=1000 conv=notrunc status=none
    second_part 8000000 --no-fsync
}

@test "what was nowhere but in memory is sent again" {
    first_part --no-fsync
    power_fails
    boots cut
    second_part 12100000
}

@test "without fsync the power takes what had its name, and the next session says that it is not all there" {
    traceable
    kind=ext4
    n=4 # some are of links and FIFOs, before all is complete
    cut_at unlinkat "$n" --no-fsync
    while [ "$sent" != 0 ]; do
        n=$((n + 1))
        cut_at unlinkat "$n" --no-fsync
    done
    under=()
    boots cut-later
    run all_whole
    [ "$status" -eq 1 ] || skip 'something else has brought it to the disk'
    receive --plain "$PWD/mounted"
    send --plain tree
    ended 7 7
    receive --plain --overwrite "$PWD/mounted"
    send --plain tree
    ended 0 0
    same_tree
}
