# SPDX-License-Identifier: MIT
# Going on after a break: with what has arrived and was verified, with nothing else, and to the same end.
# shellcheck disable=SC2030,SC2031,SC2034,SC2154 # every test is a subshell of its own; the helpers set variables
bats_require_minimum_version 1.5.0
load helpers
load sessions

setup_file() {
    one_key
    random_file "$BATS_FILE_TMPDIR/like" 13000001
}

setup() {
    session_setup
    like=$BATS_FILE_TMPDIR/like
}

chunk=4194304

# broken BYTES [OPTION]...: a zsend of the file like (of $sources, if there are) breaks after so many bytes, by reset; the
# options are both sides'. zrecv is there still, and $port is its own again.
broken() {
    local direct
    receive "${@:2}" in
    direct=$port
    between "--up=$1"
    send "${@:2}" "${sources[@]:-$like}"
    ended 4
    port=$direct
    kill "$proxy"
}

# goes_on [OPTION]...: the same again; both ends are content, all is there, and $up bytes were sent for that.
goes_on() {
    between
    send "$@" "${sources[@]:-$like}"
    ended 0 0
    up=$(went up)
    kill "$proxy"
    nothing_left in
}

# is_old FILE: its last change is more than two seconds ago, so that no other can hide behind the same time.
is_old() {
    [ $(($(date +%s) - $(stat -c %Z "$1"))) -gt 3 ]
}

# read_by CALLS: how many bytes the traced zsend has read by them, from the file trace.
read_by() {
    grep -E "[ .](read|pread64|sendfile|splice)\(" trace | sed -n 's/.* = \([0-9][0-9]*\)$/\1/p' |
        awk '{ sum += $1 } END { print sum + 0 }'
}

