# SPDX-License-Identifier: MIT
# Sessions from standard input and to standard output: all of the stream, or a failure at both ends.
# shellcheck disable=SC2030,SC2031,SC2154 # every test is a subshell of its own; the helpers set variables
bats_require_minimum_version 1.5.0
load helpers
load sessions

setup_file() {
    one_key
}

setup() {
    session_setup
}

# took BYTES: an event: zrecv has written so much of its stream.
took() {
    [ "$(stat -c %s taken)" -ge "$1" ]
}

# stream_begins [OPTION]...: a zrecv with the options that writes into taken gets the first MiB of a stream of zsend, in
# which more follows as descriptor 7 is written; $sender and $receiver.
stream_begins() {
    rm -f flow
    mkfifo flow
    receive "$@" -
    zsend ${security:+"$security"} - "127.0.0.1:$port" <flow 2>said 7>&- &
    sender=$!
    exec 7>flow
    head -c 1048576 like >&7
    wait_for took 1048576
}

@test "tar to tar is a tree" {
    plant tree
    touch -d @1234567890.5 tree/large # tar has its doubts about others
    for security in '' --plain --no-key; do
        rm -rf in/*
        receive ${security:+"$security"} -
        send ${security:+"$security"} - < <(tar c --format=posix tree)
        ended 0 0
        tar x -C in <taken
        same tree in/tree
    done
}

@test "zrecv writes into a pipe, and its reader has all of it" {
    plant tree
    touch -d @1234567890.5 tree/large
    mkfifo pipe
    tar x -C in <pipe &
    reader=$!
    rm -f heard
    zrecv --print-port 127.0.0.1:0 - >pipe 2>heard &
    receiver=$!
    take_port heard
    tar c --format=posix tree >stream
    send - <stream
    ended 0 0
    status_of "$reader"
    [ "$status" -eq 0 ]
    same tree in/tree
}

@test "streams of every size arrive, from pipes and files, into pipes and files" {
    for size in 0 1 4095 4194304 4194305 9437184; do
        random_file like "$size"
        receive -
        send - < <(cat like)
        ended 0 0
        cmp like taken
        receive -
        send - <like
        ended 0 0
        cmp like taken
    done
}

@test "a stream has a name in a directory, and needs one there" {
    random_file like 5000001
    passes_as() { # NAME
        receive in
        send "--name=$1" - < <(cat like)
    }
    passes_as stream
    ended 0 0
    cmp like in/stream
    all_of in stream
    receive --resume-wait=0 in
    send - < <(cat like)
    [ "$sent" -ne 0 ]
    grep -q -e --name said
    status_of "$receiver"
    [ "$status" -ne 0 ]
    all_of in stream
}

@test "a stream's name is one name, which zrecv judges as all names" {
    echo x >like
    for name in ../up /absolute a/../../b . .. '' .zrecv.d .zrecv.d/x; do
        receive --resume-wait=0 in
        send "--name=$name" - <like
        [ "$sent" = 2 ] || [ "$sent" = 7 ]
        kill "$receiver" 2>/dev/null || true
        [ -z "$(ls in)" ]
        [ ! -e up ]
    done
}

@test "one file goes to standard output as it is, and a second one, or a directory, is refused" {
    random_file like 5000001
    mkdir tree
    echo x >tree/x
    receive -
    send like
    ended 0 0
    cmp like taken
    for more in tree 'like tree/x'; do
        receive -
        # shellcheck disable=SC2086 # several operands
        send $more
        [ "$sent" -ne 0 ]
        status_of "$receiver"
        [ "$status" -ne 0 ]
    done
}

@test "standard input goes beside files" {
    random_file like 100001
    echo x >x
    receive in
    send --name=flow x - < <(cat like)
    ended 0 0
    cmp like in/flow
    cmp x in/x
}

@test "a sender that is killed in the middle of a stream makes zrecv fail at once" {
    random_file like 1048576
    for security in '' --plain --no-key; do
        stream_begins ${security:+"$security"}
        kill -KILL "$sender"
        exec 7>&-
        status_of "$receiver"
        [ "$status" -eq 4 ]
        grep -q '^zrecv: ' heard
    done
}

@test "a zrecv that is killed in the middle of a stream makes zsend fail" {
    random_file like 1048576
    for security in '' --plain; do
        stream_begins ${security:+"$security"}
        kill -KILL "$receiver"
        cat like like like like like like like like like >&7 2>/dev/null || true
        exec 7>&-
        sender_ends
        [ "$sent" -eq 4 ]
        grep -q '^zsend: ' said
    done
}

@test "a reader of zrecv that goes away, and a full device, fail both ends" {
    random_file like 9000001
    # shellcheck disable=SC2016 # for the other shell
    for sink in '| head -c 100000 >/dev/null; exit "${PIPESTATUS[0]}"' '>/dev/full'; do
        rm -f heard
        bash -c "zrecv --print-port --resume-wait=0 127.0.0.1:0 - 2>heard $sink" &
        receiver=$!
        take_port heard
        send - <like
        [ "$sent" -ne 0 ]
        status_of "$receiver"
        [ "$status" -eq 1 ] || [ "$status" -eq 7 ]
        grep -q '^zrecv: ' heard
    done
}

@test "a connection that is cut in the middle of a stream fails both ends, whatever cuts it" {
    random_file like 9000001
    for security in '' --plain; do
        for how in reset close; do
            receive ${security:+"$security"} -
            between --how=$how --up=5000000
            send ${security:+"$security"} - < <(cat like)
            ended 4 4
            kill "$proxy"
        done
    done
}

@test "standard input that is closed or a directory is an error of this side, and zrecv has nothing from it" {
    receive --resume-wait=0 -
    run -1 timeout 20 bash -c "zsend - 127.0.0.1:$port <&-"
    [[ $output == 'zsend: '* ]]
    [ ! -s taken ]
    kill "$receiver" 2>/dev/null || true
    receive --resume-wait=0 -
    run -1 timeout 20 bash -c "zsend - 127.0.0.1:$port </"
    [[ $output == 'zsend: '* ]]
    [ ! -s taken ]
}

@test "a stream of /dev/zero with --timeout and --bwlimit is as slow as it should be, and interrupted it fails" {
    receive -
    zsend --bwlimit=1M --timeout=10 - "127.0.0.1:$port" </dev/zero 2>said &
    sender=$!
    wait_for took 200000
    kill -TERM "$sender"
    sender_ends
    [ "$sent" -eq 143 ]
    status_of "$receiver"
    [ "$status" -eq 4 ]
    [ "$(stat -c %s taken)" -lt 20000000 ]
}

@test "what can never be a session ends both with 7: a stream without a name for a directory, a store that is not ours" {
    receive in
    send - <<<x
    ended 7 7
    grep -q 'zsend --name' said
    mkdir -m 755 in/.zrecv.d
    receive in
    echo x >like
    send like
    ended 7 7
    has_line said '^zsend: .*: .zrecv.d is not ours alone$'
}

@test "a reader of standard output that has stopped reading does not hold --timeout up" {
    random_file like 9000001
    mkfifo pipe
    zrecv --print-port --timeout=1 127.0.0.1:0 - >pipe 2>heard </dev/null &
    receiver=$!
    exec 7<pipe # and nobody reads
    take_port heard
    send --timeout=2 like
    [ "$sent" -ne 0 ]
    wait_for gone "$receiver"
    status_of "$receiver"
    [ "$status" -eq 8 ]
    exec 7<&-
}

# pipe_is_full: an event: the pipe is full, and it waits for its reader.
pipe_is_full() {
    [ "$(python3 -c 'import fcntl,termios,struct,sys; print(struct.unpack("i", fcntl.ioctl(7, termios.FIONREAD, bytes(4)))[0])')" -ge 65536 ]
}

@test "a sender that dies while standard output waits for its reader is a break, and no error of standard output" {
    random_file like 9000001
    mkfifo pipe
    zrecv --print-port 127.0.0.1:0 - >pipe 2>heard </dev/null &
    receiver=$!
    exec 7<pipe # and nobody reads
    take_port heard
    start_send like
    wait_for pipe_is_full
    kill -KILL "$sender"
    wait_for gone "$receiver"
    status_of "$receiver"
    [ "$status" -eq 4 ]
    grep -q 'the session broke off' heard
    exec 7<&-
}
