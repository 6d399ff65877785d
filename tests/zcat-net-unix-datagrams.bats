# SPDX-License-Identifier: MIT
# zcat-net -u -U: UNIX sockets of datagrams, and the name by which a client is answered.
# shellcheck disable=SC2030,SC2031,SC2154 # every test is a subshell of its own; the helpers set variables
bats_require_minimum_version 1.5.0
load helpers
load datagrams

# bind_path PATH [OPTION]...: listens there; sets $listener. Its input is INPUT, else it reads none.
bind_path() {
    rm -f err
    if [ -n "${INPUT:-}" ]; then
        zcat-net -l -u -U -v "${@:2}" "$1" <"$INPUT" >out 2>err &
    else
        zcat-net -l -u -U -v -d "${@:2}" "$1" >out 2>err &
    fi
    listener=$!
    wait_for has_line err "^Bound on $1$"
}

# Names of clients are made here.
mine() {
    mkdir -p temporary
    export TMPDIR=$PWD/temporary
}

# is_socket PATH: an event for peers that do not tell.
is_socket() {
    [ -S "$1" ]
}

# is_empty DIRECTORY
is_empty() {
    [ -z "$(ls -A "$1")" ]
}

@test "both ends are zcat-net: a question and its answer" {
    mine
    echo answer >answer
    INPUT=answer bind_path path -q 0
    timeout 20 zcat-net -u -U -v -W 1 path <<<hello >back 2>log
    status_of "$listener"
    [ "$status" -eq 0 ]
    [ "$(cat out back)" = $'hello\nanswer' ]
    [ "$(cat err)" = $'Bound on path\nConnection received on path' ]
    [[ $(cat log) =~ ^Bound\ on\ $TMPDIR/zcat-net-[[:alnum:]]{6}/socket$ ]]
    [ ! -e path ]
    is_empty temporary
}

@test "without TMPDIR the name is in /tmp" {
    bind_path path -W 1
    env -u TMPDIR timeout 20 zcat-net -u -U -v --send-only path <<<hello 2>log
    [[ $(cat log) =~ ^Bound\ on\ (/tmp/zcat-net-[[:alnum:]]{6})/socket$ ]]
    [ ! -e "${BASH_REMATCH[1]}" ]
}

@test "nc is understood, and understands" {
    mine
    echo answer >answer
    INPUT=answer bind_path path -q 0
    timeout 20 nc -u -U -W 1 path <<<hello >back
    status_of "$listener"
    [ "$(cat out back)" = $'hello\nanswer' ]
    nc -l -u -U other <answer >out &
    wait_for is_socket other
    timeout 20 zcat-net -u -U -W 1 other <<<hello >back
    wait_for has_line out hello
    [ "$(cat back)" = answer ]
}

@test "socat is understood, and understands" {
    need socat
    mine
    bind_path path -W 1
    socat -u STDIN UNIX-SENDTO:path <<<hello
    status_of "$listener"
    [ "$(cat out)" = hello ]
    socat UNIX-RECVFROM:other EXEC:cat &
    wait_for is_socket other
    timeout 20 zcat-net -u -U -W 1 other <<<hello >back
    [ "$(cat back)" = hello ]
}

@test "boundaries are kept, empty datagrams too" {
    mine
    talk ./path hear:5
    timeout 60 python3 "$BATS_TEST_DIRNAME/datagrams.py" keep 0,1,1472,16384,65507 0 zcat-net -u -U -w 1 path >kept
    status_of "$peer"
    [ "$(sed -n 's/^got //p' peer.log)" = "$(sed -n 's/^sent //p' kept)" ]
    timeout 60 python3 "$BATS_TEST_DIRNAME/datagrams.py" keep - 5 zcat-net -l -u -U -d -W 5 other >kept &
    local listener=$!
    wait_for is_socket other
    talk ./mine to:./other send:{0,1,1472,16384,65507}
    status_of "$listener"
    [ "$(sed -n 's/^sent //p' peer.log)" = "$(sed -n 's/^got //p' kept)" ]
}

