# SPDX-License-Identifier: MIT
# ztee: outputs that are more than files: connections, descriptors and commands, and how each of them ends.
# shellcheck disable=SC2016,SC2030,SC2031,SC2094,SC2154 # scripts for other shells; subshells; FIFOs; variables of helpers
bats_require_minimum_version 1.5.0
load helpers

setup_file() {
    straight_python
}

# acks_come_last KIND: with standard input of that kind, ztee waits for a peer that reads late, and for its acknowledgement.
acks_come_last() {
    rm -f go copy got
    mkfifo go
    start_peer rcvbuf:4096 wait:go save:got
    if [ "$1" = pipe ]; then
        timeout 20 ztee --tcp="127.0.0.1:$port" copy < <(cat in) >out &
    else
        timeout 20 ztee --tcp="127.0.0.1:$port" copy <in >out &
    fi
    tee=$!
    wait_for size_is copy "$(stat -c %s in)"
    run ! gone "$tee"
    open_gate go
    status_of "$tee"
    [ "$status" -eq 0 ]
    wait_for has_line peer.log '^received$'
    cmp in got
    cmp in out
}

@test "--tcp sends to several peers what goes to files and standard output" {
    random_file in 3145749
    listen
    first=$listener
    to="--tcp=127.0.0.1:$port"
    OUT=out2 listen
    second=$listener
    run -0 --separate-stderr timeout 20 sh -c 'exec ztee "$@" copy <in >out1' sh "$to" --tcp="localhost:$port" -4
    [ -z "$stderr" ]
    status_of "$first"
    [ "$status" -eq 0 ]
    status_of "$second"
    [ "$status" -eq 0 ]
    for copy in copy out out1 out2; do
        cmp in "$copy"
    done
}

@test "--tcp reaches an IPv6 address in brackets, and -4 and -6 choose" {
    [ -e /proc/net/if_inet6 ] || skip 'no IPv6 here'
    serve -n -l ::1 0
    timeout 20 ztee --tcp="[::1]:$port" <<<hello >copy
    status_of "$listener"
    [ "$status" -eq 0 ]
    [ "$(cat out copy)" = $'hello\nhello' ]
    serve -n -l ::1 0
    timeout 20 ztee -6 --tcp="[::1]:$port" <<<hello >copy
    status_of "$listener"
    [ "$(cat out copy)" = $'hello\nhello' ]
    run -1 --separate-stderr timeout 20 ztee -4 --tcp='[::1]:1' <<<hello
    [ "$output" = hello ]
    [ "${#stderr_lines[@]}" -eq 1 ]
    run -1 --separate-stderr timeout 20 ztee -6 --tcp=127.0.0.1:1 <<<hello
    [ "$output" = hello ]
}

@test "--unix sends to a path and to an abstract name" {
    random_file in 300000
    zcat-net -d -lU path >out &
    listener=$!
    wait_for test -S path
    timeout 20 ztee --unix=path <in >copy
    status_of "$listener"
    [ "$status" -eq 0 ]
    cmp in out
    cmp in copy
    python3 - >got <<'END' &
import socket
with socket.socket(socket.AF_UNIX) as listener:
    listener.bind("\0ztee test %d" % __import__("os").getppid())
    listener.listen()
    open("ready", "w").close()
    connection = listener.accept()[0]
    while data := connection.recv(65536):
        __import__("sys").stdout.buffer.write(data)
END
    peer=$!
    wait_for test -e ready
    timeout 20 ztee --no-stdout --unix="@ztee test $BASHPID" <in
    status_of "$peer"
    cmp in got
    run -1 --separate-stderr timeout 20 ztee --unix=nowhere <<<hello
    [ "$output" = hello ]
    [[ $stderr =~ ^ztee:\ .*nowhere.*No\ such\ file ]]
}

@test "a connection that is refused is told, and the others are served" {
    free_port
    run -1 --separate-stderr timeout 20 ztee --tcp="127.0.0.1:$port" copy <<<hello
    [ "$output" = hello ]
    [ "$(cat copy)" = hello ]
    says_of_ztee ".*127.0.0.1.*$port.*: Connection refused"
    run -1 --separate-stderr timeout 20 ztee --output-error=exit --tcp="127.0.0.1:$port" copy <<<hello
    [ -z "$output" ]
    says_of_ztee ".*127.0.0.1.*$port.*: Connection refused"
}

