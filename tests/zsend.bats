# SPDX-License-Identifier: MIT
# zsend --raw: every byte of a file arrives by the method asked for, or both ends know that it did not.
# shellcheck disable=SC2030,SC2031,SC2154 # every test is a subshell of its own; the helpers set variables
bats_require_minimum_version 1.5.0
load helpers

methods='sendfile splice mmap read'

# send [OPTION]... FILE: to the listener of the test; its messages and --stats are in the file said.
send() {
    timeout 60 zsend --raw --stats "$@" "127.0.0.1:$port" 2>said
}

# arrives LIKE [OPTION]... FILE: a new listener gets exactly the bytes of LIKE, and both ends are content.
arrives() {
    local like=$1
    shift
    listen
    send "$@" || { cat said && return 1; }
    ended "$listener"
    [ "$status" -eq 0 ]
    cmp "$like" out
}

# ended PID: waits until it has, and sets $status.
ended() {
    wait_for gone "$1"
    status_of "$1"
}

# moved_by METHOD BYTES: at least 95 % of so many bytes, says --stats.
moved_by() {
    local moved
    moved=$(sed -n "s/^zsend: [0-9]* bytes, .*, $1 \([0-9]*\).*/\1/p" said)
    [ "${moved:-0}" -ge $(($2 * 95 / 100)) ] || { cat said && return 1; }
}

# returned CALL: the sum of what such calls have returned, says strace in the file trace.
returned() {
    sed -n "/[ .]$1[( ]/s/.* = \([0-9][0-9]*\)$/\1/p" trace | awk '{ sum += $1 } END { printf "%d\n", sum }'
}

# stalled_listen: a listener whose output is taken only as the test reads descriptor 5.
stalled_listen() {
    rm -f err # or the port of an earlier one may be found in it
    mkfifo slow
    zcat-net -n -l -d --print-port 127.0.0.1 0 >slow 2>err &
    listener=$!
    exec 5<slow
    take_port err
}

# start_send [OPTION]... FILE: zsend in the background, as $sender.
start_send() {
    zsend --raw "$@" "127.0.0.1:$port" 2>said &
    sender=$!
}

# first_bytes: waits until the stalled listener has delivered something, and takes one byte.
first_bytes() {
    [ "$(timeout 60 head -c 1 <&5 | wc -c)" -eq 1 ]
}

# both_fail STATUS PATTERN: with what was stalled flowing again the sender ends with that status and one line
# that matches, and the receiver fails.
both_fail() {
    cat <&5 >/dev/null &
    ended "$sender"
    cat said
    [ "$status" -eq "$1" ]
    [ "$(wc -l <said)" -eq 1 ]
    grep -q -x -e "$2" said
    ended "$listener"
    [ "$status" -eq 1 ]
}

# tcp_state STATE: a connection to $port is in it.
tcp_state() {
    ss -Htn state "$1" "dport = :$port" | grep -q .
}

# refused STATUS PATTERN ARGUMENT...: zsend ends with that status before it connects, saying that.
refused() {
    local wanted=$1 pattern=$2
    shift 2
    run "-$wanted" timeout 30 zsend "$@"
    echo "$output"
    grep -q -x -e "$pattern" <<<"$output"
}

@test "a file larger than some MiB and of odd length arrives, by sendfile" {
    random_file like 9437201
    arrives like like
    moved_by sendfile 9437201
}

@test "every method gives the same bytes and moves them itself" {
    random_file like 5000017
    for method in $methods; do
        arrives like --method="$method" like
        moved_by "$method" 5000017
    done
}

@test "every method makes the calls that it is named after" {
    can_trace
    random_file like 3000017
    for method in $methods; do
        listen
        traced trace sendfile,splice,mmap,read,sendto,write -y \
            zsend --raw --method="$method" like "127.0.0.1:$port"
        ended "$listener"
        [ "$status" -eq 0 ]
        cmp like out
        case $method in
        sendfile) [ "$(returned sendfile)" -eq 3000017 ] ;;
        splice) [ "$(returned splice)" -eq 6000034 ] ;;
        mmap)
            [ "$(returned sendto)" -eq 3000017 ]
            run -1 grep 'read([0-9]*<[^>]*/like>' trace # a sanitizer may read files of /proc, and many
            ;;
        read)
            [ "$(returned sendto)" -eq 3000017 ]
            [ "$(returned read)" -ge 3000017 ]
            ;;
        esac
    done
}

