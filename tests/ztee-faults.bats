#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Failing, interrupted and short system calls in ztee: every output gets every byte, or is named.
#
# The long campaign, each errno at every k-th call, is: FAULTS=all tests/run build -- tests/ztee-faults.bats
# shellcheck disable=SC2030,SC2031,SC2034,SC2154 # tests are subshells and share variables with faults/*.bash
bats_require_minimum_version 1.5.0
load helpers
load faults/ztee
load faults/matrix

setup() {
    cd "$BATS_TEST_TMPDIR" || return 1
    ! is_sanitized ztee || skip 'neither strace nor preloading goes with a sanitizer'
    export TMPDIR=$PWD
    random_file data 300000
    make_places
    ztee_with
}

refusals='EINVAL ENOSYS EOPNOTSUPP EXDEV EPERM EACCES'
again='EINTR EAGAIN'

# by_file [OPTION]...: more calls for the file, each of which moves less.
by_file() {
    input='file' late=
    ztee_with "$@"
}

# through_buffers [OPTION]...: standard output is read late, and ztee has a file for what it is behind with.
through_buffers() {
    late=yes
    ztee_with --buffer=1M --pipe-size=4096 "$@"
}

# --- the calls that move bytes -------------------------------------------------------------------------------------

@test "every output gets all or is named, whichever tee fails" {
    can_trace
    and_command
    few=2 matrix sender tee 'EINVAL ENOSYS EINTR EAGAIN' 'EIO'
    few=1 first=20 matrix sender tee "$refusals $again ENOMEM" 'EIO EPIPE'
}

@test "every output gets all or is named, whichever splice fails" {
    can_trace
    and_command
    few=3 matrix sender splice 'EINVAL EPERM EINTR EAGAIN' 'EIO ENOSPC'
    few=1 first=9 matrix sender splice "$refusals $again ENOMEM" 'EFBIG ECONNRESET EPIPE'
}

@test "every output gets all or is named, whichever splice or tee of a buffered one fails" {
    can_trace
    through_buffers
    few=1 first=3 matrix sender splice 'EINVAL EAGAIN' 'ENOSPC'
    few=1 first=14 matrix sender splice 'EPERM EINTR' 'EIO'
    few=1 first=5 matrix sender tee 'EINVAL' 'EIO'
}

@test "every output gets all or is named, whichever splice or tee of a file fails" {
    can_trace
    by_file --method=splice,read
    few=2 matrix sender splice 'EINVAL' 'EIO'
    few=2 matrix sender tee 'EINVAL EAGAIN' ''
}

@test "a broken pipe ends ztee by SIGPIPE or is told, whichever call says it" {
    can_trace
    sender=(env --default-signal=PIPE ztee --fd=5 --fd=6 --tcp=127.0.0.1:PORT file)
    ends_early=yes other_words=yes few=3
    matrix sender splice '' 'EPIPE'
    matrix sender tee '' 'EPIPE'
}

@test "with --output-error=exit the first failure ends the run, and the peer does not take what it has for all" {
    can_trace
    ends_early=yes few=2
    ztee_with --output-error=exit
    matrix sender splice '' 'EIO'
    matrix sender tee '' 'EIO'
}

@test "every output gets all or is named, whichever read of standard input fails" {
    can_trace
    ztee_with --method=read
    and_command
    few=2 matrix sender read "$again" 'EIO' "$PWD/in.fifo"
    by_file
    few=1 first=2 matrix sender read "$again" 'EIO' "$PWD/data"
}

@test "every output gets all or is named, whichever write to it fails" {
    can_trace
    local place
    ztee_with --method=read
    for place in out.fifo piped.fifo file append; do
        few=1 first=2 matrix sender write "$again" 'EIO' "$PWD/$place"
    done
    ztee_with
    few=2 matrix sender write '' 'ENOSPC' "$PWD/append"
}

