#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# --verify: what is on the device is what was read from the source.
# shellcheck disable=SC2034,SC2154 # stderr is set by bats, stopped is used in a namespace
bats_require_minimum_version 1.5.0
load helpers

# on_ext4 SCRIPT: runs it with bash in a fresh file system, which is the directory disk, and its image the file image.
on_ext4() {
    truncate -s 64M image
    mkfs.ext4 -q -F image
    mkdir -p disk
    unshare -m mount -o loop image disk 2>/dev/null || skip 'no loop devices or mounts here'
    export -f wait_for has_line traced join_calls stopped_before_reading
    unshare -m bash -euc "mount -o loop image disk; $1"
}

# stopped_before_reading OUT [OPTION]...: zcp --verify a disk/b, stopped when the copy is on the device and no longer in
# memory; sets $stopped to its process. The file status gets its exit status, OUT its messages.
stopped_before_reading() {
    local out=$1
    shift
    rm -f log status
    {
        code=0
        traced log fadvise64,fcntl -e inject=fadvise64:signal=STOP:when=1 "$@" zcp --verify a disk/b 2>"$out" || code=$?
        echo "$code" >status
    } &
    wait_for has_line log 'stopped by SIGSTOP'
    stopped=$(sed -n 's/^\([0-9]*\) .*stopped by SIGSTOP.*/\1/p' log | head -1)
}

# shellcheck disable=SC2016 # for the shell in the namespace
damaged='
    place=$(filefrag -b4096 -v disk/b | sed -n "s/^ *0: *[0-9]*\.\. *[0-9]*: *\([0-9]*\)\.\..*/\1/p")
    printf X | dd of=image bs=1 seek=$((place * 4096 + 5000)) conv=notrunc status=none
'

@test "a copy is read back from its device, and a byte that is another one there is a failure" {
    can_trace
    random_file a 800000
    # shellcheck disable=SC2016 # for the shell in the namespace
    on_ext4 '
        stopped_before_reading said
        kill -CONT "$stopped"; wait_for test -s status
        [ "$(cat status)" = 0 ]
        [ ! -s said ]
        rm disk/b
        stopped_before_reading said'"$damaged"'
        kill -CONT "$stopped"; wait_for test -s status
        [ "$(cat status)" = 1 ]'
    [ "$(cat said)" = "zcp: verification failed: 'disk/b', read back, is not what was read from 'a'" ]
}

@test "where O_DIRECT is refused a damaged copy is found as well" {
    can_trace
    random_file a 800000
    # shellcheck disable=SC2016 # for the shell in the namespace
    on_ext4 '
        stopped_before_reading said -e inject=fcntl:error=EINVAL:when=5+'"$damaged"'
        kill -CONT "$stopped"; wait_for test -s status
        grep -q "O_DIRECT.*EINVAL" log
        [ "$(cat status)" = 1 ]'
    [ "$(cat said)" = "zcp: verification failed: 'disk/b', read back, is not what was read from 'a'" ]
}

@test "the copy is written to the device and taken out of memory before it is read" {
    can_trace
    random_file a 100000
    traced log fsync,fadvise64,fcntl,pread64 zcp --verify a b
    calls=$(sed -n 's/^[0-9]* *//; /^fsync/p; /DONTNEED/p; /F_SETFL.*O_DIRECT/p; /^pread64.*524288, 0/p' log | sed 's/(.*//')
    [ "$calls" = $'fsync\nfadvise64\nfcntl\npread64' ]
}

@test "copies of any size, by any method, with holes, pass with every digest" {
    truncate -s 3M holey
    printf x | dd of=holey bs=1 seek=2000001 conv=notrunc status=none
    random_file odd 524289
    random_file page 4096
    : >empty
    for algorithm in xxh3 sha256 sha512 blake2b; do
        for options in --sparse=auto --sparse=always --method=read --method=copy_file_range,read --method=splice; do
            zcp --verify="$algorithm" "$options" -t "$(mktemp -d -p .)" holey odd page empty
        done
    done
    zcp --verify holey copy
    [ "$(stat -c %b copy)" -le "$(stat -c %b holey)" ]
    zcp --verify --in-place odd copy
    cmp odd copy
}

