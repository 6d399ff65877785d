#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# The bytes of one file: every method, holes, sizes that lie, sources that change, calls that fail, old bytes.
# shellcheck disable=SC2030,SC2031,SC2154 # tests are subshells; stderr is set by bats
bats_require_minimum_version 1.5.0
load helpers

methods=(copy_file_range sendfile splice mmap read)
moving=copy_file_range,sendfile,splice,mmap,read,write,ioctl

# cannot_clone: skips the test, aloud, where files can share extents.
cannot_clone() {
    echo x >clone-source
    ! cp --reflink=always clone-source clone-target 2>/dev/null || skip 'this file system has reflinks'
}

# blocks FILE: how many bytes it occupies.
blocks() {
    echo $(($(stat -c %b "$1") * 512))
}

# holey FILE: holes at the start, in the middle, at the end, of one page and of many, and odd edges.
holey() {
    truncate -s 3M "$1"
    printf x | dd of="$1" bs=1 seek=200000 conv=notrunc status=none
    head -c 70001 /dev/urandom | dd of="$1" bs=4096 seek=64 conv=notrunc status=none
    head -c 4096 /dev/urandom | dd of="$1" bs=4096 seek=100 conv=notrunc status=none
    head -c 300000 /dev/urandom | dd of="$1" bs=4096 seek=300 conv=notrunc status=none
}

# begins_like PART WHOLE: PART is a beginning of WHOLE.
begins_like() {
    cmp -n "$(stat -c %s "$1")" "$1" "$2"
}

# says TEXT COMMAND...: it fails with exit status 1 and this one line.
says() {
    local text=$1
    shift
    run -1 --separate-stderr timeout 60 "$@"
    [ "$stderr" = "zcp: $text" ]
}

@test "a file of any size arrives whole by every method, and by itself" {
    for size in 0 1 4095 4096 4097 16383 16384 65535 65536 65537 262144 262145 9000000; do
        random_file a "$size"
        zcp a b
        cmp a b
        for method in "${methods[@]}"; do
            rm -f b
            zcp --method="$method" a b
            cmp a b
        done
    done
}

@test "a method that is forced is the only one that moves bytes" {
    can_trace
    random_file a 1000000
    for method in copy_file_range sendfile splice; do
        rm -f b
        traced log "$moving" -P "$PWD/a" -P "$PWD/b" zcp --method="$method" a b
        cmp a b
        grep -q "$method(" log
        run ! grep -E "($(sed "s/\b$method\b/-/; s/,/|/g" <<<"${moving/read,write/-}"))\(" log
        run ! grep -E '(read|write)\(.*= [1-9]' log
    done
    for method in read mmap; do
        traced log "$moving" -P "$PWD/a" -P "$PWD/b" zcp --method="$method" a b
        cmp a b
        run ! grep -E '(copy_file_range|sendfile|splice|ioctl)\(' log
    done
}

@test "a list of methods is used in its order, and read only if it is there" {
    can_trace
    random_file a 1000000
    traced log "$moving" -e inject=sendfile:error=EINVAL zcp --method=sendfile,splice a b
    cmp a b
    grep -q 'splice(' log
    run -1 --separate-stderr traced log "$moving" -e inject=sendfile:error=EINVAL zcp --method=sendfile a b
    [ "$stderr" = "zcp: no method that is allowed can move bytes from 'a' (regular file) to 'b' (regular file): Invalid argument" ]
}

@test "files of /proc and /sys are what read gives, whatever their size says" {
    for file in /proc/version /proc/cpuinfo /sys/devices/system/cpu/online /sys/kernel/mm/transparent_hugepage/enabled; do
        [ -r "$file" ] || continue
        cat "$file" >expected
        zcp "$file" b
        [ -s b ]
        # of cpuinfo some numbers change
        [ "$file" = /proc/cpuinfo ] || cmp expected b
        [ "$(wc -l <expected)" = "$(wc -l <b)" ]
        zcp --sparse=always "$file" b
        [ "$(wc -l <expected)" = "$(wc -l <b)" ]
    done
    zcp /proc/self/maps b
    grep -q '\[stack\]' b
    tail -n 1 b | grep -q '^[0-9a-f]*-[0-9a-f]* '
}

@test "holes stay holes, wherever they are" {
    holey a
    [ "$(blocks a)" -lt 1000000 ] || skip 'this file system has no holes'
    zcp a b
    cmp a b
    [ "$(blocks b)" -le $(($(blocks a) + 8192)) ]
    for method in "${methods[@]}"; do
        rm -f b
        zcp --method="$method" a b
        cmp a b
        [ "$(blocks b)" -le $(($(blocks a) + 8192)) ]
    done
    truncate -s 1M nothing
    zcp nothing b
    cmp nothing b
    [ "$(blocks b)" -le 8192 ]
}

