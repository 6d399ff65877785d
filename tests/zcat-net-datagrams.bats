# SPDX-License-Identifier: MIT
# zcat-net -u: UDP.
# shellcheck disable=SC2030,SC2031,SC2154 # every test is a subshell of its own; the helpers set variables
bats_require_minimum_version 1.5.0
load helpers
load datagrams

# send_all [OPTION]...: all of standard input to $port, and leave.
send_all() {
    timeout 20 zcat-net -n -u --send-only "$@" 127.0.0.1 "$port"
}

# is_bound: somebody has $port, an event for peers that do not tell.
is_bound() {
    grep -q ":$(printf %04X "$port") " /proc/net/udp
}

sizes=0,1,1472,16384,65507

@test "what is received keeps its boundaries, empty and largest datagrams included" {
    keeping - 5 zcat-net -n -l -u -d -W 5 --print-port 127.0.0.1 0 2>err &
    listener=$!
    take_port err
    talk 127.0.0.1 "to:$port" send:{0,1,1472,16384,65507}
    status_of "$listener"
    [ "$status" -eq 0 ]
    [ "$(lines_of kept got)" = "$(lines_of peer.log sent)" ]
    [ "$(lines_of kept got | cut -d ' ' -f 1 | paste -sd ,)" = "$sizes" ]
}

@test "what is sent keeps its boundaries, empty and largest datagrams included" {
    talk 127.0.0.1 hear:5
    keeping "$sizes" 0 zcat-net -n -u -w 1 127.0.0.1 "$port"
    status_of "$peer"
    [ "$(lines_of kept sent)" = "$(lines_of peer.log got)" ]
    [ "$(lines_of kept sent | cut -d ' ' -f 1 | paste -sd ,)" = "$sizes" ]
}

@test "a datagram that is too long is an error, and nothing of it is sent" {
    talk 127.0.0.1 hear:1
    run -1 timeout 20 python3 "$BATS_TEST_DIRNAME/datagrams.py" keep 65508 0 zcat-net -n -u 127.0.0.1 "$port"
    [ "${lines[-1]}" = "zcat-net: error writing '127.0.0.1:$port': Message too long" ]
    run ! hears 1
}

@test "a file goes out in pieces of 16384 bytes" {
    random_file in 40000
    talk 127.0.0.1 hear:3
    send_all <in
    status_of "$peer"
    [ "$(lines_of peer.log got | cut -d ' ' -f 1 | paste -sd ,)" = 16384,16384,7232 ]
}

@test "a terminal goes out line by line, a pipe write by write" {
    printf 'one\nthree\n' >in
    talk 127.0.0.1 hear:2
    ends --in lines in zcat-net -n -u --send-only 127.0.0.1 "$port"
    status_of "$peer"
    [ "$(lines_of peer.log got | cut -d ' ' -f 1 | paste -sd ,)" = 4,6 ]
    mkfifo go
    exec 9<>go
    talk 127.0.0.1 hear:2
    send_all <go 9>&- &
    printf hello >&9
    wait_for hears 1
    printf 'to you' >&9
    status_of "$peer"
    [ "$(lines_of peer.log got | cut -d ' ' -f 1 | paste -sd ,)" = 5,6 ]
    exec 9>&-
}

@test "a burst of thousands of datagrams arrives, both ways at once" {
    talk 127.0.0.1 rcvbuf:4000000 hear:1 burst:2000x500 hear:60
    random_file in 1000000
    timeout 30 zcat-net -n -u -I 4M -W 2000 127.0.0.1 "$port" <in >out
    [ "$(stat -c %s out)" -eq 1000000 ]
    status_of "$peer"
    [ "$(lines_of peer.log got | awk '{ sum += $1 } END { print sum }')" = 999424 ]
}

@test "a burst from zcat-net to zcat-net arrives" {
    random_file in 2000000
    listen -u -w 1 -I 4M
    send_all <in
    status_of "$listener"
    [ "$status" -eq 0 ]
    cmp in out
}

@test "what the kernel had to drop is told, and is a failure" {
    mkfifo slow
    exec 9<>slow
    OUT=slow listen -u -w 1 -I 64K 9>&-
    talk 127.0.0.1 "to:$port" burst:2000x1400
    status_of "$peer"
    cat slow >out 9>&- &
    status_of "$listener"
    [ "$status" -eq 1 ]
    has_line err "^zcat-net: error reading '127.0.0.1:[0-9]*': [0-9]* datagrams came faster than they could be written, and are lost"
    exec 9>&-
}

