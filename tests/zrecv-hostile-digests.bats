# SPDX-License-Identifier: MIT
# zrecv and a sender whose digests lie, or that goes on for ever.
# shellcheck disable=SC2030,SC2031,SC2034,SC2154 # every test is a subshell of its own, which shares variables
bats_require_minimum_version 1.5.0
load helpers
load hostile

@test "a chunk that is not what its digest says is asked for again, and again, until it is" {
    receive
    hostile <<'PYTHON'
lie = data(1, 0, b"good") + frame(DIGEST, digest(b"evil"))
s.send(entry(1, "f", size=8), lie, chunk(1, 4, b"more"), lie, lie)
s.until(lambda: len(s.again) == 3)
assert s.again == [(1, 0, 4)] * 3
s.send(finish(1, [(0, b"good"), (4, b"more")], ask=True))
s.until(lambda: 1 in s.checked)
assert s.checked == {1: False} and not s.outcome
s.send(chunk(1, 0, b"good"), finish(1, [(0, b"good"), (4, b"more")], ask=True))
assert s.close(1) == {1: 0} and s.checked == {1: True}
PYTHON
    ended 0
    [ "$(cat in/f)" = goodmore ]
}

@test "a file of which a chunk stays wrong is not there in the end, and zrecv does not say that all is well" {
    local ask
    for ask in True False; do
        rm -rf in
        receive
        hostile <<PYTHON
s.send(entry(1, "f", size=8), data(1, 0, b"evil") + frame(DIGEST, digest(b"good")), chunk(1, 4, b"more"),
       finish(1, [(0, b"good"), (4, b"more")], ask=$ask))
s.send(finish(1, [(0, b"good"), (4, b"more")], ask=True) if $ask else b"", end(1))
while s.complete is None and s.hear():
    pass
s.send(frame(BYE))
assert s.outcome.get(1) != 0
PYTHON
        status_of "$receiver"
        published ''
        [ "$status" -ne 0 ]
    done
}

@test "a file whose list of chunks is another than was sent is refused as such, and the rest goes on" {
    receive
    hostile <<'PYTHON'
def wrong(number, **fields):
    return (entry(number, "evil%d" % number, size=8) + chunk(number, 0, b"good") + chunk(number, 4, b"more") +
            finish(number, [(0, b"good"), (4, b"more")], **fields))
s.send(wrong(1, listed=digest(b"")), wrong(2, count=1), wrong(3, count=2**64 - 1), wrong(4, listed=bytes(64)),
       wrong(5, listed=list_digest([(0, b"good"), (4, b"lies")])),
       entry(6, "evil6", size=8), chunk(6, 0, b"good"), finish(6, [(0, b"good"), (4, b"more")]),
       entry(7, "evil7", size=8), finish(7, [(0, b"good")]), entry(8, "evil8"), finish(8, listed=bytes(64)),
       file(9, "good", b"good"))
assert s.close(9) == {**{number: 5 for number in range(1, 9)}, 9: 0}, s.outcome
PYTHON
    ended 5
    published good
    grep "^zrecv: .*'evil1'" err
}

