#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Attributes where the target's file system has no room for them.
# shellcheck disable=SC2154 # stderr is set by bats
bats_require_minimum_version 1.5.0
load helpers

setup() {
    cd "$BATS_TEST_TMPDIR" || return 1
    need setfacl
    need setfattr
    can_trace
    mkdir -p tree/inner
    echo x >tree/a
    chmod 640 tree/a
    setfacl -m u:7:rwx,u:8:r tree/a tree/inner 2>/dev/null || skip 'no access control lists here'
}

# refused COMMAND...: as on a file system that has neither lists nor extended attributes.
refused() {
    traced log fsetxattr -e inject=fsetxattr:error=EOPNOTSUPP "$@"
}

@test "-a is quiet about access control lists that the file system cannot hold, and widens nothing" {
    run -0 --separate-stderr refused zcp -a tree copy
    [ "$stderr" = "" ]
    grep -q INJECTED log
    [ "$(stat -c %a copy/a copy/inner)" = $'640\n755' ]
    [ "$(stat -c %a tree/a)" = 670 ]
}

@test "a directory whose list is only for what will be made in it keeps the permissions of its group" {
    mkdir folder
    chmod 775 folder
    setfacl -d -m u:7:rwx folder
    run -0 --separate-stderr refused zcp -a folder copy
    [ "$stderr" = "" ]
    grep -q INJECTED log
    [ "$(stat -c %a copy)" = 775 ]
}

@test "-p tells of them, with exit status 1" {
    run -1 --separate-stderr refused zcp -p tree/a b
    [ "$stderr" = "zcp: preserving permissions for 'b': Operation not supported" ]
    [ "$(stat -c %a b)" = 640 ]
}

@test "extended attributes that the file system refuses are an error with --preserve=xattr, and none with -a" {
    setfattr -n user.colour -v red tree/a
    run -1 --separate-stderr refused zcp --preserve=xattr tree/a b
    [ "$stderr" = "zcp: setting attributes for 'b': Operation not supported" ]
    run -0 --separate-stderr refused zcp -a tree/a c
    [ "$stderr" = "" ]
    run -0 zcp -a tree/a d
    [ "$(getfattr --only-values -n user.colour d)" = red ]
}

@test "what is behind a link has its access control list copied, whether it can be opened or not" {
    need setfacl getfacl
    mkfifo -m 600 fifo
    setfacl -m u:daemon:rw fifo 2>/dev/null || skip 'no access control lists here'
    ln -s fifo link
    zcp -RLp link copy
    [ "$(getfacl -c copy)" = "$(getfacl -c fifo)" ]
    mkdir -p real/sub over target
    echo text >real/sub/file
    setfacl -m u:daemon:rwx real
    chmod 370 real
    ln -s ../real over/link
    wanted=$(getfacl -c real)
    as_user zcp --parents -p over/link/sub/file target
    [ "$(getfacl -c target/over/link)" = "$wanted" ]
}

@test "a directory of --parents that can only be searched gets its attributes, also behind a link" {
    mkdir -p a/b target real
    echo text >a/b/file
    touch -d 2001-01-01 a/b a
    chmod 751 a
    chmod 300 real
    ln -s ../real target/a
    as_user zcp --parents -p a/b/file target
    [ "$(stat -c '%a %Y' real)" = "$(stat -c '%a %Y' a)" ]
}

@test "--atomic over a file that cannot be read, behind a link, keeps its access control list" {
    need setfacl getfacl
    echo old >old
    setfacl -m u:daemon:rw,g::--- old 2>/dev/null || skip 'no access control lists here'
    chmod u=w old
    ln -s old link
    echo new >new
    wanted=$(getfacl -c old)
    as_user zcp --atomic new link
    [ "$(cat old)" = new ]
    [ "$(getfacl -c old)" = "$wanted" ]
}
