#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# zcp --atomic: whatever happens, a target is the old file or the new one; and --fsync: what is told to be on disk is.
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

# can_inject: skips the test, aloud, where strace cannot be used or a sanitizer is in the way.
can_inject() {
    can_trace
    ! is_sanitized zcp || skip 'no preloading and no killing under a sanitizer'
}

# kills COPY-OPTIONS [ARGUMENT]...: see zcp-faults.py.
kills() {
    local options=$1
    shift
    python3 "$BATS_TEST_DIRNAME/zcp-faults.py" --kill --copy="--atomic $options" "$@"
}

# nothing_left: no temporary file anywhere.
nothing_left() {
    [ -z "$(find . -name '.zcp-*')" ] || { find . -name '.zcp-*' && return 1; }
}

# copies_from_fifo [COMMAND]...: starts a copy of fifo to b that has got some bytes and waits for more; sets $zcp.
copies_from_fifo() {
    mkfifo fifo
    "$@" zcp -j1 --atomic --method=read fifo b 2>err &
    zcp=$!
    exec 9<>fifo
    printf 'half of it' >&9
}

# --- killed -------------------------------------------------------------------------------------------------------

@test "a name that only a directory can have is refused before a byte is copied, in cp's words" {
    echo x >a
    run -1 zcp --atomic a new/
    [ "$output" = "zcp: cannot create regular file 'new/': Not a directory" ]
    LC_ALL=C run -1 cp a new/
    [ "$output" = "cp: cannot create regular file 'new/': Not a directory" ]
    can_trace
    run -1 traced log copy_file_range,sendfile,write zcp --atomic a new/
    run ! grep -E 'copy_file_range|sendfile' log
    [ "$(ls)" = $'a\nlog' ]
    nothing_left
}

@test "a file that zcp --atomic is killed over is the old one or the new one, at every system call" {
    can_inject
    kills --method=read --before=old
    kills '' --before=old
    kills -p --moments=30
}

@test "a file that zcp --atomic is killed over is the old one or the new one, at each of many small writes" {
    can_inject
    kills --method=read --before=old SHORT=9973
}

@test "every file of a tree that zcp --atomic is killed over is the old one or the new one" {
    can_inject
    kills '-j1 --fsync' --source=tree --before=old --moments=40
    kills -j3 --source=tree --before=old --moments=40
}

@test "a target that is torn is noticed" {
    can_inject
    # shellcheck disable=SC2016 # the script is to expand these
    printf '#!/bin/sh\nfor a; do shift; [ "$a" = --atomic ] || set -- "$@" "$a"; done; exec %s "$@"\n' "$(command -v zcp)" >zcp
    chmod +x zcp
    PATH=$PWD:$PATH run -1 kills --method=read --before=old
    [[ $output == *"'copy' is torn"* ]]
}

# --- ended by a signal --------------------------------------------------------------------------------------------

@test "a signal ends zcp --atomic without a trace" {
    local signal
    for signal in INT TERM HUP; do
        rm -f fifo
        echo old >b
        copies_from_fifo env --default-signal=$signal
        wait_for eval "find /proc/$zcp/fd -lname '$PWD/#*' | grep -q ."
        kill -$signal "$zcp"
        status_of "$zcp"
        exec 9>&-
        [ "$status" -eq $((128 + $(kill -l $signal))) ]
        [ "$(cat b)" = old ]
        [ ! -s err ]
        nothing_left
    done
}

@test "a signal ends zcp --atomic without a trace where no file can be without a name" {
    can_inject
    echo old | tee b c >x
    traced log openat zcp -j1 --atomic x c
    nth=$(awk '/openat/ { n++ } /O_TMPFILE/ { print n; exit }' log)
    copies_from_fifo strace -f -qq -o log -e trace=openat -e inject=openat:error=EOPNOTSUPP:when="$nth"
    wait_for eval 'ls .zcp-* >names'
    [ "$(cat b)" = old ]
    kill -TERM "$(pgrep -x zcp -P "$zcp")"
    status_of "$zcp"
    exec 9>&-
    [ "$status" -eq 143 ]
    [ "$(cat b)" = old ]
    nothing_left
}