@test "the first sender becomes the peer, who is answered; nobody else is heard" {
    echo answer >answer
    mkfifo go
    INPUT=answer listen -u -v
    has_line err "^Bound on 127.0.0.1 $port$"
    local listened=$port
    talk 127.0.0.1 "to:$port" send:6 hear:1 wait:go
    wait_for hears 1
    has_line err '^Connection received on 127.0.0.1 [0-9][0-9]*$'
    [ "$(lines_of peer.log got | cut -d ' ' -f 1)" = 7 ]
    timeout 20 python3 "$BATS_TEST_DIRNAME/datagrams.py" peer 127.0.0.1 "to:$listened" connect refused >log
    has_line log '^refused$'
    [ "$(stat -c %s out)" -eq 6 ]
    open_gate go
    kill "$listener"
}

@test "with -k all senders are heard, one after the other and mixed, and nobody is answered" {
    echo secret >secret
    INPUT=secret listen -u -k -v -W 4
    mkfifo go
    local listened=$port
    talk 127.0.0.1 "to:$port" send:3 wait:go hear:1
    port=$listened
    echo two | send_all
    echo three | send_all
    echo four | timeout 20 nc -u -q 0 127.0.0.1 "$port"
    status_of "$listener"
    [ "$status" -eq 0 ]
    [ "$(stat -c %s out)" -eq 18 ]
    [ "$(tail -c 15 out)" = $'two\nthree\nfour' ]
    [ "$(grep -c -e Bound -e received err)" -eq 1 ]
    run ! hears 1
}

@test "-k goes on when a sender has gone, and -w and --timeout do not end it" {
    listen -u -k -w 0.1 --timeout=0.1 -W 2
    echo one | send_all
    wait_for has_line out one
    # Longer than both, and then it still listens.
    read -rt 0.5 <> <(:) || true
    echo two | send_all
    status_of "$listener"
    [ "$status" -eq 0 ]
    [ "$(cat out)" = $'one\ntwo' ]
}

@test "an empty datagram is not an end, and -W counts it" {
    listen -u -W 3
    talk 127.0.0.1 "to:$port" send:0 send:0 send:5
    status_of "$listener"
    [ "$status" -eq 0 ]
    [ "$(stat -c %s out)" -eq 5 ]
}

@test "-W takes no datagram more than it was told" {
    listen -u -W 2
    talk 127.0.0.1 "to:$port" burst:9x10
    status_of "$listener"
    [ "$status" -eq 0 ]
    [ "$(stat -c %s out)" -eq 20 ]
}

@test "after the end of standard input answers are received, until -w" {
    mkfifo go
    talk 127.0.0.1 hear:1 wait:go send:100
    zcat-net -n -u -w 2 127.0.0.1 "$port" >out <<<hello &
    local client=$!
    wait_for threads_at_most 2 "$client"
    wait_for hears 1
    open_gate go
    status_of "$client"
    [ "$status" -eq 0 ]
    [ "$(stat -c %s out)" -eq 100 ]
}

@test "-q leaves so long after the end of standard input, --exit-on=eof and --send-only at once" {
    local option
    for option in -q0 -q0.1 --exit-on=eof --send-only; do
        talk 127.0.0.1 hear:1
        run -0 timeout 20 zcat-net -n -u "$option" 127.0.0.1 "$port" <<<hello
        status_of "$peer"
        hears 1
    done
}

@test "-N, --no-half-close and a negative -q change nothing" {
    local option
    for option in -N --no-half-close -q-1; do
        talk 127.0.0.1 echo:1
        timeout 20 zcat-net -n -u "$option" -W 1 127.0.0.1 "$port" <<<hello >out
        [ "$(cat out)" = hello ]
    done
}

@test "--send-only throws answers away, -d sends nothing" {
    mkfifo go gone
    exec 9<>go
    talk 127.0.0.1 echo:1 wait:gone hear:1
    send_all <go >out 9>&- &
    local client=$!
    echo hello >&9
    wait_for hears 1
    exec 9>&-
    status_of "$client"
    [ "$status" -eq 0 ]
    [ ! -s out ]
    timeout 20 zcat-net -n -u -d -w 0.2 127.0.0.1 "$port" <<<hello >out
    open_gate gone
    run ! hears 2
}

