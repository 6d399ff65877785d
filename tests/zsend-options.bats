# SPDX-License-Identifier: MIT
# What the options of sessions do: digests on the wire, calls that they ask for, what is told, and what is no command line.
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

# send_traced CALLS [OPTION]... SOURCE...: as send, with these calls of zsend in the file trace, all bytes in hexadecimal.
send_traced() {
    local calls=$1
    shift
    sent=0
    traced trace "$calls" -xx -s 1000000 timeout 60 zsend "$@" "127.0.0.1:$port" 2>said || sent=$?
}

# no_command_line COMMAND PATTERN ARGUMENT...: a usage error: GNU's two lines, the first of which matches, and exit status 2.
no_command_line() {
    run -2 --separate-stderr timeout 20 "$1" "${@:3}" </dev/null
    echo "$*: $stderr"
    [ "${#stderr_lines[@]}" -eq 2 ]
    [[ ${stderr_lines[0]} =~ ^$1:\ $2$ ]]
    [ "${stderr_lines[1]}" = "Try '$1 --help' for more information." ]
    [ -z "$output" ]
}

@test "--hash chooses the digest that goes with the bytes" {
    can_trace
    random_file like 5001
    for algorithm in '' xxh3 sha256 sha512 blake2b; do
        rm -f in/*
        zcp --hash="${algorithm:-xxh3}" like copy >sums
        digest=$(cut -d ' ' -f 1 <sums)
        [ "${#digest}" -ge 32 ]
        receive --plain in
        send_traced sendto,sendmsg,write,writev --plain ${algorithm:+"--hash=$algorithm"} like
        ended 0 0
        cmp like in/like
        sed 's/\\x//g' trace | grep -q "$digest" || { echo "$algorithm: no $digest" && return 1; }
    done
}

@test "--congestion is set on the connection of a session, and one that is none is exit status 3" {
    can_trace
    echo x >like
    receive in
    sent=0
    traced trace setsockopt timeout 60 zsend --congestion=reno like "127.0.0.1:$port" 2>said || sent=$?
    ended 0 0
    grep -q 'TCP_CONGESTION, .*) = 0$' trace
    port=9
    send --congestion=none-such like
    ended 3
    [ "$(cat said)" = 'zsend: congestion control for 127.0.0.1 port 9 failed: No such file or directory' ]
}

@test "--bwlimit is kept in a session, with small files, too" {
    random_file like 2000000
    mkdir tree
    for i in {1..30}; do random_file "tree/$i" 50000; done
    for options in : --plain:; do
        for source in like tree; do
            rm -rf in/*
            receive ${options%:*} in
            begun=$(date +%s%N)
            send ${options%:*} --bwlimit=1M "$source"
            ended 0 0
            taken=$((($(date +%s%N) - begun) / 1000000))
            echo "$options $source: $taken ms"
            diff -r "$source" "in/$source"
            [ "$taken" -gt $(($(du -bs "$source" | cut -f 1) / 1049 / 2)) ]
        done
    done
}

@test "zsend --stats tells the bytes and methods of a session, in one line" {
    random_file like 5000001
    # encrypted by the kernel, where that can, a file goes by sendfile
    for way in ':(mmap|sendfile)' --plain:sendfile '--plain --method=splice:splice' --method=read:read; do
        rm -f in/*
        security=
        [[ $way != *--plain* ]] || security=--plain
        receive ${security:+"$security"} in
        # shellcheck disable=SC2086 # several options
        send --stats ${way%:*} like
        ended 0 0
        cat said
        [ "$(wc -l <said)" -eq 1 ]
        grep -Eq "^zsend: 5000001 bytes, [0-9.]+ s, .*/s, [0-9.]+ s CPU, [0-9.]+ s CPU/GiB, ${way##*:} 5000001\$" said
    done
}

@test "-v tells about the connection and files on standard error" {
    echo x >like
    for security in '':TLS_AES_128_GCM_SHA256 --plain:plain; do
        rm -f in/*
        receive ${security%%:*} in
        send -v ${security%%:*} like
        ended 0 0
        grep -q "^zsend: connected to 127\.0\.0\.1:$port (${security#*:}[),]" said
        has_line said "^zsend: sent 'like'$"
    done
}

@test "--dry-run lists what would be sent, on standard output" {
    mkdir tree
    echo x | tee tree/new >tree/old
    receive in
    timeout 60 zsend --dry-run tree "127.0.0.1:$port" >list
    status_of "$receiver"
    grep -q "^would send 'tree/new'$" list
    grep -q "^would send 'tree/old'$" list
    [ -z "$(ls -A in)" ]
    mkdir in/tree
    echo y >in/tree/old
    receive --skip-existing in
    timeout 60 zsend -v --dry-run tree "127.0.0.1:$port" >list 2>said
    status_of "$receiver"
    grep -q "^would send 'tree/new'$" list
    run -1 grep old list
    has_line said "^zsend: passed over 'tree/old'$"
    rm -r in/tree
    receive in
    sent=0
    timeout 60 zsend --dry-run tree "127.0.0.1:$port" >/dev/full 2>said || sent=$?
    ended 1 0
    has_line said "^zsend: error writing 'standard output': No space left on device$"
}

@test "zsend --listen --allow lets in whom it names and nobody else" {
    echo x >like
    for network in 192.0.2.0/24:bad 127.0.0.0/8:good; do
        rm -f said
        zsend --listen --print-port --allow="${network%:*}" like 127.0.0.1:0 2>said &
        sender=$!
        take_port said
        run timeout 20 zrecv --connect "127.0.0.1:$port" in </dev/null
        if [ "${network#*:}" = good ]; then
            [ "$status" -eq 0 ]
            sender_ends
            [ "$sent" -eq 0 ]
            cmp like in/like
        else
            [[ $status == [34] ]] # the reset comes while it connects, or behind that
            wait_for has_line said 'not let in: the address is not allowed'
            [ ! -e in/like ]
            kill "$sender"
        fi
    done
}

@test "the key is out of the environment of both while they run" {
    mkfifo stream
    receive in
    zsend --name=like - "127.0.0.1:$port" <stream 2>said &
    sender=$!
    exec 8>stream
    echo x >&8
    wait_for test -d in/.zrecv.d
    for process in "$receiver" "$sender"; do
        run -1 grep -aqF "$ZSEND_KEY" "/proc/$process/environ"
    done
    exec 8>&-
    sender_ends
    ended 0 0
}

@test "--key-file goes before ZSEND_KEY" {
    echo x >like
    (umask 077 && zrecv --new-key >key)
    receive --key-file=key in
    send like
    ended 6
    send --key-file=key like
    ended 0 0
    cmp like in/like
}

@test "zrecv --new-key prints another key each time, and fails when it cannot" {
    zrecv --new-key >one
    zrecv --new-key >two
    run ! cmp -s one two
    [ "$(grep -Ecx 'zk1[a-z0-9]{32}' one)" -eq 1 ]
    run -1 bash -c 'zrecv --new-key >/dev/full'
    [[ $output == 'zrecv: '*'No space left on device' ]]
}

@test "--no-fsync brings nothing to the disk, and without it zrecv does" {
    can_trace
    random_file like 5000001
    for option in '' --no-fsync; do
        rm -rf in/* heard
        traced trace fsync,fdatasync,syncfs timeout 60 zrecv --print-port $option 127.0.0.1:0 in 2>heard </dev/null &
        receiver=$!
        take_port heard
        send like
        ended 0 0
        if [ -z "$option" ]; then
            grep -q 'syncfs(' trace
            grep -q 'f\(data\)\?sync(' trace
        else
            run ! grep -q 'sync' trace
        fi
    done
}

@test "wrong command lines of zsend are usage errors" {
    echo x >like
    no_command_line zsend "invalid argument 'md5' for '--hash'" --hash=md5 like 127.0.0.1:9
    no_command_line zsend "invalid argument 'clone' for '--method'" --method=clone like 127.0.0.1:9
    no_command_line zsend "invalid argument '-1' for '--timeout'" --timeout=-1 like 127.0.0.1:9
    no_command_line zsend '--print-port and --allow need --listen' --print-port like 127.0.0.1:9
    no_command_line zsend '--print-port and --allow need --listen' --allow=::1 like 127.0.0.1:9
    no_command_line zsend '--offset and --length need --raw' --offset=3 like 127.0.0.1:9
    no_command_line zsend '--offset and --length need --raw' --length=0 like 127.0.0.1:9
    no_command_line zsend '--plain proves the key, and --no-key has none' --plain --no-key like 127.0.0.1:9
    no_command_line zsend '--no-key has no key, and --key-file names one' --no-key --key-file=like like 127.0.0.1:9
    no_command_line zsend '--name is of standard input \(-\), which is not sent' --name=x like 127.0.0.1:9
    no_command_line zsend '--mptcp needs HOST:PORT' --mptcp like unix:path
    no_command_line zsend 'missing file operand'
    no_command_line zsend "missing HOST\[:PORT\] after 'like'" like
    for option in --hash=sha256 --name=x --owner --xattrs --dry-run --plain --no-key --listen --key-file=x -r; do
        no_command_line zsend '--raw sends plain bytes, and has no option of a session' --raw "$option" like 127.0.0.1:9
    done
}

@test "wrong command lines of zrecv are usage errors" {
    no_command_line zrecv '--connect needs HOST\[:PORT\]' --connect
    for option in --keep --print-port --allow=::1; do
        no_command_line zrecv '--keep, --allow and --print-port are for who listens.*' --connect $option 127.0.0.1
    done
    no_command_line zrecv '--plain proves the key, and --no-key has none' --plain --no-key 127.0.0.1:0 in
    no_command_line zrecv '--no-key has no key, and --key-file names one' --no-key --key-file=x 127.0.0.1:0 in
    no_command_line zrecv "extra operand '9390'" --new-key 9390
    no_command_line zrecv '--keep needs a DIRECTORY.*' --keep 127.0.0.1:0 -
    no_command_line zrecv "extra operand 'c'" 127.0.0.1:0 in c
    no_command_line zrecv "port number too large: '65536'" 65536 in
    for option in accept=owner,all accept= allow=1.2.3.4/33 allow=host resume-wait=x resume-wait=-1 timeout=x retry=x \
        connect-timeout=x progress=x; do
        no_command_line zrecv "(invalid|too large|too small) argument '.*' for '--${option%%=*}'" "--$option" 127.0.0.1:0 in
    done
}
