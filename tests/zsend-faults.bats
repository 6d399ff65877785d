#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Failing, interrupted and short system calls on either side of a session: the tree is there, exactly, or somebody says
# what is not, and another try completes it.
#
# The long campaign, each of these errnos at every k-th call, is: FAULTS=all tests/run build -- tests/zsend-faults.bats
# shellcheck disable=SC2030,SC2031,SC2034,SC2154 # tests are subshells and share variables with faults/*.bash
bats_require_minimum_version 1.5.0
load helpers
load sessions
load faults/session
load faults/matrix

setup_file() {
    one_key
}

setup() {
    cd "$BATS_FILE_TMPDIR" || return 1
    ! is_sanitized zsend || skip 'neither strace nor preloading goes with a sanitizer'
    can_trace
    umask 022
    every_errno=() # those that the tests name are those that can really happen
    [ -e whole ] || make_tree
    store=$(cat store)
}

# faults SIDE CALL SURVIVES OTHERS [K [PATH]]: one errno of each kind at the K-th call (the first if it is not given); in
# the campaign all of them at each.
faults() {
    if [ "${FAULTS:-}" = all ]; then
        first=1 matrix "$1" "$2" "$3" "$4" "${6:-}"
    else
        first=${5:-1} few=1 matrix "$1" "$2" "${3%% *}" "${4%% *}" "${6:-}"
    fi
}

# --- what the receiver does ----------------------------------------------------------------------------------------

@test "each name is made or refused, whichever call of the receiver for it fails" {
    faults receiver openat2 '' 'EACCES ENOMEM' 3
    faults receiver mkdirat '' 'ENOSPC EACCES' 3
    faults receiver renameat2 'EINVAL' 'EIO'
    faults receiver linkat '' 'EMLINK ENOSPC'
    faults receiver symlinkat '' 'ENOSPC'
    faults receiver mknodat '' 'EPERM'
}

@test "nothing has its name without its mode, time and owner" {
    faults receiver fchmod '' 'EPERM'
    faults receiver utimensat '' 'EPERM EROFS'
    faults receiver utimensat '' 'EPERM' 4
    [ "$(id -u)" -eq 0 ] || skip 'only root can give files away'
    sender_options=(--owner) receiver_options=(--accept=owner)
    faults receiver fchown '' 'EPERM' 2
    faults receiver fchownat '' 'EPERM'
}

@test "each file is whole or refused, whichever call of the receiver for its bytes fails" {
    faults receiver pwrite64 'EINTR' 'ENOSPC EIO' 3
    faults receiver ftruncate '' 'EIO EFBIG'
    before=yes
    faults receiver fallocate 'EOPNOTSUPP' 'EIO'
}

@test "nothing is confirmed that is not on the disk" {
    faults receiver fsync '' 'EIO ENOSPC' 1
    faults receiver fdatasync '' 'EIO'
    faults receiver syncfs '' 'EIO'
}

@test "the receiver does without no call for its journal, in a session or in one that goes on" {
    faults receiver write 'EINTR' 'ENOSPC' 2 "$store/journal"
    faults receiver fdatasync '' 'EIO' 1 "$store/journal"
    before=yes
    faults receiver pread64 'EINTR' 'EIO' 1 "$store/journal"
    faults receiver write 'EINTR' 'ENOSPC' 2 "$store/journal"
    before='' other_words=yes
    faults receiver flock '' 'ENOLCK EAGAIN'
}

@test "what the receiver keeps for another try can be opened, or it says why not" {
    faults receiver openat '' 'EACCES EMFILE' 2 "$store"
    faults receiver newfstatat '' 'EIO' 1 "$store"
    faults receiver unlinkat 'EACCES' ''
    before=yes
    faults receiver openat '' 'EACCES' 2 "$store"
}