@test "a datagram that is longer than the buffer is an error, and what came before it is written" {
    bind_path path
    talk ./mine to:./path send:100 send:65537
    status_of "$listener"
    [ "$status" -eq 1 ]
    [ "$(tail -n 1 err)" = "zcat-net: error reading 'path': Message too long" ]
    [ "$(stat -c %s out)" -eq 100 ]
    [ ! -e path ]
}

@test "a receiver that is slow is waited for, and nothing is lost" {
    mine
    mkfifo go
    random_file in 3000000
    talk ./path wait:go hear:184
    timeout 60 zcat-net -u -U --send-only path <in &
    local client=$!
    stopped() { grep -q '^State:[[:space:]]*S' "/proc/$client/status"; }
    wait_for stopped
    open_gate go
    status_of "$client"
    [ "$status" -eq 0 ]
    status_of "$peer"
    [ "$(sed -n 's/^got \([0-9]*\) .*/\1/p' peer.log | awk '{ sum += $1 } END { print sum }')" = 3000000 ]
}

@test "-w and --timeout fail when a receiver takes nothing" {
    mine
    mkfifo go
    random_file in 3000000
    talk ./path wait:go
    run -1 --separate-stderr timeout 20 zcat-net -u -U -w 0.3 path <in
    [ "$stderr" = "zcat-net: timed out: bytes are left that 'path' or standard output has not taken" ]
    run -1 --separate-stderr timeout 20 zcat-net -u -U --timeout=0.3 path <in
    [ "$stderr" = "zcat-net: timed out: no byte has moved for too long between 'path' and standard input or output" ]
    is_empty temporary
    open_gate go
}

@test "the name is removed after errors and signals too" {
    mine
    local signal
    fails_with "connect 'nowhere' failed: No such file or directory" -u -U nowhere
    is_empty temporary
    mkfifo go
    exec 9<>go
    for signal in HUP INT TERM; do
        talk ./path hear:2
        # The shell ignores SIGINT for what it starts in the background, and nohup SIGHUP.
        python3 -c 'import os, signal, sys
for number in signal.SIGHUP, signal.SIGINT, signal.SIGTERM:
    signal.signal(number, signal.SIG_DFL)
os.execvp(sys.argv[1], sys.argv[1:])' zcat-net -u -U path <go 9>&- &
        local client=$!
        echo hello >&9
        wait_for has_line peer.log '^got '
        run ! is_empty temporary
        kill -"$signal" "$client"
        status_of "$client"
        [ "$status" -eq $((128 + $(kill -l "$signal"))) ]
        is_empty temporary
        kill "$peer"
        rm path
    done
    exec 9>&-
}

@test "a peer that has gone is a refusal with its name" {
    mine
    mkfifo go
    exec 9<>go
    talk ./path hear:1
    zcat-net -u -U path <go 2>log 9>&- &
    local client=$!
    echo hello >&9
    status_of "$peer"
    echo more >&9
    status_of "$client"
    [ "$status" -eq 1 ]
    [ "$(cat log)" = "zcat-net: error writing 'path': Connection refused" ]
    is_empty temporary
    exec 9>&-
}

@test "-s chooses the name, which is removed; what is there already is left alone" {
    mine
    bind_path path -W 1
    timeout 20 zcat-net -u -U -v -s name --send-only path <<<hello 2>log
    status_of "$listener"
    [ "$(cat log)" = 'Bound on name' ]
    [ ! -e name ]
    is_empty temporary
    echo precious >name
    talk ./path hear:1
    fails_with "cannot connect from 'name': Address already in use" -u -U -s name path
    [ "$(cat name)" = precious ]
    rm name
    python3 -c 'import socket; socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM).bind("name")'
    timeout 20 zcat-net -u -U -s name --send-only path <<<hello
    status_of "$peer"
    has_line peer.log '^from name$'
    [ ! -e name ]
}