@test "pipes and sockets on standard input go by splice, files there by sendfile" {
    random_file like 5000017
    for kind in pipe nonblock unix tcp file; do
        listen
        run -0 ends --in "$kind" like zsend --raw --stats - "127.0.0.1:$port"
        echo "$output" >said
        ended "$listener"
        [ "$status" -eq 0 ]
        cmp like out
        moved_by "$([ "$kind" = file ] && echo sendfile || echo splice)" 5000017
    done
}

@test "a pipe goes by read when that is asked for" {
    random_file like 500017
    arrives like --method=read - < <(cat like)
    moved_by read 500017
}

@test "a list of methods is used in its order, and one that cannot serve is passed over" {
    random_file like 500017
    arrives like --method=mmap,sendfile like
    moved_by mmap 500017
    arrives like --method=sendfile,mmap,read,splice - < <(cat like)
    moved_by read 500017
}

@test "methods that cannot serve the source are an error that names the pair" {
    for list in sendfile mmap sendfile,mmap; do
        listen
        run -1 zsend --raw --method="$list" - "127.0.0.1:$port" < <(echo x)
        [ "$output" = 'zsend: no method of --method can move bytes from a pipe to a stream socket: Invalid argument' ]
        ended "$listener"
        [ "$status" -eq 1 ]
    done
}

@test "an empty file and an empty pipe arrive" {
    : >like
    arrives like like
    for method in $methods; do
        arrives like --method="$method" like
    done
    arrives like - </dev/null
    arrives like - < <(:)
}

@test "a sparse file arrives with zeros in its holes" {
    truncate -s 20M like
    printf middle | dd of=like bs=1 seek=9000001 conv=notrunc status=none
    for method in $methods; do
        arrives like --method="$method" like
    done
}

@test "offsets beyond 4 GiB are as good as others" {
    truncate -s 5G like
    printf 'the end' >>like
    { head -c 1000000 /dev/zero && printf 'the end'; } >part
    for method in $methods; do
        arrives part --method="$method" --offset=5367709120 like
    done
}

@test "files of /proc, which have no size, arrive" {
    for file in version "$$/cmdline" "$$/environ" "$$/limits"; do
        cat "/proc/$file" >like
        [ -s like ]
        arrives like "/proc/$file"
    done
}

@test "a block device arrives whole, in part, and by every method" {
    random_file like 5000192
    device=$(losetup --find --show --read-only like 2>/dev/null) || skip 'no loop devices here'
    exec 6<"$device"
    losetup --detach "$device" # when nobody has it open any more
    arrives like "$device"
    moved_by sendfile 5000192
    for method in $methods; do
        arrives like --method="$method" "$device"
        moved_by "$method" 5000192
    done
    tail -c +5001 like | head -c 10000 >part
    arrives part --offset=5000 --length=10000 "$device"
    refused 1 "zsend: .*'$device'.*" --raw --offset=5000193 "$device" unix:none
    refused 1 "zsend: error reading '$device': it has only 5000192 bytes" --raw --length=5000193 "$device" unix:none
    exec 6<&-
}

@test "--offset and --length choose a part of a file, by every method" {
    random_file like 3000017
    tail -c +1234568 like >end
    head -c 1000001 end >part
    for method in $methods; do
        arrives end --method="$method" --offset=1234567 like
        arrives part --method="$method" --offset=1234567 --length=1000001 like
    done
    head -c 4097 like >part
    arrives part --length=4097 like
    : >part
    arrives part --offset=3000017 like
    arrives part --length=0 like
}

@test "--offset and --length take the suffixes of sizes" {
    random_file like 300000
    tail -c +65537 like | head -c 2048 >part
    arrives part --offset=64K --length=2k like
}

@test "--length takes so much of a pipe on standard input and leaves the rest in it" {
    random_file like 60000
    head -c 1001 like >part
    listen
    { send --length=1001 - && cat >rest; } < <(cat like)
    ended "$listener"
    [ "$status" -eq 0 ]
    cmp part out
    tail -c +1002 like | cmp - rest
}

@test "a pipe that ends before --length is an error at both ends" {
    listen
    run -1 zsend --raw --length=1001 - "127.0.0.1:$port" < <(head -c 1000 /dev/zero)
    [ "$output" = "zsend: error reading 'standard input': it ended after 1000 of 1001 bytes" ]
    ended "$listener"
    [ "$status" -eq 1 ]
}