@test "a sparse file above 4 GiB is copied in no time, with its end" {
    truncate -s 5G a
    for gib in 0 2 4; do
        random_file piece 70000
        dd if=piece of=a bs=1M seek=$((gib * 1024 + 7)) conv=notrunc status=none
        eval "sum$gib=\$(cksum <piece)"
    done
    timeout 20 zcp a b
    [ "$(stat -c %s b)" -eq $((5 << 30)) ]
    [ "$(blocks b)" -lt 1000000 ]
    for gib in 0 2 4; do
        sum=sum$gib
        [ "$(tail -c +$(((gib * 1024 + 7) * 1048576 + 1)) b | head -c 70000 | cksum)" = "${!sum}" ]
    done
}

@test "--sparse=always makes holes of zeros, also from a pipe; --sparse=never writes every one" {
    head -c 1000000 /dev/zero >a
    random_file end 70001
    cat end >>a
    head -c 300001 /dev/zero >>a
    zcp --sparse=always a b
    cmp a b
    [ "$(blocks b)" -le 200000 ]
    [ "$(blocks a)" -gt 1000000 ]
    mkfifo fifo
    cat a >fifo &
    zcp --sparse=always fifo c
    cmp a c
    [ "$(blocks c)" -le 200000 ]
    zcp --sparse=never b d
    cmp a d
    [ "$(blocks d)" -gt 1000000 ]
    holey e
    zcp --sparse=always e f
    cmp e f
    [ "$(blocks f)" -le $(($(blocks e) + 8192)) ]
}

@test "--sparse=never and --reflink=never use neither FICLONE nor copy_file_range" {
    can_trace
    random_file a 1000000
    for option in --sparse=never --reflink=never; do
        traced log "$moving" zcp "$option" a b
        cmp a b
        run ! grep -E 'copy_file_range\(|FICLONE' log
        run -1 zcp "$option" --method=copy_file_range a b
        run -1 zcp "$option" --method=clone a b
    done
}

@test "--reflink=always and --method=clone fail where files cannot share extents, in GNU's words" {
    cannot_clone
    echo hello >a
    says "failed to clone 'b' from 'a': Operation not supported" zcp --reflink=always a b
    says "failed to clone 'b' from 'a': Operation not supported" zcp --method=clone a b
    zcp --method=clone,read a b
    cmp a b
}

@test "a file system that has refused a clone is not asked again with every file" {
    can_trace
    cannot_clone
    mkdir d
    for i in 1 2 3 4 5; do
        random_file "f$i" $((i * 10000))
    done
    traced log ioctl,copy_file_range zcp f1 f2 f3 f4 f5 d
    for i in 1 2 3 4 5; do
        cmp "f$i" "d/f$i"
    done
    [ "$(grep -c FICLONE log)" -le "$(nproc)" ]
}

@test "a small file costs a read, a write and a look at its end" {
    can_trace
    random_file a 5000
    traced log read,write,lseek,copy_file_range,ftruncate,fallocate,pread64 -P "$PWD/a" -P "$PWD/b" zcp a b
    [ "$(grep -c '^' log)" -eq 3 ]
    random_file a 50000
    rm b
    traced log read,write,lseek,copy_file_range,ftruncate,fallocate,pread64 -P "$PWD/a" -P "$PWD/b" zcp a b
    [ "$(grep -c '^' log)" -eq 2 ]
}

@test "what is appended to the source while it is copied is copied, too" {
    random_file a 2000000
    for option in --sparse=auto --method=read --sparse=always; do
        head -c 2000000 a >grows
        rm -f b
        timeout 60 zcp --bwlimit=2M "$option" grows b &
        zcp=$!
        wait_for test -s b
        head -c 100000 /dev/urandom >>grows
        status_of "$zcp"
        [ "$status" -eq 0 ]
        cmp grows b
    done
}

@test "of a source that is cut short while it is copied nothing is made up" {
    random_file a 2000000
    for option in --sparse=auto --method=read --method=sendfile --sparse=always; do
        cp a shrinks
        rm -f b
        timeout 60 zcp --bwlimit=1M "$option" shrinks b &
        zcp=$!
        wait_for test -s b
        truncate -s 1900000 shrinks
        status_of "$zcp"
        [ "$status" -eq 0 ]
        begins_like b a
        [ "$(stat -c %s b)" -ge 1900000 ]
    done
}

@test "the target may be anything that can be written to" {
    holey a
    zcp a /dev/null
    mkfifo fifo
    cat fifo >b &
    reader=$!
    zcp a fifo
    status_of "$reader"
    cmp a b
    says "error writing '/dev/full': No space left on device" zcp a /dev/full
}