@test "--retry waits for a peer that is late, and --connect-timeout gives up on one that never answers" {
    can_trace
    mkfifo go
    start_peer bind wait:go listen save:got
    traced calls connect timeout 20 ztee --retry=15 --tcp="127.0.0.1:$port" <<<hello >out &
    tee=$!
    wait_for has_line calls 'connect(.*sin_port'
    open_gate go
    status_of "$tee"
    [ "$status" -eq 0 ]
    wait_for has_line peer.log '^received$'
    [ "$(cat got out)" = $'hello\nhello' ]
    [ "$(grep -c 'connect(.*sin_port' calls)" -ge 2 ]
    start_peer deaf hold
    run -1 --separate-stderr timeout 20 ztee --connect-timeout=0.3 --tcp="127.0.0.1:$port" <<<hello
    [ "$output" = hello ]
    says_of_ztee ".*: Connection timed out"
}

@test "--congestion is asked of the connection, and one that is not there is a failure" {
    can_trace
    start_peer save:got
    traced calls setsockopt timeout 20 ztee --congestion=reno --tcp="127.0.0.1:$port" <<<hello >out
    grep -q 'TCP_CONGESTION, \("reno"\|\[1869505906\]\)' calls
    wait_for has_line peer.log '^received$'
    start_peer listen hold
    run -1 --separate-stderr timeout 20 ztee --congestion=nonsense --tcp="127.0.0.1:$port" <<<hello
    says_of_ztee "congestion control for .*: No such file or directory"
    [ "$output" = hello ]
}

@test "--mptcp is for --tcp alone, and --tcp for hosts alone" {
    can_trace
    python3 -c 'import socket; socket.socket(socket.AF_INET, socket.SOCK_STREAM, 262)' || skip 'no MPTCP here'
    listen --mptcp
    zcat-net -l -d -v -U path >by-path 2>path.err &
    wait_for has_line path.err '^Listening on path$'
    traced calls socket timeout 20 ztee --mptcp --tcp="127.0.0.1:$port" --unix=path <<<hello >copy
    status_of "$listener"
    [ "$status" -eq 0 ]
    [ "$(cat out copy)" = $'hello\nhello' ]
    wait_for has_line by-path '^hello$'
    grep -q 'socket(AF_INET, SOCK_STREAM.*, \(IPPROTO_MPTCP\|0x106\)' calls
    grep -q 'socket(AF_UNIX, SOCK_STREAM[^,]*, 0)' calls
    ztee_refuses "not HOST:PORT: 'vsock:2:1'" --tcp=vsock:2:1
}

@test "a connection is done when the peer's system has acknowledged everything" {
    random_file in 1000000
    acks_come_last pipe
    acks_come_last file
}

@test "a peer that resets in mid-stream is told, and the others get all" {
    random_file in 8000000
    for feed in 'cat in |' ''; do
        start_peer rcvbuf:4096 recv:100000 reset
        run -1 --separate-stderr timeout 20 bash -c "$feed"' ztee --tcp="127.0.0.1:$1" copy >out '"${feed:+#}"' <in' bash "$port"
        says_of_ztee "error writing '127.0.0.1:$port':.* (Connection reset by peer|Broken pipe)"
        cmp in copy
        cmp in out
    done
}

@test "a peer that resets before it has acknowledged the end is told" {
    random_file in 200000
    mkfifo go
    start_peer rcvbuf:4096 recv:1 wait:go reset
    ztee --tcp="127.0.0.1:$port" copy <in >out 2>err &
    tee=$!
    wait_for size_is copy 200000
    open_gate go
    status_of "$tee"
    [ "$status" -eq 1 ]
    has_line err "^ztee: error writing '127.0.0.1:$port'.*: \(Connection reset by peer\|Broken pipe\)$"
    cmp in out
}

@test "a peer that talks all the time, before it reads and after, is no deadlock" {
    random_file in 3145749
    mkfifo go
    for feed in 'cat in |' ''; do
        start_peer flood wait:go save:got
        timeout 20 bash -c "$feed"' ztee --tcp="127.0.0.1:$1" copy >out '"${feed:+#}"' <in' bash "$port" &
        tee=$!
        wait_for test -s copy
        open_gate go
        status_of "$tee"
        [ "$status" -eq 0 ]
        wait_for has_line peer.log '^received$'
        cmp in got
        cmp in copy
    done
}

@test "a peer that has half-closed gets all the same" {
    random_file in 3145749
    start_peer fin say:half save:got
    timeout 20 ztee --tcp="127.0.0.1:$port" <in >out
    wait_for has_line peer.log '^received$'
    cmp in got
}