@test "--timeout is a failure" {
    talk 127.0.0.1 hear:2
    run -1 --separate-stderr timeout 20 zcat-net -n -u --timeout=0.2 127.0.0.1 "$port" <<<hello
    [ "$stderr" = "zcat-net: timed out: no byte has moved for too long between '127.0.0.1:$port' and standard input or output" ]
}

@test "a refusal is an error with the peer's name, whenever it comes" {
    free_port
    random_file in 1000000
    local option
    for option in --send-only -w9 -q9; do
        run -1 --separate-stderr timeout 20 zcat-net -n -u $option 127.0.0.1 "$port" <<<hello
        [ "$stderr" = "zcat-net: error writing '127.0.0.1:$port': Connection refused" ]
        run -1 --separate-stderr timeout 20 zcat-net -n -u $option 127.0.0.1 "$port" <in
        [ "$stderr" = "zcat-net: error writing '127.0.0.1:$port': Connection refused" ]
    done
}

@test "a peer that answers and goes: the answer is written, and then the refusal told" {
    mkfifo go
    exec 9<>go
    talk 127.0.0.1 echo:1
    zcat-net -n -u 127.0.0.1 "$port" <go >out 2>log 9>&- &
    local client=$!
    echo hello >&9
    status_of "$peer"
    echo more >&9
    status_of "$client"
    [ "$status" -eq 1 ]
    [ "$(cat out)" = hello ]
    [ "$(cat log)" = "zcat-net: error writing '127.0.0.1:$port': Connection refused" ]
    exec 9>&-
}

@test "standard output that is full or gone is an error" {
    OUT=/dev/full listen -u
    echo hello | send_all
    status_of "$listener"
    [ "$status" -eq 1 ]
    has_line err "^zcat-net: error writing 'standard output': No space left on device$"
}

@test "standard input that is closed is an error" {
    talk 127.0.0.1 hear:1
    run -1 --separate-stderr ends --in closed - zcat-net -n -u 127.0.0.1 "$port"
    [ "$stderr" = "zcat-net: error reading 'standard input': Bad file descriptor" ]
}

@test "nc -u is understood, and understands" {
    echo answer >answer
    INPUT=answer listen -u -q 0
    timeout 20 nc -n -u -W 1 127.0.0.1 "$port" <<<hello >back
    status_of "$listener"
    [ "$(cat out back)" = $'hello\nanswer' ]
    # nc does not tell its port: the one that was just free.
    nc -n -l -u 127.0.0.1 "$port" <answer >out 9>&- &
    wait_for is_bound
    timeout 20 zcat-net -n -u -W 1 127.0.0.1 "$port" <<<hello >back
    wait_for has_line out hello
    [ "$(cat back)" = answer ]
}

@test "socat is understood, and understands" {
    need socat
    listen -u -W 1
    socat -u STDIN "UDP4-SENDTO:127.0.0.1:$port" <<<hello
    status_of "$listener"
    [ "$(cat out)" = hello ]
    socat "UDP4-RECVFROM:$port,bind=127.0.0.1,fork" EXEC:cat &
    wait_for is_bound
    timeout 20 zcat-net -n -u -W 1 127.0.0.1 "$port" <<<hello >back
    [ "$(cat back)" = hello ]
}

@test "IPv6 works, and without an address both families are heard" {
    [ -e /proc/net/if_inet6 ] || skip 'no IPv6 here'
    talk ::1 echo:1
    timeout 20 zcat-net -n -u -W 1 ::1 "$port" <<<hello >out
    [ "$(cat out)" = hello ]
    free_port
    run -1 --separate-stderr timeout 20 zcat-net -n -u -w9 ::1 "$port" <<<hello
    [ "$stderr" = "zcat-net: error writing '[::1]:$port': Connection refused" ]
    serve -n -v -l -u -k -W 2 0
    has_line err "^Bound on 0.0.0.0 $port$"
    has_line err "^Bound on :: $port$"
    timeout 20 zcat-net -n -u --send-only ::1 "$port" <<<six
    wait_for has_line out six
    timeout 20 zcat-net -n -u --send-only 127.0.0.1 "$port" <<<four
    status_of "$listener"
    [ "$(cat out)" = $'six\nfour' ]
    serve -n -v -l -u -W 1 0
    timeout 20 zcat-net -n -u --send-only ::1 "$port" <<<six
    status_of "$listener"
    [ "$(cat out)" = six ]
    has_line err '^Connection received on ::1 [0-9][0-9]*$'
}

