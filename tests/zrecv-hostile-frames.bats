# SPDX-License-Identifier: MIT
# zrecv and a sender that has the key and means ill: sizes, ranges, digests, frames in no order and without end.
# shellcheck disable=SC2030,SC2031,SC2034,SC2154 # every test is a subshell of its own, which shares variables
bats_require_minimum_version 1.5.0
load helpers
load hostile

# still_serves: zrecv, which waits for who comes back, takes an honest sender after all of this, and ends well.
still_serves() {
    echo honest >honest
    python3 "$BATS_TEST_DIRNAME/session.py" "$port" honest honest
    status_of "$receiver"
    cat err
    [ "$status" -eq 0 ]
    cmp honest in/honest
    published honest
}

@test "a session that was ended for what its sender did ends zrecv with that status" {
    receive
    dies <<'PYTHON'
dies("a chunk of no file", chunk(1, 0, b"x"))
PYTHON
    ended 7
    says '127\.0\.0\.1:[0-9]+: refused: .*'
    published ''
}

@test "a size of 2^63 and more is none, not of a file and not of its end" {
    receive --resume-wait=60
    dies <<'PYTHON'
for size in (2**63, 2**63 + 1, 2**64 - 2):
    dies("a file of %d bytes" % size, entry(1, "evil", size=size))
    dies("an end at %d" % size, entry(1, "evil", size=UNKNOWN), finish(1, size=size))
dies("an end at 2^64 - 1", entry(1, "evil", size=UNKNOWN), finish(1, size=2**64 - 1))
PYTHON
    still_serves
}

@test "a huge size takes neither space nor memory" {
    receive
    hostile <<'PYTHON'
s.send(entry(1, "huge", size=2**63 - 1, stored=2**63 - 1), finish(1, size=2**63 - 1),
       entry(2, "unknown", size=UNKNOWN, stored=2**64 - 1), chunk(2, 0, b"x"), finish(2, [(0, b"x")]))
assert s.close(2) == {1: 7, 2: 0}
PYTHON
    ended 7
    published unknown
    [ "$(stat -c '%s' in/unknown)" -eq 1 ]
}

@test "a chunk outside of what a file can be, or of what it was said to be, ends the session" {
    receive --resume-wait=60
    dies <<'PYTHON'
def both(what, size, *chunks):
    dies(what, entry(1, "evil", size=size), *(chunk(1, *one) for one in chunks))
both("behind the end", 5, (5, b"x"))
both("across the end", 5, (3, b"xyz"))
both("before and behind", 5, (0, b"12345678"))
both("far behind", 5, (2**40, b"x"))
both("of an empty file", 0, (0, b"x"))
both("up to 2^63", UNKNOWN, (2**63 - 1, b"x"))
both("across 2^63", UNKNOWN, (2**63 - 3, b"12345678"))
both("at 2^63", UNKNOWN, (2**63, b"x"))
both("across 2^64", UNKNOWN, (2**64 - 3, b"12345678"))
both("at 2^64 - 1", UNKNOWN, (2**64 - 1, b"x"))
both("without bytes", UNKNOWN, (0, b""))
dies("of a length that is not said", entry(1, "evil", size=5), data(1, 0, b"", length=6))
PYTHON
    still_serves
}

@test "a file whose end is before its last chunk is not what was sent" {
    receive
    hostile <<'PYTHON'
s.send(entry(1, "evil", size=8), chunk(1, 0, b"12345678"), finish(1, [(0, b"12345678")], size=4))
assert s.close(1)[1] in (5, 7)
PYTHON
    status_of "$receiver"
    [[ $status =~ ^[57]$ ]]
    published ''
}

@test "chunks that overlap end the session" {
    receive --resume-wait=60
    dies <<'PYTHON'
def both(what, *chunks):
    dies(what, entry(1, "evil", size=100), chunk(1, 10, b"0123456789"), *(chunk(1, *one) for one in chunks))
both("the end", (15, b"0123456789"))
both("the beginning", (5, b"0123456789"))
both("within", (12, b"xy"))
both("around", (5, b"x" * 30))
both("the same beginning", (10, b"xy"))
both("two at once", (30, b"x" * 10), (15, b"x" * 20))
PYTHON
    still_serves
}