@test "a ztee that a signal has killed ends in a reset for its peers, not in an end" {
    for signal in KILL TERM INT; do
        rm -f in
        mkfifo in
        exec 9<>in
        start_peer recv:5 say:has save:got
        env --default-signal=INT ztee --tcp="127.0.0.1:$port" <in >out 9>&- &
        tee=$!
        printf hello >&9
        wait_for has_line peer.log '^has$'
        kill -"$signal" "$tee"
        wait_for has_line peer.log '^save: .*reset'
        exec 9>&-
        status_of "$tee"
        [ "$status" -gt 128 ]
    done
}

@test "an input that cannot be read ends in a reset for the peers, and 1" {
    start_peer save:got
    run -1 --separate-stderr timeout 20 ztee --tcp="127.0.0.1:$port" </
    says_of_ztee "error reading 'standard input': Is a directory"
    wait_for has_line peer.log '^save: .*reset'
    start_peer text:hello wait:go reset
    source=$port
    source_peer=$peer
    mv peer.log source.log
    mkfifo go
    start_peer save:got
    ztee --tcp="127.0.0.1:$port" copy <>"/dev/tcp/127.0.0.1/$source" >out 2>err &
    tee=$!
    wait_for size_is copy 5
    open_gate go
    status_of "$tee"
    [ "$status" -eq 1 ]
    wait_for gone "$source_peer"
    [ "$(cat err)" = "ztee: error reading 'standard input': Connection reset by peer" ]
    wait_for has_line peer.log '^save: .*reset'
}

@test "an error that ends the run ends in a reset for the peers" {
    random_file in 3000000
    start_peer save:got
    run -1 --separate-stderr timeout 20 ztee --output-error=exit --no-stdout --tcp="127.0.0.1:$port" /dev/full <in
    says_of_ztee "error writing '/dev/full': No space left on device"
    wait_for has_line peer.log '^save: .*reset'
}

@test "--fd writes to pipes, files and sockets that the shell has opened" {
    random_file in 300017
    for feed in pipe file; do
        rm -f pipe.got
        listen
        exec 6<>"/dev/tcp/127.0.0.1/$port"
        printf old >appended
        if [ "$feed" = pipe ]; then
            timeout 20 ztee --no-stdout --fd=4 --fd=5 --fd=6 --fd=7 4>file 5> >(cat >pipe.got) 7>>appended < <(cat in)
        else
            timeout 20 ztee --no-stdout --fd=4 --fd=5 --fd=6 --fd=7 4>file 5> >(cat >pipe.got) 7>>appended <in
        fi
        exec 6>&-
        status_of "$listener"
        [ "$status" -eq 0 ]
        wait_for size_is pipe.got 300017
        cmp in file
        cmp in pipe.got
        cmp in out
        tail -c +4 appended | cmp - in
    done
}

@test "--fd=1 and --fd=2 are standard output and standard error" {
    run -0 timeout 20 ztee --no-stdout --fd=1 <<<hello
    [ "$output" = hello ]
    run -0 --separate-stderr timeout 20 ztee --fd=2 <<<hello
    [ "$output" = hello ]
    [ "$stderr" = hello ]
}

@test "a descriptor that is not open, or cannot be written to, is told, and the others are served" {
    local number
    for number in 3 4 5 6 7 8 9 1000000; do
        run -1 --separate-stderr timeout 20 ztee --fd="$number" copy <<<hello 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&-
        says_of_ztee "(cannot write to|error writing) 'descriptor $number': Bad file descriptor"
        [ "$output" = hello ]
        [ "$(cat copy)" = hello ]
    done
    run -1 --separate-stderr timeout 20 ztee --fd=4 copy <<<hello 4<copy
    [ "$output" = hello ]
    says_of_ztee ".* 'descriptor 4': Bad file descriptor"
}

@test "a broken pipe of --fd is told and is 1, but no error with -p" {
    random_file in 300000
    for option in '' --output-error=warn -p --output-error=exit-nopipe; do
        rm -f fifo
        mkfifo fifo
        exec 9<>fifo 8>fifo 9>&-
        # shellcheck disable=SC2086 # an option or nothing
        run --separate-stderr timeout 20 ztee $option --no-stdout --fd=8 copy <in
        exec 8>&-
        cmp in copy
        case $option in
        '' | *warn)
            [ "$status" -eq 1 ]
            says_of_ztee "error writing 'descriptor 8': Broken pipe"
            ;;
        *)
            [ "$status" -eq 0 ]
            [ -z "$stderr" ]
            ;;
        esac
    done
}

