#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# --hash: digests of the copies, as sha256sum prints them.
# shellcheck disable=SC2154 # stderr is set by bats
bats_require_minimum_version 1.5.0
load helpers

# a tree with names and sizes of all kinds
make_tree() {
    mkdir -p tree/sub
    random_file tree/a 100000
    random_file tree/sub/b 5
    : >tree/sub/empty
    random_file "tree/blank and 'quote" 70000
    random_file $'tree/end of\nline' 7
    random_file 'tree/back\slash' 8
    random_file $'tree/\xff\x1b' 9
    truncate -s 2M tree/holey
    printf x | dd of=tree/holey bs=1 seek=1000000 conv=notrunc status=none
}

@test "sha256sum -c, sha512sum -c and b2sum -c accept the list, whatever the names are" {
    make_tree
    zcp -r --hash=sha256 tree copy >list
    [ "$(wc -l <list)" -eq 8 ]
    sha256sum --quiet --strict -c list
    zcp -r --hash=sha512:list tree copy2
    [ "$(wc -l <list)" -eq 8 ]
    sha512sum --quiet --strict -c list
    zcp -r --hash=blake2b:list tree copy4
    [ "$(wc -l <list)" -eq 8 ]
    b2sum --quiet --strict -c list
    printf x >>copy/a
    run -1 sha256sum --quiet -c <(zcp -r --hash=sha256 tree copy3 | sed 's/copy3/copy/')
}

@test "the list is the same for any number of jobs, and stands between the lines of -v" {
    make_tree
    for jobs in 1 2 8; do
        zcp -r -v -j"$jobs" --hash=xxh3 tree copy >"list$jobs"
        rm -r copy
    done
    cmp list1 list2
    cmp list1 list8
    [ "$(wc -l <list1)" -ge 18 ]
}

@test "the digest is that of the source by every method, with holes and without" {
    make_tree
    expected=$(sha256sum <tree/holey | cut -c1-64)
    for options in --sparse=auto --sparse=always --sparse=never --method=copy_file_range --method=sendfile --method=splice \
        --method=mmap --method=read --drop-cache --in-place --atomic; do
        got=$(zcp --hash=sha256 "$options" tree/holey copy)
        [ "$got" = "$expected  copy" ]
        cmp tree/holey copy
    done
    [ "$(zcp --hash=xxh3 tree/a copy)" = "$(xxhsum -H128 tree/a | sed 's/tree.a/copy/')" ]
}

@test "of a pipe, which can be read only once, there is a digest as well" {
    random_file a 300000
    mkfifo fifo
    cat a >fifo &
    [ "$(zcp --copy-contents -r --hash=sha256 fifo copy)" = "$(sha256sum <a | cut -c1-64)  copy" ]
    cmp a copy
    cat a >fifo &
    run -1 --separate-stderr zcp --copy-contents -r --hash=sha256 --method=splice fifo copy2
    [[ $stderr == *"no method that is allowed can move bytes from 'fifo' (pipe)"* ]]
}

@test "what failed has no line in the list" {
    mkdir d
    random_file a 10
    run -1 --separate-stderr zcp --hash=sha256:list a missing d
    [ "$(cat list)" = "$(sha256sum <a | cut -c1-64)  d/a" ]
}

@test "a list that cannot be written is an error" {
    random_file a 10
    run -1 --separate-stderr zcp --hash=sha256:/dev/full a b
    [ "$stderr" = "zcp: error writing '/dev/full': No space left on device" ]
    run -1 --separate-stderr bash -c 'zcp --hash=sha256 a b >/dev/full'
    [[ $stderr == *"write error: No space left on device" ]]
    run -1 --separate-stderr zcp --hash=sha256:no/such a c
    [ "$stderr" = "zcp: cannot open 'no/such': No such file or directory" ]
    [ ! -e c ]
}

@test "the list does not take the place of what is to be copied" {
    echo bytes >a
    echo old >b
    for list in a ./b; do
        run -1 --separate-stderr zcp --hash=sha256:"$list" a b
        [ "$stderr" = "zcp: '${list#./}' is the file for the digests" ]
        [ "$(cat a b)" = $'bytes\nold' ]
    done
}

@test "the list does not take the place of a copy that is still to come" {
    random_file a 300000
    mkdir tree d
    cp a tree/x
    for target in new d/a; do
        run -1 --separate-stderr zcp --hash=sha256:"$target" a "${target%/a}"
        [ "$stderr" = "zcp: '$target' is the file for the digests" ]
        [ ! -s "$target" ]
    done
    run -1 --separate-stderr zcp -r --hash=sha256:d/tree/x --remove-destination -- tree d
    [[ $stderr == "zcp: cannot open 'd/tree/x': "* ]]
    mkdir d/tree
    for options in -r -rn '-r --remove-destination' '-r --atomic' '-r --in-place' '-rb'; do
        rm -f d/tree/*
        # shellcheck disable=SC2086 # several options
        run -1 --separate-stderr zcp $options --hash=sha256:d/tree/x tree d
        [ "$stderr" = "zcp: 'd/tree/x' is the file for the digests" ]
        [ "$(ls d/tree)" = x ]
        [ ! -s d/tree/x ]
    done
}

@test "a source that is cut short before it is read once more is an error" {
    can_trace
    random_file a 300000
    run -1 --separate-stderr traced log pread64 -P "$PWD/a" -e inject=pread64:retval=0 zcp --method=sendfile --hash=xxh3 a b
    [ "$stderr" = "zcp: error reading 'a': it was cut short while it was being copied" ]
}

@test "a source that changes before it is read once more is an error, and has no digest" {
    can_trace
    random_file a 300000
    {
        code=0
        traced log sendfile -e inject=sendfile:signal=STOP:when=1 zcp --method=sendfile --hash=xxh3 a b >list 2>err || code=$?
        echo "$code" >status
    } &
    wait_for has_line log 'stopped by SIGSTOP'
    printf X | dd of=a bs=1 seek=1000 conv=notrunc status=none
    kill -CONT "$(sed -n 's/^\([0-9]*\) .*stopped by SIGSTOP.*/\1/p' log | head -1)"
    wait_for test -s status
    [ "$(cat status)" = 1 ]
    [ "$(cat err)" = "zcp: error reading 'a': it changed while it was being copied" ]
    [ ! -s list ]
}

@test "--verify and --hash may ask for different digests" {
    random_file a 300000
    [ "$(zcp --verify=xxh3 --hash=sha512 a b)" = "$(sha512sum <a | cut -c1-128)  b" ]
    run -1 --separate-stderr zcp --hash=crc32 a b
    [[ $stderr == *"'crc32'"* ]]
}