@test "what was verified before a break is not sent again, and nothing has its final name before" {
    for security in '' --plain --no-key; do
        rm -rf in/*
        broken 12900000 ${security:+"$security"}
        [ ! -e in/like ]
        [ "$(stat -c %a in/.zrecv.d)" = 700 ]
        [ "$(find in/.zrecv.d -mindepth 1 -maxdepth 1 -type d -name '[0-9a-f]*' | wc -l)" -eq 1 ]
        goes_on ${security:+"$security"}
        cmp "$like" in/like
        echo "$up"
        [ "$up" -le $((13000001 - 3 * chunk + 100000)) ]
    done
}

@test "--retry resumes by itself, as often as it is broken" {
    receive in
    between --up=4500000 --times=2
    send --retry=3 "$like"
    ended 0 0
    cmp "$like" in/like
    [ "$(went up 3)" -le $((13000001 - 2 * chunk + 100000)) ]
    [ "$(grep -c '^passed' passed)" -eq 3 ]
    nothing_left in
}

@test "--retry gives up after so many, and what has arrived is not lost" {
    receive in
    direct=$port
    between --up=4500000 --times=99
    send --retry=1 "$like"
    ended 4
    [ "$(grep -c '^passed' passed)" -eq 2 ]
    port=$direct
    kill "$proxy"
    goes_on
    [ "$up" -le $((13000001 - 2 * chunk + 100000)) ]
}

@test "a zrecv that was killed goes on when it is started again, elsewhere" {
    mkfifo gate
    # with fsync it need not have saved anything yet, when so little has come
    for option in '' --plain --no-fsync; do
        rm -rf in/*
        security=
        [ "$option" = --no-fsync ] || security=$option
        receive ${option:+"$option"} in
        between --up=12900000 --how=gate:gate
        start_send ${security:+"$security"} "$like"
        wait_for is_cut
        kill -KILL "$receiver"
        wait "$receiver" 2>/dev/null || true
        open_gate gate
        sender_ends
        ended 4
        [ ! -e in/like ]
        kill "$proxy"
        receive ${option:+"$option"} in
        goes_on ${security:+"$security"}
        cmp "$like" in/like
    done
    [ "$up" -le $((13000001 - chunk)) ]
}

@test "a zsend that was killed goes on when it is started again" {
    mkfifo gate
    receive in
    direct=$port
    between --up=12900000 --how=gate:gate
    start_send "$like"
    wait_for is_cut
    kill -KILL "$sender"
    sender_ends
    open_gate gate
    port=$direct
    wait_for has_line passed '^passed'
    kill "$proxy"
    goes_on
    cmp "$like" in/like
    [ "$up" -le $((13000001 - 3 * chunk + 100000)) ]
}

@test "with --resume-wait=0 zrecv ends with a break, and another one goes on" {
    receive --resume-wait=0 in
    between --up=8900000
    send "$like"
    ended 4 4
    grep -q '^zrecv: ' heard
    kill "$proxy"
    [ -d in/.zrecv.d ]
    receive --resume-wait=0 in
    goes_on
    cmp "$like" in/like
    [ "$up" -le $((13000001 - 2 * chunk + 100000)) ]
}

@test "files that were finished before the break are done, and no existing targets" {
    mkdir tree
    for i in {1..50}; do random_file "tree/$i" 3000; done
    random_file tree/a 6000000
    random_file tree/b 6000000
    ln tree/a tree/c
    ln tree/1 tree/d
    age tree
    sources=(tree)
    for bytes in 1000 140000 6200000; do
        rm -rf in/*
        broken "$bytes"
        goes_on
        same tree in/tree
        [ "$up" -le $((12150000 + chunk + 200000 - bytes)) ]
    done
}

@test "a source whose ctime was old is not even read again where it was verified" {
    can_trace
    ! is_sanitized zsend || skip 'sanitizers read much'
    wait_for is_old "$like"
    broken 12900000 --plain
    between
    sent=0
    traced trace read,pread64,sendfile,splice zsend --plain --method=read "$like" "127.0.0.1:$port" 2>said || sent=$?
    ended 0 0
    cmp "$like" in/like
    [ "$(read_by)" -lt $((13000001 - 3 * chunk + 500000)) ]
}

@test "a source that was just made is hashed again, which is said, but what is there is not sent again" {
    cp "$like" young
    sources=(young)
    broken 12900000
    goes_on -v
    cmp young in/young
    [ "$up" -le $((13000001 - 3 * chunk + 100000)) ]
    grep -q young said
}

@test "a source that has changed since the break arrives as it is now" {
    for change in byte inode size; do
        rm -rf in/*
        cp "$like" source
        touch -d @1234567890.5 source
        sources=(source)
        broken 12900000
        case $change in
        byte) # same size and time, but for ctime
            printf '\xff\xfe\xfd\xfc' | dd of=source bs=1 seek=100 conv=notrunc status=none
            touch -d @1234567890.5 source
            ;;
        inode)
            { tail -c 6000000 "$like" && head -c 7000001 "$like"; } >new
            touch -r source new
            mv new source
            ;;
        size) truncate -s 11000000 source ;;
        esac
        goes_on
        cmp source in/source
        [ "$(stat -c %.9Y source)" = "$(stat -c %.9Y in/source)" ]
    done
}

@test "a source that is gone at the second try is an error, and what is there of it does not get its name" {
    cp "$like" gone
    echo x >rest
    sources=(gone rest)
    broken 8900000
    rm gone
    send gone rest
    [ "$sent" -eq 1 ]
    grep -q "gone'*: No such file" said
    [ ! -e in/gone ]
    kill "$receiver" 2>/dev/null || true
}

@test "another key, and another file of the same name, have nothing from a broken transfer" {
    receive --resume-wait=0 in
    between --up=8900000
    send "$like"
    ended 4 4
    kill "$proxy"
    before=$(find in/.zrecv.d -type f | sort)
    ZSEND_KEY=$(zrecv --new-key)
    export ZSEND_KEY
    receive in
    between
    send "$like"
    ended 0 0
    [ "$(went up)" -ge 13000001 ]
    cmp "$like" in/like
    [ "$(find in/.zrecv.d -type f | sort)" = "$before" ]
}

# all_but_last WAY: sets $bytes to one less than what goes that way for the tree, with --plain.
all_but_last() {
    receive --plain in
    between
    send --plain tree
    ended 0 0
    bytes=$(($(went "$1") - 1))
    kill "$proxy"
    rm -rf in/tree
}

@test "when only the last acknowledgement is lost the tree is complete, zrecv says so, and a second zsend has nothing to do" {
    plant tree
    for way in up down; do
        all_but_last "$way"
        receive --plain --resume-wait=0 in
        between "--$way=$bytes"
        send --plain tree
        # it has heard of the completion, or it has not
        if [ "$way" = up ]; then
            [ "$sent" -eq 0 ] || [ "$sent" -eq 4 ]
        else
            [ "$sent" -eq 4 ]
        fi
        ended "$sent" 4
        grep -q '^zrecv: .*complete' heard
        kill "$proxy"
        same tree in/tree
        receive --plain in
        between
        send --plain tree
        ended 0 0
        [ "$(went up)" -lt 50000 ]
        same tree in/tree
        nothing_left in
        kill "$proxy"
        rm -rf in/tree
    done
}

@test "so it is encrypted, when the receiver is killed in sight of the end" {
    plant tree
    receive in
    between
    send tree
    ended 0 0
    down=$(went down)
    kill "$proxy"
    for ((less = 1; less < 120; less += 29)); do
        rm -rf in/tree
        receive --resume-wait=0 in
        between "--down=$((down - less))"
        send tree
        [ "$sent" -eq 0 ] || [ "$sent" -eq 4 ]
        status_of "$receiver"
        [ "$status" -eq 0 ] || [ "$status" -eq 4 ]
        kill "$proxy"
        if [ "$sent" -ne 0 ] && [ "$status" -ne 0 ]; then
            receive in
            send tree
            ended 0 0
        fi
        same tree in/tree
        nothing_left in
    done
}

# partial: the path of the one partial file.
partial() {
    find in/.zrecv.d -type f -name '[0-9]*'
}

# has_written_down N: an event: the journal has so many chunks, of some 60 bytes each.
has_written_down() {
    [ "$(stat -c %s in/.zrecv.d/*/journal)" -gt $((100 + 60 * $1)) ]
}