@test "every output gets all or is named, whichever write or read of any descriptor fails" {
    can_trace
    by_file
    first=2 # the first one of a thread may be its message
    few=2 matrix sender write 'EINTR' 'EIO'
    ztee_with --method=splice,read
    first_own ztee read
    few=2 matrix sender read 'EINTR' 'EIO'
}

@test "every output gets all or is named, whichever send fails" {
    can_trace
    ztee_with --method=read
    few=1 first=2 matrix sender sendto "$again" 'EPIPE ECONNRESET ENOBUFS'
}

@test "every output gets all or is named, whichever mapping of a file fails" {
    can_trace
    by_file --method=mmap,read
    few=1 matrix sender mmap 'EINVAL ENODEV' 'EIO' "$PWD/data"
    by_file --method=mmap,splice,read
    few=1 matrix sender mmap 'ENOMEM' 'EAGAIN' "$PWD/data"
    few=1 first=3 matrix sender tee 'EINVAL' 'EIO'
}

@test "every output gets all or is named, whichever call for the file of a buffer fails" {
    can_trace
    through_buffers
    few=1 matrix sender lseek '' 'EIO'
    first_own ztee pread64
    few=1 matrix sender pread64 'EINTR' 'EIO'
    through_buffers --method=read
    first=1
    few=1 matrix sender pwrite64 'EINTR' 'ENOSPC'
}

# --- the calls around them ------------------------------------------------------------------------------------------

@test "without a pipe of its own, ztee goes on by other means" {
    can_trace
    few=3 matrix sender pipe2 'EMFILE ENOMEM' ''
    through_buffers
    few=2 matrix sender pipe2 '' 'ENFILE'
    by_file --method=mmap,splice,read
    few=2 matrix sender pipe2 'EMFILE' ''
}

@test "without a pipe or a process for a command, that is named and the others get all" {
    can_trace
    and_command
    few=1 matrix sender pipe2 '' 'EMFILE'
    other_words=yes
    few=2 matrix sender clone3 '' 'EAGAIN'
    few=1 matrix sender dup2 '' 'EBUSY'
}

@test "no failing fcntl loses a byte" {
    can_trace
    other_words=yes few=8 matrix sender fcntl '' 'EPERM' # a descriptor whose flags cannot be read is called a bad one
}

@test "an output that cannot be opened is named, and the others get all" {
    can_trace
    first_own ztee openat
    few=4 matrix sender openat '' 'EACCES'
    through_buffers
    few=1 matrix sender openat '' 'EMFILE'
    few=1 first=1 matrix sender openat 'EOPNOTSUPP EISDIR' 'ENOSPC' "$PWD"
}

@test "a connection that cannot be made is named, and the others get all" {
    can_trace
    and_command
    few=1 matrix sender connect '' 'ECONNREFUSED ENETUNREACH'
    few=1 matrix sender socket '' 'EMFILE'
}

@test "exit 0 does not depend on a socket option that could not be set or read, nor on what a socket says" {
    can_trace
    few=2 matrix sender setsockopt '' 'EINVAL'
    few=3 matrix sender getsockopt '' 'EINVAL'
    few=2 matrix sender ioctl '' 'EINVAL'
    few=1 matrix sender recvfrom "$again" 'ECONNRESET'
}

@test "an acknowledgement that comes while ztee looks for it is not taken for a reset" {
    can_trace
    mkfifo gate
    start_peer rcvbuf:4096 fin wait:gate save:got
    timeout 30 strace -f -qq -o log -e trace=shutdown,ioctl,getsockopt -e inject=getsockopt:delay_enter=500ms \
        ztee --no-stdout --tcp="127.0.0.1:$port" <data 2>err &
    local ztee=$!
    wait_for has_line log 'SHUT_WR) *= 0'
    wait_for awk '/SHUT_WR/ { shut = 1 } shut && /OUTQ/ { found = 1 } END { exit !found }' log
    open_gate gate
    status_of $ztee
    cat err log peer.log
    [ "$status" -eq 0 ]
}

