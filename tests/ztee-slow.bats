# SPDX-License-Identifier: MIT
# ztee: outputs that are slow: waited for, cut off, or given room of their own by --buffer.
# shellcheck disable=SC2016,SC2030,SC2031,SC2154 # scripts for another shell; tests are subshells; helpers set variables
bats_require_minimum_version 1.5.0
load helpers

setup_file() {
    straight_python
}

# read_on FD FIFO FILE: whoever holds the FIFO open at that descriptor begins to read it to its end, into the file.
read_on() {
    eval "exec 5<\"\$2\" $1>&-"
    timeout 20 cat <&5 >"$3" &
    reader=$!
    exec 5<&-
}

@test "by default the slowest is waited for, and loses nothing" {
    local option
    random_file in 3145749
    for option in --slow=block '' --method=read; do
        rm -f slow copy
        hold slow
        # shellcheck disable=SC2086 # an option or nothing
        timeout 20 ztee $option --slow-timeout=0.1 copy slow < <(cat in) >out 9>&- &
        tee=$!
        wait_for test -s copy
        read_on 9 slow got
        status_of "$tee"
        [ "$status" -eq 0 ]
        status_of "$reader"
        cmp in got
        cmp in copy
        cmp in out
    done
}

@test "with --slow=drop a FIFO that nobody reads is cut off and told, and the others get all" {
    random_file in 3145749
    hold slow
    for feed in pipe file; do
        if [ "$feed" = pipe ]; then
            run -1 --separate-stderr timeout 20 ztee --no-stdout --slow=drop --slow-timeout=0.2 slow copy < <(cat in) 9>&-
        else
            run -1 --separate-stderr timeout 20 ztee --no-stdout --slow=drop --slow-timeout=0.2 slow copy <in 9>&-
        fi
        says_of_ztee "'slow' has taken nothing for 0.2 s and is cut off"
        cmp in copy
    done
}

@test "a standard output that nobody reads is cut off, also when it is shared and blocking" {
    random_file in 3145749
    hold slow
    run -1 --separate-stderr timeout 20 sh -c 'exec ztee --slow=drop --slow-timeout=0.2 copy <in >slow' 9>&-
    says_of_ztee "'standard output' has taken nothing for 0.2 s and is cut off"
    cmp in copy
    start_peer rcvbuf:4096 recv:1 hold
    run -1 --separate-stderr timeout 20 bash -c "exec ztee --slow=drop --slow-timeout=0.2 copy <in >/dev/tcp/127.0.0.1/$port"
    says_of_ztee "'standard output' has taken nothing for 0.2 s and is cut off"
    cmp in copy
}