@test "a file on standard input is sent from its position on, and left behind what was sent" {
    random_file like 100000
    tail -c +1001 like | head -c 5000 >part
    listen
    { head -c 1000 >/dev/null && send --offset=0 --length=5000 - && cat >rest; } <like
    ended "$listener"
    [ "$status" -eq 0 ]
    # head may have read more than it gave; what it left at is where the part begins
    [ "$(stat -c %s out)" -eq 5000 ]
    [ $(($(stat -c %s rest) + 5000)) -le 100000 ]
    tail -c $(($(stat -c %s rest) + 5000)) like >from
    cat out rest | cmp from -
}

@test "--offset goes on from the position of standard input, and needs one" {
    random_file like 100000
    tail -c +2001 like >part
    listen
    { dd bs=1000 count=1 status=none >/dev/null && send --offset=1000 -; } <like
    ended "$listener"
    cmp part out
    refused 1 "zsend: cannot go to offset 5 of 'standard input': Illegal seek" --raw --offset=5 - unix:none < <(:)
}

@test "a part beyond the end of the file is an error before anything is sent" {
    random_file like 1000
    refused 1 "zsend: error reading 'like': it has only 1000 bytes" --raw --offset=1001 like unix:none
    refused 1 "zsend: error reading 'like': it has only 1000 bytes" --raw --length=1001 like unix:none
    refused 1 "zsend: error reading 'like': it has only 1000 bytes" --raw --offset=1000 --length=1 like unix:none
    refused 1 "zsend: error reading 'like': it has only 1000 bytes" --raw --offset=1T like unix:none
    refused 1 "zsend: .*'like'.*" --raw --offset=9223372036854775807 like unix:none
}

@test "a part beyond the end of an empty file is an error too" {
    : >like
    refused 1 "zsend: error reading 'like': it has only 0 bytes" --raw --offset=1 like unix:none
    listen
    run -1 zsend --raw --length=1 like "127.0.0.1:$port"
    grep -q "^zsend: error reading 'like': it ended after 0 of 1 bytes" <<<"$output"
    ended "$listener"
    [ "$status" -eq 1 ]
}

@test "a file that is cut short while it is sent is an error at both ends, by every method" {
    for method in $methods; do
        truncate -s 32M like
        rm -f slow
        stalled_listen
        start_send --method="$method" like
        first_bytes
        truncate -s 100001 like
        both_fail 1 "zsend: error reading 'like': it \(ended after [0-9]* of 33554432 bytes\|was cut short while it was being sent\)"
    done
}

@test "a file that loses only its last bytes while it is sent is an error at both ends, by every method" {
    for method in $methods; do
        truncate -s 33554532 like
        rm -f slow
        stalled_listen
        start_send --method="$method" like
        first_bytes
        truncate -s 33554482 like
        both_fail 1 "zsend: error reading 'like': it.*"
    done
}

@test "so it is with --length, by every method" {
    for method in $methods; do
        truncate -s 33554532 like
        rm -f slow
        stalled_listen
        start_send --method="$method" --length=33554532 like
        first_bytes
        truncate -s 33554482 like
        both_fail 1 "zsend: error reading 'like': it.*"
    done
}

# maps PID FILE: the process has a mapping of it.
maps() {
    grep -q "/$2\$" "/proc/$1/maps"
}

@test "a file that loses the end of a page under a mapping is an error, also with --length" {
    for option in --length=1M --timeout=60; do
        truncate -s 1M like
        rm -f err socket
        zcat-net -l -d -v -U socket >out 2>err &
        listener=$!
        wait_for has_line err '^Listening'
        kill -STOP "$listener" # the connection holds much less than the file
        zsend --raw --method=mmap "$option" like unix:socket 2>said &
        sender=$!
        wait_for maps "$sender" like
        truncate -s 1048526 like
        kill -CONT "$listener"
        ended "$sender"
        cat said
        [ "$status" -eq 1 ]
        grep -q "^zsend: error reading 'like': it" said
        ended "$listener"
    done
}