@test "a half-close that fails is an error and not a hang" {
    can_trace
    few=1 matrix sender shutdown '' 'EACCES ENOBUFS'
}

@test "ztee survives an interrupted poll and is honest about a failing one" {
    can_trace
    few=2 matrix sender poll 'EINTR' 'ENOMEM'
    through_buffers
    few=1 matrix sender poll 'EINTR' 'ENOMEM'
}

@test "a file that could not be synced or closed is an error, unless there was nothing to sync" {
    can_trace
    ztee_with --fsync
    few=2 matrix sender fsync 'EINVAL' 'EIO'
    few=1 matrix sender close '' 'EDQUOT' "$PWD/file"
    first_own ztee close
    few=4 matrix sender close '' 'EIO'
}

@test "ztee does not start without an eventfd, a signalfd or a thread" {
    can_trace
    few=1 matrix sender eventfd2 '' 'EMFILE'
    few=1 matrix sender signalfd4 '' 'EMFILE'
    other_words=yes few=1 matrix sender clone3 '' 'EAGAIN'
}

@test "out of memory at any moment, ztee finishes or fails aloud" {
    can_trace
    other_words=yes
    first_own ztee mmap
    few=8 matrix sender mmap '' 'ENOMEM'
    by_file --method=mmap,read
    few=4 matrix sender mmap '' 'ENOMEM'
}

@test "a digest is right or is not printed, whichever read of it fails" {
    can_trace
    sha256sum <data >sum
    ztee_with --hash=sha256:digest
    outputs+=('sha256:digest:digest')
    first_own ztee read
    few=2 other_words=yes matrix sender read '' 'EINTR EIO' # also the dynamic linker's, which gives up when interrupted
}

# --- short and interrupted calls ------------------------------------------------------------------------------------

# meddled CALLS: the preloaded helper has cut short or failed such a call.
meddled() {
    awk -v call="$1" '$1 ~ call && $2 + $3 > 0 { found = 1 } END { exit !found }' report
}

# one_short_transfer CALLS: with ztee meddled with, all arrives; CALLS is a pattern for those of the method.
one_short_transfer() {
    rm -f report
    transfer
    if succeeded && meddled "$1"; then
        return
    fi
    show_transfer
    cat report
    return 1
}

# every_method SETTING...: each kind of input, and method, and each of $pipes, to every kind of output, with these
# variables for the helper.
pipes='--pipe-size=4K --buffer=64K'
every_method() {
    local method option
    around_sender=(env "LD_PRELOAD=${ZCOPY_BUILD:-$BATS_TEST_DIRNAME/../build}/tests/short.so" SHORT_REPORT=report "$@")
    for input in pipe file socket; do
        for method in tee,read read mmap mmap,splice,read; do
            [[ $input == 'file' || $method != mmap* ]] || continue
            for option in $pipes; do
                ztee_with "--method=$method" "$option"
                and_command
                case $method in
                *tee* | *splice*) one_short_transfer 'tee|splice' ;;
                mmap) one_short_transfer write ;;
                *) one_short_transfer read ;;
                esac || return 1
            done
        done
    done
}

@test "no byte is lost or repeated when every call moves seven bytes at most" {
    random_file data 10000
    cat old data >grown
    every_method SHORT=7
}

@test "no byte is lost or repeated when short calls and whole ones alternate" {
    every_method SHORT=4095 SHORT_WHOLE=3
}

# With a buffer two calls may take turns for ever, one of which is always the second.
@test "no byte is lost or repeated when many calls are interrupted and the others are short" {
    pipes=--pipe-size=4K every_method SHORT=30001 SHORT_FAIL=2
    pipes=--buffer=64K every_method SHORT=30001 SHORT_FAIL=7
}

# The file of a buffer never says EAGAIN, and is not asked again.
@test "no byte is lost or repeated when every third call says EAGAIN although all is ready" {
    pipes=--pipe-size=4K every_method SHORT=30001 SHORT_FAIL=3 SHORT_ERRNO=11
}
