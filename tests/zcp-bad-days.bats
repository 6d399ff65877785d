#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# zcp on bad days: full disks, limits, closed descriptors, directories that vanish, trees and names without bounds.
# shellcheck disable=SC2030,SC2031,SC2154 # tests are subshells; run sets variables
bats_require_minimum_version 1.5.0
load helpers

setup_file() {
    straight_python
}

setup() {
    cd "$BATS_TEST_TMPDIR" || return 1
    umask 022
}

teardown() {
    stop_jobs
    ! mountpoint -q "$BATS_TEST_TMPDIR/small" || umount "$BATS_TEST_TMPDIR/small"
}

# small_disk OPTIONS: mounts a tmpfs at small.
small_disk() {
    mkdir small
    mount -t tmpfs -o "$1" tmpfs small 2>/dev/null || skip "no tmpfs with $1 can be mounted here"
}

# plain_tree BYTES...: files of these sizes, named 1, 2, ..., in tree.
plain_tree() {
    local size i=0
    mkdir tree
    for size; do
        i=$((i + 1))
        random_file "tree/$i" "$size"
    done
}

# whole_or_named COPY: each file of tree is whole in COPY, or a message in err names it.
whole_or_named() {
    local file
    for file in tree/*; do
        cmp -s "$file" "$1/${file#tree/}" || grep -q -F "/${file#tree/}'" err || { echo "$file" && cat err && return 1; }
    done
}

# --- no room --------------------------------------------------------------------------------------------------------

@test "a full standard output is told as that, whatever else has failed meanwhile" {
    mkdir tree
    for ((i = 0; i < 300; i++)); do echo x >"tree/$i"; done
    run -1 --separate-stderr bash -c 'zcp -av tree copy >/dev/full'
    [ "$stderr" = "zcp: write error: No space left on device" ]
    diff -r tree copy
}

@test "a full disk is told for each file that it has no room for, and the others are whole" {
    plain_tree 1000 200000 9000 3000000 1000 50000
    small_disk size=1M
    for jobs in 1 3; do
        status=0
        zcp -j$jobs -RT tree small/copy 2>err || status=$?
        [ "$status" -eq 1 ]
        grep -qx "zcp: error writing 'small/copy/4': No space left on device" err
        whole_or_named small/copy
        rm -r small/copy
    done
}

@test "with --atomic a file that a full disk has no room for takes nobody's room" {
    plain_tree 1000 200000 9000 3000000 1000 50000
    small_disk size=1M
    mkdir small/copy
    echo old >small/copy/4
    run -1 --separate-stderr zcp -j1 --atomic -RT tree small/copy
    [ "$stderr" = "zcp: error writing 'small/copy/4': No space left on device" ]
    [ "$(cat small/copy/4)" = old ]
    rm tree/4 small/copy/4
    diff -r tree small/copy
}

@test "a quota that is used up is told by its name" {
    plain_tree 1000 3000000
    small_disk size=9M,usrquota_block_hardlimit=1M
    chmod 777 small
    as_user zcp -RT tree small/copy 2>err && return 1
    [ "$(cat err)" = "zcp: error writing 'small/copy/2': Disk quota exceeded" ]
    cmp tree/1 small/copy/1
}

@test "a file that would become larger than the limit is told, and the rest of the tree goes on" {
    plain_tree 1000 300000 2000
    for option in -j1 -j3 --in-place --method=read --method=sendfile,read; do
        rm -rf copy
        run -1 --separate-stderr bash -c "ulimit -f 100; exec zcp $option -RT tree copy"
        [ "$stderr" = "zcp: error writing 'copy/2': File too large" ]
        cmp -n 102400 tree/2 copy/2
        cmp tree/1 copy/1
        cmp tree/3 copy/3
    done
    echo old >copy/2
    run -1 --separate-stderr bash -c "ulimit -f 100; exec zcp --atomic -RT tree copy"
    [ "$(cat copy/2)" = old ]
    [ -z "$(find . -name '.zcp-*')" ]
}

@test "with few descriptors a deep tree is copied or it is told that they are too few" {
    local limit
    mkdir -p tree/"$(printf 'd/%.0s' {1..100})"
    for i in {1..20}; do
        echo "$i" >"tree/d/d/d/$i"
        echo "$i" >"tree/$(printf 'd/%.0s' {1..90})$i"
    done
    for limit in 256 40 20 14 12 10 9 8; do
        rm -rf copy
        status=0
        bash -c "ulimit -n $limit; exec zcp -j4 -RT tree copy" 2>err || status=$?
        if [ "$status" -eq 0 ]; then
            diff -r tree copy
            [ ! -s err ]
        else
            [ "$status" -eq 1 ] || grep -q 'error while loading shared libraries' err
            grep -q 'Too many open files' err
        fi
        [ "$limit" -lt 256 ] || [ "$status" -eq 0 ]
    done
}

@test "directories that are done wait with their descriptors for a file that is not, and there are enough" {
    mkdir tree
    echo 0 >tree/0 # read first: it has the lowest inode number
    for i in {1..400}; do
        mkdir "tree/$i"
        [ "$((i % 10))" -ne 0 ] || echo "$i" >"tree/$i/file"
    done
    hold_lease tree/0
    (ulimit -n 200 && exec zcp -j2 -RT tree copy 2>err) &
    copier=$!
    wait_for has_line lease wanted
    wait_for test -d copy/1
    wait_for all_threads S $copier
    open_gate gate
    status_of $copier
    [ ! -s err ]
    [ "$status" -eq 0 ]
    diff -r tree copy
}

# copying_leased FILE [OPTION]...: starts to copy new over old while another process has a lease on FILE, until the FIFO gate is
# opened; sets $copier.
copying_leased() {
    echo new >new
    echo old >old
    hold_lease "$1"
    zcp "${@:2}" new old 2>err &
    copier=$!
    wait_for has_line lease wanted
}

@test "a file that another process has leased is waited for, be it source or target" {
    for leased in new old; do
        copying_leased "$leased"
        open_gate gate
        status_of "$copier"
        [ ! -s err ]
        [ "$status" -eq 0 ]
        [ "$(cat old)" = new ]
        wait
    done
}

@test "a signal ends the waiting for a leased file" {
    for case in new:--in-place old:--in-place new:--atomic new:; do
        # shellcheck disable=SC2086 # none or one
        copying_leased "${case%:*}" ${case#*:}
        kill -TERM "$copier"
        status_of "$copier"
        [ "$status" -eq 143 ]
        [ ! -s err ]
        [ "$(cat old)" = old ]
        open_gate gate
        wait
    done
}

@test "an error that looks like the end of the source is not taken for it" {
    can_trace
    random_file like 3000000
    for call in copy_file_range sendfile splice; do
        rm -f copy
        status=0
        traced log $call,pread64 -P "$PWD/like" -e inject=$call:retval=0:when=1 -e inject=pread64:error=EIO:when=1 \
            zcp --method=$call,read like copy 2>err || status=$?
        grep -q 'INJECTED' log
        [ "$status" -ne 0 ] || cmp like copy
        [ "$status" -eq 0 ] || [ -s err ]
    done
}

@test "wherever the state of a file cannot be asked for, hard links are kept or somebody says why not" {
    can_trace
    mkdir tree
    echo text >tree/a
    ln tree/a tree/b
    for nth in {1..30}; do
        rm -rf copy
        status=0
        traced log newfstatat -e inject=newfstatat:error=EIO:when="$nth" zcp -j1 -aT tree copy 2>err || status=$?
        if [ "$status" -eq 0 ]; then
            [ "$(stat -c %h copy/a)" -eq 2 ]
        else
            grep -q '^zcp: ' err
        fi
    done
    run ! grep INJECTED log
}

@test "a target that cannot be opened is not one that is no directory" {
    can_trace
    mkdir from to
    echo text >from/file
    for error in EIO EMFILE ENOMEM; do
        run -1 --separate-stderr traced log openat -P to -e inject=openat:error=$error:when=1 zcp -j1 -R from to
        [[ $stderr == *"zcp: target 'to': "* ]] # strace may say something as well
        [ -z "$(ls to)" ]
    done
}

# --- errors in the middle -------------------------------------------------------------------------------------------

@test "a file that cannot be read to its end is told, and the rest of the tree goes on" {
    can_trace
    ! is_sanitized zcp || skip 'no strace under a sanitizer'
    plain_tree 1000 600000 2000
    for jobs in 1 3; do
        rm -rf copy
        run -1 --separate-stderr traced log read -P "$PWD/tree/2" -e inject=read:error=EIO:when=2 \
            zcp -j$jobs --method=read -RT tree copy
        [ "$stderr" = "zcp: error reading 'tree/2': Input/output error" ]
        [ "$(stat -c %s copy/2)" -eq 262144 ]
        cmp -n 262144 tree/2 copy/2
        cmp tree/1 copy/1
        cmp tree/3 copy/3
    done
}

@test "files and directories that may not be read are told as by cp, and all others are copied" {
    plain_tree 10 20 30 40 50
    mkdir tree/closed tree/searched
    echo x | tee tree/closed/a >tree/searched/a
    chmod 0 tree/2 tree/4 tree/closed
    chmod 300 tree/searched
    status=0
    as_user cp -RT tree expected 2>told || status=$?
    [ "$status" -eq 1 ]
    for jobs in 1 4; do
        rm -rf copy
        mkdir copy
        status=0
        as_user zcp -j$jobs -RT tree copy 2>err || status=$?
        [ "$status" -eq 1 ]
        diff <(sed 's/^cp: //' told | sort) <(sed 's/^zcp: //' err | sort)
        [ "$(cd expected && find . | sort)" = "$(cd copy && find . | sort)" ]
        cmp tree/5 copy/5
    done
}

@test "a directory that may be written into and not be read gets files and attributes" {
    mkdir tree copy
    echo new >tree/a
    chmod 300 copy
    as_user zcp -RT tree copy
    [ "$(stat -c %a copy)" = 300 ]
    as_user zcp -aT tree copy
    [ "$(stat -c '%a %Y' copy)" = "$(stat -c '%a %Y' tree)" ]
    cmp tree/a copy/a
}

# --- standard input, output and error -------------------------------------------------------------------------------

@test "without standard input, output and error nothing strays into a file" {
    random_file a 300000
    zcp a b <&- >&- 2>&-
    cmp a b
    mkdir tree copy
    cp a tree/a
    zcp -aT -j3 tree copy <&- >&- 2>&-
    diff -r tree copy
    run -1 bash -c 'zcp nothing b 2>&-'
    run -1 --separate-stderr bash -c 'zcp -v a b >&-'
    [ "$stderr" = "zcp: write error: Bad file descriptor" ]
    cmp a b
    echo old >b
    run -1 bash -c 'zcp -i a b <&-'
    [ "$(cat b)" = old ]
}

@test "what -v could not tell is an error, and the copy is there" {
    random_file a 300000
    mkdir tree
    cp a tree/a
    for command in 'zcp -v a b' 'zcp --debug a b' 'zcp -vRT tree b.tree' 'zcp -vRT -j3 tree b.tree'; do
        rm -rf b b.tree
        run -1 --separate-stderr bash -c "$command >/dev/full"
        [[ $stderr == *"zcp: write error: No space left on device" ]]
        cmp a b || diff -r tree b.tree
    done
    run -1 bash -c 'zcp nothing b 2>/dev/full'
}

# --- while somebody else works there --------------------------------------------------------------------------------

# begin_walk: copies tree, which has the directories a and b, each with a FIFO: while the one in $here is waited for, $there
# has not been entered. Sets $zcp, too.
begin_walk() {
    mkdir -p tree/a tree/b secret elsewhere
    for d in a b; do
        mkfifo tree/$d/fifo
        echo "$d" >tree/$d/file
    done
    echo secret >secret/file
    zcp -j3 --copy-contents -RT tree copy 2>err &
    zcp=$!
    wait_for has_entered
    there=$(tr ab ba <<<"$here")
}

# has_entered: zcp has one of the two open; sets $here.
has_entered() {
    here=$(find "/proc/$zcp/fd" -lname "$PWD/copy/[ab]" -printf '%l\n' 2>/dev/null)
    here=${here##*/}
    [ -n "$here" ]
}

