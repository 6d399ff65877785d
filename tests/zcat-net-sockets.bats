# SPDX-License-Identifier: MIT
# zcat-net: listening and connecting: addresses, ports, what nc prints, options of sockets.
# shellcheck disable=SC2030,SC2031,SC2154 # every test is a subshell of its own; the helpers set variables
bats_require_minimum_version 1.5.0
load helpers

@test "every form of -l listens: PORT, -p PORT, ADDR PORT, ADDR and -p PORT, -s ADDR" {
    serve -l 0
    greets 127.0.0.1 "$port"
    serve -l -p 0
    greets 127.0.0.1 "$port"
    serve -l 127.0.0.1 0
    greets 127.0.0.1 "$port"
    serve -l -p 0 127.0.0.1
    greets 127.0.0.1 "$port"
    serve -l -s 127.0.0.1 -p 0
    greets 127.0.0.1 "$port"
}

@test "letters may be clustered: -lvnp PORT, -vnw SECONDS" {
    serve -lvnp 0
    greets -vnw5 127.0.0.1 "$port" 2>log
    [ "$(cat log)" = "Connection to 127.0.0.1 $port port [tcp/*] succeeded!" ]
    has_line err "^Listening on 0.0.0.0 $port$"
}

@test "without an address both families are listened on, with -4 and -6 one" {
    [ -e /proc/net/if_inet6 ] || skip 'no IPv6 here'
    serve -lvn 0
    greets -6 ::1 "$port"
    has_line err "^Listening on 0.0.0.0 $port$"
    has_line err "^Listening on :: $port$"
    serve -4 -lvn 0
    fails_with "connect to ::1 port $port \(tcp\) failed: Connection refused" ::1 "$port"
    greets 127.0.0.1 "$port"
    serve -6 -lvn 0
    fails_with "connect to 127.0.0.1 port $port \(tcp\) failed: Connection refused" 127.0.0.1 "$port"
    greets ::1 "$port"
}

@test "-4 and -6 choose the address to connect to" {
    fails_with 'getaddrinfo for host "127.0.0.1" port 1: .*' -6 127.0.0.1 1
    fails_with 'getaddrinfo for host "::1" port 1: .*' -4 ::1 1
}

@test "-n looks up no names" {
    fails_with 'getaddrinfo for host "localhost" port 1: .*' -n localhost 1
}

@test "a name that does not resolve is a failure" {
    fails_with 'getaddrinfo for host "no-such-host.invalid" port 1: .*' no-such-host.invalid 1
}

@test "a refused connection is a failure that names the address" {
    free_port
    fails_with "connect to 127.0.0.1 port $port \(tcp\) failed: Connection refused" 127.0.0.1 "$port"
    fails_with "connect to localhost \(127.0.0.1\) port $port \(tcp\) failed: Connection refused" -4 localhost "$port"
}

@test "a port in use is a failure" {
    listen
    fails_with "bind for 127.0.0.1 port $port failed: Address already in use" -n -l 127.0.0.1 "$port"
}

@test "a port can be listened on again at once" {
    local first
    listen
    first=$port
    greets 127.0.0.1 "$port"
    zcat-net -n -l -d --print-port 127.0.0.1 "$first" >out 2>err &
    listener=$!
    wait_for has_line err "^$first$"
    greets 127.0.0.1 "$first"
}

@test "a service name that does not exist is a failure" {
    fails_with 'getaddrinfo for host "127.0.0.1" port no-such-service: .*' 127.0.0.1 no-such-service
}

@test "a UNIX socket is listened on by its path, which is removed afterwards" {
    random_file in 3000000
    zcat-net -lU -d -v path >out 2>err &
    listener=$!
    wait_for has_line err '^Listening on path$'
    run -0 zcat-net -U path <in
    status_of "$listener"
    [ "$status" -eq 0 ]
    cmp in out
    [ ! -e path ]
}

@test "an abstract UNIX socket works" {
    zcat-net -lU -d -v "@zcopy-test-$$" >out 2>err &
    listener=$!
    wait_for has_line err '^Listening on @'
    greets -U "@zcopy-test-$$"
}

@test "a stale UNIX socket is replaced, a live one and a file are not" {
    python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind("path")'
    [ -S path ]
    zcat-net -lU -d -v path >out 2>err &
    listener=$!
    wait_for has_line err '^Listening on path$'
    fails_with "bind 'path' failed: Address already in use" -lU path
    greets -U path
    echo precious >file
    fails_with "bind 'file' failed: Address already in use" -lU file
    [ "$(cat file)" = precious ]
}

@test "a UNIX path that cannot be made, or is not there, is a failure" {
    fails_with "bind 'nowhere/path' failed: No such file or directory" -lU nowhere/path
    fails_with "connect 'nowhere/path' failed: No such file or directory" -U nowhere/path
    refuses "socket path too long: '.*'" -U "$(printf '%0200d' 0)"
    mkdir locked
    chmod 500 locked
    if [ "$(id -u)" -eq 0 ]; then
        fails_with "bind '/proc/path' failed: .*" -lU /proc/path
    else
        fails_with "bind 'locked/path' failed: Permission denied" -lU locked/path
    fi
}

