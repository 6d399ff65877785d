#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# zcp by several threads: what is made and what is told is what one thread makes and tells; progress, --stats, --bwlimit.
# shellcheck disable=SC2030,SC2031,SC2154 # tests are subshells; run sets variables
bats_require_minimum_version 1.5.0
load helpers

setup_file() {
    straight_python
    cd "$BATS_FILE_TMPDIR" || return
    python3 - <<'END'
import os
import random
random.seed(1)
for directory in 'a', 'a/b', 'a/b/c', 'd', 'e', 'empty', 'closed':
    os.mkdir('tree' + '/' * bool(directory) + directory) if os.path.isdir('tree') else os.makedirs('tree/' + directory)
    if directory == 'empty':
        continue
    for number in range(60):
        with open(f'tree/{directory}/{number}', 'wb') as file:
            file.write(random.randbytes(random.choice((0, 1, 100, 5000, 40000))))
for number in range(5, 60, 9):
    os.link(f'tree/a/{number}', f'tree/e/link {number}')
    os.symlink('../a/5', f'tree/d/symbolic {number}')
    os.chmod(f'tree/a/b/{number}', 0)
with open('tree/d/large', 'wb') as file:
    file.write(random.randbytes(3000000))
os.mkfifo('tree/e/fifo')
os.chmod('tree/closed', 0)
END
    chown -R 65534:65534 . 2>/dev/null || true
}

setup() {
    cd "$BATS_TEST_TMPDIR" || return 1
    umask 022
    tree=$BATS_FILE_TMPDIR/tree
    chmod 777 .
    chmod 755 "$BATS_RUN_TMPDIR" "$BATS_FILE_TMPDIR" "$BATS_TEST_TMPDIR"/..
}

# as_user COMMAND...: as an ordinary user, who may not read all of the tree.
as_user() {
    [ "$(id -u)" -eq 0 ] || { "$@" && return; }
    setpriv --reuid=65534 --regid=65534 --clear-groups "$@"
}

# listing DIRECTORY: names, kinds, modes, times of all in it, which are hard links of which, and the bytes.
listing() {
    (
        cd "$1" || exit
        find . -printf "%P %y %m %n %l $stamp\n" | sort
        find . -type f -links +1 -printf '%i %P\n' | sort -k 2 | awk '{ if (!n[$1]) n[$1] = ++i; $1 = n[$1]; print }'
        find . -type f -perm /400 -print0 | sort -z | xargs -0 cksum
    )
}