@test "a directory that becomes a symbolic link while its tree is copied is not entered" {
    begin_walk
    mv "tree/$there" moved
    ln -s ../secret "tree/$there"
    : >"tree/$here/fifo"
    status_of "$zcp"
    [ "$status" -eq 0 ]
    [ -L "copy/$there" ]
    [ "$(cat "copy/$here/file")" = "$here" ]
}

@test "a directory that vanishes while its tree is copied is told, and the rest goes on" {
    begin_walk
    mv "tree/$there" moved
    : >"tree/$here/fifo"
    status_of "$zcp"
    [ "$status" -eq 1 ]
    [ "$(cat err)" = "zcp: cannot stat 'tree/$there': No such file or directory" ]
    [ "$(cat "copy/$here/file")" = "$here" ]
}

@test "no byte goes elsewhere when the copy of a directory becomes a symbolic link meanwhile" {
    begin_walk
    mv "copy/$here" moved
    ln -s ../elsewhere "copy/$here"
    rm "tree/$there/fifo"
    echo bytes >"tree/$here/fifo"
    status_of "$zcp"
    [ "$(cat moved/file moved/fifo)" = "$here"$'\nbytes' ]
    [ -z "$(ls elsewhere)" ]
}

# --- without bounds -------------------------------------------------------------------------------------------------

