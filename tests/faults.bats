#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Failing, interrupted and short system calls: every byte arrives or somebody says that it did not.
#
# The long campaign, each errno at every k-th call, is: FAULTS=all tests/run build -- tests/faults.bats
# shellcheck disable=SC2030,SC2031,SC2034,SC2154 # tests are subshells and share variables with faults/*.bash
bats_require_minimum_version 1.5.0
load helpers
load faults/transfer
load faults/matrix

setup() {
    cd "$BATS_TEST_TMPDIR" || return 1
    ! is_sanitized zcat-net asan || skip 'neither strace nor preloading goes with a sanitizer'
    random_file data 800000
}

refusals='EINVAL ENOSYS EOPNOTSUPP EXDEV EPERM EACCES'
again='EINTR EAGAIN'

# Several calls for a file of this size: the rate bounds what one of them may move.
by_file() {
    sender=(zsend --raw --bwlimit=20M "$@" data 127.0.0.1:PORT)
}

from_pipe() {
    input=pipe
    sender=("$@")
}

zcat_net_sends() {
    from_pipe zcat-net -n "$@" 127.0.0.1 PORT
}

zsend_pipes() {
    from_pipe zsend --raw "$@" - 127.0.0.1:PORT
}

receiver_with() {
    receiver=(zcat-net -n -l -d --print-port "$@" 127.0.0.1 0)
}

# --- the calls that move bytes -------------------------------------------------------------------------------------

@test "zcat-net sends all or says what failed, whichever splice fails" {
    can_trace
    zcat_net_sends
    few=6 matrix sender splice "$refusals $again" 'EIO EPIPE ECONNRESET ENOMEM ETIMEDOUT'
}

@test "zcat-net receives all or says what failed, whichever splice to a file fails" {
    can_trace
    few=6 matrix receiver splice "$refusals $again" 'EIO ENOSPC EDQUOT EFBIG ECONNRESET'
}

@test "zcat-net receives all or says what failed, whichever splice to a pipe fails" {
    can_trace
    output=pipe
    few=6 matrix receiver splice "$refusals $again" 'EIO EPIPE ECONNRESET'
}

@test "zsend sends all or says what failed, whichever splice from a pipe fails" {
    can_trace
    zsend_pipes
    few=6 matrix sender splice "$refusals $again" 'EIO EPIPE ECONNRESET ENOMEM'
}

@test "zsend sends all or says what failed, whichever sendfile fails" {
    can_trace
    by_file
    matrix sender sendfile "$refusals $again ENOMEM" 'EIO EPIPE ECONNRESET ENOBUFS ETIMEDOUT'
}

@test "zsend sends all or says what failed, whichever mapping of the file fails" {
    can_trace
    by_file --method=mmap,read
    matrix sender mmap "$refusals ENODEV ENOMEM ENFILE" 'EAGAIN EIO' "$PWD/data"
}

@test "zsend sends all or says what failed, whichever read of the file fails" {
    can_trace
    by_file --method=read
    matrix sender read "$again" 'EIO EINVAL EPERM EISDIR' "$PWD/data"
}

@test "zsend sends all or says what failed, whichever send fails" {
    can_trace
    by_file --method=read
    matrix sender sendto "$again" 'EPIPE ECONNRESET ENOBUFS ENOMEM EINVAL EACCES'
}

@test "zcat-net sends all or says what failed, whichever read fails" {
    can_trace
    zcat_net_sends --method=read
    first_own zcat-net read
    matrix sender read "$again" 'EIO EINVAL'
}

@test "zcat-net sends all or says what failed, whichever send fails" {
    can_trace
    zcat_net_sends --method=read
    matrix sender sendto "$again" 'EPIPE ECONNRESET ENOBUFS ENOMEM EINVAL'
}

@test "zcat-net receives all or says what failed, whichever read fails" {
    can_trace
    receiver_with --method=read
    first_own zcat-net read
    matrix receiver read "$again" 'EIO ECONNRESET'
}