@test "a file that grows while it is sent is an error at both ends, by every method" {
    for method in $methods; do
        truncate -s 32M like
        rm -f slow
        stalled_listen
        start_send --method="$method" like
        first_bytes
        printf more >>like
        both_fail 1 "zsend: error reading 'like': its size changed from 33554432 to 33554436 bytes while it was being sent"
    done
}

@test "with --length a file may grow behind that part" {
    truncate -s 32M like
    stalled_listen
    start_send --length=32M like
    first_bytes
    printf more >>like
    cat <&5 >out &
    ended "$sender"
    [ "$status" -eq 0 ]
    ended "$listener"
    [ "$status" -eq 0 ]
}

@test "a file that is cut short when all of it is in the connection, but not yet received, is an error" {
    need ss
    random_file like 100000
    mkfifo gate
    start_peer recv:1 wait:gate save:out
    start_send like
    wait_for tcp_state fin-wait-2
    truncate -s 1000 like
    open_gate gate
    ended "$sender"
    cat said
    [ "$status" -eq 1 ]
    grep -q "^zsend: error reading 'like': its size changed from 100000 to 1000 bytes" said
}

@test "a file that is replaced by another while it is sent arrives as it was" {
    random_file like 20000000
    cp like was
    stalled_listen
    start_send like
    first_bytes
    echo new >new && mv new like
    { head -c 1 was && cat <&5; } >out &
    ended "$sender"
    [ "$status" -eq 0 ]
    ended "$listener"
    [ "$status" -eq 0 ]
    wait
    cmp was out
}

@test "a directory, a missing file and an unreadable one are errors of this side" {
    mkdir directory
    listen
    run -1 zsend --raw directory "127.0.0.1:$port"
    [ "$output" = "zsend: error reading 'directory': Is a directory" ]
    ended "$listener"
    [ "$status" -eq 1 ]
    refused 1 "zsend: error reading 'missing': No such file or directory" --raw missing unix:none
    echo secret >closed
    chmod 000 closed
    if [ "$(id -u)" -eq 0 ]; then
        run -1 setpriv --bounding-set=-dac_override,-dac_read_search "$(command -v zsend)" --raw closed unix:none
    else
        run -1 zsend --raw closed unix:none
    fi
    [ "$output" = "zsend: error reading 'closed': Permission denied" ]
}

@test "standard input that is closed is an error at both ends" {
    listen
    run -1 bash -c "zsend --raw - 127.0.0.1:$port <&-" # run itself needs a standard input
    [ "$output" = "zsend: error reading 'standard input': Bad file descriptor" ]
    ended "$listener"
    [ "$status" -eq 1 ]
}

@test "a file arrives when standard input, output and error are all closed" {
    random_file like 500017
    listen
    zsend --raw --stats --debug like "127.0.0.1:$port" <&- >&- 2>&-
    ended "$listener"
    [ "$status" -eq 0 ]
    cmp like out
}

@test "a missing or wrong command line is a usage error" {
    local try="Try 'zsend --help' for more information\\."
    refused 2 "$try"
    unset ZSEND_KEY
    refused 2 'zsend: a key is needed: in --key-file, or in the environment variable ZSEND_KEY' like localhost:1
    refused 2 'zsend: missing file operand' --raw
    refused 2 "zsend: missing HOST:PORT after 'like'" --raw like
    refused 2 "zsend: extra operand 'more'" --raw like localhost:1 more
    refused 2 "zsend: missing port number: 'localhost'" --raw like localhost
    refused 2 "zsend: port number too large: 'localhost:65536'" --raw like localhost:65536
    refused 2 "zsend: missing host name: ':1'" --raw like :1
    refused 2 "zsend: an IPv6 address with a port is written \[ADDRESS\]:PORT: '::1:1'" --raw like ::1:1
    for list in warp clone copy_file_range tee sendfile,clone; do
        refused 2 "zsend: invalid argument '$list' for '--method'" --raw --method="$list" like localhost:1
    done
    refused 2 "zsend: invalid argument '-1' for '--offset'" --raw --offset=-1 like localhost:1
    refused 2 "zsend: invalid argument '10KiB' for '--length'" --raw --length=10KiB like localhost:1
    refused 2 "zsend: invalid argument '' for '--bwlimit'" --raw --bwlimit= like localhost:1
    refused 2 "zsend: too small argument '0' for '--bwlimit'" --raw --bwlimit=0 like localhost:1
    refused 2 "zsend: too small argument '4095' for '--pipe-size'" --raw --pipe-size=4095 like localhost:1
    refused 2 "zsend: invalid argument 'soon' for '--timeout'" --raw --timeout=soon like localhost:1
    refused 2 "zsend: invalid argument 'x' for '--connect-timeout'" --raw --connect-timeout=x like localhost:1
    refused 2 "zsend: too small argument '-1' for '--retry'" --raw --retry=-1 like localhost:1
    refused 2 "zsend: invalid argument 'bar' for '--progress'" --raw --progress=bar like localhost:1
    refused 2 "zsend: unrecognized option '--rax'" --rax like localhost:1
    refused 2 "zsend: unrecognized option '--meth=read'" --raw --meth=read like localhost:1
    [ "$(tail -n 1 <<<"$output")" = "Try 'zsend --help' for more information." ]
}

