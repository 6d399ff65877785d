#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# zcp against cp on equal trees; ORACLE=all ORACLE_SECONDS=7200 runs every scenario, and random cases.
# shellcheck disable=SC2154 # run sets variables
bats_require_minimum_version 1.5.0
load helpers

setup_file() {
    straight_python
}

oracle() {
    timeout -k 1 "${ORACLE_SECONDS:-150}" python3 "$BATS_TEST_DIRNAME/zcp-oracle.py" --zcp "$(command -v zcp)" "$@"
}

# on KIND COMMAND...: in a fresh file system of this kind, mounted for this process alone; its directory is $disk.
on() {
    local kind=$1
    shift
    need "mkfs.$kind"
    rm -f image
    truncate -s 600M image
    "mkfs.$kind" -q image 2>/dev/null
    disk=$PWD/disk
    mkdir -p "$disk"
    unshare -m mount -o loop image "$disk" 2>/dev/null || skip 'no loop devices or mounts here'
    export -f oracle need traced join_calls shares fails
    export disk BATS_TEST_DIRNAME
    # shellcheck disable=SC2016 # for the shell in the namespace
    unshare -m bash -euc 'mount -o loop image "$disk" && chmod 755 "$disk" && "$@"' bash "$@"
}

# few: how many cases, of so many that are run without a sanitizer
few() {
    if is_sanitized zcp; then echo $(($1 / 4)); else echo "$1"; fi
}

# fails COMMAND...: as it has to; set -e does not look at what stands behind an exclamation mark.
fails() {
    if "$@"; then return 1; fi
}

# shares FILE: its blocks are those of another file as well.
shares() {
    sync "$1"
    filefrag -v "$1" | grep -q shared
}

# cloning: reflinks are made where they are wanted, and only there.
# shellcheck disable=SC2164 # -e is set
cloning() {
    cd "$disk"
    head -c 1000000 /dev/urandom >a
    sync a
    zcp a b
    zcp --reflink=always a c
    cmp a b
    cmp a c
    for file in a b c; do shares "$file"; done
    head -c 1000000 /dev/urandom >d
    sync d
    zcp --reflink=never d e
    zcp --sparse=never d f
    cmp d e
    cmp d f
    for file in d e f; do fails shares "$file"; done
    traced log ioctl,copy_file_range zcp --reflink=never d g
    fails grep -e FICLONE -e copy_file_range log
}

@test "zcp does what cp does in a sample of the cases that were thought out" {
    oracle --scenarios --every "$((1200 / $(few 300)))"
}

@test "zcp does what cp does with trees and options made by chance" {
    oracle --seed 11 --runs "$(few 160)"
}

@test "zcp does what cp does on tmpfs" {
    mkdir disk
    unshare -m mount -t tmpfs none disk 2>/dev/null || skip 'no mounts here'
    export -f oracle
    export BATS_TEST_DIRNAME
    # shellcheck disable=SC2016 # for the shell in the namespace
    unshare -m bash -euc 'mount -t tmpfs none disk; oracle --seed 12 --runs "$1" --directory "$PWD/disk"' bash "$(few 60)"
}

@test "zcp does what cp does on xfs" {
    on xfs oracle --seed 13 --runs "$(few 60)" --directory "$PWD/disk"
}

@test "zcp does what cp does on btrfs" {
    on btrfs oracle --seed 14 --runs "$(few 60)" --directory "$PWD/disk"
}

@test "blocks are shared where that is wanted, and nowhere else" {
    need filefrag
    can_trace
    export -f cloning
    on btrfs cloning
    on xfs cloning
}

@test "a clone that cannot be had leaves nothing behind" {
    head -c 10000 /dev/urandom >a
    # shellcheck disable=SC2016 # for the shell in the namespace
    on ext4 bash -euc 'cp a "$disk/a"; fails zcp --reflink=always "$disk/a" "$disk/b" 2>said; [ ! -e "$disk/b" ]; echo old >"$disk/c"
        fails zcp --reflink=always "$disk/a" "$disk/c" 2>>said'
    [ "$(sed "s|$PWD/disk/||g" said)" = "zcp: failed to clone 'b' from 'a': Operation not supported
zcp: failed to clone 'c' from 'a': Operation not supported" ]
}

@test "zcp does what cp does in all cases that were thought out, and in random ones" {
    [ "${ORACLE:-}" = all ] || skip 'a long campaign: ORACLE=all'
    oracle --scenarios
    oracle --runs 100000 --seconds 3000
}

@test "a lost message and a wrong exit status are noticed" {
    printf '#!/bin/sh\nzcp "$@" 2>/dev/null\n' >conceals
    printf '#!/bin/sh\nzcp "$@"\nexit 0\n' >denies
    chmod +x conceals denies
    sed -i "s|zcp|$(command -v zcp)|" conceals denies
    run -1 oracle --scenarios --whole --only '^a file onto itself .1.' --zcp "$PWD"/conceals
    [[ $output == *messages* ]]
    run -1 oracle --scenarios --whole --only '^a file onto itself .1.' --zcp "$PWD"/denies
    [[ $output == *"exit status: cp 1, zcp 0"* ]]
}
