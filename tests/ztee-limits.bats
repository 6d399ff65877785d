# SPDX-License-Identifier: MIT
# ztee at its limits: sizes of files, numbers of descriptors and pipes, and a user who is not root.
# shellcheck disable=SC2016,SC2030,SC2031,SC2154 # scripts for another shell; tests are subshells; helpers set variables
bats_require_minimum_version 1.5.0
load helpers

# unprivileged COMMAND...: runs it as a user without privileges, who may write to this folder.
unprivileged() {
    if [ "$(id -u)" -eq 0 ]; then
        chmod 777 .
        setpriv --reuid=65534 --regid=65534 --clear-groups "$@"
    else
        "$@"
    fi
}

# can_be_unprivileged: skips the test, aloud, where another user cannot run ztee.
can_be_unprivileged() {
    need setpriv
    unprivileged ztee --version >/dev/null 2>&1 || skip 'another user cannot run the command here'
}

@test "a limit on the size of files is an error of the file that meets it, and the others get all" {
    random_file in 300000
    for feed in 'cat in |' ''; do
        rm -f small
        run -1 --separate-stderr timeout 20 bash -c \
            "ulimit -f 100; $feed ztee --exec='head -c 5 >five; cat >/dev/null' small >/dev/null ${feed:+#} <in"
        says_of_ztee "error writing 'small': File too large"
        [ "$(stat -c %s small)" -eq 102400 ]
        cmp -n 102400 in small
        cmp -n 5 in five
        (ulimit -f 100 && timeout 20 ztee small <in 2>err) | cat >out
        [ "$(cat err)" = "ztee: error writing 'small': File too large" ]
        cmp in out
    done
}

@test "a limit on the size of files is an error of the slow output whose buffer meets it" {
    random_file in 4000000
    hold slow
    run -1 --separate-stderr timeout 20 bash -c "ulimit -f 100; ztee --no-stdout --buffer=8M --hash=sha256:sum slow <in" 9>&-
    says_of_ztee "cannot buffer in '.*' what 'slow' has not taken yet: File too large"
    sha256sum --strict -c sum <in
}

# all_have FILE NAME...: each is a copy of it.
all_have() {
    [ "$(cksum "$@" | cut -d ' ' -f 1,2 | sort -u | wc -l)" -eq 1 ]
}

@test "300 files get all, also when only 400 descriptors may be open" {
    random_file in 70000
    names=(many{1..300})
    for feed in 'cat in |' ''; do
        timeout 20 bash -c "$feed ztee \"\$@\" >out ${feed:+#} <in" bash "${names[@]}"
        all_have in out "${names[@]}"
        rm -f many*
        timeout 20 bash -c "ulimit -n 400; $feed ztee \"\$@\" >out ${feed:+#} <in" bash "${names[@]}"
        all_have in out "${names[@]}"
    done
}

