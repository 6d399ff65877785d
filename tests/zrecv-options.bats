# SPDX-License-Identifier: MIT
# What the options of zrecv say they do: where it listens and by what, how long it stays, and what it tells.
# shellcheck disable=SC2030,SC2031,SC2034,SC2154 # every test is a subshell of its own; the helpers set variables
bats_require_minimum_version 1.5.0
load helpers
load sessions

setup_file() {
    one_key
}

setup() {
    session_setup
}

# receive_at ADDRESS [OPTION]...: zrecv listens there, into the directory in; sets $port and $receiver.
receive_at() {
    rm -f heard
    zrecv --print-port "${@:2}" "$1" in 2>heard </dev/null &
    receiver=$!
    take_port heard
}

# listens ADDRESS...: at $port these are listened at, and no others.
listens() {
    local found
    found=$(ss -Hltn "sport = :$port" | awk '{ print $4 }' | sort)
    echo "$found"
    [ "$found" = "$(printf "%s:$port\n" "$@" | sort)" ]
}

# sends_to HOST STATUS [OPTION]...: the file like goes to that host and $port, and zsend ends so.
sends_to() {
    sent=0
    timeout 60 zsend "${@:3}" like "$1:$port" 2>said || sent=$?
    [ "$sent" -eq "$2" ] || { echo "to $1: $sent" && cat said && return 1; }
}

# need_ipv6: skips the test, aloud, where the loopback interface has none.
need_ipv6() {
    grep -q '^0\{31\}1 ' /proc/net/if_inet6 2>/dev/null || skip 'no IPv6 here'
}

# need_mptcp: skips the test, aloud, where the kernel has none (IPPROTO_MPTCP is 262).
need_mptcp() {
    python3 -c 'import socket; socket.socket(socket.AF_INET, socket.SOCK_STREAM, 262)' 2>/dev/null ||
        skip 'no MPTCP here'
}

# is_mptcp: an event: a connection to $port has not fallen back to TCP.
is_mptcp() {
    ss -Htnie state established "( dport = :$port )" | grep -q 'tcp-ulp-mptcp flags:Mm'
}

# tells PATTERN...: zrecv has said these lines and no others, in this order, the port's apart.
tells() {
    local lines pattern i=0
    mapfile -t lines < <(sed '/^[0-9][0-9]*$/d' heard)
    printf '%s\n' "${lines[@]}"
    [ "${#lines[@]}" -eq $# ] || return 1
    for pattern; do
        [[ ${lines[i]} =~ ^zrecv:\ $pattern$ ]] || return 1
        i=$((i + 1))
    done
}

# --- where, and by what ---------------------------------------------------------------------------------------------

@test "without -4 and -6 zrecv listens at both families, with them at one, and the other is refused" {
    need ss
    need_ipv6
    echo x >like
    receive_at 0
    listens 0.0.0.0 '[::]'
    sends_to '[::1]' 0
    ended 0 0
    for family in -4:0.0.0.0:127.0.0.1:'[::1]' -6:'[::]':'[::1]':127.0.0.1; do
        case $family in
        -4*) option=-4 at=0.0.0.0 own=127.0.0.1 other='[::1]' ;;
        *) option=-6 at='[::]' own='[::1]' other=127.0.0.1 ;;
        esac
        rm -f in/like
        receive_at 0 "$option"
        listens "$at"
        sends_to "$other" 3
        [ ! -e in/like ]
        sends_to "$own" 0
        ended 0 0
        cmp like in/like
    done
}

@test "-4 and -6 take no address of the other family, neither to listen at nor to connect to" {
    for arguments in '-6 127.0.0.1:0' '-4 [::1]:0'; do
        # shellcheck disable=SC2086 # several arguments
        run -1 timeout 20 zrecv $arguments in </dev/null
        [[ $output == 'zrecv: getaddrinfo for host '* ]]
        # shellcheck disable=SC2086
        run -3 timeout 20 zrecv --connect ${arguments/%:0/:9} in </dev/null
        [[ $output == 'zrecv: getaddrinfo for host '* ]]
    done
}

@test "zrecv --connect -4 takes the address of that family that a name has" {
    echo x >like
    zsend --listen --print-port like 127.0.0.1:0 2>said &
    sender=$!
    take_port said
    timeout 60 zrecv --connect -4 "localhost:$port" in 2>heard
    sender_ends
    [ "$sent" -eq 0 ]
    cmp like in/like
}

