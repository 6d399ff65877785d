#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# What ztee is given and cannot use, or only later: descriptors of the wrong kind, busy sockets, connections that others have.
# shellcheck disable=SC2016,SC2030,SC2031,SC2154 # tests are subshells; helpers set variables
bats_require_minimum_version 1.5.0
load helpers

@test "a standard input that is open for writing alone is an error at once" {
    hold fifo
    run -1 --separate-stderr timeout 20 ztee copy 0>fifo 9>&-
    says_of_ztee "error reading 'standard input': Bad file descriptor"
    run -1 --separate-stderr timeout 20 ztee --no-stdout --method=read copy 0>fifo 9>&-
    says_of_ztee "error reading 'standard input': Bad file descriptor"
}

@test "an output that is open for reading alone is an error at once, and the others get all" {
    random_file in 300000
    hold fifo
    run -1 --separate-stderr timeout 20 bash -c "exec ztee copy <in 1<fifo" 9>&-
    says_of_ztee "error writing 'standard output': Bad file descriptor"
    cmp in copy
    run -1 --separate-stderr timeout 20 ztee --no-stdout --fd=3 copy < <(cat in) 3<fifo 9>&-
    says_of_ztee "error writing 'descriptor 3': Bad file descriptor"
    cmp in copy
}

@test "a descriptor that cannot be duplicated is told with its reason" {
    random_file in 1000
    run -1 --separate-stderr timeout 20 bash -c 'ulimit -S -n 14; exec ztee --no-stdout "$@" <in 3>o3 4>o4 5>o5 6>o6 7>o7 8>o8 9>o9' \
        bash --fd={3..9}
    [[ $stderr == *"ztee: cannot write to 'descriptor 9': Too many open files"* ]]
    [[ $stderr != *'Bad file'* ]]
}

@test "a digest is never written over an output, nor over another digest" {
    random_file in 300000
    run -1 --separate-stderr timeout 20 ztee --no-stdout --hash=xxh3:copy copy other <in
    says_of_ztee "'copy' is an output already, and no place for a digest"
    cmp in copy
    cmp in other
    echo old >kept
    run -1 --separate-stderr timeout 20 ztee --no-stdout --output-error=exit -a --hash=xxh3:kept kept <in
    says_of_ztee "'kept' is an output already, and no place for a digest"
    [ "$(cat kept)" = old ]
    run -1 --separate-stderr timeout 20 bash -c 'exec ztee --hash=sha256:out <in >out'
    says_of_ztee "'out' is an output already, and no place for a digest"
    cmp in out
    run -1 --separate-stderr timeout 20 ztee --no-stdout --hash=sha256:sum --hash=xxh3:./sum <in
    says_of_ztee "'./sum' is an output already, and no place for a digest"
    sha256sum --strict -c sum <in
    run -0 --separate-stderr timeout 20 ztee --no-stdout --hash=sha256:/dev/stdout copy <in
    sha256sum --strict -c <(echo "$output") <in
}

@test "what --fsync cannot sync is told, and nothing waits for it" {
    can_trace
    random_file in 300000
    for output in --hash=xxh3 --exec='cat >/dev/null'; do
        run -1 --separate-stderr traced log fsync -e inject=fsync:error=EIO timeout 20 ztee --no-stdout --fsync "$output" <in
        [ "$(grep -c "^ztee: error writing '.*': Input/output error$" <<<"$stderr")" -eq 1 ]
    done
}

@test "with --output-error=exit an error of closing ends the run, too" {
    can_trace
    random_file in 300000
    hold slow
    : >copy
    run -1 --separate-stderr traced log close -P "$PWD/copy" -e inject=close:error=EIO \
        timeout 20 ztee --no-stdout --output-error=exit --buffer=1M copy slow <in 9>&-
    says_of_ztee "error writing 'copy': Input/output error"
}

@test "outputs are written to one by one when there is no memory to gather what was read in a pipe" {
    can_trace
    random_file in 1000000
    mkfifo one two
    cat one >first &
    cat two >second &
    traced log write -e inject=write:error=ENOMEM:when=2 timeout 20 ztee --no-stdout one two <in
    grep -q ENOMEM log
    wait_for size_is first 1000000
    wait_for size_is second 1000000
    cmp in first
    cmp in second
}

@test "a unix socket whose queue is full is waited for, for as long as --connect-timeout says" {
    can_trace
    random_file in 300000
    mkfifo go
    python3 - <<'END' &
import socket
with socket.socket(socket.AF_UNIX) as listener, socket.socket(socket.AF_UNIX) as filler:
    listener.bind("socket")
    listener.listen(0)
    filler.connect("socket")
    open("ready", "w").close()
    with open("go", "rb") as gate:
        gate.read()
    listener.accept()
    connection = listener.accept()[0]
    with open("got", "wb") as got:
        while data := connection.recv(1 << 20):
            got.write(data)
END
    local server=$!
    wait_for test -e ready
    run -1 --separate-stderr timeout 20 ztee --connect-timeout=0.1 --no-stdout --unix=socket copy <in
    says_of_ztee ".*socket.*: Connection timed out"
    traced calls connect timeout 20 ztee --no-stdout --unix=socket <in &
    local tee=$!
    wait_for has_line calls 'EAGAIN'
    open_gate go
    status_of "$tee"
    [ "$status" -eq 0 ]
    wait_for gone "$server"
    cmp in got
}

@test "datagrams are short enough for the socket, whatever the input is" {
    random_file in 300000
    python3 - <<'END'
import socket, subprocess, threading
ours, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
its.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 70000)
got = []
def hear():
    while data := ours.recv(1 << 20):
        got.append(data)
thread = threading.Thread(target=hear)
thread.start()
with open("in", "rb") as source:
    done = subprocess.run(["ztee", "--no-stdout", "--fd=%d" % its.fileno()], stdin=source, pass_fds=[its.fileno()], timeout=20)
its.close()
thread.join()
with open("in", "rb") as source:
    assert (done.returncode, b"".join(got)) == (0, source.read())
END
}

# lent [ACTION]...: ztee writes to a connection that this shell has made to a peer who does this, and has a copy besides.
lent() {
    start_peer "$@"
    traced calls ioctl timeout 60 ztee --no-stdout --fd=5 copy <input 2>err 5<>"/dev/tcp/127.0.0.1/$port" &
    tee=$!
}

@test "a TCP connection from outside has everything before ztee ends, also if its peer reads late and has spoken" {
    can_trace
    random_file input 300000
    mkfifo go
    lent rcvbuf:20000 listen text:hello wait:go save:got
    wait_for eval 'gone "$tee" || has_line calls "TIOCOUTQ\|SIOCOUTQ"'
    open_gate go
    status_of "$tee"
    [ "$status" -eq 0 ]
    wait_for size_is got 300000
    cmp input got
}

@test "a TCP connection from outside whose peer has left with bytes unread is an error" {
    can_trace
    mkfifo input go
    lent recv:5 wait:go close say:closed
    exec 9>input
    head -c 50000 /dev/zero >&9
    wait_for size_is copy 50000
    open_gate go
    wait_for has_line peer.log '^closed$'
    exec 9>&-
    status_of "$tee"
    [ "$status" -eq 1 ]
    grep -q "^ztee: error writing 'descriptor 5': .*\(Connection reset by peer\|Broken pipe\)" err
}
