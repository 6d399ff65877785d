# SPDX-License-Identifier: MIT
# zcat-net: how a session ends, who ends it, and what the exit status then says. Interoperability.
# shellcheck disable=SC2030,SC2031,SC2154 # every test is a subshell of its own; the helpers set variables
bats_require_minimum_version 1.5.0
load helpers

# client [OPTION]... : connects to $port in the background with standard input from the FIFO in, which is held
# open as descriptor 9; output in out, messages in err; sets $client.
client() {
    [ -p in ] || mkfifo in
    exec 9<>in
    rm -f out err
    zcat-net -n "$@" 127.0.0.1 "$port" <in >out 2>err 9>&- &
    client=$!
}

# end_of_input: closes the client's standard input.
end_of_input() {
    exec 9>&-
}

# ends_with STATUS PID
ends_with() {
    status_of "$2"
    [ "$status" -eq "$1" ]
}

# receives_only PID: its direction from standard input, which has been seen to work, has ended: what is left is
# the main thread and one more, and the one that ThreadSanitizer has for itself.
receives_only() {
    local own=0
    [[ ${ZCOPY_BUILD:-} != */tsan ]] || own=1
    wait_for threads_at_most $((2 + own)) "$1"
}

@test "the end of standard input half-closes, and the answer of the peer still arrives" {
    random_file answer 3000000
    start_peer save:question send:answer close
    timeout 30 zcat-net -n 127.0.0.1 "$port" <<<question >out
    [ "$(cat question)" = question ]
    cmp answer out
}

@test "--no-half-close keeps the connection open for sending; without it the peer sees the end" {
    local option
    mkfifo go
    for option in --no-half-close -N; do
        start_peer recv:6 say:got wait:go peek text:answer close
        zcat-net -n "$option" 127.0.0.1 "$port" <<<hello >out &
        client=$!
        wait_for has_line peer.log '^got$'
        receives_only "$client"
        open_gate go
        ends_with 0 "$client"
        [ "$(cat out)" = answer ]
        if [ "$option" = -N ]; then
            has_line peer.log '^fin$'
        else
            has_line peer.log '^no fin$'
        fi
    done
}

@test "a client whose standard input is idle leaves with 0 when the peer has answered and closes" {
    start_peer recv:6 text:answer close
    client
    echo hello >&9
    ends_with 0 "$client"
    [ "$(cat out)" = answer ]
    [ ! -s err ]
}

@test "a listener whose standard input is idle leaves with 0 when the client has spoken and closes" {
    mkfifo in
    exec 9<>in
    INPUT=in listen
    run -0 timeout 20 zcat-net -n --exit-on=eof 127.0.0.1 "$port" <<<hello
    ends_with 0 "$listener"
    [ "$(cat out)" = hello ]
}

@test "a peer that half-closes in silence still gets all of a slow producer" {
    start_peer fin recv:5 say:first save:rest
    client
    printf first >&9
    wait_for has_line peer.log '^first$'
    printf second >&9
    end_of_input
    ends_with 0 "$client"
    ends_with 0 "$peer"
    [ "$(cat rest)" = second ]
}

@test "between two zcat-net a slow producer is not cut off by a receiver without input" {
    local receiver
    zcat-net -n -l --print-port 127.0.0.1 0 </dev/null >got 2>port &
    receiver=$!
    take_port port
    client
    printf first >&9
    has_first() { [ "$(cat got)" = first ]; }
    wait_for has_first
    printf second >&9
    end_of_input
    ends_with 0 "$client"
    ends_with 0 "$receiver"
    [ "$(cat got)" = firstsecond ]
}

@test "--exit-on=both goes on sending after the peer's end" {
    start_peer text:hello fin save:rest
    client --exit-on=both
    # The thread that receives has ended; this one would by now have left without the option.
    wait_for threads_at_most 2 "$client"
    has_hello() { [ "$(cat out)" = hello ]; }
    wait_for has_hello
    printf more >&9
    run ! gone "$client"
    end_of_input
    ends_with 0 "$client"
    ends_with 0 "$peer"
    [ "$(cat rest)" = more ]
}

@test "--exit-on=peer leaves at the peer's end although standard input goes on" {
    start_peer fin save:rest
    client --exit-on=peer
    ends_with 0 "$client"
}

@test "--exit-on=eof leaves at the end of standard input although the peer goes on" {
    start_peer recv:6 hold
    run -0 timeout 20 zcat-net -n --exit-on=eof 127.0.0.1 "$port" <<<hello
}

@test "--send-only leaves at the end of standard input and writes nothing" {
    start_peer text:unwanted save:got say:end hold
    run -0 timeout 20 zcat-net -n --send-only 127.0.0.1 "$port" <<<hello
    [ -z "$output" ]
    wait_for has_line peer.log '^end$'
    [ "$(cat got)" = hello ]
}

