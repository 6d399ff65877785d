# SPDX-License-Identifier: MIT
# zcat-net: -C sends CR and LF, -i paces lines and ports, -t answers telnet.
# shellcheck disable=SC2030,SC2031,SC2154 # every test is a subshell of its own; the helpers set variables
bats_require_minimum_version 1.5.0
load helpers

# lines ARGUMENT...: see lines.py.
lines() {
    timeout 100 python3 "$BATS_TEST_DIRNAME/lines.py" "$@"
}

# milliseconds: of the clock that nobody sets.
milliseconds() {
    python3 -c 'import time; print(time.monotonic_ns() // 1000000)'
}

# can_preload: skips the test, aloud, where a library cannot come before the sanitizer's.
can_preload() {
    ! is_sanitized zcat-net || skip 'nothing can be preloaded here'
}

@test "-C sends CR and LF for each LF, wherever what is read is cut" {
    lines crlf zcat-net -n -C
}

@test "-C sends what nc sends" {
    need nc
    lines crlf --whole nc -n -N -C
    lines crlf --whole zcat-net -n -C
}

# arrives_with_crlf OPTION...: the file in arrives as sed would have it.
arrives_with_crlf() {
    listen
    timeout 60 zcat-net -n -C "$@" 127.0.0.1 "$port" <in
    status_of "$listener"
    [ "$status" -eq 0 ]
    python3 -c '
import re, sys
data = open("in", "rb").read()
sys.exit(re.sub(rb"(?<!\r)\n", b"\r\n", data) != open("out", "rb").read())'
}

@test "-C sends empty input, a last line without LF, a mebibyte of LF, and binary data" {
    : >in
    arrives_with_crlf
    printf 'one\ntwo' >in
    arrives_with_crlf
    head -c 1M /dev/zero | tr '\0' '\n' >in
    arrives_with_crlf --stats 2>stats
    grep -q ': 2097152 bytes, .*read 2097152$' stats
    random_file in 3000000
    arrives_with_crlf
    arrives_with_crlf --method=sendfile,read
}

@test "-C leaves what is received alone, and half-closes as always" {
    start_peer recv:5 text:$'one\ntwo\r\nthree' save:sent
    timeout 20 zcat-net -n -C 127.0.0.1 "$port" <<<abc >out
    printf 'one\ntwo\r\nthree' | cmp - out
    wait_for has_line peer.log received
}

@test "-C fails when the connection is reset" {
    start_peer rcvbuf:4096 recv:1 reset
    head -c 3M /dev/zero | tr '\0' '\n' >in
    run -1 --separate-stderr timeout 20 zcat-net -n -C 127.0.0.1 "$port" <in
    [[ $stderr =~ ^"zcat-net: error "(reading|writing)" '127.0.0.1:$port': " ]]
}

@test "-t refuses what the peer asks for and hands all on unchanged, wherever what is received is cut" {
    lines telnet zcat-net -n -t
}

@test "-t answers what nc answers" {
    need nc
    lines telnet --whole nc -n -N -t
    lines telnet --whole zcat-net -n -t
}

@test "-t lets neither of two ends that have it answer the other for ever" {
    printf '\377\374\1\377\376\1\377\375\1\377\373\1' >requests
    INPUT=requests listen -t -w 1 --no-half-close
    timeout 20 zcat-net -n -t -w 1 --no-half-close 127.0.0.1 "$port" <requests >got
    status_of "$listener"
    [ "$status" -eq 0 ]
    size_is out 18
    size_is got 18
}

@test "-t keeps its answers whole among what standard input sends" {
    lines flood 3000000 zcat-net -n -t --send-only
    lines flood 3000000 zcat-net -n -t -C -O 4096 --send-only
}

