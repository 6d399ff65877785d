# SPDX-License-Identifier: MIT
# zcat-net --mptcp: the same transfers, endings and exit statuses as with TCP, and TCP where the peer has no MPTCP.
# shellcheck disable=SC2030,SC2031,SC2154 # every test is a subshell of its own; the helpers set variables
bats_require_minimum_version 1.5.0
load helpers

# need_mptcp: skips the test, aloud, where the kernel has none (IPPROTO_MPTCP is 262).
need_mptcp() {
    python3 -c 'import socket; socket.socket(socket.AF_INET, socket.SOCK_STREAM, 262)' 2>/dev/null ||
        skip 'no MPTCP here'
}

# hold_open SIZE [OPTION]...: a client that has sent so many random bytes, has no end, and waits; sets $client. like has
# what was sent.
hold_open() {
    random_file like "$1"
    mkfifo gate
    zcat-net -n "${@:2}" 127.0.0.1 "$port" < <(exec cat like gate 3>&-) 2>said &
    client=$!
}

# is_mptcp: the established connections to the listener have not fallen back.
is_mptcp() {
    ss -Htnie state established "( dport = :$port )" | grep -q 'tcp-ulp-mptcp flags:Mm'
}

# has_unread: bytes wait in the listener's socket.
has_unread() {
    ss -HMn state established "( sport = :$port )" | grep -q '^[1-9]'
}

@test "with --mptcp at both ends every method moves all bytes, and it is MPTCP" {
    need_mptcp
    need ss
    random_file like 3000000
    for method in sendfile splice mmap read; do
        listen --mptcp
        run -0 --separate-stderr timeout 20 zcat-net -n --mptcp --stats --method="$method$([ $method = splice ] || echo ,splice)" 127.0.0.1 "$port" <like
        [[ $stderr =~ ,\ $method\ 3000000 ]]
        status_of "$listener"
        [ "$status" -eq 0 ]
        cmp like out
        rm out
    done
    listen --mptcp
    hold_open 1000 --mptcp
    wait_for cmp -s like out
    is_mptcp
    open_gate gate
    status_of "$client"
    [ "$status" -eq 0 ]
    status_of "$listener"
    [ "$status" -eq 0 ]
}

@test "both directions of MPTCP go on at once, and each end is an end" {
    need_mptcp
    random_file question 2000000
    random_file answer 3000000
    INPUT=answer listen --mptcp
    timeout 20 zcat-net -n --mptcp 127.0.0.1 "$port" <question >got
    status_of "$listener"
    [ "$status" -eq 0 ]
    cmp question out
    cmp answer got
}

@test "where one end only has MPTCP, it is TCP" {
    need_mptcp
    need ss
    listen --mptcp
    hold_open 100000
    wait_for cmp -s like out
    run ! is_mptcp
    open_gate gate
    status_of "$client"
    [ "$status" -eq 0 ]
    status_of "$listener"
    [ "$status" -eq 0 ]
    rm gate out
    listen
    hold_open 100000 --mptcp
    wait_for cmp -s like out
    run ! is_mptcp
    open_gate gate
    status_of "$client"
    [ "$status" -eq 0 ]
    status_of "$listener"
    [ "$status" -eq 0 ]
}

@test "a sender that is killed fails the receiver, with MPTCP and with what it falls back to" {
    need_mptcp
    for options in '--mptcp --mptcp' '--mptcp' ' --mptcp'; do
        read -r at_listener at_client <<<"${options/#' '/-v }"
        rm -f gate out
        # shellcheck disable=SC2086 # none or one word
        listen $at_listener
        # shellcheck disable=SC2086
        hold_open 100000 $at_client
        wait_for cmp -s like out
        kill -KILL "$client"
        status_of "$listener"
        [ "$status" -eq 1 ]
        has_line err "^zcat-net: error reading '127.0.0.1:[0-9]*': Connection reset by peer$"
        open_gate gate
    done
}