@test "a peer and a command that take nothing are cut off: the peer is reset, the command is sent SIGTERM" {
    random_file in 8000000
    mkfifo go
    start_peer rcvbuf:4096 recv:1 wait:go save:got
    run -1 --separate-stderr timeout 20 ztee --no-stdout --slow=drop --slow-timeout=0.2 --tcp="127.0.0.1:$port" \
        --exec='echo $$ >pid; exec tail -f /dev/null' --exec='cat >third' copy < <(cat in)
    [ "$(sort <<<"$stderr")" = "ztee: '127.0.0.1:$port' has taken nothing for 0.2 s and is cut off
ztee: 'echo \$\$ >pid; exec tail -f /dev/null' has taken nothing for 0.2 s and is cut off" ]
    wait_for gone "$(cat pid)"
    open_gate go
    wait_for has_line peer.log '^save: .*reset'
    cmp in copy
    cmp in third
}

@test "an output that takes nothing only at the very end is cut off there" {
    random_file in 200000
    random_file large 2000000
    hold slow
    run -1 --separate-stderr timeout 20 ztee --no-stdout --buffer=1M --slow=drop --slow-timeout=0.2 slow copy <in 9>&-
    says_of_ztee "'slow' has taken nothing for 0.2 s and is cut off"
    cmp in copy
    run -1 --separate-stderr timeout 20 ztee --no-stdout --buffer=4M --slow=drop --slow-timeout=0.2 slow copy <large 9>&-
    says_of_ztee "'slow' has taken nothing for 0.2 s and is cut off"
    cmp large copy
    mkfifo go
    start_peer rcvbuf:4096 recv:1 wait:go save:got
    run -1 --separate-stderr timeout 20 ztee --slow=drop --slow-timeout=0.2 --tcp="127.0.0.1:$port" copy <in
    [ "${#stderr_lines[@]}" -eq 1 ]
    [[ $stderr == "ztee: "*"'127.0.0.1:$port'"* ]]
    cmp in copy
    open_gate go
    wait_for has_line peer.log '^save: .*reset'
}

@test "with exit modes an output that is cut off ends the run" {
    random_file in 8000000
    hold slow
    run -1 --separate-stderr timeout 20 ztee --no-stdout --output-error=exit --slow=drop --slow-timeout=0.2 slow copy <in 9>&-
    says_of_ztee "'slow' has taken nothing for 0.2 s and is cut off"
    [ "$(stat -c %s copy)" -lt 8000000 ]
}

@test "an output that waits for the input is not slow" {
    mkfifo in out clock
    exec 9<>in 8<>out 7<>clock
    timeout 20 ztee --slow=drop --slow-timeout=0.1 copy <in >out 9>&- &
    tee=$!
    for i in 1 2 3; do
        echo "$i" >&9
        read -rt 20 line <&8
        [ "$line" = "$i" ]
        # Longer than the patience: an output of another one is cut off meanwhile.
        run -1 timeout 20 ztee --no-stdout --slow=drop --slow-timeout=0.2 clock </dev/zero
    done
    exec 9>&-
    status_of "$tee"
    [ "$status" -eq 0 ]
    [ "$(cat copy)" = $'1\n2\n3' ]
}

@test "a reader that is slow but moves is not cut off" {
    random_file in 700000
    mkfifo slow
    timeout 20 ztee --no-stdout --bwlimit=400K got <slow &
    reader=$!
    run -0 --separate-stderr timeout 20 ztee --no-stdout --slow=drop --slow-timeout=0.7 slow copy <in
    [ -z "$stderr" ]
    status_of "$reader"
    [ "$status" -eq 0 ]
    cmp in got
    cmp in copy
}

# runs_ahead SIZE BYTES [OPTION]...: with --buffer=SIZE a file gets all BYTES while a FIFO and a command that nobody reads for have
# to wait; then these get them too.
runs_ahead() {
    local size=$1
    echo "--buffer=$size, $2 bytes, ${*:3}"
    rm -f slow copy go got third
    head -c "$2" data >in
    mkfifo go
    hold slow
    timeout 30 ztee --buffer="$size" "${@:3}" --exec='read -r x <go; cat >third' slow copy < <(cat in) >out 9>&- &
    tee=$!
    wait_for size_is copy "$2"
    wait_for size_is out "$2"
    run ! gone "$tee"
    [ ! -e third ]
    read_on 9 slow got
    echo >go
    status_of "$tee"
    [ "$status" -eq 0 ]
    status_of "$reader"
    cmp in got
    cmp in third
    cmp in copy
    cmp in out
}

@test "--buffer lets quick outputs be ahead by that much, and slow ones get every byte later" {
    random_file data 8388608
    runs_ahead 100K 102400
    runs_ahead 1536K 1572864
    runs_ahead 8M 8388608
    runs_ahead 3M 3145728 --method=read --pipe-size=keep
}

@test "--buffer is room for a peer that reads late" {
    random_file in 8000000
    mkfifo go
    for feed in 'cat in |' ''; do
        start_peer rcvbuf:65536 wait:go save:got
        timeout 20 bash -c "$feed"' ztee --buffer=16M --tcp="127.0.0.1:$1" copy >out '"${feed:+#}"' <in' bash "$port" &
        tee=$!
        wait_for size_is copy 8000000
        wait_for size_is out 8000000
        run ! gone "$tee"
        open_gate go
        status_of "$tee"
        [ "$status" -eq 0 ]
        wait_for has_line peer.log '^received$'
        cmp in got
    done
}

@test "a quick output is not ahead without end" {
    hold slow
    timeout 20 ztee --buffer=2M slow copy </dev/zero >/dev/null 9>&- &
    tee=$!
    # Full: 2 MiB, and what the pipes between hold.
    wait_for beyond copy 2097152
    wait_for is_waiting "$tee"
    [ "$(stat -c %s copy)" -le $((2097152 + 4 * 1048576)) ]
    kill "$tee"
}

# beyond FILE BYTES
beyond() {
    [ "$(stat -c %s "$1")" -ge "$2" ]
}

# child_of PID: prints the process that timeout(1) has started.
child_of() {
    read -r child <"/proc/$1/task/$1/children"
    echo "$child"
}

# is_waiting PID: all threads of its child sleep, three looks long.
is_waiting() {
    local i
    for i in 1 2 3; do
        ! grep -q '^State:[[:space:]]*[RD]' /proc/"$(child_of "$1")"/task/*/status || return 1
    done
}

@test "a buffer that is passed through many times loses nothing" {
    local arguments
    random_file in 6000003
    expected=$(sha256sum <in)
    for arguments in --buffer=1100K '--buffer=1100K --method=read' '--buffer=5000 --method=splice' --buffer=100K; do
        # The reader is slower than the input: its digest is computed, of small pieces.
        rm -f slow
        mkfifo slow
        timeout 30 dd bs=3001 status=none <slow | sha256sum >got &
        reader=$!
        # shellcheck disable=SC2086 # several options
        timeout 30 ztee $arguments slow < <(cat in) | sha256sum >out
        status_of "$reader"
        [ "$(cat got)" = "$expected" ]
        [ "$(cat out)" = "$expected" ]
    done
}

@test "a buffer file is made in TMPDIR, has no name, and is gone afterwards" {
    random_file in 4000000
    mkdir tmp
    hold slow
    TMPDIR=$PWD/tmp timeout 20 ztee --buffer=8M slow copy <in >out 9>&- &
    tee=$!
    wait_for size_is copy 4000000
    wait_for holds_file_in "$PWD/tmp" "$tee"
    [ -z "$(ls -A tmp)" ]
    read_on 9 slow got
    status_of "$tee"
    [ "$status" -eq 0 ]
    status_of "$reader"
    cmp in got
    [ -z "$(ls -A tmp)" ]
}

# holds_file_in FOLDER PID: the child of PID has a deleted file open there.
holds_file_in() {
    local link
    for link in "/proc/$(child_of "$2")/fd/"*; do
        [[ $(readlink "$link") != "$1/"*" (deleted)" ]] || return 0
    done
    return 1
}

@test "a TMPDIR that is not there, or is full, is an error of the output that needs it" {
    random_file in 4000000
    hold slow
    for folder in "$PWD/none" /proc; do
        TMPDIR=$folder run -1 --separate-stderr timeout 20 ztee --no-stdout --buffer=8M slow copy <in 9>&-
        says_of_ztee "cannot buffer in '.*' what 'slow' has not taken yet: .*"
        cmp in copy
    done
    # Nothing is needed there as long as the pipe is enough.
    TMPDIR=$PWD/none run -0 --separate-stderr timeout 20 ztee --no-stdout --buffer=8M copy --exec='cat >third' <<<hello 9>&-
    [ -z "$stderr" ]
}

@test "packets of a pipe come whole through the buffer of an output that is written to from memory" {
    python3 - <<'END'
import os, select, socket, subprocess, threading
SIZE, COUNT = 3000, 400
data = os.urandom(SIZE * COUNT)
source, feed = os.pipe2(os.O_DIRECT | os.O_CLOEXEC)
os.set_blocking(feed, False)
ours, its = socket.socketpair()
its.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
child = subprocess.Popen(["timeout", "20", "ztee", "--no-stdout", "--fd=%d" % its.fileno(), "--buffer=200000"],
                         stdin=source, pass_fds=[its.fileno()])
os.close(source)
its.close()
full = threading.Event()
def send():
    for at in range(0, len(data), SIZE):
        while not select.select([], [feed], [], 0)[1]:
            full.set()
            select.select([], [feed], [])
        os.write(feed, data[at:at + SIZE])
    os.close(feed)
threading.Thread(target=send).start()
full.wait() # nothing is taken any more
got = b""
while some := ours.recv(1 << 16):
    got += some
assert (child.wait(), got == data) == (0, True), (len(got), len(data))
END
}

@test "a full disk under TMPDIR is an error of the output that needs it" {
    unshare -m true 2>/dev/null || skip 'mounting is not permitted here'
    random_file in 4000000
    mkdir tiny
    hold slow
    run -1 --separate-stderr timeout 20 unshare -m sh -c 'mount -t tmpfs -o size=256k none tiny &&
        TMPDIR=$PWD/tiny exec ztee --no-stdout --buffer=8M slow copy <in' 9>&-
    says_of_ztee "cannot buffer in '.*' what 'slow' has not taken yet: No space left on device"
    cmp in copy
}

@test "regular files have no patience to run out of, and no buffer" {
    random_file in 3000000
    run -0 --separate-stderr timeout 20 ztee --no-stdout --stats --slow=drop --slow-timeout=0.1 --buffer=64K copy second \
        --hash=sha256:sum <in
    cmp in copy
    cmp in second
    sha256sum --strict -c sum <in
}

@test "two outputs of one program that reads them in turn do not wait for each other with --buffer" {
    random_file in 3000000
    mkfifo one two
    timeout 20 bash -c 'exec 8<one 9<two; cat <&8 >1; cat <&9 >2' &
    reader=$!
    timeout 20 ztee --no-stdout --buffer=4M one two <in
    status_of "$reader"
    cmp in 1
    cmp in 2
}