@test "-s and -p choose the source" {
    free_port
    local source=$port
    talk 127.0.0.1 hear:1
    send_all -s 127.0.0.1 -p "$source" <<<hello
    status_of "$peer"
    has_line peer.log "^from $source$"
}

@test "a port that another socket has is refused" {
    listen -u
    fails_with "bind for 127.0.0.1 port $port failed: Address already in use" -n -l -u 127.0.0.1 "$port"
}

@test "-v says what nc says, and sends nothing that was not asked for" {
    talk 127.0.0.1 hear:1 wait:go hear:1
    send_all -v <<<hello 2>log
    [ "$(cat log)" = "Connection to 127.0.0.1 $port port [udp/*] succeeded!" ]
    [ "$(lines_of peer.log got | cut -d ' ' -f 1)" = 6 ]
    getent services ntp/udp >/dev/null || skip 'no /etc/services here'
    timeout 20 zcat-net -u -v --send-only 127.0.0.1 ntp </dev/null 2>log
    [ "$(cat log)" = "Connection to 127.0.0.1 123 port [udp/ntp] succeeded!" ]
}

@test "-z -u takes silence for open, as nc does" {
    mkfifo go
    talk 127.0.0.1 hear:3 wait:go
    run -0 --separate-stderr timeout 20 zcat-net -z -u -v -n -w 1.5 127.0.0.1 "$port"
    [ "$stderr" = "Connection to 127.0.0.1 $port port [udp/*] succeeded!" ]
    wait_for hears 3
    [ "$(lines_of peer.log got | cut -d ' ' -f 1 | sort -u)" = 1 ]
    run -0 --separate-stderr timeout 20 nc -z -u -v -n -w 1 127.0.0.1 "$port"
    [ "$stderr" = "Connection to 127.0.0.1 $port port [udp/*] succeeded!" ]
}

@test "-z -u takes an answer for open without waiting, and a refusal for closed" {
    talk 127.0.0.1 echo:1
    run -0 timeout 20 zcat-net -z -u -w 60 127.0.0.1 "$port"
    [ -z "$output" ]
    free_port
    run -1 --separate-stderr timeout 20 zcat-net -z -u -n 127.0.0.1 "$port"
    [ -z "$stderr" ]
    run -1 --separate-stderr timeout 20 zcat-net -z -u -n -v 127.0.0.1 "$port"
    [ "$stderr" = "zcat-net: connect to 127.0.0.1 port $port (udp) failed: Connection refused" ]
    talk 127.0.0.1 echo:1
    run -0 --separate-stderr timeout 20 zcat-net -z -u -n -v -w 0.5 127.0.0.1 "$port-$port"
    [ "$stderr" = "Connection to 127.0.0.1 $port port [udp/*] succeeded!" ]
}

@test "-z -u takes the answer of one who leaves behind it, and refuses the next probe, for open" {
    can_trace
    talk 127.0.0.1 echo:1
    run -0 traced /dev/null sendto -e inject=sendto:delay_exit=500000:when=1 \
        timeout 20 zcat-net -z -u -w 60 127.0.0.1 "$port"
    [ -z "$output" ]
}

# in_network COMMAND: runs it in a network of its own that has a broadcast address, 10.9.9.255.
in_network() {
    need ip unshare
    cat >network <<'END'
ip link set lo up && ip link add one type veth peer name two && ip addr add 10.9.9.1/24 broadcast + dev one &&
    ip link set two up && ip link set one up || exit 77
exec "$@"
END
    timeout 60 unshare -rn sh network "$@"
}