@test "a signal ends a tree that is copied with --atomic without a trace" {
    mkdir tree
    for i in 1 2 3 4 5 6; do
        random_file "tree/$i" 300000
    done
    cp -R tree new
    mkfifo tree/fifo
    zcp --atomic --copy-contents -j4 -RT tree copy &
    zcp=$!
    exec 9>tree/fifo
    kill -TERM "$zcp"
    status_of "$zcp"
    exec 9>&-
    [ "$status" -eq 143 ]
    nothing_left
    for i in copy/*; do
        cmp "$i" "new/${i#copy/}"
    done
}

# --- what the new file is -------------------------------------------------------------------------------------------

@test "a file that takes the place of an old one has the old one's owner, mode and lists" {
    [ "$(id -u)" -eq 0 ] || skip 'only root can give files away'
    need setfacl setfattr
    echo old >b
    echo new >a
    chmod 4711 b
    chown 12:34 b
    setfattr -n user.mood -v fine b || skip 'no extended attributes here'
    setfacl -m u:56:r b || skip 'no access control lists here'
    chmod u+s b
    getfacl -n b >list
    inode=$(stat -c %i b)
    zcp --atomic a b
    [ "$(cat b)" = new ]
    [ "$(stat -c %i b)" != "$inode" ]
    [ "$(stat -c '%u:%g' b)" = 12:34 ]
    getfacl -n b | diff list -
    [ "$(getfattr --only-values -n user.mood b)" = fine ]
}

@test "with -p and -a it has those of the source" {
    [ "$(id -u)" -eq 0 ] || skip 'only root can give files away'
    need setfacl setfattr
    local option
    for option in -p -a; do
        rm -f a b
        echo old >b
        echo new >a
        chmod 640 a
        chown 12:34 a
        touch -d 2001-02-03 a
        setfattr -n user.mood -v fine a || skip 'no extended attributes here'
        setfacl -m u:56:r a
        setfacl -m u:78:rw b
        chown 90:91 b
        zcp --atomic $option a b
        cmp a b
        [ "$(stat -c '%u:%g %a %Y' a)" = "$(stat -c '%u:%g %a %Y' b)" ]
        diff <(getfacl -nc a) <(getfacl -nc b)
        [ $option = -p ] || [ "$(getfattr --only-values -n user.mood b)" = fine ]
    done
}

@test "a target that does not exist gets the mode that it would get without --atomic" {
    echo new >a
    for mode in 755 600 4755 444; do
        chmod $mode a
        for mask in 022 077 002; do
            rm -f b c
            (umask $mask && zcp a b && zcp --atomic a c)
            [ "$(stat -c %a b)" = "$(stat -c %a c)" ]
            cmp a c
        done
    done
}

@test "a symbolic link stays, and what it leads to is replaced, in the directory where that is" {
    mkdir -p one/two
    echo old >one/two/real
    ln -s two/real one/again
    ln -s one/again link
    echo new >a
    inode=$(stat -c %i one/two/real)
    zcp --atomic a link
    [ -L link ]
    [ -L one/again ]
    [ ! -L one/two/real ]
    [ "$(cat one/two/real)" = new ]
    [ "$(stat -c %i one/two/real)" != "$inode" ]
    nothing_left
    can_trace
    traced log renameat,rename,linkat -y zcp --atomic a link
    grep -q 'renameat([0-9]*<[^>]*/one/two>, ".zcp-[^"]*", [0-9]*<[^>]*/one/two>, "real")' log
}

@test "a dangling symbolic link is refused, as without --atomic" {
    ln -s nowhere link
    echo new >a
    run -1 --separate-stderr zcp --atomic a link
    [ "$stderr" = "zcp: not writing through dangling symlink 'link'" ]
    [ -L link ]
    [ ! -e nowhere ]
    nothing_left
}

@test "other hard links of the old file keep it, which is told" {
    echo old >b
    ln b other
    echo new >a
    run -0 --separate-stderr zcp --atomic a b
    [ "$stderr" = "zcp: warning: 'b' has other hard links, which keep what it was" ]
    [ "$(cat b other)" = $'new\nold' ]
    run -0 --separate-stderr zcp --atomic a b
    [ -z "$stderr" ]
}

@test "a backup is what was there, and there is no moment without a target" {
    can_inject
    kills '-b -S .bak' --before=old --moments=30
    echo old >b
    echo new >a
    zcp --atomic -b a b
    [ "$(cat b b~)" = $'new\nold' ]
}

@test "devices, FIFOs and a file that cannot be read are what they are without --atomic" {
    echo new >a
    zcp --atomic a /dev/null
    [ -c /dev/null ]
    mkfifo fifo
    cat fifo >b &
    zcp --atomic a fifo
    wait_for cmp -s a b
    [ -p fifo ]
    echo old >c
    run -1 --separate-stderr zcp --atomic nothing c
    [ "$stderr" = "zcp: cannot stat 'nothing': No such file or directory" ]
    [ "$(cat c)" = old ]
    run -1 --separate-stderr as_user zcp --atomic a /etc/passwd
    [[ $stderr == "zcp: cannot create a file beside '/etc/passwd': "* ]]
    nothing_left
}

@test "a tree with --atomic is the same tree" {
    mkdir -p tree/d/e copy/d
    for i in 1 2 3; do
        random_file "tree/$i" $((i * 70000))
        random_file "tree/d/e/$i" $((i * 30))
        echo old >"copy/$i"
    done
    ln -s 1 tree/link
    ln tree/1 tree/d/other
    for jobs in 1 3; do
        zcp --atomic -a -j$jobs -T tree copy
        diff -r tree copy
        [ copy/1 -ef copy/d/other ]
    done
    nothing_left
}

# --- on disk ------------------------------------------------------------------------------------------------------

syncing=fsync,fdatasync,syncfs,close,rename,renameat,linkat