@test "zcat-net receives all or says what failed, whichever write of standard output fails" {
    can_trace
    receiver_with --method=read
    matrix receiver write "$again" 'ENOSPC EIO EDQUOT EFBIG EINVAL EPERM' "$PWD/out"
    output=pipe
    matrix receiver write "$again" 'EPIPE EIO' "$PWD/out.fifo"
}

# --- the calls around them ------------------------------------------------------------------------------------------

@test "without a private pipe, every command goes on by other means" {
    can_trace
    matrix receiver pipe2 'EMFILE ENFILE ENOMEM ENOSYS EPERM' ''
    zcat_net_sends
    matrix sender pipe2 'EMFILE ENFILE ENOMEM ENOSYS EPERM' ''
    zsend_pipes
    matrix sender pipe2 'EMFILE ENFILE ENOMEM ENOSYS EPERM' ''
}

@test "no failing fcntl, as of the size of a pipe, stops a transfer" {
    can_trace
    matrix receiver fcntl 'EPERM EINVAL EBUSY ENOMEM EINTR' ''
    output=pipe
    matrix receiver fcntl 'EPERM EINVAL EBUSY ENOMEM EINTR' ''
    zcat_net_sends
    matrix sender fcntl 'EPERM EINVAL EBUSY ENOMEM EINTR' ''
    by_file
    matrix sender fcntl 'EPERM EINVAL EBUSY ENOMEM EINTR' ''
}

@test "zcat-net survives an interrupted poll and is honest about a failing one" {
    can_trace
    matrix receiver poll 'EINTR' 'ENOMEM EINVAL EAGAIN'
    zcat_net_sends
    matrix sender poll 'EINTR' 'ENOMEM EINVAL EAGAIN'
}

@test "zsend survives an interrupted poll and is honest about a failing one" {
    can_trace
    zsend_pipes
    matrix sender poll 'EINTR' 'ENOMEM EINVAL EAGAIN'
    by_file
    matrix sender poll 'EINTR' 'ENOMEM EINVAL EAGAIN'
}

@test "both commands say why they could not connect" {
    can_trace
    local errnos='ECONNREFUSED ETIMEDOUT EHOSTUNREACH ENETUNREACH EACCES EADDRNOTAVAIL EAGAIN'
    zcat_net_sends
    matrix sender connect '' "$errnos"
    by_file
    matrix sender connect '' "$errnos"
    # The call is replaced, so that no connection is under way as these two would have it.
    other_words=yes matrix sender connect '' 'EINTR EINPROGRESS'
    zcat_net_sends
    other_words=yes matrix sender connect '' 'EINTR EINPROGRESS'
}

@test "a listening zcat-net waits on when one accept fails in passing, and says when it fails for good" {
    can_trace
    matrix receiver accept4 "$again ECONNABORTED EPROTO ENETDOWN" 'EMFILE ENFILE ENOMEM ENOBUFS EINVAL EPERM'
}

@test "neither command starts to move bytes without a socket, an eventfd, a signalfd or a thread" {
    can_trace
    local call
    for call in socket eventfd2 signalfd4 clone3; do
        receiver_with
        other_words=$([ $call != clone3 ] || echo yes)
        matrix receiver $call '' 'EMFILE ENOMEM'
        zcat_net_sends
        matrix sender $call '' 'EMFILE ENOMEM'
        by_file
        matrix sender $call '' 'EMFILE ENOMEM'
    done
}

@test "a listening zcat-net says why it could not listen" {
    can_trace
    matrix receiver bind '' 'EADDRINUSE EADDRNOTAVAIL EACCES'
    matrix receiver listen '' 'EADDRINUSE EOPNOTSUPP'
}

@test "a half-close that fails is an error and not a hang" {
    can_trace
    zcat_net_sends
    matrix sender shutdown '' 'EACCES ENOBUFS'
    by_file
    matrix sender shutdown '' 'EACCES ENOBUFS'
}