@test "what cannot be opened for want of descriptors is told by name, and the rest get all" {
    random_file in 300000
    for feed in 'cat in |' ''; do
        rm -f many*
        run -1 --separate-stderr timeout 20 bash -c \
            "ulimit -n 20; $feed ztee many{1..30} >out ${feed:+#} <in" 3>&- 4>&-
        echo "$stderr"
        all_have in out many*
        [ "${#stderr_lines[@]}" -ge 10 ]
        [ "${#stderr_lines[@]}" -le 25 ]
        for line in "${stderr_lines[@]}"; do
            [[ $line =~ ^ztee:\ cannot\ open\ \'(many[0-9]+)\':\ Too\ many\ open\ files$ ]]
            [ ! -e "${BASH_REMATCH[1]}" ]
        done
        [ $((${#stderr_lines[@]} + $(find . -name 'many*' | wc -l))) -eq 30 ]
    done
}

# complete_or_named FILE NAME: the file is complete, or a message names the output.
complete_or_named() {
    cmp in "$1" || grep -q -e "^ztee: .*'$2'.*: Too many open files$" <<<"$stderr"
}

@test "whatever the limit of descriptors, every output is complete or named" {
    random_file in 300000
    for limit in 6 8 10 {12..16} 18 20; do
        echo "with $limit descriptors"
        rm -f copy second third out sum
        outputs=(copy second --hash=sha256:sum)
        [ "$limit" -lt 13 ] || outputs+=(--exec='cat >third') # sh itself needs so many
        run --separate-stderr timeout 20 bash -c "ulimit -n $limit; cat in | ztee \"\$@\" >out" bash "${outputs[@]}" 3>&- 4>&-
        echo "$status: $stderr"
        for line in "${stderr_lines[@]}"; do
            [[ $line == "ztee: "*": Too many open files" ]]
        done
        if [ "$status" -eq 0 ]; then
            [ -z "$stderr" ]
            sha256sum --status --strict -c sum <in
        else
            [ "$status" -eq 1 ]
            [ -n "$stderr" ]
            [ -s out ] || [ "$limit" -gt 10 ] || continue # too few to begin at all
        fi
        complete_or_named out 'standard output'
        complete_or_named copy copy
        complete_or_named second second
        [ "$limit" -lt 13 ] || complete_or_named third 'cat >third'
    done
    [ "$status" -eq 0 ]
}

@test "one hundred commands get all, beyond the pipes that a user may have" {
    can_be_unprivileged
    random_file in 1200000
    chmod 644 in
    commands=()
    for _ in {1..100}; do
        commands+=("--exec=cmp - in")
    done
    unprivileged timeout 20 ztee --no-stdout --hash=sha256:sum "${commands[@]}" < <(cat in)
    sha256sum --strict -c sum <in
    unprivileged timeout 20 ztee --no-stdout --buffer=4M "${commands[@]:70}" <in
}

@test "a user without privileges, whose descriptors belong to others, gets all" {
    can_be_unprivileged
    random_file in 3000000
    chmod 644 in
    for feed in pipe file; do
        rm -f copy
        timeout 20 cat in | unprivileged timeout 20 ztee copy 5> >(cat >fifth) --fd=5 | cat >out
        cmp in copy
        cmp in out
        wait_for size_is fifth 3000000
        cmp in fifth
        rm -f copy
        unprivileged timeout 20 ztee copy <in | cat >out
        cmp in copy
        cmp in out
    done
}

@test "a reader that is late loses nothing of a pipe that belongs to another user" {
    can_be_unprivileged
    random_file in 3000000
    chmod 644 in
    hold slow
    unprivileged timeout 20 ztee copy <in 2>err 9>&- >slow &
    tee=$!
    wait_for test -s copy
    exec 8<slow 9>&-
    timeout 20 cat <&8 >got
    status_of "$tee"
    [ "$status" -eq 0 ]
    cmp in got
    cmp in copy
}

@test "files and a TMPDIR that a user may not write to are told, and the others get all" {
    can_be_unprivileged
    random_file in 4000000
    mkdir closed
    : >closed/file
    hold slow
    chmod 644 in
    chmod 666 slow
    chmod 755 closed
    run -1 --separate-stderr unprivileged timeout 20 ztee --no-stdout closed/file closed/new copy <in
    [ "$(id -u)" -ne 0 ] || says_of_ztee "cannot open 'closed/file': Permission denied" "cannot open 'closed/new': Permission denied"
    cmp in copy
    run -1 --separate-stderr unprivileged env TMPDIR="$PWD/closed" timeout 20 ztee --no-stdout --buffer=8M slow copy <in 9>&-
    says_of_ztee "cannot buffer in '.*' what 'slow' has not taken yet: Permission denied"
    cmp in copy
}

@test "a process that may not start threads says so" {
    can_be_unprivileged
    run --separate-stderr unprivileged bash -c 'ulimit -u 1; exec ztee copy' <<<hello
    [ "$status" -eq 0 ] || { [ "$status" -eq 1 ] && [[ $stderr == "ztee: cannot start a thread: "* ]]; }
}