# deep DIRECTORY make|check|remove: 3,000 directories, one in the other, with a file in each thousandth.
deep() {
    python3 - "$@" <<'END'
import os, sys
top, action = sys.argv[1:]
if action == 'make':
    os.mkdir(top)
os.chdir(top)
for depth in range(3000):
    if action == 'make':
        os.mkdir('d', 0o750)
        if depth % 1000 == 999:
            open('file', 'w').write(str(depth))
    if action == 'check':
        assert os.stat('d').st_mode & 0o777 == 0o750 and (depth % 1000 != 999 or open('file').read() == str(depth))
        assert len(os.listdir('.')) == (2 if depth % 1000 == 999 else 1)
    os.chdir('d')
if action == 'check':
    assert not os.listdir('.')
END
}

# The names that are left in a directory far above are read when it is closed.
@test "a directory that cannot be read to its end is told, at whatever depth" {
    can_trace
    python3 - <<'END'
import os
os.makedirs('tree/' + 'b/' * 40)
for i in range(4000):
    open('tree/file-%d' % i, 'w').close()
END
    for nth in {30..42}; do
        rm -rf copy
        run -1 --separate-stderr traced /dev/null getdents64 -e inject=getdents64:error=EIO:when="$nth" zcp -j1 -RT tree copy
        [[ $stderr =~ ^zcp:\ error\ reading\ \'tree(/b)*\':\ Input/output\ error$ ]]
    done
}

@test "a tree of 3000 directories, one in the other, is copied whole" {
    deep tree make
    for jobs in 1 3; do
        zcp -a -j$jobs -T tree copy
        deep copy check
        rm -rf copy
    done
    bash -c 'ulimit -n 200; exec zcp --atomic -RT tree copy'
    deep copy check
}

# far_links TOP make|check: three names of one file, of which two are so far down that no call takes their whole names.
far_links() {
    python3 - "$@" <<'END'
import os, sys
top, action = sys.argv[1:]
if action == 'make':
    os.mkdir(top)
os.chdir(top)
outer = os.open('.', os.O_RDONLY)
if action == 'make':
    open('first', 'w').write('once')
for depth in range(2100):
    if action == 'make':
        os.mkdir('d')
    os.chdir('d')
if action == 'make':
    os.link('first', 'second', src_dir_fd=outer)
    open('third', 'w').write('twice')
    os.link('third', 'fourth')
else:
    assert os.path.samestat(os.stat('first', dir_fd=outer), os.stat('second')) and open('second').read() == 'once'
    assert os.path.samestat(os.stat('third'), os.stat('fourth')) and open('fourth').read() == 'twice'
END
}

@test "hard links are kept however far down they are" {
    far_links tree make
    zcp -a -T tree copy
    far_links copy check
    zcp -a -j3 -T tree "$PWD/other"
    far_links other check
    zcp -R --preserve=links -T "$PWD/tree" ./third
    far_links third check
}

@test "a hard link that cannot be made far down is told, and is no copy" {
    can_trace
    far_links tree make
    traced log openat zcp -j1 -aT tree copy
    nth=$(awk '{ n[$1]++ } /"copy\/d\/d\/d\/d/ { print n[$1]; exit }' log)
    rm -rf copy
    run -1 --separate-stderr traced log openat -e inject=openat:error=EMFILE:when="$nth" zcp -j1 -aT tree copy
    [[ $stderr =~ ^"zcp: cannot create hard link 'copy/d/d/d/d/d/".*"': Too many open files"$ ]]
    [ "${#stderr_lines[@]}" -eq 1 ]
}

@test "names may have any bytes, and messages show them in one line" {
    python3 - <<'END'
import os
os.makedirs(b'tree/-rf')
for byte in range(1, 256):
    if byte != ord('/'):
        open(b'tree/x' + bytes([byte]), 'w').write(str(byte))
for name in b'-rf/--help', b'-rf/\xff\xfe\n', b' ', b"'", b'\\', b'*', b'n' * 255, b'\xc3\xa4' * 127:
    open(b'tree/' + name, 'w').write('odd')
END
    for jobs in 1 3; do
        zcp -a -j$jobs -T tree copy
        diff -r tree copy
        rm -r copy
    done
    zcp --atomic -RT tree copy
    diff -r tree copy
    run -1 --separate-stderr zcp $'no\nsuch\033name' copy
    [ "${#stderr_lines[@]}" -eq 1 ]
    [ "$stderr" = "zcp: cannot stat 'no\\nsuch\\^[name': No such file or directory" ] || [[ $stderr != *$'\033'* ]]
}

@test "files above 4 GiB are whole with their holes, in a tree and by --atomic" {
    mkdir tree
    truncate -s 5G tree/a
    printf end >>tree/a
    printf middle | dd of=tree/a bs=1M seek=4097 conv=notrunc status=none
    zcp -a -T tree copy
    zcp --atomic tree/a b
    for file in copy/a b; do
        [ "$(stat -c %s "$file")" -eq $(((5 << 30) + 3)) ]
        [ "$(tail -c 3 "$file")" = end ]
        [ "$(tail -c +$((4097 * 1048576 + 1)) "$file" | head -c 6)" = middle ]
        [ "$(($(stat -c %b "$file") * 512))" -lt 10000000 ]
    done
}
