#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# --resume: going on with what an interrupted copy has left, and with nothing else.
# shellcheck disable=SC2154 # stderr is set by bats
bats_require_minimum_version 1.5.0
load helpers

# moved OPTION... SOURCE TARGET: resumes, and prints how many bytes were copied for that.
moved() {
    zcp --resume --stats "$@" 2>&1 | sed -n 's/^zcp: \([0-9]*\) bytes.*/\1/p'
}

@test "a part of the source is not copied again" {
    random_file a 3000000
    for size in 0 1 4095 4096 4097 262144 1000000 2999999 3000000; do
        head -c "$size" a >b
        bytes=$(moved a b)
        [ "$bytes" -le $((3000000 - size + 4095)) ]
        cmp a b
    done
}

@test "a file of the right size and time is still compared, and what differs is copied" {
    random_file a 3000000
    for at in 0 1 4096 262143 262144 1500000 2999999; do
        cp -p a b
        printf '\0' | dd of=b bs=1 seek="$at" conv=notrunc status=none
        cmp -s a b && printf '\1' | dd of=b bs=1 seek="$at" conv=notrunc status=none
        touch -r a b
        bytes=$(moved -p a b)
        [ "$bytes" -ge $((3000000 - at)) ]
        [ "$bytes" -le $((3000000 - at + 4096)) ]
        cmp a b
    done
    [ "$(moved a b)" = 0 ]
}

@test "what is longer than the source is cut, with holes and other methods as well" {
    truncate -s 3M a
    random_file some 500000
    dd if=some of=a bs=4096 seek=100 conv=notrunc status=none
    for options in --sparse=auto --sparse=always --sparse=never --method=copy_file_range --method=splice --in-place --drop-cache; do
        { head -c 1000000 a && random_file tail 4000000 && cat tail; } >b
        zcp --resume "$options" a b
        cmp a b
        { cat a && echo more; } >b
        zcp --resume "$options" a b
        cmp a b
    done
}

@test "a tree whose copy was killed at any moment is completed" {
    can_trace
    ! is_sanitized zcp tsan || skip 'the sanitizer makes calls of its own, which are counted'
    mkdir tree
    random_file tree/a 700000
    random_file tree/b 10
    truncate -s 900000 tree/c
    random_file tree/d 300000
    dd if=tree/d of=tree/c bs=4096 seek=50 conv=notrunc status=none
    calls=openat,read,write,copy_file_range,ftruncate,lseek,close,mkdirat,utimensat,fchmod,pread64,fstat,newfstatat
    killed=0
    for first in '' 'zcp -a --method=read'; do
        for ((k = 1; k < 400; k += 2)); do
            rm -rf copy
            [ -z "$first" ] || { $first tree copy && truncate -s 400000 copy/a copy/c; }
            code=0
            traced log "$calls" -P "$PWD/tree" -P "$PWD/copy" -P "$PWD/tree/a" -P "$PWD/copy/a" -P "$PWD/tree/c" -P "$PWD/copy/c" \
                -e inject="$calls":signal=KILL:when=$k zcp -a -T -j1 --method=read --resume tree copy || code=$?
            [ "$code" -ne 0 ] || break
            killed=$((killed + 1))
            zcp -a -T --resume --method=read tree copy
            diff -r tree copy
            [ "$(stat -c '%n %y' tree/*)" = "$(cd copy && stat -c 'tree/%n %y' -- *)" ]
        done
        [ "$code" = 0 ]
    done
    [ "$killed" -ge 20 ]
}

@test "the digest of a copy that was resumed is that of the whole" {
    random_file a 1000000
    head -c 700000 a >b
    [ "$(zcp --resume --verify --hash=sha256 a b)" = "$(sha256sum <a | cut -c1-64)  b" ]
    head -c 700000 a >b
    [ "$(zcp --resume --method=copy_file_range,read --hash=sha256 a b)" = "$(sha256sum <a | cut -c1-64)  b" ]
}

@test "a target that cannot be compared is an error, and stays what it was" {
    can_trace
    random_file a 100000
    head -c 50000 a >b
    run -1 --separate-stderr traced log pread64 -P "$PWD/b" -e inject=pread64:error=EIO zcp --resume a b
    [ "$stderr" = "zcp: error reading 'b': Input/output error" ]
    cmp <(head -c 50000 a) b
}

@test "--resume excludes what leaves nothing to go on with" {
    echo x >a
    for option in --atomic -b --backup=numbered --remove-destination -l -s --attributes-only; do
        run -1 --separate-stderr zcp --resume "$option" a b
        [[ $stderr == *"--resume"* ]]
    done
    [ ! -e b ]
}