@test "where there is no device stderr says so, once, and the copies are still compared" {
    mkdir -p tree tmpfs
    for i in 1 2 3 4 5 6; do random_file "tree/$i" "$((i * 9000))"; done
    unshare -m mount -t tmpfs none tmpfs 2>/dev/null || skip 'no mounts here'
    for jobs in 1 4; do
        # shellcheck disable=SC2016
        unshare -m sh -euc 'mount -t tmpfs none tmpfs; zcp -r -j"$1" --verify tree tmpfs 2>said; diff -r tree tmpfs/tree' sh "$jobs"
        [ "$(wc -l <said)" -eq 1 ]
        grep -q "^zcp: warning: 'tmpfs/tree/.' could only be read back from memory$" said
    done
}

@test "so it does where O_DIRECT is refused, at once or only by the read, and the page cache keeps the copy" {
    can_trace
    [ "$(stat -fc %T .)" != tmpfs ] || skip 'there is no device under a tmpfs'
    random_file a 800000
    : >b
    traced log fcntl -P "$PWD/b" zcp --verify a b 2>said
    [ ! -s said ]
    nth=$(awk '/fcntl/ { n++ } /F_SETFL.*O_DIRECT/ { print n; exit }' log)
    for refused in "fcntl:error=EINVAL:when=$nth" pread64:error=EINVAL:when=1; do
        traced log fcntl,pread64,fadvise64 -P "$PWD/b" -e inject=fadvise64:retval=0 -e inject="$refused" zcp --verify a b 2>said
        grep -q 'EINVAL.*INJECTED' log
        [ "$(cat said)" = "zcp: warning: 'b' could only be read back from memory" ]
        cmp a b
    done
}

@test "a device, which goes on behind the bytes, is verified; what cannot be read back is an error" {
    random_file a 300001
    mkfifo fifo
    cat fifo >/dev/null &
    run -1 --separate-stderr timeout 20 zcp --verify a fifo
    [ "$stderr" = "zcp: cannot verify 'fifo', which is neither a file nor a block device" ]
    truncate -s 4M image
    device=$(losetup --find --show image 2>/dev/null) || skip 'no loop devices here'
    zcp --verify a "$device" || code=$?
    losetup -d "$device"
    [ "${code:-0}" = 0 ]
    cmp -n 300001 a image
}

@test "a copy that cannot be written to the device, or read from there, is an error with its name" {
    can_trace
    random_file a 100000
    run -1 --separate-stderr traced log fsync -e inject=fsync:error=EIO zcp --verify a b
    [ "$stderr" = "zcp: error writing 'b': Input/output error" ]
    run -1 --separate-stderr traced log pread64 -P "$PWD/c" -e inject=pread64:error=EIO zcp --verify a c
    [ "$stderr" = "zcp: error reading 'c' back: Input/output error" ]
}

@test "with --atomic a copy that is not verified does not take the place of what was there" {
    can_trace
    random_file a 100000
    echo old >b
    run -1 traced log fsync -e inject=fsync:error=EIO zcp --verify --atomic a b
    [ "$(cat b)" = old ]
    [ "$(find . -name '.zcp*')" = "" ]
}

@test "--verify wants bytes to verify, and an algorithm that it knows" {
    echo x >a
    run -1 --separate-stderr zcp --verify=md5 a b
    [[ $stderr == *"'md5'"* ]]
    for option in -l -s --attributes-only; do
        run -1 --separate-stderr zcp --verify "$option" a b
        [[ $stderr == *"--verify"* ]]
    done
    [ ! -e b ]
}
