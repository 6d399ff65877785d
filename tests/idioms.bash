# SPDX-License-Identifier: MIT
# The stage for the lines that zcat-net(1) translates from nc, ncat and socat: a world for each, peers, and how it has to end.
# shellcheck shell=bash disable=SC2030,SC2031,SC2034,SC2154 # every test is a subshell of its own; the helpers set variables

# ours: the line is one of zcopy's.
ours() {
    [[ $line =~ (zcat-net|zsend|ztee)\  ]]
}

# furnish: a world of its own for a line, with what the lines talk about.
furnish() {
    local first=$BATS_TEST_TMPDIR/world
    if [ ! -d "$first" ]; then
        mkdir -p "$first/DIR/sub" "$first/NEW"
        random_file "$first/FILE" 2500000
        random_file "$first/DIR/sub/cat.jpg" 70000
        random_file "$first/DIR/dog.jpg" 5
        printf 'GET / HTTP/1.0\r\nHost: test\r\n\r\n' >"$first/REQUEST"
        printf 'HTTP/1.0 200 OK\r\n\r\nhello\n' >"$first/ANSWER"
        mkfifo "$first/FIFO" "$first/typed"
    fi
    cp -R "$first" "$first-$((++worlds))"
    cd "$first-$worlds" || return 1
    at=127.0.0.1 host=127.0.0.1 port=0 proxy=0 here=0 want=0 leaves='' input=/dev/null trace='' source='' pids=()
    name=zcopy-$$-$worlds
}

# expand LINE: with the values of this scene for the words in capitals that are not files. socat alone waits half a second for
# an answer, which a busy machine may need longer for.
expand() {
    local seconds=1
    ! ours || seconds=0.2
    sed -e "s/SECONDS/$seconds/; s/SOURCE/$source/; s/LOW-HIGH/$port-$((port + 1))/; s/@NAME/@$name/; s/CONNECT:NAME/CONNECT:$name/" \
        -e "s/ADDR PORT/127.0.0.2 0/; s/PORT,bind=ADDR$/0,bind=127.0.0.2/; s/ADDR/127.0.0.2/; s/PROXY\b/127.0.0.1:$proxy/" \
        -e "s/\(LISTEN\|RECV\):PORT/\1:$here,bind=$at/; s/^ssh /ssh -F ssh_config -p $port /; s/ HOST$/ $host cat/" \
        -e "s/-l PORT/-l $at $here/; s/TCP6:HOST:PORT/TCP6:[$host]:$port/; s/HOST\([ :]\)PORT/$host\1$port/; s/HOST/$host/" \
        -e 's|/run/docker.sock|PATH|; /socat -[tT] /!s/\bsocat /&-t 60 /' <<<"$1"
}

# background OUT ERR LINE: starts it in a group of its own, which is $pid.
background() {
    timeout 60 ${trace:+strace -f -qq -o "$trace" -e trace=setsockopt} \
        bash -o pipefail -c "$3" <"$input" >"$1" 2>"$2" 3>&- 8>&- &
    pid=$!
    pids+=("$pid")
}

# start: the line itself.
start() {
    local expanded
    expanded=$(expand "$line")
    echo "$expanded"
    ASAN_OPTIONS=${ASAN_OPTIONS:-}:detect_leaks=$((${#trace} == 0)) background out err "$expanded"
    tried=$pid
}

# find_name GROUP: sets $address to that at which one of these processes waits for peers.
find_name() {
    local processes
    processes=$(pgrep -g "$1" | sed 's/.*/pid=&,/')
    [ "$processes" ] || return 1 # the group is still to come
    address=$(ss -Hlnptux | grep -m 1 -F "$processes") || return 1
    read -r _ _ _ _ address _ <<<"$address"
}

# bound GROUP: an event; sets $port, to 0 for a path.
bound() {
    wait_for find_name "$1"
    port=${address##*:}
    [[ $port =~ ^[0-9]+$ ]] || port=0
}

# meet LINE LINE: starts the peer, the first for lines of ours, and sets $port.
meet() {
    input=/dev/null trace='' background peer.out peer.err "$(ours && echo "$1" || echo "$2")"
    bound "$pid"
}

# visit LINE LINE: a client, from its start to its end; PORT is that of the line.
visit() {
    local client
    client=$(ours && echo "$1" || echo "$2")
    timeout 60 bash -o pipefail -c "${client//PORT/$port}" </dev/null 3>&- 8>&-
}

# typing: somebody types, at descriptor 8, what the line gets.
typing() {
    input=typed
    start
    exec 8>typed
}

# settle COMMAND...: waits until it succeeds. Lines of ours have to end with status $want then, unless they serve for ever;
# the other commands may have another idea of the end, except where it is what the line is about ($leaves).
settle() {
    local process
    wait_for "$@" || { tail -n 5 out err peer.out peer.err peer.log 2>/dev/null; return 1; }
    exec 8>&-
    if [ "$leaves" != never ] && { ours || [ "$leaves" ]; }; then
        status_of "$tried"
        cat err
        [ "$status" -eq "$want" ] || { echo "status $status"; return 1; }
        "$@"
    fi
    for process in "${pids[@]}" "${peer:-}"; do
        [ -z "$process" ] || gone "$process" || kill -- "-$process" 2>/dev/null || kill "$process" 2>/dev/null || true
    done
    peer=
}
