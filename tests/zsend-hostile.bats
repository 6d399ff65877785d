#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# zsend and a receiver that says what is not so, or makes no sense: exit status 0 is for what has been confirmed.
# shellcheck disable=SC2030,SC2031,SC2154 # every test is a subshell of its own; the helpers set variables
bats_require_minimum_version 1.5.0
load helpers

setup_file() {
    straight_python
    PYTHONPATH=$BATS_TEST_DIRNAME
    PYTHONDONTWRITEBYTECODE=1
    export PYTHONPATH PYTHONDONTWRITEBYTECODE LC_ALL=C
}

setup() {
    cd "$BATS_TEST_TMPDIR" || return 1
    printf 'one file' >one
    printf 'another' >other
}

# receiver STATUS: the receiver that standard input, in Python, makes of the session s, to which zsend --no-key sends the files
# one and other; it has to end with that status, and with what it says in said.
receiver() {
    {
        cat <<'PYTHON'
import socket, struct, sys
from session import *

class Receiver(Session):
    """The other side of a session: it has agreed to everything, and heard nothing yet."""
    def __init__(self):
        with socket.create_server(("127.0.0.1", 0)) as server:
            server.settimeout(PATIENCE)
            print(server.getsockname()[1], flush=True)
            self.connection = server.accept()[0]
        self.connection.settimeout(PATIENCE)
        self.input = self.connection.makefile("rb")
        self.expect(HELLO)
        self.send(hello(RECEIVER, OPEN))
        self.expect(OFFER)
        self.send(frame(ACCEPT, struct.pack(">I", 0)), frame(READY))

    def until_end(self):
        while self.expect(ENTRY, DATA, DIGEST, FINISH, END).type != END:
            pass

    def done(self, number):
        self.send(frame(DONE, struct.pack(">QB", number, 1)))

    def completes(self, failed=0):
        """All is there, the receiver says. True if that is believed."""
        self.send(frame(COMPLETE, struct.pack(">QQ", 2, failed)))
        answer = self.receive()
        return answer is not None and answer.type == BYE

    def leave(self):
        """Says no more, and waits for the end, which may have come."""
        try:
            self.connection.shutdown(socket.SHUT_WR)
        except OSError:
            pass
        while self.receive() is not None:
            pass

s = Receiver()
PYTHON
        cat
    } >script
    rm -f port
    timeout 60 python3 script >port 2>err &
    process=$!
    wait_for test -s port
    run timeout 60 zsend --no-key one other "127.0.0.1:$(cat port)"
    echo "$output" >said
    [ "$status" -eq "$1" ] || { cat said err && return 1; }
    status_of "$process"
    [ "$status" -eq 0 ] || { cat said err && return 1; }
}

@test "a receiver that has both files, and says so, is believed" {
    receiver 0 <<'END'
while s.expect(ENTRY, DATA, DIGEST, FINISH, PING).type != FINISH:
    pass
s.done(1)
s.done(2)
s.until_end()
assert s.completes()
END
}

@test "without a word about a file there is no end, whatever else is confirmed" {
    receiver 4 <<'END'
s.done(1)
s.done(3)
s.done(2 + 512)
s.done(0)
s.leave()
END
}

@test "a session that is complete before it has ended is not" {
    receiver 4 <<'END'
s.send(frame(COMPLETE, struct.pack(">QQ", 2, 0)))
s.leave()
END
}

@test "a receiver that has failed in something, and has not said in what, ends it with 7" {
    receiver 7 <<'END'
s.done(1)
s.done(2)
s.until_end()
assert s.completes(failed=1)
END
    has_line said '^zsend: 127\.0\.0\.1:[0-9]* has not taken everything$'
}

@test "what makes no sense ends the session" {
    local frame
    for frame in 'frame(COMPLETE)' 'frame(DONE, b"1")' 'frame(REFUSED, b"1")' 'frame(AGAIN, b"1")' 'frame(ENTRY)' \
        'frame(99)' 'b"x" * 100' 'frame(DONE, b"", payload_length=2**31)' 'frame(PING, magic=b"ZD")'; do
        receiver 4 <<END
s.send($frame)
s.leave()
END
        [ -s said ]
    done
}

@test "chunks that are asked for again and were never sent end the session" {
    head -c 9000000 /dev/zero >one
    receiver 4 <<'END'
number, = struct.unpack(">Q", s.expect(ENTRY).payload[:8])
s.send(frame(CHECKED, struct.pack(">QB", number, 1)))
while s.expect(ENTRY, DATA, DIGEST, FINISH, PING).type != FINISH:
    pass
s.send(frame(AGAIN, struct.pack(">QQQ", number, 5, 7)), frame(CHECKED, struct.pack(">QB", number, 0)))
while s.receive() is not None:
    pass
END
    has_line said '^zsend: 127\.0\.0\.1:[0-9]*: .*a chunk is asked for again that there is none of$'
}