@test "--help and --version go to standard output, and fail when that is full" {
    run -0 --separate-stderr zsend --help
    # shellcheck disable=SC2154 # set by run
    [ -z "$stderr" ]
    grep -q '^Usage: zsend \[OPTION\]\.\.\. FILE\.\.\. HOST' <<<"$output"
    grep -q '^  or:  zsend --raw \[OPTION\]\.\.\. FILE HOST:PORT$' <<<"$output"
    run -0 --separate-stderr zsend --version
    [ -z "$stderr" ]
    grep -q '^zsend (zcopy) [0-9]' <<<"$output"
    for option in --help --version; do
        run -1 bash -c "zsend $option >/dev/full"
        [ "$output" = "zsend: error writing 'standard output': No space left on device" ]
    done
}

@test "an IPv6 address stands in brackets" {
    zcat-net -n -l -d --print-port ::1 0 >out 2>err &
    listener=$!
    wait_for has_line err '^[0-9z]'
    has_line err '^zcat-net' && skip 'no IPv6 here'
    take_port err
    random_file like 100001
    zsend --raw -v like "[::1]:$port" 2>said
    [ "$(cat said)" = "zsend: connected to [::1]:$port; sending 'like'" ]
    ended "$listener"
    [ "$status" -eq 0 ]
    cmp like out
}

@test "-4 and -6 choose the addresses of a name" {
    random_file like 1001
    listen
    zsend --raw -4 like "localhost:$port"
    ended "$listener"
    cmp like out
    refused 3 'zsend: getaddrinfo for host "127.0.0.1" port 9: .*' --raw -6 like 127.0.0.1:9
}

@test "UNIX sockets are reached by their path or abstract name, by every method" {
    random_file like 3000017
    local name="@zcopy-test-$BATS_ROOT_PID-$BATS_TEST_NUMBER"
    for method in $methods; do
        for place in "$PWD/socket" socket "$name"; do
            rm -f err
            zcat-net -l -d -v -U "$place" >out 2>err &
            listener=$!
            wait_for has_line err '^Listening'
            zsend --raw --stats --method="$method" like "unix:$place" 2>said
            ended "$listener"
            [ "$status" -eq 0 ]
            cmp like out
            moved_by "$method" 3000017
        done
    done
}

@test "a port may be the name of a service" {
    random_file like 1001
    while read -r name number; do
        [ "${number%/*}" -gt 1024 ] && [ "${number#*/}" = tcp ] || continue
        rm -f err
        zcat-net -n -l -d --print-port 127.0.0.1 "${number%/*}" >out 2>err &
        listener=$!
        wait_for has_line err .
        has_line err '^[0-9]' && break
        name=
    done < <(getent services | awk '{ print $1, $2 }')
    [ -n "$name" ] || skip 'no service has a free port here'
    zsend --raw like "127.0.0.1:$name"
    ended "$listener"
    [ "$status" -eq 0 ]
    cmp like out
}

@test "a receiver that cannot be reached is exit 3" {
    echo x >like
    start_peer bind hold
    refused 3 "zsend: connect to 127.0.0.1 port $port (tcp) failed: Connection refused" --raw like "127.0.0.1:$port"
    refused 3 "zsend: connect 'missing' failed: No such file or directory" --raw like unix:missing
    refused 3 'zsend: getaddrinfo for host "127.0.0.1" port no-such-service: .*' --raw like 127.0.0.1:no-such-service
    refused 3 'zsend: connect to 127.0.0.1 port 0 (tcp) failed: .*' --raw like 127.0.0.1:0
}