@test "--debug says in GNU's words what was done, and why not more" {
    cannot_clone
    random_file a 1000000
    run -0 --separate-stderr zcp --debug a b
    [[ $output == *"copy offload: yes, reflink: unsupported, sparse detection: no" ]]
    [[ $stderr == *"zcp: debug: clone was refused: Operation not supported"* ]]
    [[ $stderr == *"zcp: debug: 'a' (regular file) to 'b' (regular file): copy_file_range 1000000"* ]]
    run -0 --separate-stderr zcp --debug --reflink=never --sparse=always a b
    [[ $output == *"copy offload: avoided, reflink: no, sparse detection: zeros" ]]
    holey c
    run -0 --separate-stderr zcp --debug c b
    [[ $output == *"copy offload: yes, reflink: unsupported, sparse detection: SEEK_HOLE" ]]
    run -0 --separate-stderr zcp --debug --sparse=always c b
    [[ $output == *"copy offload: avoided, reflink: unknown, sparse detection: SEEK_HOLE + zeros" ]]
}

@test "--in-place keeps the file and leaves none of its old bytes, whatever the two look like" {
    holey a
    random_file long 5000000
    random_file short 1000
    truncate -s 4M empty
    head -c 3145728 /dev/zero | tr '\0' U >same
    for old in long short empty same; do
        for option in --sparse=auto --sparse=always --sparse=never --method=read --method=sendfile --method=splice; do
            cat "$old" >b
            inode=$(stat -c %i b)
            zcp --in-place "$option" a b
            cmp a b
            [ "$(stat -c %i b)" = "$inode" ]
        done
        for size in 0 1 4097 70001; do
            random_file c "$size"
            cat "$old" >b
            zcp --in-place c b
            cmp c b
        done
    done
    cat same >b
    zcp --in-place a b
    [ "$(blocks b)" -le $(($(blocks a) + 8192)) ]
}

@test "--in-place that is ended by a signal leaves a beginning of the new file" {
    holey a
    random_file c 3000000
    for new in a c; do
        for option in --sparse=auto --method=read --sparse=always; do
            head -c 4000000 /dev/zero | tr '\0' U >b
            zcp --in-place --bwlimit=100K "$option" "$new" b &
            zcp=$!
            wait_for eval "! tail -c +262145 b | head -c 1 | grep -q U || ! head -c 1 b | grep -q U"
            kill -TERM "$zcp"
            status_of "$zcp"
            [ "$status" -ne 0 ]
            begins_like b "$new"
            [ "$(stat -c %s b)" -lt 3000000 ]
        done
    done
}

@test "--in-place under timeout(1), which signals twice, leaves a beginning of the new file" {
    random_file c 3000000
    for _ in 1 2 3 4 5 6 7 8 9 10; do
        head -c 4000000 /dev/zero | tr '\0' U >b
        timeout 60 zcp --in-place --bwlimit=100K c b &
        timer=$!
        wait_for eval "! head -c 1 b | grep -q U"
        zcp=$(pgrep -x zcp -P "$timer")
        kill -TERM "$timer"
        status_of "$timer"
        wait_for gone "$zcp"
        [ "$status" -ne 0 ]
        begins_like b c
    done
}

@test "a signal ends a copy that waits for the rate, or for a FIFO" {
    random_file a 1000000
    zcp --bwlimit=1 a b &
    zcp=$!
    wait_for test -s b
    kill -TERM "$zcp"
    status_of "$zcp"
    [ "$status" -ne 0 ]
    begins_like b a
    mkfifo fifo
    zcp fifo c &
    zcp=$!
    exec 9>fifo
    printf begin >&9
    wait_for test -s c
    kill -TERM "$zcp"
    status_of "$zcp"
    exec 9>&-
    [ "$status" -ne 0 ]
    [ "$(cat c)" = begin ]
}

@test "a signal ends the waiting for the other end of a FIFO, also where signals are caught" {
    can_trace
    random_file a 1000
    mkfifo fifo
    for words in '--atomic a fifo' '--in-place -f a fifo' '--atomic fifo c' '--in-place fifo c'; do
        rm -f log
        # shellcheck disable=SC2086 # words
        traced log openat zcp $words &
        tracer=$!
        wait_for has_line log '"fifo", .*O_NONBLOCK'
        kill -TERM "$(head -1 log | cut -d ' ' -f 1)"
        status_of "$tracer"
        [ "$status" -ne 0 ]
        [ -p fifo ]
    done
}

# judge NEW OPTION...: what was wrong with the last run, in words; $status and the files log, err and b are its. survives:
# the errno must not matter.
judge() {
    if [ "$status" -eq 0 ]; then
        cmp -s "$1" b || echo "exit status 0 and other bytes"
    elif ! grep -q INJECTED log; then
        echo "failed without a fault"
    elif [ "$survives" = yes ]; then
        echo "did not survive"
    elif [ "$(wc -l <err)" -ne 1 ]; then
        echo "not one message"
    elif ! grep -q -E "$names" err; then
        echo "the message does not name side and reason"
    elif [[ $* == *--in-place* ]] && ! begins_like b "$1" >/dev/null; then
        echo "old bytes"
    fi
}

