# SPDX-License-Identifier: MIT
# Whom zrecv lets send, with which key, and how long it stays.
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

@test "a wrong key is told to the sender, and zrecv goes on waiting for the right one" {
    random_file like 1001
    other=$(zrecv --new-key)
    for security in '' --plain; do
        rm -f in/*
        receive ${security:+"$security"} in
        ZSEND_KEY=$other send ${security:+"$security"} like
        [ "$sent" -eq 6 ]
        grep -q '^zsend: ' said
        [ ! -e in/like ]
        wait_for has_line heard '^zrecv: '
        send ${security:+"$security"} like
        ended 0 0
        cmp like in/like
    done
}

@test "--plain, --no-key and none are three languages, and zrecv waits for its own" {
    random_file like 1001
    for own in '' --plain --no-key; do
        rm -f in/*
        receive ${own:+"$own"} in
        for security in '' --plain --no-key; do
            [ "$security" != "$own" ] || continue
            send --timeout=10 ${security:+"$security"} like
            [ "$sent" -eq 6 ] || { echo "$own and $security: $sent" && cat said && return 1; }
            [ ! -e in/like ]
        done
        send ${own:+"$own"} like
        ended 0 0
    done
}

@test "without a key and without a terminal both commands end with a usage error" {
    echo x >like
    run -2 timeout 20 env -u ZSEND_KEY setsid -w zrecv 127.0.0.1:0 in </dev/null
    [[ $output == 'zrecv: '* ]]
    run -2 timeout 20 env -u ZSEND_KEY setsid -w zsend like 127.0.0.1:9 </dev/null
    [[ $output == 'zsend: '* ]]
    for key in '' password "${ZSEND_KEY}x" "${ZSEND_KEY%?}" zk1aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa; do
        ZSEND_KEY=$key run -2 timeout 20 setsid -w zrecv 127.0.0.1:0 in </dev/null
        ZSEND_KEY=$key run -2 timeout 20 setsid -w zsend like 127.0.0.1:9 </dev/null
    done
}

@test "a key file that others can read is refused, and one that is ours alone serves" {
    random_file like 1001
    echo "$ZSEND_KEY" >key
    unset ZSEND_KEY
    chmod 640 key
    run -2 timeout 20 zrecv --key-file=key 127.0.0.1:0 in </dev/null
    [[ $output == *key* ]]
    chmod 600 key
    also=(--key-file=key)
    passes --key-file=key like
    cmp like in/like
}

@test "--no-key needs a directory that is named, and a loopback address or --allow" {
    for arguments in '--no-key' '--no-key 127.0.0.1:0' '--no-key 0.0.0.0:0 in' '--no-key 0 in'; do
        # shellcheck disable=SC2086 # several arguments
        run -2 timeout 20 zrecv $arguments </dev/null
    done
    echo x >like
    run -2 timeout 20 zsend --listen --no-key like 0.0.0.0:0 </dev/null
    rm -f heard
    zrecv --no-key --allow=127.0.0.0/8 --print-port 0.0.0.0:0 in 2>heard &
    receiver=$!
    take_port heard
    send --no-key like
    ended 0 0
}

@test "--allow lets in whom it names and nobody else" {
    echo x >like
    receive --allow=192.0.2.0/24 --allow=::1 in
    send --timeout=10 like
    [ "$sent" -ne 0 ]
    [ ! -e in/like ]
    kill "$receiver"
    passes '--allow=192.0.2.0/24 --allow=127.0.0.1' like
}

@test "--keep serves two senders at once and others after them, and no failure of one ends it" {
    random_file one 9000001
    random_file two 9000002
    random_file three 1001
    for security in '' --plain; do
        rm -f in/*
        receive --keep ${security:+"$security"} in
        zsend ${security:+"$security"} one "127.0.0.1:$port" 2>"said 1" &
        first=$!
        send ${security:+"$security"} two
        ended 0
        status_of "$first"
        [ "$status" -eq 0 ]
        send ${security:+"$security"} one
        ended 7
        gate=$port
        between --up=500000
        send ${security:+"$security"} --name=broken - <two
        ended 4
        port=$gate
        send ${security:+"$security"} three
        ended 0
        run ! gone "$receiver"
        for name in one two three; do cmp "$name" "in/$name"; done
        kill "$receiver"
    done
}

@test "zsend --listen and zrecv --connect are the same session" {
    plant tree
    for security in '' --plain --no-key; do
        rm -rf in/* said
        zsend ${security:+"$security"} --listen --print-port tree 127.0.0.1:0 2>said &
        sender=$!
        take_port said
        timeout 60 zrecv ${security:+"$security"} --connect "127.0.0.1:$port" in 2>heard
        sender_ends
        [ "$sent" -eq 0 ]
        same tree in/tree
        nothing_left in
    done
    rm -rf in/*
    zsend --listen tree "unix:$PWD/socket" 2>said &
    sender=$!
    wait_for listens_at "$sender" socket
    timeout 60 zrecv --connect "unix:$PWD/socket" in 2>heard
    sender_ends
    [ "$sent" -eq 0 ]
    same tree in/tree
}

@test "nobody there is exit status 3, on the side that connects" {
    echo x >like
    free_port
    send like
    [ "$sent" -eq 3 ]
    run -3 timeout 20 zrecv --connect "127.0.0.1:$port" in
}

@test "two zrecv in one directory serve two senders, and one transfer is never two" {
    random_file one 9000001
    random_file two 9000002
    receive in
    first=$receiver there=$port
    receive in
    zsend one "127.0.0.1:$there" 2>"said 1" &
    sender=$!
    send two
    ended 0 0
    sender_ends
    [ "$sent" -eq 0 ]
    status_of "$first"
    [ "$status" -eq 0 ]
    cmp one in/one
    cmp two in/two
    rm in/*
    receive --resume-wait=0 in
    first=$receiver there=$port
    receive --resume-wait=0 in
    zsend one "127.0.0.1:$there" 2>"said 1" &
    sender=$!
    send one
    status_of "$sender"
    echo "zsend $sent and $status"
    [ "$sent" -eq 0 ] || [ "$status" -eq 0 ]
    cmp one in/one
    # when both were content all is there once; when one was not, it says so
    [ "$((sent + status))" -eq 0 ] || grep -q '^zsend: ' said "said 1"
    kill "$first" "$receiver" 2>/dev/null || true
    nothing_left in
}

@test "when no connection can be taken zrecv says so and goes on, and does not spin" {
    can_trace
    is_sanitized zrecv && skip 'the sanitizer makes calls of its own, which are counted'
    echo x >like
    traced trace accept4 -e inject=accept4:error=EMFILE:when=1..5 timeout 60 zrecv --print-port 127.0.0.1:0 in 2>heard </dev/null &
    receiver=$!
    take_port heard
    send like
    [ "$sent" -eq 0 ]
    wait_for gone "$receiver"
    [ "$(grep -c '^zrecv: cannot take a connection: Too many open files$' heard)" -eq 5 ]
}
