# SPDX-License-Identifier: MIT
# zcat-net -u with -C, -i, --hash and --hex-dump: what is done to the bytes of datagrams, to the time between them, and beside.
# shellcheck disable=SC2030,SC2031,SC2154 # every test is a subshell of its own; the helpers set variables
bats_require_minimum_version 1.5.0
load helpers
load datagrams

# sizes_of FILE WORD: how long the datagrams were that the peer has got or sent
sizes_of() {
    lines_of "$1" "$2" | cut -d ' ' -f 1 | paste -sd ,
}

# to_path [OPTION]...: sends all of standard input to the peer at ./path, whose buffer is waited for: nothing gets lost.
to_path() {
    timeout 60 zcat-net -u -U --send-only "$@" path
}

# crlf FILE: what -C makes of it
crlf() {
    python3 -c '
import re, sys
sys.stdout.buffer.write(re.sub(rb"(?<!\r)\n", b"\r\n", open(sys.argv[1], "rb").read()))' "$1"
}

sha() {
    sha256sum "$1" | cut -d ' ' -f 1
}

milliseconds() {
    python3 -c 'import time; print(time.monotonic_ns() // 1000000)'
}

# hold_input: the fifo go, which this shell holds open for writing as descriptor 9.
hold_input() {
    mkfifo go
    exec 9<>go
}

@test "-C sends CR and LF, a read is still a datagram, and a CR is seen across reads" {
    hold_input
    talk ./path into:got hear:2
    to_path -C <go 9>&- &
    printf 'one\r' >&9
    wait_for hears 1
    printf '\ntwo\n\n' >rest
    cat rest >&9 # in one write: printf writes lines
    status_of "$peer"
    [ "$(sizes_of peer.log got)" = 4,8 ]
    printf 'one\r\ntwo\r\n\r\n' | cmp - got
    exec 9>&-
}