@test "--retry tries again until the receiver listens" {
    random_file like 100001
    mkfifo gate
    start_peer bind wait:gate listen save:out
    start_send -v --retry=60 like
    wait_for has_line said 'Connection refused$'
    open_gate gate
    ended "$sender"
    [ "$status" -eq 0 ]
    ended "$peer"
    cmp like out
}

@test "--retry gives up after so many" {
    echo x >like
    run -3 zsend --raw -v --retry=1 like unix:missing
    [ "$(grep -c 'No such file' <<<"$output")" -eq 2 ]
    run -3 zsend --raw --retry=1 like unix:missing
    [ "$(grep -c 'No such file' <<<"$output")" -eq 1 ]
}

@test "--connect-timeout ends waiting for a receiver that does not answer" {
    echo x >like
    start_peer deaf hold
    refused 3 "zsend: connect to 127.0.0.1 port $port (tcp) failed: Connection timed out" \
        --raw --connect-timeout=0.3 like "127.0.0.1:$port"
}

@test "--timeout ends a transfer whose receiver takes nothing any more" {
    truncate -s 32M like
    for method in $methods; do
        rm -f slow
        stalled_listen
        start_send --timeout=0.3 --method="$method" like
        ended "$sender" # with the receiver still stalled
        [ "$status" -eq 8 ]
        [ "$(cat said)" = "zsend: timed out: no byte has moved for too long from 'like' to '127.0.0.1:$port'" ]
        cat <&5 >/dev/null &
        ended "$listener"
        [ "$status" -eq 1 ]
    done
}

@test "--timeout ends a transfer whose receiver has everything and does not close" {
    echo x >like
    start_peer hold
    run -8 timeout 30 zsend --raw --timeout=0.3 like "127.0.0.1:$port"
}

@test "--timeout ends a transfer whose source gives nothing any more" {
    mkfifo idle
    exec 6<>idle
    listen
    printf some >&6
    run -8 timeout 30 zsend --raw --timeout=0.3 - "127.0.0.1:$port" <&6
    ended "$listener"
    [ "$status" -eq 1 ]
    exec 6<&-
}

@test "--timeout does not end a transfer that is slow but goes on" {
    random_file like 100000
    arrives like --timeout=1 --bwlimit=64K like
    printf abc >like
    arrives like --timeout=0.7 --bwlimit=1 like # the pauses are longer than the patience
}

@test "a receiver that resets is exit 4, whatever the method" {
    truncate -s 32M like
    for method in $methods; do
        start_peer recv:1000 reset
        run -4 timeout 30 zsend --raw --method="$method" like "127.0.0.1:$port"
        grep -q -x "zsend: error writing '127.0.0.1:$port': \(Connection reset by peer\|Broken pipe\)" <<<"$output"
    done
}

@test "a receiver that closes without having read everything is exit 4" {
    random_file like 100000
    start_peer recv:1000 close
    run -4 timeout 30 zsend --raw like "127.0.0.1:$port"
    [ "$(wc -l <<<"$output")" -eq 1 ]
}

@test "a receiver whose output is full is exit 4" {
    random_file like 1000001
    OUT=/dev/full listen
    run -4 timeout 30 zsend --raw like "127.0.0.1:$port"
    ended "$listener"
    [ "$status" -eq 1 ]
    has_line err 'No space left on device$'
}

@test "a receiver that vanishes is noticed while standard input gives nothing" {
    mkfifo idle
    exec 6<>idle
    listen
    zsend --raw - "127.0.0.1:$port" <&6 2>said &
    sender=$!
    printf some >&6
    wait_for has_line out some
    kill -KILL "$listener"
    local end=$((SECONDS + 10))
    until gone "$sender"; do
        [ "$SECONDS" -lt "$end" ]
        read -rt 0.01 <> <(:) || true
    done
    ended "$sender"
    [ "$status" -eq 4 ]
    exec 6<&-
}

@test "a receiver that has half-closed before still gets everything" {
    random_file like 9437201
    mkfifo gate
    start_peer fin wait:gate save:out
    start_send like
    open_gate gate
    ended "$sender"
    [ "$status" -eq 0 ]
    ended "$peer"
    cmp like out
    INPUT=/dev/null arrives like like
}

