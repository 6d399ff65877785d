# SPDX-License-Identifier: MIT
# What the bats files share: where the commands are, starting a listener, waiting for events.
# shellcheck shell=bash disable=SC2034,SC2154 # some variables are set here for the tests, some by bats

PATH=${ZCOPY_BUILD:-$BATS_TEST_DIRNAME/../build}/bin:$PATH

setup() {
    cd "$BATS_TEST_TMPDIR" || return 1
}

teardown() {
    stop_jobs
}

stop_jobs() {
    local pids
    pids=$(jobs -p)
    # shellcheck disable=SC2086 # one word a process
    [ -z "$pids" ] || kill -KILL $pids 2>/dev/null || true
    # shellcheck disable=SC2086
    [ -z "$pids" ] || wait $pids 2>/dev/null || true
}

# wait_for COMMAND...: until it succeeds; fails after a minute. The command is an event to look at
# (a line in a file, a socket in a state), never a stretch of time.
wait_for() {
    local end=$((SECONDS + ${ZCOPY_PATIENCE:-60}))
    until "$@"; do
        [ "$SECONDS" -lt "$end" ] || return 1
        read -rt 0.01 <> <(:) || true
    done
}

# has_line FILE PATTERN
has_line() {
    [ -e "$1" ] && grep -q -e "$2" "$1"
}

# listen [OPTION]...: starts zcat-net -l with a free port of 127.0.0.1, its output in the file out, its messages in err;
# sets $port and $listener. Its standard input is not read unless INPUT names a file.
listen() {
    rm -f err
    if [ -n "${INPUT:-}" ]; then
        zcat-net -n -l --print-port "$@" 127.0.0.1 0 <"$INPUT" >"${OUT:-out}" 2>err &
    else
        zcat-net -n -l -d --print-port "$@" 127.0.0.1 0 >"${OUT:-out}" 2>err &
    fi
    listener=$!
    wait_for has_line err '^[0-9][0-9]*$'
    port=$(sed -n '/^[0-9][0-9]*$/{p;q}' err)
}

# status_of PID: waits for that background process and sets $status to its exit status.
status_of() {
    status=0
    wait_for gone "$1"
    wait "$1" || status=$?
}

# random_file NAME BYTES
random_file() {
    head -c "$2" /dev/urandom >"$1"
}

# bytes_of MARK FILE: the bytes that the lines with this mark in a --hex-dump show. The text at their ends is not looked
# at, whatever it looks like.
bytes_of() {
    sed -n "s/^$1 [0-9a-f]* \(\( [0-9a-f][0-9a-f]\)*\) *  |.*/\1/p" "$2" | xxd -r -p
}

# take_port FILE: waits for the line of --print-port in FILE and sets $port.
take_port() {
    wait_for has_line "$1" '^[0-9][0-9]*$'
    port=$(sed -n '/^[0-9][0-9]*$/{p;q}' "$1")
}

# start_peer ACTION...: starts peer.py, its lines in peer.log; sets $port and $peer.
start_peer() {
    rm -f peer.log
    python3 "$BATS_TEST_DIRNAME/peer.py" "$@" >peer.log 2>&1 &
    peer=$!
    wait_for has_line peer.log '^port '
    port=$(sed -n 's/^port //p' peer.log)
}

# ends ARGUMENT...: runs a command with a standard input or output of a chosen kind, see ends.py.
ends() {
    python3 "$BATS_TEST_DIRNAME/ends.py" "$@"
}

# need COMMAND...: skips the test, aloud, where one of them is not installed.
need() {
    local command
    for command; do
        command -v "$command" >/dev/null || skip "$command is not installed"
    done
}

# is_sanitized COMMAND [asan|tsan]: it was built with that sanitizer, or with either.
is_sanitized() {
    grep -q "__${2:-[at]san}_init" "$(type -P "$1")"
}

# traced LOG CALLS [-e inject=...] COMMAND...: runs it under strace, its calls of these names in LOG, each in one line when
# it has ended. LeakSanitizer cannot run under ptrace(2).
traced() {
    local log=$1 calls=$2 status=0
    shift 2
    ASAN_OPTIONS=${ASAN_OPTIONS:-}:detect_leaks=0 strace -f -qq -o "$log" -e trace="$calls" "$@" || status=$?
    [ ! -f "$log" ] || [ ! -s "$log" ] || join_calls "$log"
    return "$status"
}