@test "-b permits broadcasts, which without it are refused" {
    cat >broadcast <<'END'
zcat-net -n -l -u -k -d --print-port -W 1 0 >out 2>err &
until grep -q '^[0-9]' err; do :; done
port=$(head -n 1 err)
echo hello | zcat-net -n -u --send-only 10.9.9.255 "$port" 2>without
echo $? >>without
echo hello | zcat-net -n -u -b --send-only 10.9.9.255 "$port" || exit 1
wait
sed "s/$port/PORT/" without
END
    run -0 --separate-stderr in_network true || skip 'no network namespace here'
    run -0 --separate-stderr in_network sh broadcast
    printf '%s\n' "$output" "$stderr"
    [ "$output" = 'zcat-net: connect to 10.9.9.255 port PORT (udp) failed: Permission denied
1' ]
    [ "$(cat out)" = hello ]
}

@test "--bwlimit lets everything through, a datagram at a time" {
    can_trace
    random_file in 100000
    listen -u -w 1 --bwlimit=1M
    traced calls sendmmsg zcat-net -n -u --send-only --bwlimit=400K 127.0.0.1 "$port" <in
    status_of "$listener"
    [ "$status" -eq 0 ]
    cmp in out
    # The bucket holds 20480 bytes, and a piece may go over it.
    awk '/sendmmsg/ && $NF > 2 { bad = 1 } /sendmmsg/ { n++ } END { exit bad || n < 4 }' calls
}

@test "datagrams go in batches, and nothing is spliced" {
    can_trace
    random_file in 300000
    rm -f err
    traced calls recvmmsg,sendmmsg,splice,sendfile,tee zcat-net -n -l -d -u -w 1 -I 1M --print-port 127.0.0.1 0 >out 2>err &
    listener=$!
    take_port err
    traced sent recvmmsg,sendmmsg,splice,sendfile,tee zcat-net -n -u --send-only 127.0.0.1 "$port" <in
    status_of "$listener"
    cmp in out
    run ! grep -E 'splice|sendfile|tee\(' calls sent
    grep -q 'sendmmsg(.* = 16$' sent
    grep -q 'recvmmsg(.* = [1-9]' calls
}

@test "--stats and --debug count bytes, datagrams and calls" {
    random_file in 40000
    listen -u -w 1 --stats --debug
    run -0 --separate-stderr timeout 20 zcat-net -n -u --send-only --stats --debug 127.0.0.1 "$port" <in
    [[ $stderr == *"zcat-net: debug: 'standard input' to '127.0.0.1:$port': read and sendmmsg, 40000 bytes in 3 datagrams and 1 calls"* ]]
    [[ $stderr =~ zcat-net:\ 40000\ bytes,\ .*,\ read\ 40000$ ]]
    status_of "$listener"
    has_line err "^zcat-net: debug: '127.0.0.1:[0-9]*' to 'standard output': recvmmsg and write, 40000 bytes in 3 datagrams and"
    has_line err '^zcat-net: 40000 bytes, .* read 40000$'
}

@test "--progress shows a line, and SIGUSR1 prints one" {
    mkfifo go
    exec 9<>go
    talk 127.0.0.1 hear:1
    zcat-net -n -u --progress=always 127.0.0.1 "$port" <go 2>log 9>&- &
    local client=$!
    printf %01024d 0 >&9
    wait_for hears 1
    wait_for has_line log '1.00 KiB .*/s now'
    kill -USR1 "$client"
    wait_for has_line log '^zcat-net: 1.00 KiB\|zcat-net: 1.00 KiB .*average$'
    exec 9>&-
    kill -TERM "$client"
}

@test "what makes no sense for datagrams is a usage error" {
    refuses '--nodelay, --congestion and --mptcp exclude -u' -u --nodelay 127.0.0.1 1
    refuses '--nodelay, --congestion and --mptcp exclude -u' -u --congestion=reno 127.0.0.1 1
    refuses 'with -u the peer has no end: --exit-on=peer and --exit-on=both exclude it' -u --exit-on=peer 127.0.0.1 1
    refuses 'with -u the peer has no end: --exit-on=peer and --exit-on=both exclude it' -u --exit-on=both 127.0.0.1 1
    refuses '-k with -u only receives: --send-only excludes it' -l -u -k --send-only 1
    refuses 'of --method, -u can use read only' -u --method=splice,sendfile 127.0.0.1 1
    talk 127.0.0.1 hear:1
    send_all --method=splice,read <<<hello
    status_of "$peer"
    hears 1
}

@test "the options of sockets work for datagrams" {
    can_trace
    talk 127.0.0.1 hear:1
    traced calls setsockopt zcat-net -n -u --send-only -b -T ef -M 9 -I 64K -O 32K 127.0.0.1 "$port" <<<hello
    local option
    for option in 'SO_BROADCAST, \[1\]' 'SO_RCVBUF, \[65536\]' 'SO_SNDBUF, \[32768\]' 'IP_TOS, \[184\]' 'IP_TTL, \[9\]'; do
        grep -q "$option, 4) = 0" calls
    done
    run ! grep -E 'SO_LINGER|SO_KEEPALIVE|TCP_|SO_REUSE' calls
}