@test "-v prints the lines of nc" {
    need nc
    free_port
    local program
    for program in nc zcat-net; do
        : >"$program.log"
        "$program" -v -z 127.0.0.1 "$port" 2>>"$program.log" || true
        "$program" -v -z -n 127.0.0.1 "$port" 2>>"$program.log" || true
        "$program" -v -z localhost "$port" 2>>"$program.log" || true
    done
    [ "$(wc -l <nc.log)" -ge 3 ]
    diff <(sed 's/^nc: /zcat-net: /' nc.log) zcat-net.log
    start_peer listen hold
    for program in nc zcat-net; do
        {
            "$program" -v -z 127.0.0.1 "$port"
            "$program" -v -z -n 127.0.0.1 "$port"
            "$program" -v -z -4 localhost "$port"
        } 2>"$program.log"
    done
    diff nc.log zcat-net.log
    grep -q "^Connection to localhost (127.0.0.1) $port port \[tcp/\*\] succeeded!$" nc.log
}

@test "-l -v prints the lines of nc" {
    need nc
    local program options
    for options in -lv -lvn; do
        for program in nc zcat-net; do
            rm -f log
            "$program" $options 127.0.0.1 0 </dev/null >out 2>log &
            listener=$!
            wait_for has_line log '^Listening on '
            port=$(sed -n 's/^Listening on .* //p' log)
            timeout 20 zcat-net -n 127.0.0.1 "$port" </dev/null
            status_of "$listener"
            sed 's/[0-9]*$/PORT/' log >"$program$options.log"
        done
        diff "nc$options.log" "zcat-net$options.log"
    done
    grep -q '^Connection received on 127.0.0.1 PORT$' zcat-net-lvn.log
}

@test "-z finds the open ports of a range, and is silent without -v" {
    start_peer listen hold
    run -0 --separate-stderr zcat-net -z -n 127.0.0.1 "$port"
    [ -z "$output$stderr" ]
    run -0 --separate-stderr zcat-net -z -v -n 127.0.0.1 "$((port - 2))-$((port + 2))"
    [ -z "$output" ]
    grep -q "^Connection to 127.0.0.1 $port port \[tcp/\*\] succeeded!$" <<<"$stderr"
    [ "${#stderr_lines[@]}" -eq 5 ]
    run -0 --separate-stderr zcat-net -z -v -n -r 127.0.0.1 "$((port + 2))-$((port - 2))"
    [ "$(grep -c "^Connection to 127.0.0.1 $port " <<<"$stderr")" -eq 1 ]
    [ "${#stderr_lines[@]}" -eq 5 ]
}

@test "-z with no open port fails in silence" {
    free_port
    run -1 --separate-stderr zcat-net -z -n 127.0.0.1 "$port"
    [ -z "$output$stderr" ]
}

@test "-s and -p choose the local address and port" {
    free_port
    local source=$port
    start_peer name close
    run -0 zcat-net -n -s 127.0.0.2 -p "$source" 127.0.0.1 "$port" </dev/null
    wait_for has_line peer.log "^from 127.0.0.2 $source$"
    fails_with "cannot connect from '192.0.2.1': Cannot assign requested address" -n -s 192.0.2.1 127.0.0.1 "$port"
}

# sets PATTERN...: calls holds a setsockopt that matches each of these.
sets() {
    local pattern
    for pattern; do
        grep -q "setsockopt([0-9]*, $pattern, [0-9]*) = 0$" calls || {
            cat calls
            return 1
        }
    done
}

# to_two COMMAND...: with a host "two" that has two addresses, in a mount namespace of its own.
to_two() {
    printf '%s two\n' 127.0.0.1 ::1 >hosts
    unshare -rm sh -c 'mount --bind hosts /etc/hosts && exec "$@"' sh "$@"
}

@test "what is wrong with the source at one address is not said of the next" {
    local nth
    can_trace
    need unshare
    to_two true 2>/dev/null || skip 'no private mount namespace here'
    [ "$(to_two getent ahosts two | grep -c STREAM)" -eq 2 ] || skip 'names are not looked up in /etc/hosts'
    export ASAN_OPTIONS=${ASAN_OPTIONS:-}:detect_leaks=0
    run -1 to_two strace -o calls -e trace=socket zcat-net -z -s 192.0.2.1 two 1
    nth=$(awk '/^socket\(AF_INET6?, SOCK_STREAM/ && ++n == 2 { print NR }' calls)
    run -1 --separate-stderr to_two strace -o calls -e trace=socket -e "inject=socket:error=EMFILE:when=$nth" zcat-net -v -z \
        -s 192.0.2.1 two 1
    [ "${#stderr_lines[@]}" -eq 2 ]
    [[ ${stderr_lines[0]} == "zcat-net: cannot connect from '192.0.2.1': "* ]]
    [[ ${stderr_lines[1]} =~ ^"zcat-net: socket for two ("[0-9.:]+") port 1 failed: Too many open files"$ ]]
}