@test "-C takes whole files: nothing but LF, few LF, none" {
    tr '\0' '\n' </dev/zero | head -c 40000 >only
    seq 100000 | head -c 300000 >some
    tr '\0' x </dev/zero | head -c 300000 >none
    local file count
    for file in only:3 some:19 none:19; do
        count=${file#*:} file=${file%:*}
        talk ./path into:got hear:"$count"
        to_path -C <"$file"
        status_of "$peer"
        crlf "$file" | cmp - got
        [ "$file" != only ] || [ "$(sizes_of peer.log got)" = 32768,32768,14464 ]
    done
}

@test "-C takes each datagram of standard input by itself" {
    talk ./path into:got hear:4
    keeping '1=x\r,1=\n,0,30000=\n' 0 zcat-net -u -U -C -w 1 path
    status_of "$peer"
    [ "$(sizes_of peer.log got)" = 2,2,0,60000 ]
    printf 'x\r\r\n' | cmp - <(head -c 4 got)
}

@test "a datagram that -C makes too long is an error, and nothing of it is sent" {
    talk 127.0.0.1 hear:1 wait:go hear:1
    run -1 timeout 20 python3 "$BATS_TEST_DIRNAME/datagrams.py" keep '1=x,40000=\n' 0 zcat-net -n -u -C 127.0.0.1 "$port"
    [ "${lines[-1]}" = "zcat-net: error writing '127.0.0.1:$port': Message too long" ]
    wait_for hears 1
    [ "$(sizes_of peer.log got)" = 1 ]
}

@test "-C leaves alone what is received" {
    listen -u -C -W 1
    timeout 20 zcat-net -n -u --send-only 127.0.0.1 "$port" <<<hello
    status_of "$listener"
    [ "$(stat -c %s out)" -eq 6 ]
}

@test "-i waits neither before the first datagram nor after the last" {
    hold_input
    talk ./path hear:1
    to_path -i 1000 <go 9>&- &
    local client=$!
    echo hello >&9
    wait_for hears 1
    exec 9>&-
    status_of "$client"
    [ "$status" -eq 0 ]
    listen -u -i 1000 -W 1
    timeout 20 zcat-net -n -u --send-only 127.0.0.1 "$port" <<<hello
    status_of "$listener"
    [ "$status" -eq 0 ]
    [ "$(cat out)" = hello ]
}

@test "-i waits between datagrams in each direction, empty ones too, and the pauses are no standstill" {
    random_file in 40000
    local option start
    for option in -w0.2 --timeout=0.2; do
        talk ./path hear:3
        start=$(milliseconds)
        to_path -i 0.3 "$option" <in
        [ $(($(milliseconds) - start)) -ge 600 ]
        status_of "$peer"
        [ "$(sizes_of peer.log got)" = 16384,16384,7232 ]
        listen -u -i 0.3 "$option" -W 3
        start=$(milliseconds)
        talk 127.0.0.1 "to:$port" send:5 send:0 send:6
        status_of "$listener"
        [ "$status" -eq 0 ]
        [ $(($(milliseconds) - start)) -ge 600 ]
        [ "$(stat -c %s out)" -eq 11 ]
    done
}

@test "the pauses of --bwlimit after long datagrams are no standstill" {
    random_file in 40000
    local option
    for option in -w1 --timeout=1; do
        talk ./path hear:3
        to_path --bwlimit=10K "$option" <in
        wait_for hears 3
        [ "$(sizes_of peer.log got)" = 16384,16384,7232 ]
        listen -u --bwlimit=10K "$option" -W 3
        talk 127.0.0.1 "to:$port" send:16384 send:16384 send:5
        status_of "$listener"
        [ "$status" -eq 0 ]
        [ "$(stat -c %s out)" -eq 32773 ]
    done
}

@test "what ends the session ends the pauses of -i, and all that has arrived is written" {
    hold_input
    INPUT=go listen -u -i 1000 -q 0 9>&-
    talk 127.0.0.1 "to:$port" burst:100x10
    status_of "$peer"
    wait_for size_is out 10
    exec 9>&-
    status_of "$listener"
    [ "$status" -eq 0 ]
    [ "$(stat -c %s out)" -eq 1000 ]
}

@test "what ends the session ends the pauses of -i, and what has been read is sent" {
    random_file in 20000
    talk 127.0.0.1 hear:1 send:5 hear:1
    timeout 20 zcat-net -n -u -i 1000 -W 1 127.0.0.1 "$port" <in >out
    [ "$(stat -c %s out)" -eq 5 ]
    status_of "$peer"
    [ "$(sizes_of peer.log got)" = 16384,3616 ]
}

@test "a refusal ends the pauses of -i, in both directions, and what came before it is written" {
    random_file in 40000
    free_port
    run -1 --separate-stderr timeout 20 zcat-net -n -u -i 1000 127.0.0.1 "$port" <in
    [ "$stderr" = "zcat-net: error writing '127.0.0.1:$port': Connection refused" ]
    hold_input
    INPUT=go listen -u -i 1000 9>&-
    talk 127.0.0.1 "to:$port" burst:5x10
    status_of "$peer"
    wait_for size_is out 10
    echo answer >&9
    status_of "$listener"
    [ "$status" -eq 1 ]
    [ "$(stat -c %s out)" -eq 50 ]
    has_line err "^zcat-net: error writing '127.0.0.1:[0-9]*': Connection refused$"
    exec 9>&-
}

@test "-i of -z is between the ports" {
    free_port
    local start
    start=$(milliseconds)
    run -1 timeout 60 zcat-net -n -z -u -i 0.3 127.0.0.1 "$port-$((port + 1))"
    [ $(($(milliseconds) - start)) -ge 300 ]
}

@test "both ends print the digest of all datagrams" {
    random_file in 40000
    listen -u -W 3 --hash=sha256
    run -0 --separate-stderr timeout 20 zcat-net -n -u --send-only --hash=sha256 127.0.0.1 "$port" <in
    [ "$stderr" = "$(sha in)  -" ]
    status_of "$listener"
    [ "$status" -eq 0 ]
    cmp in out
    has_line err "^$(sha in)  -$"
}

@test "two directions have two digests and two marks in the dump" {
    need xxd
    random_file in 40000
    talk 127.0.0.1 echo:3
    timeout 20 zcat-net -n -u -W 3 --hash=sha256:sums --hex-dump=dump 127.0.0.1 "$port" <in >out
    cmp in out
    [ "$(cat sums)" = "$(sha in)  received
$(sha in)  sent" ]
    bytes_of '>' dump | cmp - in
    bytes_of '<' dump | cmp - in
}

@test "the digest is of what is sent, which -C has changed" {
    seq 20000 >in
    talk ./path into:got hear:7
    to_path -C --hash=sha256:sum <in
    status_of "$peer"
    crlf in | cmp - got
    [ "$(cat sum)" = "$(sha got)  -" ]
}

@test "a session that fails prints no digest" {
    free_port
    run -1 --separate-stderr timeout 20 zcat-net -n -u -w 9 --hash=sha256 127.0.0.1 "$port" <<<hello
    [ "$stderr" = "zcat-net: error writing '127.0.0.1:$port': Connection refused" ]
    talk ./path hear:1
    run -1 --separate-stderr to_path --hash=sha256 --hex-dump=/dev/full <<<hello
    [[ $stderr == *"zcat-net: error writing '/dev/full': No space left on device" ]]
}

@test "the session waits for a dump that is slow, and loses nothing" {
    need xxd
    random_file in 1000000
    mkfifo slow
    exec 9<>slow
    talk ./path into:got hear:62
    to_path --hex-dump=slow --hash=sha256:sum <in 9>&- &
    local client=$!
    wait_for hears 1
    # The lines of 1 MB do not fit into any pipe: it has to wait until they are read.
    cat slow >dump 9>&- &
    wait_for test -s dump
    exec 9>&-
    status_of "$client"
    [ "$status" -eq 0 ]
    status_of "$peer"
    cmp in got
    [ "$(cat sum)" = "$(sha in)  -" ]
    wait_for size_is_of dump in
    bytes_of '>' dump | cmp - in
}

# size_is_of DUMP FILE: an event: the dump has a line for the end of the file
size_is_of() {
    has_line "$1" "^> $(printf %08x $((($(stat -c %s "$2") - 1) / 16 * 16)))"
}

@test "-t, -F and -x stay excluded" {
    refuses '-x, -F and -t exclude -u' -u -t 127.0.0.1 1
    refuses '-x, -F and -t exclude -u' -u -F 127.0.0.1 1
    refuses '-x, -F and -t exclude -u' -u -x proxy 127.0.0.1 1
    refuses 'of --method, -u can use read only' -u -C --method=splice 127.0.0.1 1
}