@test "a partial file that is shorter than the journal says is not believed" {
    for size in 6000000 0; do
        rm -rf in/* in/.zrecv.d
        broken 12900000
        wait_for has_written_down 3
        truncate -s "$size" "$(partial)"
        goes_on
        cmp "$like" in/like
    done
}

@test "what a receiver that was killed has left without a word in its journal is not in the way" {
    random_file other 3000
    sources=("$like" other)
    broken 12900000
    wait_for has_written_down 3
    local left store
    store=$(echo in/.zrecv.d/*)
    for left in {0..9}; do
        [ -e "$store/$left" ] || install -m 000 /dev/null "$store/$left"
    done
    goes_on
    cmp "$like" in/like
    cmp other in/other
}

@test "what --verify has found to be wrong is sent anew by the next session" {
    broken 12900000 --plain
    wait_for has_written_down 3
    kill "$receiver"
    printf evil | dd of="$(partial)" bs=1 seek=1000 conv=notrunc status=none
    receive --plain --verify in
    send --plain "$like"
    ended 5 5
    [ ! -e in/like ]
    passes --plain --plain "$like"
    cmp "$like" in/like
}

@test "a file that was published, has changed, and broke off in the middle is not taken for somebody else's" {
    random_file big 9000001
    random_file rest 9000001
    receive in
    between --up=12000000
    send big rest
    ended 4
    wait_for test -e in/big
    printf other | dd of=big bs=1 seek=7000000 conv=notrunc status=none
    kill "$proxy"
    receive --resume-wait=0 in
    between --up=6000000
    send big rest
    ended 4 4
    kill "$proxy"
    passes '' big rest
    cmp big in/big
    cmp rest in/rest
}

@test "a hard link to a file that has changed since the break leads to what it is now" {
    echo first >a
    ln a b
    random_file z 9000001
    receive in
    between --up=6000000
    send a b z
    ended 4
    wait_for test in/a -ef in/b
    kill "$proxy"
    echo second >>a
    passes '' a b z
    [ "$(cat in/b)" = $'first\nsecond' ]
    [ in/a -ef in/b ]
    cmp z in/z
}
