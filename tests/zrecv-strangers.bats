# SPDX-License-Identifier: MIT
# zrecv and those who do not have its key: they get nothing, are a line each, and keep nobody out.
# shellcheck disable=SC2030,SC2031,SC2034,SC2154 # every test is a subshell of its own, which shares variables
bats_require_minimum_version 1.5.0
load helpers
load hostile

# lines N PATTERN: an event: zrecv has said N lines like that.
lines() {
    [ "$(grep -Ec "^zrecv: $2\$" err)" -eq "$1" ]
}

# honest: a sender with the key comes, and all is well.
honest() {
    echo honest >sent
    python3 "$BATS_TEST_DIRNAME/session.py" "$port" honest sent
    rm sent
    ended 0
    published honest
    [ "$(cat in/honest)" = honest ]
}

@test "garbage, a wrong key, a port scan, silence and a trickle are a line each, and zrecv keeps waiting" {
    receive
    stranger <<'PYTHON'
import time
harmless = lambda heard: heard == b"" or (heard[3], len(heard)) == (HELLO, len(hello()))
begun = time.monotonic()
silent, slow = connect(port), connect(port)
assert harmless(knock(port, b"GET / HTTP/1.1\r\nHost: here\r\nUser-Agent: a browser that has lost its way\r\n\r\n"))
assert harmless(knock(port, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(100)))
assert harmless(knock(port, bytes(100000)))
mine = hello()
heard = knock(port, mine, frame(PROOF, os.urandom(32)))
assert len(heard) == len(mine), "a stranger gets the greeting, and no proof"
for purpose in (b"proof of receiver", b"checksum", b""):  # what only the right key makes, for something else
    assert len(knock(port, mine, proof(key, mine + heard, purpose))) == len(mine)
assert len(knock(port, mine, frame(DIGEST, bytes(32)))) == len(mine)
assert len(knock(port, mine, frame(OFFER, bytes(32)))) == len(mine)
assert harmless(knock(port, hello(role=RECEIVER)))
for security in (ENCRYPTED, OPEN, 0, 4):
    assert harmless(knock(port, hello(security=security), offer()))
connect(port).close()
scan = connect(port)
scan.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
scan.close()
for byte in hello()[:-1]:
    slow.sendall(bytes([byte]))
    if select.select([slow], [], [], 0.4)[0]:
        break
for one in (silent, slow):
    try:
        assert one.recv(1) == b""
    except ConnectionError:
        pass
assert 5 < time.monotonic() - begun < 15
PYTHON
    wait_for lines 18 '127\.0\.0\.1:[0-9]+: not let in: .*'
    [ "$(sort -u err | wc -l)" -eq 19 ] # and the port
    honest
}

@test "a thousand idle connections do not keep out who has the key" {
    receive
    stranger <<'PYTHON'
import resource, subprocess, sys, time
limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
resource.setrlimit(resource.RLIMIT_NOFILE, (min(limit, 4096), limit))
idle = [connect(port) for _ in range(1000)]
begun = time.monotonic()
s = Session(port, key)
taken = time.monotonic() - begun
assert taken < 3, taken
s.send(file(1, "honest", b"honest"))
assert s.close(1) == {1: 0}
PYTHON
    ended 0
    published honest
    [ "$(grep -c 'not let in' err)" -le 31 ] # the last one says that there are more
    grep -q 'no more of these lines' err
}

@test "those who come while all places are taken do not stop coming, and who has the key gets in" {
    receive
    stranger <<'PYTHON'
import threading, time
over = threading.Event()
def storm():
    held = []
    while not over.is_set():
        try:
            held.append(connect(port))
        except OSError:
            pass
        del held[:-200]
        over.wait(0.01)
threads = [threading.Thread(target=storm, daemon=True) for _ in range(2)]
for thread in threads:
    thread.start()
idle = [connect(port) for _ in range(100)]
begun = time.monotonic()
s = Session(port, key)
taken = time.monotonic() - begun
s.send(file(1, "honest", b"honest"))
assert s.close(1) == {1: 0}
over.set()
assert taken < 3, taken
PYTHON
    ended 0
    published honest
}

@test "strangers take little memory, whatever they send" {
    is_sanitized zrecv && skip 'a sanitizer takes memory of its own'
    receive
    stranger <<'PYTHON'
held = [connect(port) for _ in range(64)]
for one in held:
    one.setblocking(False)
    try:
        while one.send(bytes(65536)):
            pass
    except OSError:
        pass
for _ in range(100):
    knock(port, os.urandom(65536))
with open("/proc/%d/status" % receiver) as status:
    peak = next(int(line.split()[1]) for line in status if line.startswith("VmHWM:"))
assert peak < 16 * 1024, peak
PYTHON
    honest
}

@test "with --keep, what senders do ends none but their own session" {
    receive --keep
    dies <<'PYTHON'
for _ in range(20):
    dies("a chunk of no file", chunk(1, 0, b"x"))
half = Session(port, key)
half.send(entry(1, "half", size=8), chunk(1, 0, b"half"))
gone = Session(port, key)
gone.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
gone.hang_up()
for number in range(3):
    s = Session(port, key)
    s.send(file(1, "whole%d" % number, b"whole"))
    assert s.close(1) == {1: 0}
half.send(chunk(1, 4, b"half"), finish(1, [(0, b"half"), (4, b"half")]))
assert half.close(1) == {1: 0}
PYTHON
    published half whole0 whole1 whole2
    kill "$receiver"
    status_of "$receiver"
}

@test "with --keep, a stranger who came first is sent away though a sender is being served" {
    receive --keep
    stranger <<'PYTHON'
early = connect(port)
s = Session(port, key)
early.sendall(bytes(100))
try:
    while early.recv(100):
        pass
except ConnectionError:
    pass
used = lambda: sum(map(int, open("/proc/%d/stat" % receiver).read().split(")")[1].split()[11:13]))
before = used()
s.send(file(1, "whole", b"whole"))
assert s.close(1) == {1: 0}
PYTHON
    published whole
}

@test "an address that is not allowed gets nothing" {
    receive --allow=127.0.0.2
    stranger <<'PYTHON'
assert knock(port, hello()) == b""
PYTHON
    wait_for lines 1 '127\.0\.0\.1:[0-9]+: not let in: .*allowed.*'
    stranger <<'PYTHON'
import session
other = socket.create_connection(("127.0.0.1", port), PATIENCE, ("127.0.0.2", 0))
session.connect = lambda port: other
s = Session(port, key)
s.send(file(1, "honest", b"honest"))
assert s.close(1) == {1: 0}
PYTHON
    ended 0
    published honest
}
