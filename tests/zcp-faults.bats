#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Failing, interrupted and short system calls in zcp: every file is whole or named, in trees, by threads, over old files.
#
# The long campaign, each errno at every k-th call, is: FAULTS=all tests/run build -- tests/zcp-faults.bats
# shellcheck disable=SC2030,SC2031,SC2034,SC2154 # tests are subshells and share variables with faults/*.bash
bats_require_minimum_version 1.5.0
load helpers

setup_file() {
    straight_python
}

setup() {
    cd "$BATS_TEST_TMPDIR" || return 1
    ! is_sanitized zcp || skip 'neither strace nor preloading goes with a sanitizer'
}

copies=(--only=copy/{a,b/large,b/c/small,d/middle,holey}) # of the tree: no write of a message or to an eventfd counts
refusals='EINVAL ENOSYS EOPNOTSUPP EXDEV EPERM'

# faults ARGUMENT...: see zcp-faults.py.
faults() {
    python3 "$BATS_TEST_DIRNAME/zcp-faults.py" "$@"
}

# every_way [ARGUMENT]... CALL SURVIVED OTHERS [OPTION]: into nothing, over an old file in place, and as its replacement.
every_way() {
    faults --copy="$4" "$1" "$2" "$3"
    faults --copy="--in-place $4" --before=old "$1" "$2" "$3"
    faults --copy="--atomic $4" --before=old "$1" "$2" "$3"
}

# trees CALL SURVIVED OTHERS OPTIONS [ARGUMENT]...: a tree, by one thread and by three.
trees() {
    local jobs
    for jobs in 1 3; do
        faults --source=tree --copy="-j$jobs $4" "${@:5}" "$1" "$2" "$3"
    done
}

# --- the calls that move bytes -------------------------------------------------------------------------------------

@test "a file is whole or named, whichever FICLONE fails" {
    can_trace
    every_way ioctl "$refusals ETXTBSY EINTR EACCES" 'EIO ENOSPC EDQUOT ENOMEM'
}

@test "a file is whole or named, whichever copy_file_range fails" {
    can_trace
    every_way copy_file_range "$refusals EINTR ETXTBSY EIO EFBIG" 'ENOSPC EDQUOT'
    every_way copy_file_range 'EINTR' 'EXDEV EIO ENOMEM' --method=copy_file_range
}

@test "a file is whole or named, whichever sendfile fails" {
    can_trace
    every_way sendfile "$refusals EINTR" 'EIO ENOSPC EFBIG' --method=sendfile,read
}

@test "a file is whole or named, whichever splice fails" {
    can_trace
    every_way splice "$refusals EINTR EAGAIN" 'EIO EDQUOT ENOMEM' --method=splice,read
}

@test "a file is whole or named, whichever mapping fails" {
    can_trace
    faults --only=data --copy=--method=mmap,read mmap 'EINVAL ENODEV ENOMEM EACCES' 'EIO'
    faults --only=data --copy='--method=mmap,read --atomic' --before=old mmap 'ENODEV' 'EIO'
}

@test "a file is whole or named, whichever read or write fails" {
    can_trace
    local few=--few=3
    for option in --method=read --sparse=always; do
        faults $few --only=data --copy="$option" read 'EINTR' 'EIO EINVAL'
        faults $few --only=data --copy="--in-place $option" --before=old read 'EINTR' 'EIO'
        faults $few --only=copy --copy="$option" write 'EINTR' 'ENOSPC EFBIG'
        faults $few --only=copy --copy="--in-place $option" --before=old write 'EINTR' 'ENOSPC EFBIG'
        faults $few --most=3 --copy="--atomic $option" --before=old write 'EINTR' 'ENOSPC EFBIG'
    done
}

@test "each file of a tree is whole or named, whichever call that moves bytes fails" {
    can_trace
    trees copy_file_range 'EXDEV EINTR' 'ENOSPC' -a
    trees ioctl 'EOPNOTSUPP EINTR' 'EIO' -p
    trees sendfile 'EINVAL' 'EIO' --method=sendfile,read
    trees splice 'EINVAL' 'ENOSPC' --method=splice,read
    trees read 'EINTR' 'EIO' --method=read --own --few=4
}

@test "each file of a tree is whole or named, whichever write fails" {
    can_trace
    trees write 'EINTR' 'EIO ENOSPC' --method=read --few=4 "${copies[@]}"
    trees write '' 'EDQUOT' '--method=read --in-place' --before=old --few=4 "${copies[@]}"
    faults --source=tree --copy='--method=read --atomic -a -j1' --before=old write '' 'ENOSPC' --few=5 --most=5
}

# --- the calls around them ------------------------------------------------------------------------------------------

