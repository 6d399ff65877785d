# SPDX-License-Identifier: MIT
# Scenes for the lines that zcat-net(1) translates from nc, ncat and socat: what has to be there, and what must come of it.
# shellcheck shell=bash disable=SC2030,SC2031,SC2034,SC2154 # every test is a subshell of its own; the helpers set variables

# Each scene_NAME plays $line, of zcopy or of another command, to its end. The peers of ours are the real
# nc or socat, those of the others zcat-net; so every line also shows that the two understand each other.

both() {
    cmp -s FILE got && cmp -s FILE COPY
}

unpacked() {
    diff -r DIR NEW/DIR >diff.out 2>&1
}

sent_tar() {
    tar -x -f got -C NEW 2>tar.err && unpacked
}

digest_told() {
    cmp -s FILE "$1" && grep -q "$(sha256sum <FILE | cut -d ' ' -f 1)" out err
}

two_lines() {
    printf 'one\ntwo\n' | cmp -s - LOG
}

relayed() {
    cmp -s REQUEST request && cmp -s ANSWER back
}

dumped() {
    cmp -s REQUEST got && head -c 8 REQUEST | od -An -tx1 | grep -q -i -f - DUMP
}

taped() {
    cmp -s FILE SENT && cmp -s ANSWER GOT
}

told_and_heard() {
    has_line "$1" "$2" && has_line "$3" "$4"
}

set_and_sent() {
    cmp -s REQUEST got && grep -q "$1" set
}

asked() {
    has_line out '^hello$' && printf 'GET / HTTP/1.0\r\n\r\n' | cmp -s - request
}

# A listener that keeps what comes, and the line that sends it.
scene_sink() {
    meet 'nc -d -l 127.0.0.1 0 >got' 'zcat-net -d -l 127.0.0.1 0 >got'
    [ "${1:-}" != REQUEST ] || input=REQUEST
    start
    settle "${@:2}" cmp -s "${1:-FILE}" got
}

scene_tail() {
    tail -c +1048577 FILE >want
    scene_sink want
}

scene_tar() {
    meet 'nc -d -l 127.0.0.1 0 >got' 'zcat-net -d -l 127.0.0.1 0 >got'
    start
    settle sent_tar
}

scene_result() { # scene_result COMMAND: the same, but it is this that has to succeed
    meet 'nc -d -l 127.0.0.1 0 >got' 'zcat-net -d -l 127.0.0.1 0 >got'
    start
    settle "$@"
}

scene_tells() { # scene_tells PATTERN: what was sent arrives, and the messages say this
    meet 'nc -d -l 127.0.0.1 0 >got' 'zcat-net -d -l 127.0.0.1 0 >got'
    start
    ours || leaves=yes
    settle cmp -s FILE got
    grep -q "$1" err
}

scene_option() { # scene_option PATTERN: what was sent arrives, and the socket was told this
    local found
    strace -o /dev/null true 2>/dev/null || { missing strace; return; }
    meet 'nc -d -l 127.0.0.1 0 >got' 'zcat-net -d -l 127.0.0.1 0 >got'
    input=REQUEST trace=set
    start
    settle cmp -s REQUEST got
    for found; do grep -q "$found" set; done
}

scene_serve() { # the line listens, and has the file
    start
    bound "$tried"
    visit 'nc -d 127.0.0.1 PORT >got' 'zcat-net -d 127.0.0.1 PORT >got'
    settle cmp -s FILE got
}

scene_serve_all() { # the same for one client after the other, at the same port
    free_port
    here=$port leaves=never
    start
    for _ in 1 2; do
        wait_for visit 'nc -d 127.0.0.1 PORT >got && cmp -s FILE got' 'zcat-net -d 127.0.0.1 PORT >got && cmp -s FILE got'
    done
    settle true
}

# tried_once: whoever tries again waits for that.
tried_once() {
    local process
    for process in $(pgrep -g "$tried"); do
        ! grep -qx -e zcat-net -e sleep -e socat "/proc/$process/comm" ||
            ! grep -q '^State:.S' "/proc/$process/status" || return 0
    done
    return 1
}

scene_later() { # scene_later [FILE]: the peer listens only when there has been one try
    free_port
    start
    wait_for tried_once
    input=/dev/null background peer.out peer.err "$(ours && echo nc || echo zcat-net) -d -l 127.0.0.1 $port >got"
    leaves=yes
    settle cmp -s "${1:-FILE}" got
}