# join_calls LOG: strace writes a call in two parts when another thread says something meanwhile.
join_calls() {
    local joined
    joined=$(awk '
        sub(/ <unfinished \.\.\.>$/, "") { begun[$1] = $0; next }
        $2 == "<..." {
            print begun[$1] substr($0, index($0, " resumed>") + 9)
            delete begun[$1]
            next
        }
        { print }
        END { for (pid in begun) print begun[pid] " <unfinished ...>" }' "$1")
    printf '%s\n' "$joined" >"$1"
}

# can_trace: skips the test, aloud, where strace cannot be used.
can_trace() {
    need strace
    strace -o /dev/null true 2>/dev/null || skip 'strace is not permitted here'
}

# as_user COMMAND...: as an ordinary user, who owns all that is here.
as_user() {
    [ "$(id -u)" -eq 0 ] || skip 'only root can become somebody else'
    ours
    setpriv --reuid=65534 --regid=65534 --clear-groups "$@"
}

# ours: all that is here is given to that user.
ours() {
    chown -hR 65534:65534 .
    chmod 755 "$BATS_RUN_TMPDIR" "$BATS_FILE_TMPDIR" "$BATS_TEST_TMPDIR" "$BATS_TEST_TMPDIR"/..
}

# all_threads STATE PID: an event: they are in that state of proc(5), S or T.
all_threads() {
    ! sed -n 's/^State:[[:space:]]*//p' "/proc/$2"/task/*/status | grep -qv "^$1"
}

# hold_lease FILE: another process has a lease on it until the FIFO gate is opened; the file lease tells when the file is wanted.
hold_lease() {
    [ -p gate ] || mkfifo gate
    rm -f lease
    python3 "$BATS_TEST_DIRNAME/lease.py" "$1" gate >lease &
    wait_for has_line lease held
}

# open_gate FIFO: lets those go on who wait for it (peer.py wait:FIFO, ends.py --gate FIFO).
open_gate() {
    : >"$1"
}

# gone PID: the process has ended (it may still have to be waited for).
gone() {
    ! grep -q '^State:[[:space:]]*[^ZX[:space:]]' "/proc/$1/status" 2>/dev/null
}

# threads_at_most N PID: an event of zcat-net: each direction has a thread, which ends with it.
threads_at_most() {
    local tasks=("/proc/$2/task/"*)
    [ "${#tasks[@]}" -le "$1" ]
}

# refuses PATTERN ARGUMENT...: a usage error: GNU's two lines, the first of which matches, and exit status 2.
refuses() {
    local pattern=$1
    shift
    run -2 --separate-stderr timeout 20 zcat-net "$@"
    [ "${#stderr_lines[@]}" -eq 2 ]
    [[ ${stderr_lines[0]} =~ ^zcat-net:\ $pattern$ ]]
    [ "${stderr_lines[1]}" = "Try 'zcat-net --help' for more information." ]
    [ -z "$output" ]
}

# fails_with PATTERN ARGUMENT...: exit status 1 and one line.
fails_with() {
    local pattern=$1
    shift
    run -1 --separate-stderr timeout 20 zcat-net "$@" </dev/null
    [ "${#stderr_lines[@]}" -eq 1 ]
    [[ $stderr =~ ^zcat-net:\ $pattern$ ]]
    [ -z "$output" ]
}

# serve ARGUMENT...: a zcat-net -l as these arguments say; sets $port and $listener. Output in out, messages in err.
serve() {
    rm -f err
    zcat-net -d --print-port "$@" >out 2>err &
    listener=$!
    take_port err
}

# greets [OPTION]... HOST PORT: a client that sends "hello" to the listener, which then ends well.
greets() {
    timeout 20 zcat-net "$@" <<<hello
    status_of "$listener"
    [ "$status" -eq 0 ]
    [ "$(cat out)" = hello ]
}

# free_port: sets $port to one on which nobody listens: of those that the kernel gives to none who asks for any, as other
# tests do at the same time.
free_port() {
    port=$(python3 - <<'END'
import random
import socket

with open("/proc/sys/net/ipv4/ip_local_port_range", encoding="ascii") as file:
    lowest = int(file.read().split()[0])
while True:
    port = random.randrange(10000, lowest) if lowest > 20000 else 0
    try:
        with socket.create_server(("127.0.0.1", port)) as server:
            print(server.getsockname()[1])
            break
    except OSError:
        pass
END
    )
}

# What the tests of ztee share.

# size_is FILE BYTES: an event, as the file grows.
size_is() {
    [ "$(stat -c %s "$1" 2>/dev/null)" = "$2" ]
}

# says_of_ztee PATTERN...: what run has left in $stderr are these lines of ztee, in this order, and no others.
says_of_ztee() {
    local i=0 pattern
    echo "$stderr"
    [ "${#stderr_lines[@]}" -eq $# ] || return 1
    for pattern; do
        [[ ${stderr_lines[i]} =~ ^ztee:\ $pattern$ ]] || return 1
        i=$((i + 1))
    done
}

# ztee_refuses PATTERN ARGUMENT...: a usage error, as tee has it: GNU's two lines, and exit status 1.
ztee_refuses() {
    local pattern=$1
    shift
    run -1 --separate-stderr timeout 20 ztee "$@" </dev/null
    [ "${#stderr_lines[@]}" -eq 2 ]
    [[ ${stderr_lines[0]} =~ ^ztee:\ $pattern$ ]]
    [ "${stderr_lines[1]}" = "Try 'ztee --help' for more information." ]
    [ -z "$output" ]
}

# hold FIFO...: makes each, with a reader at descriptor 9, 8, ... that reads nothing. To be closed for others: 9>&-.
hold() {
    local number=9 fifo
    for fifo; do
        mkfifo "$fifo"
        eval "exec $number<>\"\$fifo\""
        number=$((number - 1))
    done
}

# straight_python: for setup_file; python3 by its own path, since the wrapper of a version manager takes longer than a test.
straight_python() {
    PATH=$(python3 -c 'import os, sys; print(os.path.dirname(sys.executable))'):$PATH
    export PATH
}