@test "-t keeps its answers whole when every call is cut short" {
    can_preload
    lines flood 30000 env LD_PRELOAD="$ZCOPY_BUILD/tests/short.so" SHORT=1 SHORT_REPORT="$PWD/report" \
        zcat-net -n -t --send-only
    awk '$1 == "send" && $2 > 0 { found = 1 } END { exit !found }' report
    lines flood 30000 env LD_PRELOAD="$ZCOPY_BUILD/tests/short.so" SHORT=1 zcat-net -n -t --send-only --method=read
}

@test "-t answers without standard input, and after its end if that is not told" {
    local option
    for option in -d --no-half-close; do
        start_peer text:$'\377\375\1' recv:3 say:answered close
        timeout 20 zcat-net -n -t $option 127.0.0.1 "$port" </dev/null >out
        status_of "$peer"
        [ "$status" -eq 0 ]
        grep -q answered peer.log
        printf '\377\375\1' | cmp - out
    done
}

@test "-t does not answer after its own half-close, which is no failure" {
    start_peer recv:6 save:rest text:$'\377\375\1' close
    timeout 20 zcat-net -n -t 127.0.0.1 "$port" <<<hello >out
    status_of "$peer"
    [ "$status" -eq 0 ]
    [ ! -s rest ]
    printf '\377\375\1' | cmp - out
}

# has_ended PORT: an event: the end of a connection to that port of 127.0.0.1 has come (CLOSE_WAIT).
has_ended() {
    grep -q "$(printf ': [0-9A-F]*:[0-9A-F]* 0100007F:%04X 08 ' "$1")" /proc/net/tcp
}

@test "-t does not answer a peer that has closed, which would take back what it has acknowledged" {
    mkfifo in go
    start_peer recv:6 say:got wait:go text:$'bye\377\375\1' close
    exec 9<>in
    zcat-net -n -t 127.0.0.1 "$port" <in >out 9>&- &
    local client=$!
    echo hello >&9
    wait_for has_line peer.log got
    kill -STOP "$client"
    wait_for all_threads T "$client"
    open_gate go
    wait_for gone "$peer"
    wait_for has_ended "$port"
    exec 9>&-
    kill -CONT "$client"
    status_of "$client"
    [ "$status" -eq 0 ]
    printf 'bye\377\375\1' | cmp - out
}

@test "-t begins anew with each client of -k" {
    listen -k -t
    start_peer_to() { timeout 20 python3 "$BATS_TEST_DIRNAME/peer.py" --connect "$port" "$@"; }
    start_peer_to text:$'\377' fin save:rest
    [ ! -s rest ]
    start_peer_to text:$'\375\1' fin save:rest
    [ ! -s rest ]
    kill "$listener"
}

# one_line_each LOG CALL: three calls, each with one whole line.
one_line_each() {
    sed -nE "s/.*$2\([0-9]+, \"([^\"]*)\".*/\1/p" "$1" | diff - <(printf '%s\n' 'one\n' 'two\n' 'three\n')
}

@test "-i waits between lines sent, which leave one at a time" {
    can_trace
    listen
    local start
    start=$(milliseconds)
    printf 'one\ntwo\nthree\n' | traced calls sendto timeout 60 zcat-net -n -i 0.3 127.0.0.1 "$port"
    [ $(($(milliseconds) - start)) -ge 600 ]
    status_of "$listener"
    printf 'one\ntwo\nthree\n' | cmp - out
    one_line_each calls sendto
}

@test "-i waits between lines received, which come out one at a time" {
    can_trace
    start_peer text:$'one\ntwo\nthree\n' close
    local start
    start=$(milliseconds)
    traced calls write timeout 60 zcat-net -n -i 0.3 127.0.0.1 "$port" </dev/null >out
    [ $(($(milliseconds) - start)) -ge 600 ]
    printf 'one\ntwo\nthree\n' | cmp - out
    one_line_each <(grep 'write(1,' calls) write
}