# order CALL...: the log has these calls on these files one after the other, as "call(file".
order() {
    local place=0 call found
    for call; do
        found=$(grep -n -F -e "$call" log | cut -d: -f1 | awk -v after="$place" '$1 > after { print; exit }')
        [ -n "$found" ] || { echo "no $call after line $place" && cat log && return 1; }
        place=$found
    done
}

@test "--fsync has the file on disk, then its directory, before zcp ends" {
    can_trace
    mkdir d
    random_file a 100000
    traced log $syncing -y zcp --fsync a d/b
    sed -i "s/([0-9]*<[^>]*\//(</; s/>.*//" log
    order 'fsync(<b' 'fsync(<d'
    run ! grep syncfs log
}

@test "--fsync with --atomic has the file on disk before it has the target's name, and then its directory" {
    can_trace
    mkdir d
    random_file a 100000
    echo old >d/b
    ln -s d/b link
    for name in d/b link; do
        traced log $syncing -y zcp --atomic --fsync a $name
        sed -i "s/([0-9]*<[^>]*\//(</" log
        order 'fsync(<#' 'renameat(<d' 'fsync(<d'
    done
}

@test "with --atomic, a file that cannot be synced replaces nothing, and a directory that cannot is told" {
    can_trace
    random_file a 100000
    for nth in 1 2; do
        echo old >b
        run -1 --separate-stderr \
            traced log fsync -e inject=fsync:error=EIO:when=$nth zcp --atomic --fsync a b
        [ "$nth" -ne 1 ] || [ "$stderr" = "zcp: cannot replace 'b': Input/output error" ]
        [ "$nth" -ne 1 ] || [ "$(cat b)" = old ]
        [ "$nth" -ne 2 ] || [ "$stderr" = "zcp: cannot sync 'b': Input/output error" ]
        [ "$nth" -ne 2 ] || cmp a b
    done
}

@test "--fsync has a tree on disk by one syncfs, when all is there" {
    can_trace
    mkdir -p tree/d
    for i in 1 2 3 4 5 6; do
        random_file "tree/d/$i" 10000
    done
    for jobs in 1 3; do
        rm -rf copy
        traced log syncfs,fsync,openat,copy_file_range,write,fchmod zcp -a -j$jobs --fsync tree copy
        [ "$(grep -c syncfs log)" -eq 1 ]
        run ! grep fsync log
        sed '1,/syncfs/d' log >after
        run ! grep -E 'O_CREAT|copy_file_range' after
    done
}

@test "--fsync has directories of --parents on disk with all that they get" {
    can_trace
    mkdir -p a/b q
    chmod 750 a a/b
    echo text >a/b/file
    traced log utimensat,syncfs zcp -j1 --parents --fsync -p a/b/file q
    [[ $(tail -n 1 log) == *syncfs* ]]
    grep -q utimensat log
}

@test "--fsync has a file on disk that is a mount point of its own" {
    can_trace
    mkdir tree other copy
    echo new >tree/x
    touch copy/x
    unshare -m true 2>/dev/null || skip 'no mounts here'
    export -f traced join_calls
    # shellcheck disable=SC2016 # for the shell in the namespace
    unshare -m bash -euc '
        mount -t tmpfs tmpfs other
        touch other/x
        mount --bind other/x copy/x
        traced log fsync -y zcp -RT --fsync tree copy
        cmp tree/x copy/x'
    grep -q 'fsync([0-9]*<[^>]*/copy/x>) *= 0' log
}

@test "--fsync reaches the file system behind a mount point or a symbolic link" {
    can_trace
    mkdir -p tree/mount copy/mount
    mount -t tmpfs tmpfs copy/mount || skip 'nothing can be mounted here'
    echo new | tee tree/a >tree/mount/a
    echo old >copy/mount/old
    ln -s mount/old copy/link
    (
        traced log $syncing -y zcp -RT --fsync tree copy/mount
        grep -q 'syncfs([0-9]*<[^>]*/copy/mount>)' log
        traced log $syncing -y zcp -RT --fsync tree copy
        grep -q 'syncfs([0-9]*<[^>]*/copy/mount>)' log
        traced log $syncing -y zcp -R --fsync tree/a copy/link
        grep -q 'sync[fs]*([0-9]*<[^>]*/copy/mount' log
    ) || failed=yes
    umount copy/mount
    [ -z "${failed:-}" ]
}

@test "what could not be brought to disk is told" {
    can_inject
    mkdir tree d
    echo new | tee a >tree/a
    for k in 1 2; do
        run -1 --separate-stderr traced log fsync -e inject=fsync:error=EIO:when=$k zcp --fsync a d/b
        [[ $stderr == "zcp: "*"'d/b': Input/output error" ]]
    done
    for k in 1 2 3; do
        run -1 --separate-stderr traced log fsync -e inject=fsync:error=EIO:when=$k zcp --atomic --fsync a d/b
        [[ $stderr == "zcp: "*"'d/b': Input/output error" ]]
        nothing_left
    done
    run -1 --separate-stderr traced log syncfs -e inject=syncfs:error=ENOSPC zcp -R --fsync tree d
    [ "$stderr" = "zcp: cannot sync 'd/tree': No space left on device" ]
}