@test "a receiver that half-closes and then resets is exit 4" {
    truncate -s 32M like
    start_peer fin recv:1000 reset
    run -4 timeout 30 zsend --raw like "127.0.0.1:$port"
    mkfifo slow
    zcat-net -n -l --print-port 127.0.0.1 0 </dev/null >slow 2>err &
    listener=$!
    exec 5<slow
    take_port err
    start_send like
    first_bytes
    kill -KILL "$listener"
    ended "$sender"
    [ "$status" -eq 4 ]
}

@test "a receiver that talks back does not get stuck, and neither does zsend" {
    random_file like 20000001
    mkfifo gate
    start_peer duplex:like:out
    send like
    ended "$peer"
    cmp like out
    start_peer flood save:out
    send like
    ended "$peer"
    cmp like out
}

@test "socat as an echo server gets everything and says it back to nobody" {
    need socat
    random_file like 9437201
    socat -d -d TCP-LISTEN:0,bind=127.0.0.1 PIPE 2>err &
    wait_for has_line err 'listening on'
    port=$(sed -n 's/.*listening on.*:\([0-9]*\)$/\1/p' err)
    send like
    moved_by sendfile 9437201
}

@test "nc receives what zsend sends" {
    need nc
    random_file like 9437201
    for options in -d -N; do
        rm -f err
        nc -n -v "$options" -l 127.0.0.1 0 </dev/null >out 2>err &
        listener=$!
        wait_for has_line err '^Listening on .* [0-9][0-9]*$'
        port=$(sed -n 's/^Listening on .* \([0-9]*\)$/\1/p' err)
        send like
        ended "$listener"
        [ "$status" -eq 0 ]
        cmp like out
    done
}

@test "socat receives what zsend sends" {
    need socat
    random_file like 9437201
    socat -d -d -u TCP-LISTEN:0,bind=127.0.0.1 OPEN:out,creat 2>err &
    listener=$!
    wait_for has_line err 'listening on'
    port=$(sed -n 's/.*listening on.*:\([0-9]*\)$/\1/p' err)
    send like
    ended "$listener"
    [ "$status" -eq 0 ]
    cmp like out
}

@test "--debug says which method was used and why the others were not" {
    random_file like 500017
    arrives like --debug like
    grep -q "^zsend: debug: 'like' (regular file) to '127.0.0.1:$port' (stream socket): sendfile 500017$" said
    for method in splice mmap read; do
        grep -q "^zsend: debug: $method was not needed$" said
    done
    arrives like --debug - < <(cat like)
    grep -q "^zsend: debug: 'standard input' (pipe) to '127.0.0.1:$port' (stream socket): splice 500017$" said
    for method in sendfile mmap; do
        grep -q "^zsend: debug: $method cannot serve this pair$" said
    done
    arrives <(cat "/proc/$$/environ") --debug "/proc/$$/environ"
    grep -q '^zsend: debug: sendfile was refused: Invalid argument$' said
    grep -q '^zsend: debug: splice was refused: Invalid argument$' said
}

@test "--debug says why a transfer failed as well" {
    truncate -s 32M like
    start_peer recv:1000 reset
    run -4 zsend --raw --debug like "127.0.0.1:$port"
    grep -q "^zsend: debug: 'like' (regular file) to " <<<"$output"
}

@test "--stats tells bytes, time, rate and CPU time" {
    random_file like 500017
    arrives like like
    grep -q -x 'zsend: 500017 bytes, [0-9.]* s, [0-9.]* [KMG]iB/s, [0-9.]* s CPU, [0-9.]* s CPU/GiB, sendfile 500017' said
}

@test "without options nothing is said" {
    random_file like 500017
    listen
    run -0 zsend --raw like "127.0.0.1:$port"
    [ -z "$output" ]
}

@test "--bwlimit is kept" {
    random_file like 500000
    local began=${EPOCHREALTIME/./}
    arrives like --bwlimit=1M like
    [ $((${EPOCHREALTIME/./} - began)) -ge 400000 ]
}

@test "--pipe-size may be small or left alone" {
    random_file like 500017
    for size in 4096 64K keep; do
        arrives like --method=splice --pipe-size="$size" like
        arrives like --pipe-size="$size" - < <(cat like)
    done
}