@test "options of sockets take effect" {
    can_trace
    start_peer close
    traced calls setsockopt zcat-net -n -I 70000 -O 80K -T ef -M 9 -m 3 -b --nodelay --congestion=reno \
        127.0.0.1 "$port" </dev/null
    # Older versions of strace show the four letters of reno as a number.
    sets 'SOL_SOCKET, SO_RCVBUF, \[70000\]' 'SOL_SOCKET, SO_SNDBUF, \[81920\]' 'SOL_IP, IP_TOS, \[184\]' \
        'SOL_IP, IP_TTL, \[9\]' 'SOL_IP, IP_MINTTL, \[3\]' 'SOL_SOCKET, SO_BROADCAST, \[1\]' \
        'SOL_TCP, TCP_NODELAY, \[1\]' 'SOL_TCP, TCP_CONGESTION, \("reno"\|\[1869505906\]\)' \
        'SOL_SOCKET, SO_KEEPALIVE, \[1\]'
    start_peer close
    traced calls setsockopt zcat-net -n -T lowdelay 127.0.0.1 "$port" </dev/null
    sets 'SOL_IP, IP_TOS, \[16\]'
    run ! grep -E 'SO_RCVBUF|SO_SNDBUF|TTL|BROADCAST|NODELAY|CONGESTION|SO_DEBUG' calls
}

@test "-D switches on debugging of the socket, which needs a privilege" {
    can_trace
    start_peer close
    traced calls setsockopt zcat-net -n -D 127.0.0.1 "$port" </dev/null || true
    grep -q 'SO_DEBUG, \[1\], 4) = ' calls
}

@test "options of sockets with IPv6 take effect" {
    can_trace
    [ -e /proc/net/if_inet6 ] || skip 'no IPv6 here'
    rm -f err
    zcat-net -n -6 -l -d --print-port ::1 0 >out 2>err &
    listener=$!
    take_port err
    traced calls setsockopt zcat-net -n -T 0x48 -M 9 -m 3 ::1 "$port" </dev/null
    sets 'SOL_IPV6, IPV6_TCLASS, \[72\]' 'SOL_IPV6, IPV6_UNICAST_HOPS, \[9\]' \
        'SOL_IPV6, \(IPV6_MINHOPCOUNT\|0x49\|73\)[^,]*, .*'
}

@test "options of sockets take effect on the listening side" {
    can_trace
    rm -f err
    traced calls setsockopt zcat-net -n -l -d --print-port -I 70000 -T ef --nodelay 127.0.0.1 0 2>err &
    listener=$!
    take_port err
    zcat-net -n 127.0.0.1 "$port" </dev/null
    status_of "$listener"
    [ "$status" -eq 0 ]
    grep -q 'SO_RCVBUF, \[70000\]' calls
    grep -q 'IP_TOS, \[184\]' calls
    grep -q 'TCP_NODELAY, \[1\]' calls
    grep -q 'SO_KEEPALIVE, \[1\]' calls
}

@test "a congestion control that is not there is a failure" {
    start_peer listen hold
    fails_with "congestion control for .* failed: No such file or directory" -n --congestion=nonsense 127.0.0.1 "$port"
}

@test "--print-port prints the real port of port 0, and a given one" {
    listen
    [ "$port" -gt 0 ]
    [ "$(wc -l <err)" -eq 1 ]
    greets 127.0.0.1 "$port"
}

@test "-k serves clients in turn and survives one that resets" {
    listen -k
    printf one | timeout 20 zcat-net -n 127.0.0.1 "$port"
    python3 "$BATS_TEST_DIRNAME/peer.py" --connect "$port" text:two reset
    wait_for has_line err "^zcat-net: error reading '127.0.0.1:[0-9]*': Connection reset by peer$"
    printf three | timeout 20 zcat-net -n 127.0.0.1 "$port"
    [[ $(cat out) =~ ^one(two)?three$ ]]
    run ! gone "$listener"
}

@test "-k gives up when standard output fails" {
    OUT=/dev/full listen -k
    echo hello | run -1 timeout 20 zcat-net -n 127.0.0.1 "$port"
    status_of "$listener"
    [ "$status" -eq 1 ]
}

@test "--retry connects to a server that appears later" {
    mkfifo go
    start_peer bind wait:go listen recv:6 close
    zcat-net -n -v --retry=60 127.0.0.1 "$port" <<<hello 2>err &
    local client=$!
    wait_for has_line err 'Connection refused$'
    open_gate go
    status_of "$client"
    [ "$status" -eq 0 ]
    status_of "$peer"
    [ "$status" -eq 0 ]
}

@test "--retry gives up after so many tries" {
    free_port
    run -1 --separate-stderr timeout 20 zcat-net -n -v --retry=1 127.0.0.1 "$port" </dev/null
    [ "${#stderr_lines[@]}" -eq 2 ]
    fails_with "connect to 127.0.0.1 port $port \(tcp\) failed: Connection refused" -n --retry=0 127.0.0.1 "$port"
}