# faulty CALL ERRNO NEW OPTION...: the first calls that concern the files fail with it, one a run.
faulty() {
    local call=$1 error=$2 new=$3 k wrong
    shift 3
    for k in 1 2 3; do
        cat old >b
        status=0
        traced log "$call" -P "$PWD/$new" -P "$PWD/b" -e "inject=$call:error=$error:when=$k" zcp "$@" "$new" b 2>err || status=$?
        wrong=$(judge "$new" "$@")
        if [ -n "$wrong" ]; then
            echo "$call number $k, $error, $*: $wrong"
            cat log err
            return 1
        fi
        grep -q INJECTED log || break
        runs=$((runs + 1))
    done
}

# fault_matrix CALL SURVIVED OTHERS OPTION...: errnos that must not matter, and those that may end the copy, honestly.
# FAULTS=all in the environment: also without --in-place, where less can go wrong.
fault_matrix() {
    local call=$1 survived=$2 others=$3 error new
    shift 3
    runs=0
    names="^zcp: (error (reading|writing)|failed to clone) '"
    for new in plain holey; do
        for error in $survived $others; do
            survives=no
            [[ " $survived " != *" $error "* ]] || survives=yes
            faulty "$call" "$error" "$new" --in-place "$@"
            [ "${FAULTS:-}" != all ] || faulty "$call" "$error" "$new" "$@"
        done
    done
    echo "$runs calls have failed"
    [ "$runs" -gt 0 ]
}

setup_faults() {
    can_trace
    ! is_sanitized zcp tsan || skip 'one thread has nothing to race with, and this takes long'
    holey holey
    random_file plain 2000000
    tr '\0' U </dev/zero | head -c 2500000 >old
}

@test "copy_file_range may fail: another method, or a message" {
    setup_faults
    fault_matrix copy_file_range 'EINVAL EXDEV EPERM EIO EINTR ENOSYS EOPNOTSUPP EFBIG ETXTBSY' 'ENOSPC EDQUOT'
}

@test "FICLONE may fail: another method, or a message" {
    setup_faults
    fault_matrix ioctl 'EINVAL EXDEV EPERM EINTR EOPNOTSUPP' 'EIO ENOSPC'
}

@test "sendfile may fail: another method, or a message" {
    setup_faults
    fault_matrix sendfile 'EINVAL EXDEV EPERM EINTR' 'EIO ENOSPC' --method=sendfile,read
}

@test "splice may fail: another method, or a message" {
    setup_faults
    fault_matrix splice 'EINVAL EXDEV EPERM EINTR' 'EIO ENOSPC' --method=splice,read --bwlimit=20M
}

@test "read and write may be interrupted, and else name the side that has failed" {
    setup_faults
    fault_matrix read EINTR 'EINVAL EIO EPERM' --method=read
    fault_matrix write EINTR 'EINVAL EIO EPERM ENOSPC' --method=read
    fault_matrix read EINTR EIO --sparse=always
    fault_matrix write EINTR ENOSPC --sparse=always
}

@test "what makes holes may fail" {
    setup_faults
    names="^zcp: (error (reading|writing)|failed to (truncate|extend)) '"
    runs=0
    for error in EINTR EOPNOTSUPP EPERM EIO ENOSPC; do
        survives=yes
        faulty fallocate "$error" holey --in-place
        [ "$error" = EINTR ] || survives=no
        faulty ftruncate "$error" holey --in-place
        survives=no
        [ "$error" = EINTR ] || faulty lseek "$error" holey
    done
    [ "$runs" -gt 0 ]
}

@test "a read that fails is the source's failure, a write the target's" {
    setup_faults
    run -1 --separate-stderr traced log read -P "$PWD/plain" -e inject=read:error=EIO:when=2 zcp --method=read plain b
    [ "$stderr" = "zcp: error reading 'plain': Input/output error" ]
    run -1 --separate-stderr traced log write -P "$PWD/b" -e inject=write:error=ENOSPC:when=2 zcp --method=read plain b
    [ "$stderr" = "zcp: error writing 'b': No space left on device" ]
    run -1 --separate-stderr traced log copy_file_range -P "$PWD/b" -e inject=copy_file_range:error=ENOSPC zcp plain b
    [ "$stderr" = "zcp: error writing 'b': No space left on device" ]
}

@test "an empty file over an empty file changes its time, as with cp" {
    : >a
    for option in --sparse=auto --in-place; do
        : >b
        touch -d 2001-02-03 b
        zcp "$option" a b
        [ a -ot b ] || [ "$(stat -c %Y a)" -eq "$(stat -c %Y b)" ]
    done
}