# same_by_all OPTION...: a copy of the tree by one thread, by two and by eight: the same lines, status and copy.
same_by_all() {
    local jobs status stamp=
    [[ $1 == -R ]] || stamp=%T@
    rm -f ./*.1
    for jobs in 1 2 8; do
        rm -rf copy
        [ ! -d before ] || cp -a before copy
        status=0
        as_user zcp -j$jobs "$@" -T "$tree" copy >out.$jobs 2>err.$jobs || status=$?
        echo "status $status" >>err.$jobs
        listing copy >listing.$jobs
        for what in out err listing; do
            diff $what.1 $what.$jobs || return 1
        done
    done
}

# --- the same by any number of threads ------------------------------------------------------------------------------

@test "-a -v makes and tells the same by one thread, by two and by eight, also of what cannot be read" {
    [ "$(id -u)" -eq 0 ] || skip 'only root can make a tree that is the same for all'
    same_by_all -a -v
    grep -qx 'status 1' err.1
    [ "$(grep -c 'Permission denied' err.1)" -eq 8 ]
    [ "$(wc -l <out.1)" -gt 300 ]
}

@test "a copy over what is there makes and tells the same by any number of threads" {
    [ "$(id -u)" -eq 0 ] || skip 'only root can make a tree that is the same for all'
    mkdir -p before/a before/d/large before/e
    echo old | tee before/a/{1,2,3,5} before/e/7 >before/a/b
    chown -R 65534:65534 before
    chmod 0 before/a/3
    same_by_all -pR -v
    grep -q 'cannot overwrite' err.1
    grep -q "'copy/a/3': Permission denied" err.1
    same_by_all -R -v -f
    grep -q "removed 'copy/a/3'" out.1
    same_by_all -R -v -b --atomic
    grep -q '(backup: ' out.1
    same_by_all -R -v -u
}

@test "standard output and standard error are in the same order by any number of threads" {
    [ "$(id -u)" -eq 0 ] || skip 'only root can make a tree that is the same for all'
    ! is_sanitized zcp asan || skip 'stdbuf preloads, which the sanitizer does not like'
    for jobs in 1 8; do
        rm -rf copy
        as_user stdbuf -o0 zcp -j$jobs -Rv "$tree" copy >both.$jobs 2>&1 && return 1
    done
    diff both.1 both.8
}

@test "an order of messages that is another one is noticed" {
    [ "$(id -u)" -eq 0 ] || skip 'only root can make a tree that is the same for all'
    mkdir bin
    # shellcheck disable=SC2016 # the script is to expand these
    printf '#!/bin/bash\n%s "$@" 2>said; status=$?; [ $1 = -j8 ] && sort said >&2 || cat said >&2; exit $status\n' \
        "$(command -v zcp)" >bin/zcp
    chmod 755 bin bin/zcp
    PATH=$PWD/bin:$PATH run ! same_by_all -a -v
}

# --- what is told meanwhile and in the end --------------------------------------------------------------------------

@test "the progress line is one for the whole job, and ends with all bytes, files and 100%" {
    bytes=$(find "$tree" -type f -printf '%i %s\n' | sort -u | awk '{ sum += $2 } END { print sum }')
    files=$(find "$tree" -type f -printf '%i\n' | sort -u | wc -l)
    for jobs in 1 4; do
        rm -rf copy
        run -0 --separate-stderr zcp --progress=always -j$jobs -aT "$tree" copy
        [ "${#stderr_lines[@]}" -eq 1 ]
        last=${stderr##*$'\r'}
        echo "$last"
        [[ $last == "$(numfmt --to=iec --format=%.2f "$bytes" | sed 's/M$/ MiB/') "*" $files of $files files "*" 100% "* ]]
    done
}

@test "--stats counts the bytes of all threads, each once" {
    bytes=$(find "$tree" -type f -printf '%i %s\n' | sort -u | awk '{ sum += $2 } END { print sum }')
    for jobs in 1 2 8; do
        for method in copy_file_range read splice; do
            rm -rf copy
            run -0 --separate-stderr zcp --stats -j$jobs --method=$method -aT "$tree" copy
            [ "${#stderr_lines[@]}" -eq 1 ]
            [[ $stderr =~ ^zcp:\ $bytes\ bytes,\ .*,\ $method\ $bytes$ ]]
        done
    done
}

@test "--bwlimit holds for all threads together, and cuts the calls" {
    can_trace
    random_file a 400000
    mkdir d
    cp a d/1
    cp a d/2
    run -0 --separate-stderr zcp --stats --bwlimit=8M -j4 -RT d copy
    [[ $stderr =~ ^zcp:\ 800000\ bytes,\ ([0-9]+)\.([0-9]+)\ s, ]]
    # 800000 bytes at 8 MiB a second are 0.095 s, but for a first piece that need not wait.
    [ "$((10#${BASH_REMATCH[1]}${BASH_REMATCH[2]}))" -ge 60 ]
    traced log write,copy_file_range,sendfile,splice zcp --bwlimit=8M -j4 -RT d again
    diff -r d again
    [ "$(grep -c -E '^[0-9]+ +copy_file_range\(.* = [1-9]' log)" -ge 4 ]
}

@test "links that lead back to where they are do not keep --progress from starting" {
    mkdir d
    echo x >d/file
    ln -s . d/a
    ln -s . d/b
    run -1 --separate-stderr timeout 20 zcp -RL --progress=always d copy
    [[ $stderr == *"cannot copy cyclic symbolic link"* ]]
    cmp d/file copy/file
}

# --- signals --------------------------------------------------------------------------------------------------------

@test "Ctrl-C ends a tree by four threads at once, and leaves of each file a beginning" {
    mkdir d
    for i in 1 2 3 4 5 6 7 8; do
        random_file "d/$i" 300000
    done
    for option in -v --in-place --atomic; do
        rm -rf d/fifo copy
        mkfifo d/fifo
        env --default-signal=INT zcp $option -j4 --copy-contents -RT d copy >/dev/null &
        zcp=$!
        wait_for test -d copy
        kill -INT "$zcp"
        status_of "$zcp"
        [ "$status" -eq 130 ]
        [ ! -e copy/fifo ] # which nobody has written to
        for file in copy/*; do
            [ ! -f "$file" ] || cmp -n "$(stat -c %s "$file")" "$file" "d/${file#copy/}"
        done
        [ -z "$(find copy -name '.zcp-*')" ]
    done
}

@test "SIGUSR1 in the middle of a tree prints a status line and harms nothing" {
    mkdir d
    for i in 1 2 3 4; do
        random_file "d/$i" 30000
    done
    mkfifo d/fifo
    zcp -j4 --copy-contents -RT d copy 2>err &
    zcp=$!
    wait_for test -d copy
    kill -USR1 "$zcp"
    wait_for test -s err
    echo more >d/fifo
    status_of "$zcp"
    [ "$status" -eq 0 ]
    [ "$(cat copy/fifo)" = more ]
    [ "$(wc -l <err)" -eq 1 ]
    for i in 1 2 3 4; do
        cmp "d/$i" "copy/$i"
    done
}

@test "--debug tells the same of a tree for any number of jobs" {
    mkdir tree
    for i in 1 2 3 4 5 6; do random_file "tree/$i" "$((i * 8000))"; done
    for jobs in 1 4; do
        zcp -r -j"$jobs" --debug tree copy >"out$jobs" 2>"err$jobs"
        rm -r copy
    done
    cmp out1 out4
    cmp err1 err4
    [ "$(grep -c 'copy offload' out1)" -eq 6 ]
}