@test "what a chunk has written over is not believed when the sender comes back" {
    receive --resume-wait=60
    stranger <<'PYTHON'
lies = frame(DIGEST, digest(b"lies"))
cases = {"the same, without its digest": data(1, 0, b"evil"), "the same, with a digest that lies": data(1, 0, b"evil") + lies,
         "half of it, without its digest": data(1, 2, b"evil"), "half of it, with a digest that lies": data(1, 2, b"evil") + lies,
         "half of it": chunk(1, 2, b"evil"), "its beginning": chunk(1, 0, b"ev")}
wrong = []
for number, (what, evil) in enumerate(cases.items()):
    path, identity = "f%d" % number, os.urandom(16)
    s = Session(port, key, identity=identity)
    s.send(entry(1, path, size=8), chunk(1, 0, b"good"), evil)
    s.fall_silent()
    s = Session(port, key, identity=identity)
    s.send(entry(1, path, size=8), chunk(1, 4, b"more"), finish(1, [(0, b"good"), (4, b"more")]))
    s.fall_silent()
    if os.path.exists("in/" + path) and open("in/" + path, "rb").read() != b"goodmore":
        wrong.append(what)
assert not wrong, wrong
PYTHON
}

@test "a file that is complete is not written to any more by one of the same name" {
    receive --resume-wait=60
    stranger <<'PYTHON'
s = Session(port, key)
s.send(file(1, "twice", b"good"), entry(2, "twice", size=4), data(2, 0, b"evil"))
s.fall_silent()
PYTHON
    [ ! -e in/twice ] || [ "$(cat in/twice)" = good ]
}

@test "frames in an order that cannot be end the session" {
    receive --resume-wait=60
    dies <<'PYTHON'
open_file = entry(1, "evil", size=8)
good = chunk(1, 0, b"good")
part = data(1, 0, b"good")
dies("a digest of nothing", digest_of(b"x"))
dies("a chunk of no file", chunk(0, 0, b"x"))
dies("an end of no file", finish(1))
dies("no file given up", drop(1))
dies("a chunk of another file", open_file, chunk(2, 0, b"x"))
dies("an end of another file", open_file, finish(2))
dies("another file given up", open_file, drop(2))
dies("a digest without a chunk", open_file, digest_of(b""))
dies("two digests", open_file, good, digest_of(b"good"))
dies("a short digest", open_file, part, frame(DIGEST, digest(b"good")[:32]))
dies("a long digest", open_file, part, frame(DIGEST, digest(b"good") + b"\0"))
dies("a chunk elsewhere before the digest", open_file, part, data(1, 6, b"xy"))
dies("an end before the digest", open_file, part, finish(1, [(0, b"good")]))
dies("an entry before the digest", open_file, part, entry(2, "other"))
dies("an entry before the end", open_file, good, entry(2, "other"))
dies("a directory before the end", open_file, good, entry(2, "other", DIRECTORY))
dies("all ends before the file", open_file, good, end(1))
dies("two ends", entry(1, "fine", size=4), good, finish(1, [(0, b"good")]), finish(1, [(0, b"good")]))
dies("a chunk behind the end", file(1, "good"), chunk(1, 0, b"x"))
dies("a given up file goes on", open_file, good, drop(1), chunk(1, 4, b"more"))
dies("a given up file ends", open_file, good, drop(1), finish(1, [(0, b"good")]))
dies("bye before all", frame(BYE))
for kind in (HELLO, PROOF, OFFER, ACCEPT, HAVE, READY, AGAIN, CHECKED, DONE, REFUSED, COMPLETE):
    dies("frame %d" % kind, frame(kind, bytes(21)))
PYTHON
    [ ! -e in/evil ]
    rm -f in/fine in/good
    still_serves
}

@test "a directory, a link and a FIFO have no bytes" {
    receive --resume-wait=60
    dies <<'PYTHON'
for kind in (DIRECTORY, LEAVE, SYMLINK, FIFO, HARD_LINK):
    start = entry(1, "x%d" % kind, kind, target="y")
    dies("kind %d with a chunk" % kind, start, chunk(1, 0, b"x"))
    dies("kind %d with an end" % kind, start, finish(1))
PYTHON
}

