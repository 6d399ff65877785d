#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# --drop-cache: what other programs have in memory stays there, and what a copy brings in does not.
# shellcheck disable=SC2154 # stderr is set by bats
bats_require_minimum_version 1.5.0
load helpers

setup_file() {
    straight_python
}

setup() {
    cd "$BATS_TEST_TMPDIR" || return 1
    random_file a 30000000
    forget a
    [ "$(cached a)" = 0 ] || skip 'files of this file system stay in memory'
}

# forget FILE: takes it out of memory.
forget() {
    dd of="$1" oflag=nocache conv=notrunc,fdatasync count=0 status=none 2>/dev/null </dev/null
}

# cached FILE: how many pages of it are in memory.
cached() {
    python3 "$BATS_TEST_DIRNAME/resident.py" "$1"
}

# keeps OPTION... SOURCE TARGET: as many pages of the source are in memory afterwards as before, and none of the target.
keeps() {
    local before
    before=$(cached a)
    zcp --drop-cache "$@" a b >/dev/null
    cmp_uncached
    [ "$(cached a)" = "$before" ]
    [ "$(cached b)" = 0 ]
}

# the copy is compared in copies of both files' bytes that were read past the cache
cmp_uncached() {
    [ "$(stat -c %s b)" = 30000000 ]
    [ "$(dd if=b bs=1M iflag=direct status=none | sha256sum)" = "$(dd if=a bs=1M iflag=direct status=none | sha256sum)" ]
}

@test "a file that was not in memory is not there afterwards, nor is its copy" {
    for option in --sparse=auto --sparse=always --method=copy_file_range --method=sendfile --method=splice --method=mmap \
        --method=read --hash=xxh3 --verify --in-place --atomic; do
        keeps "$option"
    done
    keeps --hash=xxh3 --method=copy_file_range
}

@test "what was in memory before is there afterwards" {
    dd if=a of=/dev/null bs=1M skip=3 count=4 iflag=skip_bytes,count_bytes status=none
    dd if=a of=/dev/null bs=1M skip=17 count=1 status=none
    [ "$(cached a)" -gt 0 ]
    for option in --sparse=auto --method=copy_file_range --method=mmap; do
        keeps "$option"
    done
}

@test "a failing disk is told as without --drop-cache" {
    can_trace
    ! is_sanitized zcp tsan || skip 'the sanitizer makes calls of its own, which are counted'
    run -1 --separate-stderr traced log write -e inject=write:error=ENOSPC:when=1 zcp --drop-cache --method=read a b
    [ "$stderr" = "zcp: error writing 'b': No space left on device" ]
}

@test "--drop-cache: what does not get to the disk is an error, which fsync would not tell once more" {
    can_trace
    random_file like 20000000
    for nth in 1 2 3; do
        run -1 --separate-stderr traced log sync_file_range -e inject=sync_file_range:error=EIO:when=$nth \
            zcp --drop-cache like copy
        [ "$stderr" = "zcp: error writing 'copy': Input/output error" ]
    done
}