@test "exit 0 does not depend on a socket option that could not be set or read" {
    can_trace
    local call
    for call in setsockopt getsockopt; do
        matrix receiver $call '' 'ENOMEM EPERM ENOPROTOOPT EINVAL'
    done
    zcat_net_sends
    for call in setsockopt getsockopt; do
        matrix sender $call '' 'ENOMEM EPERM ENOPROTOOPT EINVAL'
    done
    by_file
    for call in setsockopt getsockopt; do
        matrix sender $call '' 'ENOMEM EPERM ENOPROTOOPT EINVAL'
    done
}

@test "what the receiver says is received in spite of interruptions, and a reset that shows there is an error" {
    can_trace
    by_file
    matrix sender recvfrom "$again" 'ECONNRESET ETIMEDOUT EHOSTUNREACH'
}

@test "zcat-net does not mind interruptions when it throws away what is left in a socket" {
    can_trace
    zcat_net_sends
    matrix sender recvfrom "$again" 'ECONNRESET'
}

@test "a missing standard input that cannot be filled is an error with a message" {
    can_trace
    local command
    for command in zcat-net zsend; do
        run -1 --separate-stderr strace -qq -o log -P /dev/null -e trace=openat -e inject=openat:error=ENOENT \
            bash -c "exec $command --version 0<&-"
        was_disturbed
        [[ $stderr == "$command: "*": No such file or directory" ]]
    done
}

@test "out of memory at any moment, both commands finish or fail aloud" {
    can_trace
    other_words=yes few=20
    first_own zcat-net mmap
    matrix receiver mmap '' 'ENOMEM'
    zcat_net_sends
    matrix sender mmap '' 'ENOMEM'
    first_own zsend mmap
    by_file --method=mmap
    matrix sender mmap '' 'ENOMEM'
}

# --- the ladder of methods ------------------------------------------------------------------------------------------

# moved_by SIDE METHOD: bytes, from --stats.
moved_by() {
    sed -n "s/.*CPU\/GiB.*, $2 \([0-9]*\).*/\1/p" "$1.err" | grep . || echo 0
}

# refuse SIDE CALL ERRNO WHEN: one transfer with that fault, which has to succeed.
refuse() {
    disturb "$@"
    transfer
    show_transfer
    succeeded && was_disturbed
}

@test "where splice does not exist, everything goes by read" {
    can_trace
    receiver_with --stats
    refuse receiver splice ENOSYS 1+
    [ "$(moved_by receiver read)" -eq 800000 ]
    zcat_net_sends --stats
    refuse sender splice ENOSYS 1+
    [ "$(moved_by sender read)" -eq 800000 ]
    zsend_pipes --stats
    refuse sender splice ENOSYS 1+
    [ "$(moved_by sender read)" -eq 800000 ]
}

@test "where sendfile is forbidden, zsend goes on by splice, and where that is too, by read" {
    can_trace
    by_file --stats
    refuse sender sendfile EPERM 1+
    [ "$(moved_by sender splice)" -eq 800000 ]
    refuse sender sendfile,splice EPERM 1+
    [ "$(moved_by sender read)" -eq 800000 ]
}

@test "a refusal in mid-stream changes the method for the rest, and each byte is counted once" {
    can_trace
    local k splice
    zsend_pipes --stats
    receiver_with --stats
    for k in 2 3 4; do
        refuse sender splice EINVAL "$k"
        splice=$(moved_by sender splice)
        [ "$((splice + $(moved_by sender read)))" -eq 800000 ]
        [ "$splice" -gt 0 ] || [ "$k" -lt 3 ]
        refuse receiver splice EINVAL "$k"
        splice=$(moved_by receiver splice)
        [ "$((splice + $(moved_by receiver read)))" -eq 800000 ]
        [ "$splice" -gt 0 ] || [ "$k" -lt 3 ]
    done
}

@test "a method that is the only one allowed and does not exist is an error that names the pair and the reason" {
    can_trace
    zsend_pipes --method=splice
    disturb sender splice ENOSYS 1+
    transfer
    show_transfer
    [ "$sent" -eq 1 ]
    [ "$received" -eq 1 ]
    grep "^zsend: .*pipe.*stream socket.*: Function not implemented$" sender.err
}

