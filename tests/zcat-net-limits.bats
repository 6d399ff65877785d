# SPDX-License-Identifier: MIT
# zcat-net and zsend: limits of time, of the system, and of what a peer does that nobody expects of it.
# shellcheck disable=SC2030,SC2031,SC2154 # every test is a subshell of its own; the helpers set variables
bats_require_minimum_version 1.5.0
load helpers

@test "a receiver that is slow but goes on taking bytes is no timeout" {
    local sender senders=()
    random_file like 4000000
    for sender in 'zcat-net -n --timeout=2 127.0.0.1 PORT' 'zcat-net -n -w 2 127.0.0.1 PORT' \
        'zcat-net -n --timeout=2 --exit-on=eof 127.0.0.1 PORT' 'zsend --raw --timeout=2 - 127.0.0.1:PORT'; do
        OUT=out.${#senders[@]} listen --bwlimit=1M
        ${sender/PORT/$port} <like &
        senders+=("$!" "$listener")
    done
    for sender in "${senders[@]}"; do
        status_of "$sender"
        [ "$status" -eq 0 ]
    done
    for sender in out.*; do
        cmp like "$sender"
    done
}

# has_bytes FILE COUNT
has_bytes() {
    [ "$(stat -c %s "$1")" -ge "$2" ]
}

@test "what has been received when zcat-net leaves is delivered to a reader that is slow but goes on" {
    local from
    random_file like 3000000
    start_peer send:like hold
    from=$port
    listen
    mkfifo in through
    exec 9<>in
    zsend --raw --bwlimit=100K - "127.0.0.1:$port" <through 9>&- &
    reader=$!
    zcat-net -n --exit-on=eof --timeout=1.5 127.0.0.1 "$from" <in >through 9>&- &
    client=$!
    wait_for has_bytes out 100000 # it holds most of a mebibyte now, seconds of it
    exec 9>&-
    status_of "$client"
    [ "$status" -eq 0 ]
    status_of "$reader"
    [ "$status" -eq 0 ]
    status_of "$listener"
    cmp -n "$(stat -c %s out)" like out
}

@test "a peer that reads only after it has been heard out gets everything when zcat-net leaves first" {
    local option
    random_file like 2000000
    head -c 40000000 /dev/zero >speech
    for option in --send-only --exit-on=eof '-q 0'; do
        start_peer recv:65536 send:speech save:rest close
        # shellcheck disable=SC2086 # -q and its argument
        timeout 30 zcat-net -n $option 127.0.0.1 "$port" <like >/dev/null
        wait "$peer"
        cmp <(tail -c +65537 like) rest
    done
}

@test "over a UNIX socket a peer that goes without reading what it was sent is a failure" {
    mkfifo in gate
    python3 - >peer.log <<'EOF' &
import socket
listener = socket.socket(socket.AF_UNIX)
listener.bind("us")
listener.listen()
print("listens", flush=True)
peer = listener.accept()[0]
peer.sendall(b"x")
peer.shutdown(socket.SHUT_WR)
open("gate").read()
peer.close()
EOF
    wait_for has_line peer.log listens
    exec 9<>in
    zcat-net -U us <in >out 2>err &
    client=$!
    wait_for has_line out x
    echo hello >&9
    open_gate gate
    status_of "$client"
    [ "$status" -eq 1 ]
    grep -q "^zcat-net: error writing 'us'" err
}

@test "the pauses of --bwlimit are no standstill for -w and --timeout" {
    local option
    for option in -w0.7 --timeout=0.7; do # a byte a second is the slowest there is
        listen
        printf abc | timeout 20 zcat-net -n --bwlimit=1 "$option" 127.0.0.1 "$port"
        status_of "$listener"
        [ "$status" -eq 0 ]
        [ "$(cat out)" = abc ]
        listen --bwlimit=1 "$option"
        printf abc | timeout 20 zcat-net -n 127.0.0.1 "$port"
        status_of "$listener"
        [ "$status" -eq 0 ]
        [ "$(cat out)" = abc ]
    done
}

@test "a limit on the size of files is an error with its reason, at both ends" {
    (ulimit -f 100 && exec zcat-net -n -l -d --print-port 127.0.0.1 0 >out 2>err) &
    listener=$!
    take_port err
    run -4 --separate-stderr timeout 20 zsend --raw /dev/zero "127.0.0.1:$port"
    status_of "$listener"
    [ "$status" -eq 1 ]
    has_line err "^zcat-net: error writing 'standard output': File too large$"
}

@test "a sender is told when the receiver leaves before it has taken everything (-W)" {
    random_file like 6000000
    listen -W 1
    run -4 timeout 20 zsend --raw like "127.0.0.1:$port"
    status_of "$listener"
    [ "$status" -eq 0 ]
    cmp -n "$(stat -c %s out)" like out
}

@test "a local port that is no port is a usage error" {
    refuses "port number too large: '99999'" -p 99999 127.0.0.1 1
}

@test "an empty environment, as cron's nearly is, changes nothing" {
    local bin
    bin=$(dirname "$(command -v zcat-net)")
    random_file like 100000
    env -i "$bin/zcat-net" -l -d --print-port 127.0.0.1 0 >out 2>err </dev/null &
    listener=$!
    take_port err
    env -i "$bin/zsend" --raw like "127.0.0.1:$port" </dev/null
    status_of "$listener"
    [ "$status" -eq 0 ]
    cmp like out
}

@test "-k serves hundreds of clients with the descriptors of one, and within 4 MiB" {
    local i before
    head -c 20000000 /dev/zero >like
    listen -k
    zcat-net -n 127.0.0.1 "$port" <like
    before=$(find "/proc/$listener/fd" -type l | wc -l)
    for ((i = 0; i < 200; i++)); do
        zcat-net -n 127.0.0.1 "$port" <<<"client $i"
    done
    [ "$(find "/proc/$listener/fd" -type l | wc -l)" -le "$before" ]
    [ "$(tail -n 1 out)" = "client 199" ]
    [[ ${ZCOPY_BUILD:-} == *san ]] || [ "$(awk '/^VmHWM/ { print $2 }' "/proc/$listener/status")" -le 4096 ]
}

@test "a thread that cannot be had for the rest of standard input is a failure" {
    local third=3
    can_trace
    # ThreadSanitizer has one for itself.
    [[ ${ZCOPY_BUILD:-} != */tsan ]] || third=4
    mkfifo in
    exec 9<>in
    start_peer text:hello fin recv:4 say:more save:rest
    traced log clone,clone3,poll -e "inject=clone,clone3:error=EAGAIN:when=$third" \
        zcat-net -n 127.0.0.1 "$port" <in >out 2>err 9>&- &
    client=$!
    # Standard input is idle from now on, for a second, unless the peer takes what comes after its end.
    wait_for has_line log 'poll(.*, 1000'
    printf more >&9
    status_of "$client"
    [ "$status" -eq 1 ]
    [ "$(cat out)" = hello ]
    [ "$(cat err)" = "zcat-net: cannot start a thread: Resource temporarily unavailable" ]
    wait_for has_line peer.log '^save: .*reset'
}