@test "a receiver that is killed, its bytes read or not, fails the sender" {
    need_mptcp
    need ss
    listen --mptcp
    hold_open 100000 --mptcp
    wait_for cmp -s like out
    kill -KILL "$listener"
    status_of "$client"
    [ "$status" -eq 1 ]
    has_line said "^zcat-net: error \(read\|writ\)ing '127.0.0.1:$port': "
    open_gate gate
    random_file like 3000000
    mkfifo full
    exec 8<>full
    OUT=full listen --mptcp
    zcat-net -n --mptcp 127.0.0.1 "$port" <like 2>said &
    client=$!
    wait_for has_unread
    kill -KILL "$listener"
    status_of "$client"
    [ "$status" -eq 1 ]
    has_line said "^zcat-net: error \(read\|writ\)ing '127.0.0.1:$port': "
}

@test "a failure to write at the receiver of MPTCP resets the connection" {
    need_mptcp
    OUT=/dev/full listen --mptcp
    random_file like 3000000
    run -1 --separate-stderr timeout 20 zcat-net -n --mptcp 127.0.0.1 "$port" <like
    [[ $stderr =~ ^zcat-net:\ error\ (read|writ)ing\ \'127.0.0.1:$port\':\  ]]
    status_of "$listener"
    [ "$status" -eq 1 ]
    has_line err "^zcat-net: error writing 'standard output': No space left on device$"
}

@test "--send-only with MPTCP is done when all is acknowledged, -w when nothing moves" {
    need_mptcp
    random_file like 300000
    listen --mptcp
    timeout 20 zcat-net -n --mptcp --send-only 127.0.0.1 "$port" <like
    status_of "$listener"
    [ "$status" -eq 0 ]
    cmp like out
    rm out
    listen --mptcp
    hold_open 300000 --mptcp -w 0.2
    status_of "$client"
    [ "$status" -eq 0 ]
    status_of "$listener"
    [ "$status" -eq 0 ]
    cmp like out
    open_gate gate
}

@test "-z and -k take --mptcp, and options of TCP go with it" {
    need_mptcp
    listen --mptcp -k
    timeout 20 zcat-net -n -z -v --mptcp 127.0.0.1 "$port" 2>said
    [ "$(cat said)" = "Connection to 127.0.0.1 $port port [tcp/*] succeeded!" ]
    timeout 20 zcat-net -n --mptcp --nodelay --congestion=reno -T ef 127.0.0.1 "$port" <<<one
    timeout 20 zcat-net -n --mptcp 127.0.0.1 "$port" <<<two
    wait_for grep -q two out
    [ "$(cat out)" = $'one\ntwo' ]
}

@test "a kernel without MPTCP is a failure that says so" {
    can_trace
    free_port
    traced calls socket -e inject=socket:error=EPROTONOSUPPORT timeout 20 \
        zcat-net -n --mptcp 127.0.0.1 "$port" </dev/null 2>said && return 1
    [ "$(cat said)" = "zcat-net: MPTCP socket for 127.0.0.1 port $port failed: Protocol not supported" ]
    traced calls socket -e inject=socket:error=EPROTONOSUPPORT timeout 20 \
        zcat-net -n -l --mptcp 127.0.0.1 0 </dev/null 2>said && return 1
    [ "$(cat said)" = "zcat-net: MPTCP socket for 127.0.0.1 port 0 failed: Protocol not supported" ]
}

@test "MPTCP that is switched off is a failure that says so" {
    need_mptcp
    need unshare
    unshare -rn sh -c 'echo 0 >/proc/sys/net/mptcp/enabled' 2>/dev/null || skip 'no network namespaces here'
    run -1 timeout 20 unshare -rn sh -c 'echo 0 >/proc/sys/net/mptcp/enabled && exec zcat-net -n --mptcp 127.0.0.1 1'
    [ "$output" = 'zcat-net: MPTCP socket for 127.0.0.1 port 1 failed: Protocol not available' ]
}

@test "--mptcp excludes -u, -U and vsock" {
    refuses '--nodelay, --congestion and --mptcp exclude -u' --mptcp -u 127.0.0.1 1
    refuses '--mptcp excludes -U and a vsock address' --mptcp -U path
    refuses '--mptcp excludes -U and a vsock address' --mptcp -l -U path
    refuses '--mptcp excludes -U and a vsock address' --mptcp vsock:2:1
}
