#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# zcp: the long name of an option does what its letter does.
# shellcheck disable=SC2030,SC2031,SC2154 # tests are subshells; run sets variables
bats_require_minimum_version 1.5.0
load helpers

setup() {
    cd "$BATS_TEST_TMPDIR" || return 1
    mkdir -p tree/d old
    random_file tree/a 5000
    ln tree/a tree/hard
    ln -s a tree/link
    ln -s d tree/to-directory
    echo b >tree/d/b
    echo old >old/a
    chmod 640 tree/a
    touch -d 2001-02-03 tree/a tree/d
    ln -s tree operand
}

# made_by OPTION...: what a copy of the tree with these is, over some old files, and what is told of it.
made_by() {
    rm -rf copy
    cp -R old copy
    echo "$(zcp -R "$@" "$PWD/tree" "$PWD/operand" copy 2>&1 </dev/null), status $?"
    (cd copy && find . -printf '%P %y %m %n %l\n' | sort && find . -type f -exec cksum {} + | sort -k 3)
    case $* in -p | -a | --pres* | --arch*) stat -c %Y copy/tree/a copy/tree/d ;; esac
}

# zcp_same LETTER NAME
zcp_same() {
    made_by "$1" >by-letter
    made_by "$2" >by-name
    diff by-letter by-name
}

@test "a long name and its letter make and tell the same" {
    zcp_same -a --archive
    zcp_same -L --dereference
    zcp_same -P --no-dereference
    zcp_same -x --one-file-system
    zcp_same -f --force
    zcp_same -i --interactive
    zcp_same -n --no-clobber
    zcp_same -u --update
    zcp_same -b --backup
    zcp_same -p --preserve
    zcp_same -l --link
    zcp_same -s --symbolic-link
    zcp_same -v --verbose
    diff <(zcp -T tree/a one) <(zcp --no-target-directory tree/a two)
    cmp one two
}

@test "-H follows a link that is an operand, -d and -P do not, and -L follows all" {
    zcp -RH operand by-h
    [ -d by-h ]
    [ ! -L by-h ]
    [ -L by-h/link ]
    zcp -d operand by-d
    [ -L by-d ]
    zcp -RP operand by-p
    [ -L by-p ]
    zcp -RL operand by-l
    [ ! -L by-l/link ]
    [ -f by-l/link ]
    [ -d by-l/to-directory ]
}

@test "--keep-directory-symlink copies into what a link in the destination leads to" {
    mkdir copy real
    ln -s ../real copy/d
    run -1 zcp -RT tree copy
    zcp -RT --keep-directory-symlink tree copy
    [ -L copy/d ]
    cmp tree/d/b real/b
}

@test "-Z without SELinux copies, and -g is --progress" {
    [ ! -d /sys/fs/selinux ] || skip 'this kernel has SELinux'
    zcp -Z tree/a copy
    cmp tree/a copy
    run -0 --separate-stderr zcp -g tree/a again
    [ -z "$stderr" ]
    cmp tree/a again
}

@test "--parents, --strip-trailing-slashes and --remove-destination do what they are called" {
    mkdir copy
    zcp --parents tree/d/b copy
    cmp tree/d/b copy/tree/d/b
    zcp --strip-trailing-slashes -R operand/ copy
    [ -L copy/operand ]
    echo old >copy/a
    ln copy/a copy/other
    zcp --remove-destination tree/a copy
    cmp tree/a copy/a
    [ "$(cat copy/other)" = old ]
}

@test "--parents names the first directory that it needs and that is missing, as cp does" {
    mkdir -p z/gone
    run -1 zcp --parents gone/n/f z
    [ "$output" = "zcp: failed to get attributes of 'gone/n': No such file or directory" ]
    run -1 zcp -p --parents gone/n/f z # what is there is to be like its source
    [ "$output" = "zcp: failed to get attributes of 'gone': No such file or directory" ]
    [ "$(find z)" = $'z\nz/gone' ]
}