@test "each file of a tree is whole or named, whichever openat fails" {
    can_trace
    trees openat '' 'EACCES EMFILE' -a --own --few=20
    trees openat '' 'EMFILE' --atomic --before=old --own --few=28
    trees openat '' 'ELOOP' --in-place --before=old --own --few=20
}

@test "each file of a tree is whole or named, whichever mkdirat or symlinkat fails" {
    can_trace
    trees mkdirat '' 'EACCES ENOSPC' -a --few=4
    trees symlinkat '' 'ENOSPC EPERM' -a
}

@test "each file of a tree is whole or named, whichever look at it fails" {
    can_trace
    trees newfstatat '' 'EIO' -a --other-words --own --few=25
    trees getdents64 '' 'EIO' -a --own --few=9
    trees lseek '' 'EIO' -a --few=3
}

@test "what an attribute could not be given to is named" {
    can_trace
    faults --copy=-p true 'EINTR' '' || true # makes the files
    chown -h 1:1 tree/link tree/a tree/b tree/d/middle || skip 'only root can give files away'
    setfattr -n user.mood -v fine tree/d/middle || skip 'no extended attributes here'
    trees fchmod '' 'EPERM EROFS' -a
    trees utimensat '' 'EPERM' -a --few=3
    trees fchown '' 'EIO' -a --few=3
    trees fsetxattr '' 'EIO' --preserve=all
    trees flistxattr '' 'EIO' --preserve=all --few=3
}

@test "what makes holes in a file, or an end, may fail" {
    can_trace
    trees fallocate 'EOPNOTSUPP EINTR' 'EIO' --in-place --before=old
    trees ftruncate 'EINTR' 'EIO EPERM' --in-place --before=old
    trees ftruncate '' 'EIO ENOSPC' '' --before=old --few=3
}

@test "a close that fails is told" {
    can_trace
    faults --only=copy --few=1 close '' 'EIO ENOSPC EDQUOT' | grep '^3 runs'
    run -1 --separate-stderr traced log close -P "$PWD/copy" -e inject=close:error=EDQUOT zcp data copy
    [ "$stderr" = "zcp: failed to close 'copy': Disk quota exceeded" ]
    trees close '' 'EIO' -a --own --few=30
}

@test "--atomic leaves the old file or the new one, whichever call of it fails" {
    can_trace
    local atomic=(--copy='--atomic --fsync' --before=old)
    trees linkat '' 'EIO EPERM' '--atomic --fsync' --before=old --few=3
    trees renameat '' 'EACCES ENOSPC' '--atomic --fsync' --before=old
    faults "${atomic[@]}" linkat '' 'ENOSPC ENOENT'
    faults "${atomic[@]}" renameat '' 'EIO EBUSY'
    faults "${atomic[@]}" fsync '' 'EIO ENOSPC EDQUOT' --few=5
    for call in fchmod utimensat flistxattr; do
        faults --copy='--atomic -p' --before=old $call '' 'EIO EPERM'
    done
    faults --copy=--atomic linkat '' 'EIO'
}

@test "without O_TMPFILE --atomic does the same under a name of its own" {
    can_trace
    faults --few=1 --copy=--atomic --before=old linkat '' EIO # makes the files
    strace -f -qq -o log -e trace=openat zcp --atomic data copy
    first=$(awk '/openat/ { n++ } /O_TMPFILE/ { print n; exit }' log)
    faults --few=1 --first="$first" --copy=--atomic --before=old openat 'EOPNOTSUPP EISDIR ENOENT EINVAL' 'EIO EMFILE'
}

@test "no thread, no memory, no eventfd: all is copied or somebody says why not" {
    can_trace
    faults --source=tree --copy=-j3 clone3 'EAGAIN' '' --first=2 --few=3
    trees clone3 '' 'EAGAIN' '' --few=1
    trees eventfd2 '' 'EMFILE' '' --few=4
    trees mmap '' 'ENOMEM' '' --other-words --own --few=25
}

# --- short and interrupted calls ------------------------------------------------------------------------------------

# every_method SETTING...: each method, kind of target and number of threads, with these variables for the helper.
every_method() {
    local method option
    for method in copy_file_range sendfile splice read; do
        for option in -j1 -j3 --in-place --atomic; do
            faults --source=tree --before=old --short=$method --copy="$option --method=$method" "$@"
        done
    done
}

@test "no byte is lost or repeated when every call moves a few bytes at most" {
    every_method SHORT=701
}

@test "no byte is lost or repeated when short calls and whole ones alternate" {
    every_method SHORT=4095 SHORT_WHOLE=3
}

@test "no byte is lost or repeated when every second call is interrupted and the others are short" {
    every_method SHORT=30001 SHORT_FAIL=2
}