@test "zrecv --mptcp listens by MPTCP, and a connection of a sender that has it is MPTCP" {
    need ss
    need_mptcp
    mkfifo stream
    receive --mptcp in
    zsend --mptcp --name=like - "127.0.0.1:$port" <stream 2>said &
    sender=$!
    exec 8>stream
    wait_for is_mptcp
    echo x >&8
    exec 8>&-
    sender_ends
    ended 0 0
    [ "$(cat in/like)" = x ]
}

@test "zrecv --mptcp takes a sender that has TCP only, and without it nothing is MPTCP" {
    need ss
    need_mptcp
    mkfifo stream
    for options in '--mptcp:' ':--mptcp' ':'; do
        receive ${options%:*} --overwrite in
        zsend ${options#*:} --name=like - "127.0.0.1:$port" <stream 2>said &
        sender=$!
        exec 8>stream
        wait_for has_session
        run ! is_mptcp
        echo x >&8
        exec 8>&-
        sender_ends
        ended 0 0
        [ "$(cat in/like)" = x ]
    done
}

# has_session: an event: a transfer has a directory of its own.
has_session() {
    [ -n "$(ls -A in/.zrecv.d 2>/dev/null)" ]
}

@test "zrecv --mptcp asks for MPTCP, to listen and to connect, and says where there is none" {
    can_trace
    for way in '127.0.0.1:0:1' '--connect 127.0.0.1:9:3'; do
        # shellcheck disable=SC2086 # several arguments
        run "-${way##*:}" --separate-stderr traced trace socket -e inject=socket:error=EPROTONOSUPPORT \
            timeout 20 zrecv --mptcp ${way%:*} in </dev/null
        [[ $stderr =~ ^zrecv:\ MPTCP\ socket\ for\ .*\ failed:\ Protocol\ not\ supported$ ]]
        grep -q 'socket(AF_INET, SOCK_STREAM.*, \(IPPROTO_MPTCP\|0x106\)' trace
    done
}

@test "--congestion is set on what zrecv listens by, and one that is none is an error" {
    can_trace
    rm -f heard
    echo x >like
    traced trace setsockopt timeout 60 zrecv --congestion=reno --print-port 127.0.0.1:0 in 2>heard </dev/null &
    receiver=$!
    take_port heard
    send like
    ended 0 0
    grep -q 'TCP_CONGESTION, .*) = 0$' trace
    run -1 timeout 20 zrecv --congestion=none-such 127.0.0.1:0 in </dev/null
    [[ $output == 'zrecv: congestion control for 127.0.0.1 port 0 failed: No such file or directory' ]]
}

@test "--print-port prints the port alone, or the path of a unix socket, and without it nothing is printed" {
    for option in --print-port ''; do
        rm -f heard
        zrecv ${option:+"$option"} "unix:$PWD/socket" in 2>heard </dev/null &
        receiver=$!
        wait_for listens_at "$receiver" socket
        echo x >like
        timeout 60 zsend like "unix:$PWD/socket"
        status_of "$receiver"
        [ "$status" -eq 0 ]
        [ "$(cat heard)" = "${option:+$PWD/socket}" ]
        rm in/like
    done
}

# --- how long it stays ----------------------------------------------------------------------------------------------

@test "--once stays while sessions break, and ends with the first that is complete" {
    random_file like 9000001
    for option in '' --once '--keep --once'; do
        rm -rf in/*
        # shellcheck disable=SC2086 # several options, or none
        receive $option in
        there=$port
        between --up=3000000 --times=2
        for _ in 1 2; do
            send like
            ended 4
            run ! gone "$receiver"
        done
        send like
        ended 0 0
        cmp like in/like
        kill "$proxy"
        port=$there
        send like
        ended 3
    done
}

@test "a session that is complete but for what was refused ends --once, and not --keep" {
    echo new >like
    echo old >in/like
    receive --once in
    send like
    ended 7 7
    receive --once --keep in
    for _ in 1 2; do
        send like
        ended 7
        run ! gone "$receiver"
    done
    echo x >other
    send other
    ended 0
    send like
    ended 7
    run ! gone "$receiver"
    [ "$(cat in/like in/other)" = $'old\nx' ]
}

@test "--once stays when strangers come, and ends with the status of the session" {
    echo x >like
    receive --once in
    ZSEND_KEY=$(zrecv --new-key) send like
    ended 6
    send like
    ended 0 0
    cmp like in/like
}

@test "--resume-wait ends zrecv with 4 when nobody has come back, and what has come is kept" {
    random_file like 9000001
    receive --resume-wait=0.1 in
    between --up=4500000
    send like
    ended 4 4
    [ -d in/.zrecv.d ]
    [ ! -e in/like ]
}

@test "zrecv waits for ten minutes without --resume-wait, and for so long as it says with it" {
    can_trace
    random_file like 9000001
    for wait in '' 77 77.5; do
        seconds=${wait:-600}
        seconds=${seconds%.*}
        rm -rf in heard
        mkdir in
        traced trace poll,ppoll timeout 60 zrecv --print-port ${wait:+"--resume-wait=$wait"} 127.0.0.1:0 in 2>heard </dev/null &
        receiver=$!
        take_port heard
        between --up=4500000
        send like
        ended 4
        wait_for has_line heard 'broke off'
        wait_for waits_for "$seconds"
        send like
        ended 0 0
        kill "$proxy"
    done
}

# waits_for SECONDS: an event: the last poll began with about so much time to go.
waits_for() {
    local milliseconds
    milliseconds=$(tail -n 1 trace | sed -n 's/.*poll(.*, \([0-9]*\).*/\1/p')
    [ "${milliseconds:-0}" -gt $(($1 * 1000 - 10000)) ] && [ "$milliseconds" -le $(($1 * 1000 + 1000)) ]
}

# --- what it tells --------------------------------------------------------------------------------------------------

@test "--debug tells how a sender was let in, and how many bytes came which way" {
    random_file like 5000001
    echo x >small
    for security in '' --plain; do
        rm -f in/*
        receive --debug ${security:+"$security"} in
        send ${security:+"$security"} like small
        ended 0 0
        how='TLS_AES_128_GCM_SHA256, decrypted in this process'
        [ -z "$security" ] || how=plain
        tells "127\.0\.0\.1:[0-9]+: let in \($how\)" "debug: $how: read 5000003"
    done
    rm -f in/*
    receive in
    send like small
    ended 0 0
    tells
}

@test "--debug counts the bytes of each session, and none that had come before" {
    random_file like 9000001
    receive --debug --plain in
    between --up=6000000
    send --plain like
    ended 4
    send --plain like
    ended 0 0
    mapfile -t counts < <(sed -n 's/^zrecv: debug: plain: read \([0-9]*\)$/\1/p' heard)
    echo "${counts[@]}"
    [ "${#counts[@]}" -eq 2 ]
    [ "${counts[0]}" -gt 5000000 ]
    [ "${counts[0]}" -le 6000000 ]
    [ "${counts[1]}" -lt 5000000 ]
    [ $((counts[0] + counts[1])) -ge 9000001 ]
}

@test "-v tells who was let in, and what has been received" {
    mkdir tree
    echo x >tree/x
    receive -v in
    send tree
    ended 0 0
    has_line heard '^zrecv: 127\.0\.0\.1:[0-9]*: let in (TLS_AES_128_GCM_SHA256, decrypted in this process)$'
    [ "$(grep received heard)" = $'zrecv: received \'tree\'\nzrecv: received \'tree/x\'' ]
}

@test "--stats tells bytes, time, rate, CPU time and method of all sessions, in one line" {
    random_file like 5000001
    receive --stats in
    send like
    ended 0 0
    tells '5000001 bytes, [0-9.]+ s, [0-9.]+ [KMGT]?i?B/s, [0-9.]+ s CPU, [0-9.]+ s CPU/GiB, read 5000001'
}

@test "--progress=always draws the bytes that came, and never and auto nothing where there is no terminal" {
    random_file like 5000001
    for when in =always =never =auto ''; do
        rm -f in/*
        receive "--progress$when" in
        send like
        ended 0 0
        if [ "$when" = =always ]; then
            grep -a -q '4\.7[67] MiB .*average' heard
        else
            tells
        fi
    done
}