@test "--exec gives commands the stream, and waits for them" {
    random_file in 300017
    timeout 20 ztee --exec='cat > "quoted '"'"'name'"'"'"' --exec='tr a b | cat >piped' --exec='echo "$((1 + 1))"; cat >/dev/null' \
        copy <in >out
    cmp in "quoted 'name'"
    cmp in copy
    tr a b <in | cmp - piped
    # Its standard output is that of ztee.
    cmp <(sort -z <(cat in <(echo 2))) <(sort -z out) || [ "$(stat -c %s out)" -eq 300019 ]
    [ "$(printf x | timeout 20 ztee --no-stdout --exec='cat; echo y')" = xy ]
    mkfifo go
    timeout 20 ztee --exec='cat >late; read -r line <go; echo done >>late' <<<hello >out &
    tee=$!
    wait_for size_is late 6
    wait_for size_is out 6
    run ! gone "$tee"
    echo >go
    status_of "$tee"
    [ "$status" -eq 0 ]
    [ "$(cat late)" = $'hello\ndone' ]
}

@test "a file that commands or messages are written to as well is written to, and not spliced, which locks nothing" {
    random_file in 300017
    timeout 20 ztee --stats --exec='cat >/dev/null' copy < <(cat in) >out 2>log
    has_line log "^ztee: 'standard output' (regular file): 300017 bytes, read 300017$"
    has_line log "^ztee: 'copy' (regular file): 300017 bytes, splice 300017$"
    cmp in out
    timeout 20 ztee --stats --no-stdout --fd=4 --exec='cat >/dev/null' < <(cat in) >out 4>&1 2>log
    has_line log "^ztee: 'descriptor 4' (regular file): 300017 bytes, read 300017$"
    timeout 20 ztee --stats --no-stdout --fd=4 --exec='cat >/dev/null' < <(cat in) 4>out 2>log
    has_line log "^ztee: 'descriptor 4' (regular file): 300017 bytes, splice 300017$" # that commands do not have
    timeout 20 ztee --stats copy < <(cat in) >out 2>&1
    grep -aq "^ztee: 'copy' (regular file): 300017 bytes, splice 300017$" out
    cmp -n 300017 in out
    grep -aq "^ztee: 'standard output' (regular file): 300017 bytes, read 300017$" <(tail -c +300018 out)
    for _ in {1..30}; do
        timeout 20 ztee --exec='echo 2; cat >/dev/null' --exec='cat >/dev/null' copy <in >out
        [ "$(stat -c %s out)" -eq 300019 ]
    done
}

@test "a --method without read is refused a file that commands are given, and the others are served" {
    random_file in 300017
    run -1 timeout 20 sh -c 'cat in | ztee --method=splice --exec="cat >theirs" copy >out'
    [[ $output == "ztee: no method of --method can move bytes to 'standard output' (regular file): "* ]]
    [ ! -s out ]
    cmp in copy
    cmp in theirs
}

@test "so is a block device that commands are given, too" {
    local device
    [ "$(id -u)" -eq 0 ] || skip 'only root can attach a loop device'
    random_file in 300000
    truncate -s 1M disk
    device=$(losetup --find --show disk 2>/dev/null) || skip 'no loop devices here'
    exec 6<>"$device"
    losetup --detach "$device" # when nobody has it open any more
    timeout 20 ztee --stats --exec='cat >/dev/null' < <(cat in) >&6 2>log
    exec 6>&-
    has_line log "^ztee: 'standard output' (block device): 300000 bytes, read 300000$"
    cmp -n 300000 in disk
}

@test "a command that fails, or that a signal has ended, is told, and ztee ends with 1" {
    run -1 --separate-stderr timeout 20 ztee --exec='cat >copy; exit 3' --exec='cat >/dev/null; kill -9 $$' <<<hello
    [ "$output" = hello ]
    says_of_ztee "'cat >copy; exit 3' has failed with exit status 3" "'.*' was ended by signal 9 \(Killed\)"
    [ "$(cat copy)" = hello ]
    run -1 --separate-stderr timeout 20 ztee --exec='no-such-command 2>/dev/null; s=$?; cat >/dev/null; exit $s' <<<hello
    says_of_ztee ".* has failed with exit status 127"
    run -1 --separate-stderr timeout 20 ztee -p --exec='cat >/dev/null; exit 1' <<<hello
    says_of_ztee ".* has failed with exit status 1"
}

