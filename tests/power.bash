# SPDX-License-Identifier: MIT
# What the tests of power cuts share: a machine with a disk of its own, and that disk as it is when the power goes.
# shellcheck shell=bash disable=SC2034,SC2154 # some variables are set here for the tests, some by bats

# power_setup: for setup; skips the test, aloud, where there can be no such machine.
power_setup() {
    session_setup
    need losetup nsenter unshare
    [ "$(id -u)" -eq 0 ] || skip 'only root can mount'
    losetup --find >/dev/null 2>&1 || skip 'no loop devices here'
    mkdir mounted
    mkfifo runs
    under=() # what zrecv runs under
    machine=
}

# new_disk KIND: an empty file system of $kind, in the file disk. What mkfs would leave for later is done at once.
new_disk() {
    kind=$1
    need "mkfs.$kind"
    if ! [ -e "empty $kind" ]; then
        case $kind in
        ext4)
            truncate -s 48M "empty $kind"
            mkfs.ext4 -q -F -E lazy_itable_init=0,lazy_journal_init=0,nodiscard "empty $kind"
            ;;
        xfs)
            truncate -s 320M "empty $kind"
            mkfs.xfs -q -K "empty $kind"
            ;;
        esac
    fi
    rm -f disk
    cp --sparse=always "empty $kind" disk
}

# boots IMAGE: a machine starts, with a boot id of its own and that disk, which is a file: sets $machine, and $disk to
# where it is seen from here. The mount is the machine's alone, and goes with it.
boots() {
    local options=loop
    [ "$kind" != xfs ] || options+=,nouuid # the disk that it is a copy of may still be in use
    rm -f up boot_id
    cat /proc/sys/kernel/random/uuid >boot_id
    # shellcheck disable=SC2016 # for that shell
    unshare -m sh -euc 'mount -t "$1" -o "$2" "$3" mounted
        mount --bind boot_id /proc/sys/kernel/random/boot_id
        : >up
        exec cat runs' sh "$kind" "$options" "$1" 2>boots.err 3>&- &
    machine=$!
    wait_for is_up
    if ! [ -e up ]; then
        grep -q 'loop\|permitted\|unshare' boots.err && skip "no such machine here: $(cat boots.err)"
        cat boots.err
        return 1
    fi
    disk=/proc/$machine/root$PWD/mounted
}

# is_up: an event: the machine runs, or never will.
is_up() {
    [ -e up ] || gone "$machine"
}

# zrecv ARGUMENT...: on the machine, when there is one.
zrecv() {
    if [ -n "${machine:-}" ]; then
        exec nsenter --mount="/proc/$machine/ns/mnt" "${under[@]}" "$(type -P zrecv)" "$@"
    fi
    command zrecv "$@"
}

# written: the requests that the device has done, and those that it is at.
written() {
    awk '{ print $5, $9 }' "/sys/dev/block/$(stat -c %Hd:%Ld "$disk")/stat"
}

# snapshot COPY: the disk as it is now. What is only in the page cache of its file system is not in it, as that of the
# loop device is another one; nothing is frozen or flushed, so it counts only if the device was idle meanwhile.
snapshot() {
    local before after=
    until [ "$after" = "${before:-none}" ] && [ "${after#* }" = 0 ]; do
        before=$(written)
        cp --sparse=always disk "$1"
        after=$(written)
    done
}

# power_fails: the disk is left in two files: cut as it is now, and cut-later as it is when another program has
# brought its own file to the disk, with which a file system writes its own journal, but not the data of others.
power_fails() {
    snapshot cut
    : >"$disk/another"
    sync "$disk/another"
    snapshot cut-later
    ends_now "$machine"
    machine=
}

# ends_now PID...: they are killed and waited for.
ends_now() {
    kill -KILL "$@" 2>/dev/null || true
    wait "$@" 2>/dev/null || true
}

# all_whole: what has its name already is what was sent, and not less.
all_whole() {
    local name
    while IFS= read -rd '' name; do
        cmp "$disk/$name" "$name" || return 1
    done < <(cd "$disk" && find tree -type f -print0 2>/dev/null)
}

# same_tree: what the machine has is the tree, whose listing is made once.
same_tree() {
    [ -e wanted ] || listing tree >wanted
    listing "$disk/tree" | cmp -s - wanted || same tree "$disk/tree"
}

# comes_back IMAGE [OPTION-OF-ZRECV]...: the power is there again: the same transfer ends well, and exactly the tree is there. If
# zsend has ended with 0 before ($existing is --overwrite) it is there at once.
comes_back() {
    under=()
    boots "$1"
    all_whole
    [ -z "$existing" ] || same_tree
    # shellcheck disable=SC2086 # it may be nothing
    receive --plain $existing "${@:2}" "$PWD/mounted"
    send --plain tree
    ended 0 0
    same_tree
    nothing_left "$disk"
    ends_now "$machine"
    machine=
}

# all_comes_back N: so it is with what power_fails has left; POWER=N: with both, else with one of them in turns.
all_comes_back() {
    local images=(cut cut-later)
    [ -n "${POWER:-}" ] || images=("${images[$1 % 2]}")
    existing=
    [ "$sent" != 0 ] || existing=--overwrite # the same once more is another transfer
    for image in "${images[@]}"; do comes_back "$image"; done
}