@test "the receiver survives what may happen while it waits, or says that it did not" {
    faults receiver accept4 'ECONNABORTED EMFILE EAGAIN' ''
    faults receiver epoll_wait 'EINTR' ''
    faults receiver recvfrom 'EINTR EAGAIN' 'ECONNRESET' 3
    faults receiver sendto 'EINTR EAGAIN' 'EPIPE ENOBUFS' 2
    other_words=yes # the last of them: that the sender has not heard that all is complete
    faults receiver poll 'EINTR' 'ENOMEM' 4
    faults receiver clone3 '' 'EAGAIN'
    faults receiver eventfd2 '' 'EMFILE' 2
}

# --- what the sender does -------------------------------------------------------------------------------------------

@test "what the sender cannot read is named, and sent by another try" {
    faults sender openat '' 'EACCES' 2 "$PWD/tree"
    faults sender openat '' 'EMFILE' 1 "$PWD/tree/sub"
    faults sender newfstatat '' 'EIO' 3 "$PWD/tree"
    faults sender newfstatat '' 'EIO' 2 "$PWD/tree/sub/large"
    faults sender getdents64 '' 'EIO'
    faults sender getdents64 '' 'EIO' 3
    faults sender readlinkat '' 'EIO'
    faults sender lseek '' 'EINVAL' 1 "$PWD/tree/sub/large"
}

@test "each file is sent as it is, whichever call of the sender for its bytes fails" {
    faults sender pread64 'EINTR' 'EIO' 5 "$PWD/tree/sub/large"
    faults sender pread64 'EINTR' 'EIO' 1 "$PWD/tree/sub/small"
    faults sender sendfile 'EINTR EAGAIN EINVAL' 'EIO EPIPE' 2
}

@test "the same for a session that is encrypted" {
    security=
    faults sender mmap 'ENODEV' 'ENOMEM' 1 "$PWD/tree/sub/large"
    faults sender pread64 'EINTR' 'EIO' 1 "$PWD/tree/sub/small"
    faults receiver pwrite64 'EINTR' 'EIO' 9
}

@test "the sender survives what may happen to its connection, or says that it did not" {
    faults sender connect '' 'ECONNREFUSED ENETUNREACH'
    other_words=yes # a greeting that fails is said to be one of another kind of session
    faults sender sendto 'EINTR EAGAIN' 'EPIPE ENOBUFS' 4
    faults sender recvfrom 'EINTR EAGAIN' 'ECONNRESET' 5
    faults sender poll 'EINTR' 'ENOMEM' 2
    faults sender clone3 '' 'EAGAIN'
}

# --- short and interrupted calls ------------------------------------------------------------------------------------

# shortened SIDE CALLS SETTING...: with the preloaded helper one side succeeds; it has meddled with such a call.
shortened() {
    local words=(env "LD_PRELOAD=${ZCOPY_BUILD:-$BATS_TEST_DIRNAME/../build}/tests/short.so" SHORT_REPORT=report "${@:3}")
    rm -f report
    around_sender=() around_receiver=()
    if [ "$1" = sender ]; then around_sender=("${words[@]}"); else around_receiver=("${words[@]}"); fi
    transfer
    if succeeded && awk -v call="$2" '$1 ~ call && $2 + $3 > 0 { found = 1 } END { exit !found }' report; then
        return
    fi
    show_transfer
    cat report
    return 1
}

@test "no byte is lost or repeated when calls of either side are short, or interrupted" {
    for security in --plain ''; do
        shortened receiver 'recv|read' SHORT=1701
        shortened receiver 'recv|read' SHORT=30001 SHORT_FAIL=3
        shortened sender 'send|write' SHORT=4095 SHORT_WHOLE=3
        shortened sender 'send|write' SHORT=30001 SHORT_FAIL=2
        shortened sender 'send|write' SHORT=30001 SHORT_FAIL=3 SHORT_ERRNO=11 # EAGAIN
    done
}

@test "a journal whose writes are short is whole" {
    shortened receiver write SHORT=50
    before=yes
    shortened receiver write SHORT=50
}