@test "a command that does not read to the end is a broken pipe, and no error with -p" {
    random_file in 3000000
    for feed in 'cat in |' ''; do
        for option in '' --output-error=warn -p --output-error=exit-nopipe; do
            run --separate-stderr timeout 20 env --default-signal=PIPE bash -c \
                "$feed ztee $option --exec=true --exec='head -c 5 >five' copy >out ${feed:+#} <in"
            cmp in copy
            cmp in out
            cmp -n 5 in five
            case $option in
            '' | *warn)
                [ "$status" -eq 1 ]
                [ "$(sort <<<"$stderr")" = "ztee: error writing 'head -c 5 >five': Broken pipe
ztee: error writing 'true': Broken pipe" ]
                ;;
            *)
                [ "$status" -eq 0 ]
                [ -z "$stderr" ]
                ;;
            esac
        done
    done
    run -1 --separate-stderr timeout 20 ztee --output-error=exit --no-stdout --exec=true <in
    says_of_ztee "error writing 'true': Broken pipe"
}

@test "-p ends when all commands have left, without more input" {
    mkfifo in
    exec 9<>in
    timeout 20 ztee -p --no-stdout --exec=true --exec='exec head -c 1 >first' <in 9>&- &
    tee=$!
    printf xy >&9
    status_of "$tee"
    [ "$status" -eq 0 ]
    [ "$(cat first)" = x ]
}

@test "commands start with the signals that ztee was started with, also under -i" {
    # Of signals 1 to 28: the library's posix_spawn(3) leaves its own two, 32 and 33, ignored.
    signals='sed -En "s/^Sig(Blk|Ign):.*(.{7})$/\1 \2/p" /proc/self/status; cat >/dev/null'
    for disposition in default ignore; do
        # Both by timeout(1), which does not pass on that SIGQUIT is ignored.
        expected=$(timeout 20 env --"$disposition"-signal=PIPE,INT,XFSZ sh -c "$signals" </dev/null)
        for option in '' -i; do
            # shellcheck disable=SC2086 # an option or nothing
            timeout 20 env --"$disposition"-signal=PIPE,INT,XFSZ ztee $option --no-stdout --exec="$signals" <<<x >out
            diff - out <<<"$expected"
        done
    done
}

@test "commands inherit no descriptor of ztee but their standard input" {
    descriptors='ls /proc/self/fd'
    hold fifo
    listen
    expected=$(exec 9>&- 4>&- && ls /proc/self/fd)
    timeout 20 ztee --exec="$descriptors >one; cat >/dev/null" --tcp="127.0.0.1:$port" --hash=sha256:sum --fd=4 --buffer=1M \
        --exec="$descriptors >two; cat >/dev/null" fifo file 4>four <<<hello >out 9>&-
    echo "expected $expected and not" && cat one
    cmp one two
    [ "$(cat one)" = "$expected" ]
}

@test "a command's input ends when the stream does, although other commands run on" {
    mkfifo go
    timeout 20 ztee --exec='cat >first; echo end >>first' --exec='cat >second; read -r x <go' <<<hello >out &
    tee=$!
    wait_for has_line first end
    echo >go
    status_of "$tee"
    [ "$status" -eq 0 ]
}

@test "SIGUSR1 is answered also while ztee waits for a command, and a peer" {
    mkfifo go
    ztee --exec='cat >copy; read -r x <go' <<<hello >out 2>log &
    tee=$!
    wait_for size_is copy 6
    kill -USR1 "$tee"
    wait_for has_line log '^ztee: 6 B .*average$'
    echo >go
    status_of "$tee"
    [ "$status" -eq 0 ]
}

@test "-i keeps ztee and its outputs going when SIGINT comes" {
    listen
    mkfifo in
    exec 9<>in
    env --default-signal=INT ztee -i --tcp="127.0.0.1:$port" --exec='cat >copy' <in >shown 9>&- &
    tee=$!
    printf a >&9
    wait_for size_is copy 1
    kill -INT "$tee"
    printf b >&9
    exec 9>&-
    status_of "$tee"
    [ "$status" -eq 0 ]
    status_of "$listener"
    [ "$(cat shown out copy)" = ababab ]
}

@test "--no-stdout leaves standard output alone" {
    run -0 --separate-stderr timeout 20 ztee --no-stdout copy <<<hello
    [ -z "$output$stderr" ]
    [ "$(cat copy)" = hello ]
    run -0 --separate-stderr timeout 20 sh -c 'exec ztee --no-stdout copy >/dev/full' <<<hello
    [ -z "$stderr" ]
    run -0 --separate-stderr timeout 20 sh -c 'exec ztee --no-stdout copy >&-' <<<hello
    [ -z "$stderr" ]
}