scene_leaves() { # the peer goes on, and the line ends
    start_peer save:got hold
    start
    [[ $line == nc* ]] || leaves=yes # nc 1.219 stays, whatever its manual says
    settle cmp -s FILE got
}

scene_receive() { # scene_receive COMMAND: the line listens, and receives the file
    start
    bound "$tried"
    visit 'nc -N 127.0.0.1 PORT <FILE' 'zcat-net 127.0.0.1 PORT <FILE'
    settle "$@"
}

scene_unpack() {
    start
    bound "$tried"
    visit 'tar -c DIR | nc -N 127.0.0.1 PORT' 'tar -c DIR | zcat-net 127.0.0.1 PORT'
    settle unpacked
}

scene_fetch() {
    meet 'nc -N -l 127.0.0.1 0 <FILE' 'zcat-net --send-only -l 127.0.0.1 0 <FILE'
    start
    settle cmp -s FILE COPY
}

scene_collect() {
    leaves=never
    start
    bound "$tried"
    visit 'echo one | nc -N 127.0.0.1 PORT' 'echo one | zcat-net 127.0.0.1 PORT'
    wait_for has_line LOG one # clients of fork are served at the same time
    visit 'echo two | nc -N 127.0.0.1 PORT' 'echo two | zcat-net 127.0.0.1 PORT'
    settle two_lines
}

scene_tapes() {
    start_peer save:got send:ANSWER close
    start
    settle taped
}

scene_talk() { # one says something, the other answers
    meet 'socat TCP-LISTEN:0,bind=127.0.0.1 PIPE' 'socat TCP-LISTEN:0,bind=127.0.0.1 PIPE'
    typing
    echo one >&8
    wait_for has_line out '^one$'
    echo two >&8
    settle has_line out '^two$'
}

scene_answer() { # scene_answer [OPTION]...: the line listens and talks
    typing
    bound "$tried"
    input=/dev/null background got peer.err "echo hello | $(ours && echo nc || echo zcat-net --no-half-close) $* 127.0.0.1 $port"
    wait_for has_line out '^hello$'
    echo welcome >&8
    [ "$#" -eq 0 ] || leaves=never # datagrams have no end
    wait_for has_line got '^welcome$'
    settle has_line got '^welcome$'
}

scene_banner() {
    start_peer text:SSH-2.0-test hold
    start
    leaves=yes
    settle has_line out '^SSH-2.0-test'
}

scene_ask() {
    start_peer head:request send:ANSWER close
    start
    settle asked
}

scene_no_end() { # the server would take an end for a client that has gone
    start_peer head:request peek send:ANSWER close
    start
    settle has_line out '^hello$'
    has_line peer.log '^no fin$'
    cmp REQUEST request
}

scene_telnet() { # DO ECHO is answered with WONT ECHO
    start_peer hex:fffd01 take:3:got text:hello close
    typing
    wait_for has_line out hello # after the half-close nothing could be answered
    settle has_line out hello
    printf '\377\374\001' | cmp - got
}

scene_idle() { # nothing moves, though neither side has ended
    start_peer text:hello hold
    typing
    leaves=yes
    [[ $line != ncat* ]] || want=1
    settle true
}

scene_deaf() { # nobody answers at all
    start_peer deaf hold
    start
    leaves=yes want=1
    settle true
    [ -s err ]
}

scene_open() { # scene_open [PATTERN]: a port at which somebody listens
    meet 'nc -d -k -l 127.0.0.1 0' 'zcat-net -d -k -l 127.0.0.1 0'
    start
    leaves=yes
    settle true
    grep -q "127.0.0.1.* $port port.* succeeded!" err || [ -z "${1:-}" ]
}

scene_open_udp() {
    meet 'nc -u -d -l 127.0.0.1 0' 'zcat-net -u -k -l 127.0.0.1 0'
    start
    leaves=yes
    settle has_line err "127.0.0.1.* $port port.* succeeded!"
}

scene_one_way() { # between a client and a peer
    start_peer save:got close
    start
    bound "$tried"
    visit 'nc -N 127.0.0.1 PORT <FILE' 'zcat-net 127.0.0.1 PORT <FILE'
    settle cmp -s FILE got
}