@test "numbers of entries go up" {
    receive --resume-wait=60
    dies <<'PYTHON'
dies("number 0", entry(0, "zero"))
dies("the same for another", file(1, "one"), entry(1, "two"))
dies("one that goes back", file(2, "three"), entry(1, "four"))
dies("one that goes far back", file(2**63, "five"), entry(1, "six", DIRECTORY))
PYTHON
}

@test "frames that are none, or not well formed, end the session" {
    receive --resume-wait=60
    dies <<'PYTHON'
def ends(what, *frames):
    """Broken frames: the session may end without a word."""
    print(what)
    s = Session(port, key)
    s.send(*frames)
    while s.hear():
        pass
    assert not s.outcome and s.complete is None, what
good = entry(1, "evil", size=4)
payload = good[12:]
ends("another magic", frame(ENTRY, payload, magic=b"ZD"))
ends("another version", frame(ENTRY, payload, version=2))
ends("type 0", frame(0))
ends("a type too far", frame(21))
ends("type 255", frame(255))
ends("a payload that is too long", frame(ENTRY, payload_length=160 * 1024 + 1))
ends("a payload of 4 GiB", frame(ENTRY, payload_length=2**32 - 1))
ends("data too long", good, data(1, 0, b"", length=2**30 + 1))
ends("an entry with data", frame(ENTRY, payload, b"more"))
ends("a ping with data", frame(PING, b"", b"more"))
for length in list(range(0, len(payload), 7)) + [len(payload) - 1]:
    dies("the first %d bytes of an entry" % length, frame(ENTRY, payload[:length]))
dies("a byte too many", frame(ENTRY, payload + b"x"))
dies("a NUL in a name", entry(1, b"evil\0"))
dies("a NUL in a target", entry(1, "evil", SYMLINK, target=b"x\0y"))
for kind in (0, 7, 8, 255):  # devices, sockets, what not
    dies("kind %d" % kind, entry(1, "evil", kind))
dies("a second of many nanoseconds", entry(1, "evil", nanoseconds=10**9))
dies("a long stamp", entry(1, "evil", stamp=bytes(65)))
dies("many extended attributes", entry(1, "evil", xattrs=bytes(65537)))
dies("a name of 2^32 - 1 bytes", frame(ENTRY, payload[:58] + b"\xff\xff\xff\xff" + payload[62:]))
dies("a short chunk", good, frame(DATA, bytes(15), b"x"))
dies("a short end", good, frame(FINISH, bytes(88)))
dies("a short drop", good, frame(DROP, bytes(8)))
dies("a short end of all", frame(END, bytes(15)))
PYTHON
    still_serves
}

@test "offers that are none end the session, and nothing is made for them" {
    receive --resume-wait=60
    stranger <<'PYTHON'
class Silent(Session):
    def __init__(self, offered):
        self.first = offered
        self.abort = None
        super().__init__(port, key)

    def send(self, *frames):
        super().send(*(self.first if one[3] == OFFER else one for one in frames))

for what, offered in {"algorithm 4": offer(algorithm=4), "algorithm 255": offer(algorithm=255),
                      "a short one": frame(OFFER, bytes(20)), "a long one": frame(OFFER, bytes(22)),
                      "an entry": entry(1, "evil"), "the end": end(), "a hello": hello()}.items():
    try:
        Silent(offered)
    except AssertionError as error:
        assert "type=%d" % ABORT in str(error), error
    else:
        raise AssertionError(what + " is taken")
PYTHON
    [ ! -e in/.zrecv.d ]
    still_serves
}

@test "times that no clock has shown are no reason to stop" {
    receive
    hostile <<'PYTHON'
times = (2**63 - 1, -2**63, -1, 0, 2**40)
for number, seconds in enumerate(times, 1):
    s.send(file(number, "f%d" % number, b"x", seconds=seconds, nanoseconds=999_999_999))
s.send(file(9, "good", b"good"))
assert s.close(6)[9] == 0
PYTHON
    wait_for gone "$receiver"
    [ "$(cat in/good)" = good ]
}