@test "standard output gets no byte whose digest was wrong, and none out of order" {
    local TO=- what wanted
    for what in 'data(1, 4, b"evil") + frame(DIGEST, digest(b"two "))':5 'chunk(1, 8, b"four")':7; do
        wanted=${what##*:}
        receive
        hostile <<PYTHON
s.send(entry(1, "", size=UNKNOWN), chunk(1, 0, b"one "), ${what%:*})
assert s.aborted() == $wanted
PYTHON
        status_of "$receiver"
        [ "$status" -eq "$wanted" ]
        [ "$(cat out)" = "one " ]
    done
}

@test "a stream that breaks off, is given up, is longer than it says, or is two, is no success" {
    local TO=- what
    for what in '' 'drop(1)' 'finish(1, [(0, b"good")], size=9)' 'finish(1, [(0, b"evil")])' \
        'finish(1, [(0, b"good")]), entry(2, "two")' 'finish(1, [(0, b"good")], size=3)'; do
        receive
        hostile <<PYTHON
s.send(entry(1, "one", size=UNKNOWN), chunk(1, 0, b"good"), $what)
s.send(end(1))
while s.complete is None and s.hear():
    pass
try:
    s.send(frame(BYE))
except OSError:
    pass
PYTHON
        status_of "$receiver"
        echo "$what: $status"
        [ "$status" -ne 0 ]
        [ "$(cat out)" = good ]
    done
}

@test "standard output takes a file, and nothing else" {
    local TO=-
    receive
    hostile <<'PYTHON'
s.send(*(entry(number, "x", kind, target="y") for number, kind in
         enumerate((DIRECTORY, LEAVE, SYMLINK, FIFO, HARD_LINK), 1)))
assert s.close(5) == {number: 7 for number in range(1, 6)}
PYTHON
    ended 7
    [ ! -s out ]
    published ''
}

@test "an offer to store nothing stores nothing, whatever follows" {
    receive
    stranger <<'PYTHON'
s = Session(port, key, flags=DRY)
assert s.granted & DRY
s.send(entry(1, "d", DIRECTORY), file(2, "d/f", b"content"), entry(3, "l", SYMLINK, target="f"), entry(4, "p", FIFO),
       entry(5, "d", LEAVE), entry(6, "h", HARD_LINK, target="d/f"))
s.close(6)
PYTHON
    status_of "$receiver"
    [ -z "$(ls -A in)" ]
}

# floods: runs standard input like stranger, with a function: flood(WHAT, MAKE, TIMES, FRAME...) sends what make(1),
# make(2) and so on make behind these frames, and looks at the most memory that zrecv ever had.
floods() {
    is_sanitized zrecv && skip 'a sanitizer takes memory of its own'
    {
        cat <<'PYTHON'
def peak():
    with open("/proc/%d/status" % receiver) as lines:
        return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:"))

def flood(what, make, times, *before):
    s = Session(port, key)
    s.send(*before)
    s.flood(make, times)
    # the next session begins when that one has ended
    Session(port, key).hang_up()
    print("# %s: %d KiB" % (what, peak()), flush=True)
    assert peak() < 16 * 1024, what
PYTHON
        cat
    } | stranger
}

@test "frames without end that lead to nothing take little memory" {
    receive --resume-wait=60
    floods <<'PYTHON'
flood("pings", lambda i: frame(PING), 100000)
flood("refused names", lambda i: entry(i, "../evil"), 10000)
flood("files that are given up", lambda i: entry(i, "f%d" % i, size=1) + drop(i), 10000)
flood("digests that lie", lambda i: data(1, 0, b"x") + frame(DIGEST, bytes(64)), 20000, entry(1, "f", size=1))
flood("a payload that never comes", lambda i: frame(ENTRY, payload_length=160 * 1024), 1)
flood("a chunk that never comes", lambda i: data(1, 0, b"", length=2**30), 1, entry(1, "f", size=2**30))
flood("the same directory", lambda i: entry(i, "d", DIRECTORY), 20000)
PYTHON
    published d
}

@test "a file in very many pieces takes little memory" {
    receive --resume-wait=60
    floods <<'PYTHON'
flood("pieces of a byte", lambda i: chunk(1, 2 * i, b"x"), 110000, entry(1, "f", size=UNKNOWN))
PYTHON
    published ''
}

@test "directories and files without end take little memory, however long their names are" {
    receive --resume-wait=60
    floods <<'PYTHON'
deep = ["/".join([letter * 255] * depth) for letter in "df" for depth in range(1, 15)]
tree = [entry(i, path, DIRECTORY) for i, path in enumerate(deep, 1)]
flood("directories", lambda i: entry(100 + i, deep[13] + "/%d" % i, DIRECTORY), 4000, *tree)
flood("files", lambda i: file(100 + i, deep[27] + "/%d" % i, b"x"), 4000, *tree)
PYTHON
}

@test "extended attributes without end take little memory" {
    receive --resume-wait=60
    floods <<'PYTHON'
pairs = name("other.x") + block(bytes(65000))
flood("extended attributes", lambda i: entry(i, "d", LEAVE, xattrs=pairs), 1000, entry(1, "d", DIRECTORY))
PYTHON
}
