# SPDX-License-Identifier: MIT
# zcp: command lines that make no sense, in cp's words where cp is here to compare with, and else in those of its manual.
# shellcheck disable=SC2030,SC2031,SC2154 # bats runs each test in a process; run sets variables
bats_require_minimum_version 1.5.0
load helpers

export LC_ALL=C

# zcp_refuses PATTERN ARGUMENT...: a usage error, as cp has it: GNU's two lines, and exit status 1.
zcp_refuses() {
    local pattern=$1
    shift
    run -1 --separate-stderr timeout 20 zcp "$@" </dev/null
    [ "${#stderr_lines[@]}" -eq 2 ]
    [[ ${stderr_lines[0]} =~ ^zcp:\ $pattern$ ]]
    [ "${stderr_lines[1]}" = "Try 'zcp --help' for more information." ]
    [ -z "$output" ]
}

# as_cp ARGUMENT...: both refuse them with the same words.
as_cp() {
    cp "$@" >expected 2>&1 && return 1
    sed -i "s/^cp: /zcp: /; s/'cp --help'/'zcp --help'/" expected
    run -1 timeout 20 zcp "$@" </dev/null
    diff expected - <<<"$output" || { echo "zcp $*" && return 1; }
}

# need_gnu_cp: skips the test, aloud, where cp is another one.
need_gnu_cp() {
    [[ $(cp --version 2>/dev/null) == 'cp (GNU coreutils) 9.'* ]] || skip 'cp is not that of GNU coreutils 9'
}

@test "operands that are missing, or too many, are refused in cp's words" {
    need_gnu_cp
    as_cp
    as_cp a
    as_cp -r a
    as_cp -t a
    as_cp -T a
    as_cp -T a b c
    as_cp -t a -t b c
    as_cp --target-directory=a -T b
}

@test "unknown and incomplete options are refused in cp's words" {
    need_gnu_cp
    local option
    for option in -y -D --foo -S -t --suffix --sparse --no-preserve --attributes-only=x --recursive=1 --he=x --re=auto; do
        as_cp "$option"
    done
}

@test "arguments that are no words of the option are refused in cp's words, with the list of them" {
    need_gnu_cp
    local option
    for option in reflink={,x,a,autos} sparse={,x,a} backup={x,n,ni,numbers} preserve={,q,mode,,mode,,links} \
        no-preserve={,mode,q}; do
        as_cp "--$option" a b
    done
    VERSION_CONTROL=x as_cp -b a b
    VERSION_CONTROL=n as_cp -S .old a b
}

@test "words may be abbreviated, and an empty CONTROL is none" {
    zcp_refuses "missing destination file operand after 'a'" --reflink=au --sparse=al --preserve=m,x --no-pres=t a
    zcp_refuses "missing destination file operand after 'a'" --backup=num --update=ol --arch --paren --strip --rec a
    VERSION_CONTROL='' zcp_refuses "missing destination file operand after 'a'" --backup= a
    VERSION_CONTROL=x zcp_refuses "missing destination file operand after 'a'" a
    VERSION_CONTROL=x zcp_refuses "missing destination file operand after 'a'" --backup=off a
}

@test "--update has the words of coreutils 9.5" {
    run -1 --separate-stderr zcp --update=x a b
    [ "$stderr" = "zcp: invalid argument 'x' for '--update'
Valid arguments are:
  - 'all'
  - 'none'
  - 'none-fail'
  - 'older'
Try 'zcp --help' for more information." ]
    run -1 --separate-stderr zcp --update=non a b
    [ "${stderr_lines[0]}" = "zcp: ambiguous argument 'non' for '--update'" ]
    zcp_refuses 'missing file operand' -u --update=none --update
}

@test "options that exclude each other are refused in cp's words" {
    need_gnu_cp
    as_cp -l -s a b
    as_cp --reflink --sparse=always a b
    as_cp --sparse=never --reflink=always a b
    [ -e /sys/fs/selinux/enforce ] || as_cp --preserve=context a b
    [ -e /sys/fs/selinux/enforce ] || as_cp --context=x --preserve=context a b
}

@test "backups exclude what leaves files alone, as since coreutils 9.5" {
    local option
    for option in -n '-n -i -n' --no-clobber --update=none --update=none-fail '-i --update=none'; do
        # shellcheck disable=SC2086 # several options
        zcp_refuses '--backup is mutually exclusive with -n or --update=none-fail' -b $option a b
    done
    # What comes later wins.
    zcp_refuses "missing destination file operand after 'a'" -b -n -i a
    zcp_refuses "missing destination file operand after 'a'" -b --update=none --update=all a
    zcp_refuses "missing destination file operand after 'a'" --reflink --reflink=auto --sparse=never a
    zcp_refuses "missing destination file operand after 'a'" --preserve=context --no-preserve=context a
}

@test "options that cp does not have are refused when they make no sense" {
    local option
    for option in --jobs=0 --jobs=65 --jobs=x --method=magic --method=tee --method= --method=read,read --progress=maybe \
        --bwlimit=fast --bwlimit=0 --pipe-size=1; do
        zcp_refuses "(invalid|too small|too large) argument '${option#*=}' for '${option%%=*}'" "$option" a b
    done
    zcp_refuses "too large argument '65' for '--jobs'" -j65 a b
    for option in --in-place --atomic --fsync --stats --debug; do
        zcp_refuses "option '$option' doesn't allow an argument" "$option=1" a b
    done
    zcp_refuses '--in-place and --atomic exclude each other' --in-place --atomic a b
    zcp_refuses '--reflink=always needs the method clone' --reflink --method=read a b
    zcp_refuses '--reflink=never and --sparse=never exclude .*' --reflink=never --method=read,clone a b
    zcp_refuses '--reflink=never and --sparse=never exclude .*' --sparse=never --method=copy_file_range a b
}

@test "only cp's long options may be abbreviated" {
    for option in --job=2 --meth=read --bw=1 --in-pl --atom --stat; do
        zcp_refuses "unrecognized option '$option'" "$option" a b
    done
}

@test "--help and --version end well, and a full standard output is an error" {
    zcp --help | grep -q '^Usage: zcp '
    zcp -v --version | grep -q '^zcp (zcopy) '
    run -1 --separate-stderr sh -c 'zcp --help >/dev/full'
    [[ $stderr =~ ^zcp:\ .*No\ space\ left ]]
}