@test "abstract names work on both sides" {
    mine
    echo answer >answer
    INPUT=answer bind_path "@zcopy-test-$$" -q 0
    timeout 20 zcat-net -u -U -s "@zcopy-client-$$" -W 1 "@zcopy-test-$$" <<<hello >back
    status_of "$listener"
    [ "$(cat out back)" = $'hello\nanswer' ]
    is_empty temporary
}

@test "a sender without a name is heard, and cannot be answered" {
    bind_path path -W 1
    python3 -c 'import socket; socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM).sendto(b"hello", "path")'
    status_of "$listener"
    [ "$status" -eq 0 ]
    [ "$(cat out)" = hello ]
    echo answer >answer
    INPUT=answer bind_path path
    python3 -c 'import socket; socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM).sendto(b"hello", "path")'
    status_of "$listener"
    [ "$status" -eq 1 ]
    [ "$(cat out)" = hello ]
    [ "$(tail -n 1 err)" = "zcat-net: error writing 'path': Transport endpoint is not connected" ]
}

@test "a sender that has gone already is heard" {
    mine
    bind_path path -W 1
    kill -STOP "$listener"
    timeout 20 zcat-net -u -U --send-only path <<<hello
    kill -CONT "$listener"
    status_of "$listener"
    [ "$status" -eq 0 ]
    [ "$(cat out)" = hello ]
}

@test "-k hears all senders" {
    mine
    bind_path path -k -W 3
    for word in one two three; do
        timeout 20 zcat-net -u -U --send-only path <<<"$word"
    done
    status_of "$listener"
    [ "$(cat out)" = $'one\ntwo\nthree' ]
    [ ! -e path ]
}

@test "-z sees whether somebody has bound the path" {
    bind_path path
    run -0 timeout 20 zcat-net -z -u -U path
    run -1 timeout 20 zcat-net -z -u -U nowhere
    run -1 --separate-stderr timeout 20 zcat-net -z -u -U -v nowhere
    [ "$stderr" = "zcat-net: connect 'nowhere' failed: No such file or directory" ]
    kill "$listener"
}

@test "a stale path is replaced, one in use is not" {
    python3 -c 'import socket; socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM).bind("path")'
    bind_path path -W 1
    fails_with "bind 'path' failed: Address already in use" -l -u -U path
    fails_with "connect 'path' failed: Protocol wrong type for socket" -U path
    kill "$listener"
}

# packets SIZES COMMAND...: with sequenced packets of these sizes on standard input, see datagrams.py.
packets() {
    timeout 60 python3 "$BATS_TEST_DIRNAME/datagrams.py" packets "$1" 0 "${@:2}" >kept
}

@test "sequenced packets on standard input of a stream are whole also with --bwlimit, and their end is an end" {
    listen
    packets '9000=a,9000=b,1=c' zcat-net -n --bwlimit=64K 127.0.0.1 "$port"
    status_of "$listener"
    [ "$status" -eq 0 ]
    python3 -c 'print("a" * 9000 + "b" * 9000 + "c", end="")' | cmp - out
}

@test "a packet on standard input of a stream that no buffer holds is a failure, and nothing is cut off" {
    start_peer save:got
    run -1 --separate-stderr packets '5=a,300000=b' zcat-net -n 127.0.0.1 "$port"
    [ "$stderr" = "zcat-net: error reading 'standard input': Message too long" ]
    wait_for has_line peer.log '^save: .*reset'
}

@test "an empty datagram on standard input of a stream is no end of it" {
    listen
    keeping '5=a,0,6=b' 0 zcat-net -n -w 1 127.0.0.1 "$port"
    status_of "$listener"
    [ "$status" -eq 0 ]
    [ "$(cat out)" = aaaaabbbbbb ]
}