@test "data of the peer that is unread at the close does not cut off what was sent" {
    local option
    random_file big 3000000
    for option in --send-only --exit-on=eof; do
        rm -f got
        start_peer flood save:got
        timeout 30 zcat-net -n "$option" 127.0.0.1 "$port" <big >/dev/null
        wait_for has_line peer.log '^received$'
        cmp big got
    done
}

@test "a close with unread data is no reset" {
    local option
    random_file answer 100000
    mkfifo go
    for option in --send-only --exit-on=eof; do
        start_peer recv:5 send:answer say:sent wait:go save:rest option:SOL_SOCKET,SO_ERROR
        client "$option" --bwlimit=1K
        printf hello >&9
        wait_for has_line peer.log '^sent$' # a hundred seconds worth of it
        end_of_input
        ends_with 0 "$client"
        open_gate go
        ends_with 0 "$peer"
        has_line peer.log '^SOL_SOCKET,SO_ERROR 0$'
    done
}

@test "-d and --recv-only read nothing from standard input" {
    local option
    for option in -d --recv-only; do
        start_peer text:hello close
        echo unread >file
        { run -0 timeout 20 zcat-net -n "$option" 127.0.0.1 "$port"; read -r line; } <file
        [ "$output" = hello ]
        [ "$line" = unread ]
    done
}

@test "-q leaves so long after the end of standard input" {
    local seconds
    for seconds in 0 0.1; do
        start_peer recv:6 hold
        run -0 timeout 20 zcat-net -n -q "$seconds" 127.0.0.1 "$port" <<<hello
    done
}

@test "a negative -q waits for the peer" {
    mkfifo go
    start_peer recv:6 say:got wait:go text:answer close
    zcat-net -n -q -1 127.0.0.1 "$port" <<<hello >out &
    client=$!
    wait_for has_line peer.log '^got$'
    receives_only "$client"
    open_gate go
    ends_with 0 "$client"
    [ "$(cat out)" = answer ]
}

@test "-w and --connect-timeout give up on a peer that never answers" {
    local option
    start_peer deaf hold
    for option in -w0.3 --connect-timeout=0.3; do
        run -1 --separate-stderr timeout 20 zcat-net -n "$option" 127.0.0.1 "$port" </dev/null
        # shellcheck disable=SC2154 # set by run
        [ "$stderr" = "zcat-net: connect to 127.0.0.1 port $port (tcp) failed: Connection timed out" ]
    done
}

@test "-w leaves a connection that is idle, with 0" {
    start_peer text:hello hold
    client -w 0.3
    ends_with 0 "$client"
    [ "$(cat out)" = hello ]
}

@test "-w on idle is a failure while bytes are left that the peer has not taken" {
    random_file in-file 3000000
    start_peer rcvbuf:4096 hold
    run -1 --separate-stderr timeout 20 zcat-net -n -w 0.3 127.0.0.1 "$port" <in-file
    [ "${#stderr_lines[@]}" -eq 1 ]
    [[ $stderr == "zcat-net: timed out: "* ]]
}

@test "-W leaves after so many pieces" {
    start_peer text:hello hold
    client -W 1
    ends_with 0 "$client"
    [ "$(cat out)" = hello ]
}

@test "--timeout fails a transfer that stalls, at either end" {
    random_file in-file 3000000
    start_peer rcvbuf:4096 hold
    run -1 --separate-stderr timeout 20 zcat-net -n --timeout=0.3 127.0.0.1 "$port" <in-file
    [[ $stderr == "zcat-net: timed out: "* ]]
    start_peer text:half hold
    run -1 --separate-stderr timeout 20 zcat-net -n -d --timeout=0.3 127.0.0.1 "$port"
    [[ $stderr == "zcat-net: timed out: "* ]]
    [ "$output" = half ]
}

@test "a sender that is killed in mid-transfer makes the receiver fail" {
    local signal
    for signal in KILL TERM INT HUP; do
        listen
        [ -p in ] || mkfifo in
        exec 9<>in
        env --default-signal=INT,HUP zcat-net -n 127.0.0.1 "$port" <in 9>&- &
        client=$!
        printf half >&9
        has_half() { [ "$(cat out)" = half ]; }
        wait_for has_half
        kill -"$signal" "$client"
        status_of "$client"
        [ "$status" -gt 128 ]
        ends_with 1 "$listener"
        has_line err "^zcat-net: error reading '127.0.0.1:[0-9]*': Connection reset by peer$"
    done
}

@test "a receiver that is killed in mid-transfer makes the sender fail" {
    OUT=got listen
    client
    printf half >&9
    wait_for test -s got
    kill -KILL "$listener"
    ends_with 1 "$client"
}