# --- whose fault it was ---------------------------------------------------------------------------------------------

# blames SIDE MESSAGE: the disturbed transfer fails on both sides, and that side says so.
blames() {
    transfer
    show_transfer
    [ "$sent" -ne 0 ]
    [ "$received" -ne 0 ]
    grep -qx "$2" "$1.err"
}

@test "an error of a splice is blamed on the side it came from" {
    can_trace
    zsend_pipes
    disturb sender splice EIO 1
    blames sender "zsend: error reading 'standard input': Input/output error"
    disturb sender splice EIO 2
    blames sender "zsend: error writing '127.0.0.1:[0-9]*': Input/output error"
    disturb receiver splice EIO 1
    blames receiver "zcat-net: error reading '127.0.0.1:[0-9]*': Input/output error"
    disturb receiver splice ENOSPC 2
    blames receiver "zcat-net: error writing 'standard output': No space left on device"
}

@test "an error of sendfile is blamed on the file if that cannot be read, else on the receiver" {
    can_trace
    by_file
    disturb sender sendfile EIO 2
    blames sender "zsend: error writing '127.0.0.1:[0-9]*': Input/output error"
    disturb sender sendfile,pread64 EIO 1 "$PWD/data"
    blames sender "zsend: error reading 'data': Input/output error"
}

# --- short and interrupted calls ------------------------------------------------------------------------------------

# meddled SIDE CALL: the preloaded helper has cut short or failed such a call there.
meddled() {
    awk -v call="$2" '$1 == call && $2 + $3 > 0 { found = 1 } END { exit !found }' "$1.report"
}

# one_short_transfer CALL: with both sides meddled with, all arrives; CALL is the one that the sender uses.
one_short_transfer() {
    rm -f sender.report receiver.report
    transfer
    if succeeded && meddled sender "$1" && { meddled receiver splice || meddled receiver read; }; then
        return
    fi
    echo "${sender[*]} with $input, ${receiver[*]} with $output:"
    show_transfer
    cat sender.report receiver.report
    return 1
}

# every_receiver CALL: that sender with each way to receive.
every_receiver() {
    local method
    for output in file pipe append; do
        for method in splice read; do
            [ "$output $method" != 'append splice' ] || continue # no file opened for appending can be spliced to
            receiver_with "--method=$method"
            one_short_transfer "$1" || return 1
        done
    done
}

# every_pair SETTING...: each command, method, kind of input and kind of output, with these variables for the helper.
every_pair() {
    local helper=${ZCOPY_BUILD:-$BATS_TEST_DIRNAME/../build}/tests/short.so method call
    around_sender=(env "LD_PRELOAD=$helper" SHORT_REPORT=sender.report "$@")
    around_receiver=(env "LD_PRELOAD=$helper" SHORT_REPORT=receiver.report "$@")
    for input in file pipe socket; do
        for method in sendfile splice mmap read; do
            case $method in
            sendfile | mmap) [ $input = file ] || continue ;;
            esac
            call=${method/mmap/send}
            sender=(zcat-net -n "--method=$method$([ $method = read ] || echo ,read)" 127.0.0.1 PORT)
            every_receiver "$call" || return 1
            sender=(zsend --raw "--method=$method" - 127.0.0.1:PORT)
            every_receiver "$call" || return 1
        done
    done
}

@test "no byte is lost or repeated when every call moves seven bytes at most" {
    random_file data 10000
    every_pair SHORT=7
}

@test "no byte is lost or repeated when short calls and whole ones alternate" {
    every_pair SHORT=4095 SHORT_WHOLE=3
}

@test "no byte is lost or repeated when every second call is interrupted and the others are short" {
    every_pair SHORT=30001 SHORT_FAIL=2
}

@test "no byte is lost or repeated when every third call says EAGAIN although all is ready" {
    every_pair SHORT=30001 SHORT_FAIL=3 SHORT_ERRNO=11
}