@test "-i waits neither before the first line nor after the last, nor within one" {
    mkfifo in
    start_peer recv:4 say:first recv:4 say:second save:rest
    exec 9<>in
    zcat-net -n -C -i 1000 127.0.0.1 "$port" <in 9>&- &
    local client=$!
    printf one- >&9
    wait_for has_line peer.log first
    printf 'on\n' >&9
    wait_for has_line peer.log second
    exec 9>&-
    status_of "$client"
    [ "$status" -eq 0 ]
}

@test "-i 0 is no wait, and lines without end are not held back" {
    random_file in 1000000
    listen
    timeout 20 zcat-net -n -i 0 127.0.0.1 "$port" <in
    status_of "$listener"
    cmp in out
    tr -d '\n' <in >endless
    listen
    timeout 20 zcat-net -n -i 1000 127.0.0.1 "$port" <endless
    status_of "$listener"
    cmp endless out
}

@test "-i does not hold up the end of a session, and all that was received is written" {
    start_peer text:$'one\ntwo\nthree\n' hold
    printf 'one\ntwo\nthree\n' >expected
    mkfifo in
    exec 9<>in
    zcat-net -n -i 1000 -q 0 127.0.0.1 "$port" <in >out 9>&- &
    local client=$!
    wait_for has_line out one
    exec 9>&-
    status_of "$client"
    [ "$status" -eq 0 ]
    cmp expected out
}

@test "-i ends with the connection when that fails" {
    mkfifo go
    start_peer recv:4 wait:go reset
    printf 'one\ntwo\n' | timeout 20 zcat-net -n -i 1000 127.0.0.1 "$port" 2>err &
    local client=$!
    open_gate go
    status_of "$client"
    [ "$status" -eq 1 ]
    grep -q "^zcat-net: error reading '127.0.0.1:$port': Connection reset by peer$" err
}

@test "the pauses of -i are no standstill for -w and --timeout" {
    local option
    for option in -w1 --timeout=1; do
        listen
        printf 'one\ntwo\n' | timeout 20 zcat-net -n -i 1.2 "$option" 127.0.0.1 "$port"
        status_of "$listener"
        printf 'one\ntwo\n' | cmp - out
    done
}

@test "-i waits between the ports of -z, and not before or after them" {
    free_port
    local start
    start=$(milliseconds)
    run -1 timeout 60 zcat-net -n -z -i 0.3 127.0.0.1 "$port-$((port + 2))"
    [ $(($(milliseconds) - start)) -ge 600 ]
    run -1 timeout 20 zcat-net -n -z -i 1000 127.0.0.1 "$port"
}

@test "--debug says which option needs read and write" {
    listen
    run -0 --separate-stderr timeout 20 zcat-net -n --debug -C -t 127.0.0.1 "$port" <<<hello
    [ "${stderr_lines[1]}" = 'zcat-net: debug: -t looks into the data: read and write' ]
    [[ ${stderr_lines[2]} == *': read 7' ]]
    [ "${stderr_lines[3]}" = 'zcat-net: debug: -C rewrites the data: read and write' ]
    listen
    run -0 --separate-stderr timeout 20 zcat-net -n --debug -i 0.1 127.0.0.1 "$port" <<<hello
    [ "${stderr_lines[3]}" = 'zcat-net: debug: -i cuts the data into lines: read and write' ]
}

@test "a list of methods without read is refused with -C, -i and -t" {
    refuses '-C needs the method read, which is not in the list of --method' -C --method=splice 127.0.0.1 1
    refuses '-t needs the method read, which is not in the list of --method' --method=splice,sendfile -t 127.0.0.1 1
    refuses '-i needs the method read, which is not in the list of --method' -i 1 --method=mmap 127.0.0.1 1
    refuses '-F and -C exclude each other' -F -C 127.0.0.1 1
}

@test "intervals that make no sense are usage errors" {
    local value
    for value in x -1 1x ''; do
        refuses "invalid argument '$value' for '-i'" -i "$value" 127.0.0.1 1
    done
    refuses "too large argument '1e99' for '-i'|invalid argument '1e99' for '-i'" -i 1e99 127.0.0.1 1
}