scene_relay() { # a peer that answers a request and ends, which is what ends the relay
    start_peer head:request send:ANSWER close
    relayed_to_client
}

scene_relay_unix() {
    meet "socat UNIX-LISTEN:PATH SYSTEM:'head -n 3 >request; cat ANSWER'" \
        "socat UNIX-LISTEN:PATH SYSTEM:'head -n 3 >request; cat ANSWER'"
    relayed_to_client
}

relayed_to_client() {
    start
    bound "$tried"
    # nc -N leaves when the client half-closes, whatever is still to be answered.
    input=REQUEST background back client.err "$(ours && echo nc -N || echo zcat-net --no-half-close) 127.0.0.1 $port"
    settle relayed
}

scene_from() { # the peer sees the address that was asked for
    free_port
    source=$port
    start_peer name save:got close
    start
    settle has_line peer.log "^from 127.0.0.2 $source$"
}

scene_local() { # scene_local ADDR: listens there
    start
    bound "$tried"
    echo "the port is $port"
    visit "echo hello | nc -N $1 PORT" "echo hello | zcat-net $1 PORT"
    settle has_line out '^hello$'
    [ "${2:-}" = silent ] || grep -q "\(^\|[ :]\)$port\$" err
}

scene_six() {
    [ -e /proc/net/if_inet6 ] || { missing IPv6; return; }
    host=::1 input=REQUEST
    meet 'nc -6 -d -l ::1 0 >got' 'zcat-net -6 -d -l ::1 0 >got'
    start
    settle cmp -s REQUEST got
}

scene_log_line() { # scene_log_line PATTERN [ADDR]: a datagram
    meet "nc -u -d -l ${2:-127.0.0.1} 0 >got" "zcat-net -u -k -l ${2:-127.0.0.1} 0 >got"
    [ -z "${2:-}" ] || host=127.255.255.255
    start
    settle has_line got "$1"
}

scene_query() {
    meet 'socat UDP-RECVFROM:0,bind=127.0.0.1 PIPE' 'socat UDP-RECVFROM:0,bind=127.0.0.1 PIPE'
    start
    settle cmp -s REQUEST out
}

scene_collect_udp() {
    leaves=never
    start
    bound "$tried"
    visit 'echo one | socat -u - UDP:127.0.0.1:PORT' 'echo one | zcat-net -u --send-only 127.0.0.1 PORT'
    wait_for has_line LOG one
    visit 'echo two | socat -u - UDP:127.0.0.1:PORT' 'echo two | zcat-net -u --send-only 127.0.0.1 PORT'
    settle two_lines
}

scene_unix() { # scene_unix [NAME]
    local path=${1:+@$name}
    meet "nc -d -l -U ${path:-PATH} >got" "zcat-net -d -l -U ${path:-PATH} >got"
    start
    settle cmp -s FILE got
}

scene_receive_unix() {
    start
    bound "$tried"
    visit 'nc -N -U PATH <FILE' 'zcat-net -U PATH <FILE'
    settle cmp -s FILE COPY
}

scene_ask_unix() {
    meet 'nc -N -l -U PATH <ANSWER >request' 'zcat-net -l -U PATH <ANSWER >request'
    start
    settle asked
}

scene_log_line_unix() { # nc would connect to the name of its sender, which has gone by then
    meet 'socat -u UNIX-RECV:PATH CREATE:got' 'zcat-net -u -k -l -U PATH >got'
    start
    settle has_line got '^<13>hello$'
}

scene_collect_unix() {
    leaves=never
    start
    bound "$tried"
    # nc connects to the name of its sender, which has to be there still.
    visit 'echo one | socat -u - UNIX-SENDTO:PATH' \
        '{ echo one; until grep -qs one LOG; do sleep 0.1; done; } | zcat-net -u -U --send-only PATH'
    settle has_line LOG '^one$'
}

scene_proxied() { # scene_proxied FUNCTION...: that starts the proxy
    "$@"
    scene_sink
}

scene_ssh() { # scene_ssh [FUNCTION]: ssh to a server of its own
    "$@"
    prepare_sshd
    input=/dev/null background port.out peer.err "python3 $BATS_TEST_DIRNAME/handover.py --sshd $PWD/sshd_config"
    wait_for has_line port.out '[0-9]'
    port=$(grep -o '[0-9]*' port.out)
    input=FILE
    start
    settle cmp -s FILE out
}
