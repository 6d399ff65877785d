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