@test "a peer that resets in mid-transfer fails the sender" {
    random_file in-file 20000000
    start_peer recv:100000 reset
    run -1 --separate-stderr timeout 20 zcat-net -n 127.0.0.1 "$port" <in-file
    [[ $stderr =~ ^zcat-net:\ error\ (reading|writing)\ \'127.0.0.1:$port\':\ (Connection\ reset\ by\ peer|Broken\ pipe)$ ]]
}

@test "a peer that resets in mid-transfer fails the receiver, which has written what came" {
    mkfifo go
    random_file answer 1000000
    start_peer send:answer wait:go reset
    zcat-net -n -d 127.0.0.1 "$port" >out 2>err &
    client=$!
    has_bytes() { [ "$(stat -c %s out)" -eq "$1" ]; }
    wait_for has_bytes 1000000
    open_gate go
    ends_with 1 "$client"
    [ "$(cat err)" = "zcat-net: error reading '127.0.0.1:$port': Connection reset by peer" ]
    cmp answer out
}

@test "a peer that closes while it is being sent to fails the sender" {
    random_file in-file 20000000
    start_peer recv:100000 close
    run -1 timeout 20 zcat-net -n 127.0.0.1 "$port" <in-file
}

@test "exit 0 of a sender comes only when the peer's system has acknowledged every byte" {
    local end
    random_file in-file 300000
    mkfifo go
    for end in 'save:got' reset; do
        start_peer rcvbuf:4096 recv:1 say:begun wait:go "$end"
        zcat-net -n -O 4M --exit-on=eof 127.0.0.1 "$port" <in-file 2>err &
        client=$!
        wait_for has_line peer.log '^begun$'
        receives_only "$client" # all has been handed to the connection
        run ! gone "$client"
        open_gate go
        if [ "$end" = reset ]; then
            ends_with 1 "$client"
            [ "$(wc -l <err)" -eq 1 ]
            has_line err "^zcat-net: error .*'127.0.0.1:$port'.*: Connection reset by peer$"
        else
            ends_with 0 "$client"
            ends_with 0 "$peer"
            cmp <(tail -c +2 in-file) got
        fi
    done
}

@test "nc sends to zcat-net and receives from it" {
    need nc
    random_file in-file 3000000
    listen
    timeout 30 nc -N 127.0.0.1 "$port" <in-file
    ends_with 0 "$listener"
    cmp in-file out
    INPUT=in-file listen
    timeout 30 nc -N 127.0.0.1 "$port" </dev/null >got
    ends_with 0 "$listener"
    cmp in-file got
    nc -n -l -v -N 127.0.0.1 0 <in-file >got 2>nc.log &
    listener=$!
    wait_for has_line nc.log '^Listening on'
    timeout 30 zcat-net -n 127.0.0.1 "$(sed -n 's/^Listening on .* //p' nc.log)" <in-file >out
    status_of "$listener"
    cmp in-file got
    cmp in-file out
}

@test "ncat sends to zcat-net and receives from it" {
    need ncat
    random_file in-file 3000000
    INPUT=in-file listen
    timeout 30 ncat 127.0.0.1 "$port" <in-file >got
    ends_with 0 "$listener"
    cmp in-file out
    cmp in-file got
    ncat -lU path <in-file >got &
    listener=$!
    wait_for test -S path
    timeout 30 zcat-net -U --exit-on=both path <in-file >out
    status_of "$listener"
    cmp in-file got
    cmp in-file out
}

@test "socat sends to zcat-net and receives from it" {
    need socat
    random_file in-file 3000000
    INPUT=in-file listen
    timeout 30 socat -t 30 - "TCP:127.0.0.1:$port" <in-file >got
    ends_with 0 "$listener"
    cmp in-file out
    cmp in-file got
    socat -t 30 -d -d TCP-LISTEN:0,bind=127.0.0.1 - <in-file >got 2>socat.log &
    listener=$!
    wait_for has_line socat.log 'listening on'
    port=$(sed -n 's/.*listening on .*:\([0-9]*\)$/\1/p' socat.log)
    timeout 30 zcat-net -n 127.0.0.1 "$port" <in-file >out
    status_of "$listener"
    cmp in-file got
    cmp in-file out
}

@test "zcat-net answers curl, and fetches from an HTTP server as curl does" {
    need curl
    random_file body 1000000
    { printf 'HTTP/1.0 200 OK\r\nContent-Length: 1000000\r\n\r\n'; cat body; } >response
    INPUT=response listen
    curl -sS --noproxy '*' --max-time 30 "http://127.0.0.1:$port/" >got
    ends_with 0 "$listener"
    cmp body got
    has_line out '^GET / HTTP/'
    python3 -u -m http.server --bind 127.0.0.1 0 >server.log 2>&1 &
    wait_for has_line server.log 'port [0-9]'
    port=$(sed -n 's/.* port \([0-9]*\) .*/\1/p' server.log)
    curl -sS --noproxy '*' --max-time 30 "http://127.0.0.1:$port/body" >got
    printf 'GET /body HTTP/1.0\r\n\r\n' | timeout 30 zcat-net -n 127.0.0.1 "$port" | sed '1,/^\r$/d' >out
    cmp body got
    cmp body out
}
