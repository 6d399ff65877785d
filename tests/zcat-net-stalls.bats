# SPDX-License-Identifier: MIT
# zcat-net: whatever stands still on one side does not hold up the other direction.
# shellcheck disable=SC2030,SC2031,SC2154 # every test is a subshell of its own; the helpers set variables
bats_require_minimum_version 1.5.0
load helpers

# goes_on_sending KIND OPTION...: while nobody reads a standard output of that kind, which has more to take
# than any buffer holds, all of standard input reaches the peer; afterwards the rest of the output arrives.
goes_on_sending() {
    random_file to-peer 12000000
    random_file from-peer 12000000
    mkfifo gate
    start_peer duplex:from-peer:got close
    ends --in pipe to-peer --out "$1" out --gate gate zcat-net -n "${@:2}" 127.0.0.1 "$port" 2>err &
    client=$!
    wait_for has_line peer.log '^received$'
    cmp to-peer got
    run ! gone "$client"
    open_gate gate
    status_of "$client"
    [ "$status" -eq 0 ]
    cmp from-peer out
}

has_bytes() {
    [ "$(stat -c %s "$1" 2>/dev/null)" = "$2" ]
}

@test "a pipe at standard output that nobody reads does not hold up sending" {
    goes_on_sending pipe
}

@test "a non-blocking pipe at standard output that nobody reads does not hold up sending" {
    goes_on_sending nonblock
}

@test "a UNIX socket at standard output that nobody reads does not hold up sending" {
    goes_on_sending unix
}

@test "a TCP socket at standard output that nobody reads does not hold up sending" {
    goes_on_sending tcp
}

@test "a terminal at standard output that nobody reads does not hold up sending" {
    goes_on_sending pty
}

@test "the same holds when every byte is read and written" {
    goes_on_sending pipe --method=read
}

@test "a peer that does not read does not hold up receiving" {
    random_file to-peer 30000000
    random_file from-peer 12000000
    mkfifo go
    start_peer rcvbuf:4096 send:from-peer say:sent wait:go fin save:got
    zcat-net -n 127.0.0.1 "$port" <to-peer >out 2>err &
    client=$!
    wait_for has_line peer.log '^sent$'
    wait_for has_bytes out 12000000
    run ! gone "$client"
    open_gate go
    status_of "$client"
    [ "$status" -eq 0 ]
    cmp from-peer out
    wait_for has_bytes got 30000000
    cmp to-peer got
}

@test "an idle standard input does not hold up receiving" {
    random_file from-peer 12000000
    mkfifo in
    exec 9<>in
    start_peer send:from-peer say:sent hold
    zcat-net -n 127.0.0.1 "$port" <in >out 9>&- &
    wait_for has_bytes out 12000000
    cmp from-peer out
}

@test "an idle terminal at standard input does not hold up receiving" {
    random_file from-peer 12000000
    mkfifo go
    start_peer send:from-peer wait:go close
    ends --in idle - --out file out zcat-net -n 127.0.0.1 "$port" &
    client=$!
    wait_for has_bytes out 12000000
    open_gate go
    status_of "$client"
    [ "$status" -eq 0 ]
    cmp from-peer out
}

@test "after bulk a request whose sender waits for the answer is delivered at once" {
    local size
    random_file bulk 30000000
    mkfifo to from
    for size in 1 100000 262143; do
        random_file request "$size"
        # The server at the listener's standard input and output: takes all of bulk and request, then answers.
        {
            head -c 30000000 | cmp - bulk && head -c "$size" | cmp - request && echo answer
        } >to <from &
        rm -f err
        zcat-net -n -l --print-port 127.0.0.1 0 <to >from 2>err &
        listener=$!
        take_port err
        timeout 30 python3 "$BATS_TEST_DIRNAME/peer.py" --connect "$port" \
            send:bulk send:request recv:7 close
        status_of "$listener"
        [ "$status" -eq 0 ]
    done
}

@test "an answer back and forth needs no end of anything" {
    local i
    mkfifo to from
    zcat-net -n -l --print-port 127.0.0.1 0 <to >from 2>err &
    listener=$!
    exec 8>to 9<from
    take_port err
    coproc CLIENT { zcat-net -n 127.0.0.1 "$port"; }
    for i in 1 2 3 4 5 6 7 8 9 10; do
        echo "ping $i" >&"${CLIENT[1]}"
        read -rt 20 line <&9
        [ "$line" = "ping $i" ]
        echo "pong $i" >&8
        read -rt 20 line <&"${CLIENT[0]}"
        [ "$line" = "pong $i" ]
    done
}

@test "a stop and a continue in mid-transfer lose nothing" {
    random_file in 12000000
    mkfifo gate
    ends --out pipe out --gate gate zcat-net -n -l -d --print-port 127.0.0.1 0 2>err &
    listener=$!
    take_port err
    zcat-net -n 127.0.0.1 "$port" <in &
    client=$!
    kill -STOP "$client"
    open_gate gate
    kill -CONT "$client"
    status_of "$client"
    [ "$status" -eq 0 ]
    status_of "$listener"
    [ "$status" -eq 0 ]
    cmp in out
}

@test "SIGTERM and SIGINT end a transfer that is stalled at standard output" {
    local signal
    random_file in 12000000
    mkfifo held
    exec 9<>held
    for signal in TERM INT; do
        rm -f err
        env --default-signal=INT zcat-net -n -l -d --print-port 127.0.0.1 0 >held 2>err &
        listener=$!
        take_port err
        zcat-net -n 127.0.0.1 "$port" <in 2>client.err &
        client=$!
        read -rn 1 -t 20 <&9
        kill -"$signal" "$listener"
        status_of "$client"
        [ "$status" -eq 1 ]
        status_of "$listener"
        [ "$status" -gt 128 ]
    done
}

@test "-w and --timeout end a session that is stalled at standard output, with a failure" {
    local option
    random_file answer 12000000
    mkfifo held
    exec 9<>held
    for option in -w0.3 --timeout=0.3; do
        start_peer send:answer hold
        run -1 --separate-stderr timeout 20 sh -c 'exec "$@" >held' sh zcat-net -n -d "$option" 127.0.0.1 "$port"
        # shellcheck disable=SC2154 # set by run
        [[ $stderr == "zcat-net: timed out: "* ]]
    done
}