@test "--nodelay and --congestion are set on the connection" {
    can_trace
    echo x >like
    listen
    traced trace setsockopt zsend --raw --nodelay --congestion=reno like "127.0.0.1:$port"
    grep -q 'TCP_NODELAY, \[1\]' trace
    grep -q 'TCP_CONGESTION, .*) = 0$' trace
    refused 3 'zsend: congestion control for 127.0.0.1 port 9 failed: No such file or directory' \
        --raw --congestion=none-such like 127.0.0.1:9
}

@test "--mptcp makes an MPTCP socket, which is refused where there is none" {
    can_trace
    python3 -c 'import socket; socket.socket(socket.AF_INET, socket.SOCK_STREAM, 262)' || skip 'no MPTCP here'
    random_file like 3000000
    listen --mptcp
    traced trace socket zsend --raw --mptcp like "127.0.0.1:$port"
    status_of "$listener"
    [ "$status" -eq 0 ]
    cmp like out
    grep -q 'socket(AF_INET, SOCK_STREAM.*, \(IPPROTO_MPTCP\|0x106\)' trace
    traced trace socket -e inject=socket:error=EPROTONOSUPPORT zsend --raw --mptcp like 127.0.0.1:9 2>said && return 1
    [ "$(cat said)" = 'zsend: MPTCP socket for 127.0.0.1 port 9 failed: Protocol not supported' ]
    refused 2 "zsend: --mptcp needs HOST:PORT" --raw --mptcp like unix:path
    refused 2 "zsend: --mptcp needs HOST:PORT" --raw --mptcp like vsock:2:1
}

@test "a receiver may be a vsock address" {
    can_trace
    echo x >like
    traced trace socket,connect -e inject=socket:error=EAFNOSUPPORT zsend --raw like vsock:host:9 2>said && return 1
    [ "$(cat said)" = "zsend: socket 'vsock:2:9' failed: Address family not supported by protocol" ]
    grep -q 'socket(AF_VSOCK, SOCK_STREAM' trace
    refused 2 "zsend: missing CID: 'vsock::9'" --raw like vsock::9
    refused 2 "zsend: invalid CID: 'vsock:x:9'" --raw like vsock:x:9
}

@test "--progress=always draws bytes, percent and time left, and ends its line" {
    truncate -s 32M like
    stalled_listen
    start_send --progress=always like
    wait_for has_line said $'\r.* MiB .*%  .* left  .*/s now  .*/s average'
    cat <&5 >/dev/null &
    ended "$sender"
    [ "$status" -eq 0 ]
    grep -q $'\r32.0 MiB  100%' said
    [ "$(tail -c 1 said | od -An -tx1)" = " 0a" ]
}

@test "--progress, alone or auto, draws nothing where there is no terminal" {
    truncate -s 1M like
    senders=()
    for option in --progress=auto --progress; do
        OUT=/dev/null listen
        zsend --raw --bwlimit=800K "$option" like "127.0.0.1:$port" 2>"said$option" &
        senders+=($!)
    done
    for sender in "${senders[@]}"; do
        ended "$sender"
        [ "$status" -eq 0 ]
    done
    [ ! -s said--progress ]
    [ ! -s said--progress=auto ]
}

@test "SIGUSR1 prints one status line, and the transfer goes on" {
    truncate -s 32M like
    stalled_listen
    start_send like
    first_bytes
    kill -USR1 "$sender"
    wait_for has_line said '^zsend: [0-9.]* [KM]*i*B .*% .*left.*average$'
    cat <&5 >/dev/null &
    ended "$sender"
    [ "$status" -eq 0 ]
    [ "$(wc -l <said)" -eq 1 ]
}

@test "a zsend that is killed in mid-transfer fails its receiver" {
    truncate -s 32M like
    for signal in KILL TERM INT; do
        rm -f slow
        stalled_listen
        if [ "$signal" = INT ]; then # a shell lets its background ignore it
            python3 -c 'import os, signal, sys
signal.signal(signal.SIGINT, signal.SIG_DFL)
os.execvp(sys.argv[1], sys.argv[1:])' zsend --raw like "127.0.0.1:$port" 2>said &
            sender=$!
        else
            start_send like
        fi
        first_bytes
        kill "-$signal" "$sender"
        cat <&5 >/dev/null &
        ended "$sender"
        [ "$status" -gt 128 ]
        ended "$listener"
        [ "$status" -eq 1 ]
        has_line err 'Connection reset by peer$'
    done
}
