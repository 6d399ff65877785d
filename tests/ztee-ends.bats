# SPDX-License-Identifier: MIT
# ztee: bytes from every kind of standard input to every kind of output, at once, whole, and leaving all as it was.
# shellcheck disable=SC2030,SC2031,SC2154 # every test is a subshell of its own; the helpers set variables
bats_require_minimum_version 1.5.0
load helpers

setup_file() {
    straight_python
}

# takes_from KIND FILE: a standard input of that kind reaches a file and a pipe, and is left as it was.
takes_from() {
    rm -f copy out
    run -0 ends --in "$1" "$2" --out pipe out timeout 20 ztee copy
    [ -z "$output" ]
    cmp "$2" copy
    cmp "$2" out
}

# gives_to KIND FROM: a standard output of that kind, beside a file and a FIFO, gets all of a standard input of the kind
# FROM, and is left as it was.
gives_to() {
    [ -e in ] || random_file in 3145749
    [ -p fifo ] || mkfifo fifo
    rm -f copy out
    timeout 20 cat fifo >third &
    third=$!
    run -0 ends --in "$2" in --out "$1" out timeout 20 ztee copy fifo
    [ -z "$output" ]
    status_of "$third"
    cmp in copy
    cmp in third
    cmp in out
}

@test "bytes from a pipe, also a non-blocking one, arrive" {
    random_file in 3145749
    takes_from pipe in
    takes_from nonblock in
}

@test "bytes from a UNIX and from a TCP socket arrive" {
    random_file in 3145749
    takes_from unix in
    takes_from tcp in
}

@test "lines typed at a terminal arrive, and ^D ends them" {
    head -c 60000 /dev/urandom | base64 >in
    takes_from lines in
}

@test "an empty input is no bytes, and no error" {
    : >empty
    takes_from pipe empty
    takes_from file /dev/null
}

@test "bytes from a FIFO, from /proc and from a device arrive" {
    random_file in 300000
    mkfifo fifo
    cat in >fifo &
    timeout 20 ztee copy <fifo >out
    cmp in copy
    cmp in out
    timeout 20 ztee copy >out </proc/filesystems
    [ -s copy ]
    cmp copy /proc/filesystems
    cmp copy out
    { timeout 20 env --default-signal=PIPE ztee copy </dev/zero || echo "$?" >status; } | head -c 1000000 >out
    [ "$(cat status)" -eq 141 ]
    head -c 1000000 /dev/zero | cmp - out
}

@test "a file is read from where its offset is, and is left where reading has ended" {
    random_file tail 300000
    { echo first; cat tail; } >in
    for option in '' --method=read --method=mmap --method=splice; do
        # shellcheck disable=SC2086 # an option or nothing
        { read -r line; timeout 20 ztee $option copy >out; cat >rest; } <in
        [ "$line" = first ]
        cmp tail copy
        cmp tail out
        [ ! -s rest ]
    done
    { timeout 20 ztee copy; cat; } <<<all >out
    [ "$(cat out)" = all ]
}

@test "a run that is over by an error waits for no more input, and leaves it to others" {
    mkfifo in
    exec 9<>in
    for option in '' --output-error=exit --method=read; do
        printf 'first\n' >&9
        # shellcheck disable=SC2086 # an option or nothing
        run -1 --separate-stderr timeout 20 ztee --no-stdout $option /dev/full <in
        says_of_ztee "error writing '/dev/full': No space left on device"
        printf 'second\n' >&9
        read -rt 20 line <&9
        [ "$line" = second ]
    done
}

@test "a pipe on standard output, also a non-blocking one, gets all" {
    gives_to pipe pipe
    gives_to pipe file
    gives_to nonblock pipe
    gives_to nonblock file
}

@test "a UNIX and a TCP socket on standard output get all" {
    gives_to unix pipe
    gives_to unix file
    gives_to tcp pipe
    gives_to tcp file
}

@test "a file on standard output gets all, also one that is appended to" {
    gives_to file pipe
    gives_to append pipe
    printf 'old ' >out
    printf new | timeout 20 ztee copy >>out
    [ "$(cat out)" = 'old new' ]
}

@test "a terminal on standard output gets all" {
    gives_to pty pipe
    gives_to pty file
}

@test "a reader that is late loses nothing, whatever standard output is" {
    local kind
    random_file in 3145749
    for kind in pipe nonblock unix tcp; do
        rm -f gate copy out
        mkfifo gate
        ends --in pipe in --out "$kind" out --gate gate timeout 20 ztee copy &
        waiting=$!
        # The gate is opened when the file has something: what goes to standard output waits then.
        wait_for test -s copy
        open_gate gate
        status_of "$waiting"
        [ "$status" -eq 0 ]
        cmp in out
        cmp in copy
    done
}

@test "large and small pipes, and pipes full of single bytes, lose nothing" {
    cat >run.py <<'END'
import fcntl, os, subprocess, threading

def transfer(pieces, before, sizes, options):
    """writes the pieces, one call each; reads from pipes of these sizes, odd amounts, once some are written"""
    source, feed = os.pipe()
    fcntl.fcntl(feed, 1031, 1 << 20)  # F_SETPIPE_SZ
    ends = [os.pipe() for _ in sizes]
    for (_, writer), size in zip(ends, sizes):
        fcntl.fcntl(writer, 1031, size)
    arguments = ["--fd=%d" % writer for _, writer in ends[1:]]
    child = subprocess.Popen(["timeout", "20", "ztee", *options, *arguments, "copy"], stdin=source,
                             stdout=ends[0][1], pass_fds=[writer for _, writer in ends[1:]])
    os.close(source)
    results = [bytearray() for _ in ends]

    def collect(number):
        while data := os.read(ends[number][0], 3001 + 4099 * number):
            results[number] += data

    for _, writer in ends:
        os.close(writer)
    threads = [threading.Thread(target=collect, args=(number,)) for number in range(len(ends))]
    for number, piece in enumerate(pieces, 1):
        assert os.write(feed, piece) == len(piece)
        if number == before:
            for thread in threads:
                thread.start()
    os.close(feed)
    for thread in threads:
        thread.join()
    assert child.wait() == 0, (options, sizes)
    whole = b"".join(pieces)
    assert all(result == whole for result in results), (options, sizes)
    assert open("copy", "rb").read() == whole, (options, sizes)

for options in ([], ["--method=read"], ["--pipe-size=4096"], ["--buffer=64K"]):
    transfer([bytes([65 + i]) for i in range(16)], 16, [4096], options)
    transfer([os.urandom(i % 50 + 1) for i in range(3000)], 16, [4096, 65536], options)
    transfer([os.urandom(1 << 20), os.urandom(1 << 20), b"x"], 1, [4096, 1 << 20, 8192], options)
END
    timeout 60 python3 run.py
}

@test "every byte goes out to all outputs before the next one has come" {
    local i out=
    listen
    mkfifo in first second third
    exec 9<>in 8<>first 7<>second 6<>third
    : >appended
    ztee --tcp="127.0.0.1:$port" --exec='exec cat >third' --fd=5 file second <in >first 5>>appended 9>&- &
    tee=$!
    for i in {1..20}; do
        printf x >&9
        out+=x
        read -rN 1 -t 20 byte <&8
        [ "$byte" = x ]
        read -rN 1 -t 20 byte <&7
        [ "$byte" = x ]
        read -rN 1 -t 20 byte <&6
        [ "$byte" = x ]
        wait_for size_is file "$i"
        wait_for size_is appended "$i"
        wait_for size_is out "$i"
    done
    exec 9>&-
    status_of "$tee"
    [ "$status" -eq 0 ]
    [ "$(cat file)" = "$out" ]
    [ "$(cat appended)" = "$out" ]
    status_of "$listener"
    [ "$status" -eq 0 ]
    [ "$(cat out)" = "$out" ]
}

@test "every byte goes out at once by every method, and through a buffer" {
    local option i
    for option in --method=read --method=splice --buffer=4096; do
        rm -f in first second file
        mkfifo in first second
        exec 9<>in 8<>first 7<>second
        timeout 20 ztee "$option" second file <in >first 9>&- &
        tee=$!
        for i in {1..8}; do
            printf x >&9
            read -rN 1 -t 20 byte <&8
            [ "$byte" = x ]
            read -rN 1 -t 20 byte <&7
            [ "$byte" = x ]
            wait_for size_is file "$i"
        done
        exec 9>&-
        status_of "$tee"
        [ "$status" -eq 0 ]
    done
}

@test "a short read is not the end" {
    mkfifo in
    exec 9<>in
    timeout 20 ztee file <in >out 9>&- &
    tee=$!
    for i in 1 2 3; do
        printf 'piece %d\n' "$i" >&9
        wait_for size_is out $((8 * i))
        wait_for size_is file $((8 * i))
    done
    run ! gone "$tee"
    exec 9>&-
    status_of "$tee"
    [ "$status" -eq 0 ]
}

@test "a FIFO is waited for until its reader comes, also when that is late" {
    random_file in 300000
    mkfifo one two
    timeout 20 ztee first one second two third <in >out &
    tee=$!
    wait_for test -e first
    timeout 20 cat one >from-one &
    wait_for test -e second
    run ! gone "$tee"
    [ ! -s out ]
    timeout 20 cat two >from-two &
    status_of "$tee"
    [ "$status" -eq 0 ]
    wait
    for copy in out first second third from-one from-two; do
        cmp in "$copy"
    done
}

# kept_by_waiting_readers OPTION...: pipes that nobody reads yet, one of them non-empty only by ztee, hold what the file on
# standard input was when ztee had read it, not what it is when they are read.
kept_by_waiting_readers() {
    rm -f first second third
    printf '%040000d' 1 >in
    cp in old
    hold first second third
    timeout 20 ztee "$@" first second <in >third 9>&- 8>&- 7>&-
    tr 01 98 <old >new
    dd if=new of=in conv=notrunc status=none
    for fd in 9 8 7; do
        head -c 40000 <&"$fd" >got
        cmp old got
    done
    exec 9>&- 8>&- 7>&-
}

@test "a file that changes after it was read does not change for slow readers" {
    kept_by_waiting_readers
    kept_by_waiting_readers --method=read
    kept_by_waiting_readers --method=mmap
    kept_by_waiting_readers --buffer=1M
}

@test "a file that changes in the middle does not change what a slow reader has to come" {
    mkfifo slow
    exec 9<>slow
    printf '%0300000d' 1 >in
    cp in old
    timeout 20 ztee --buffer=8M slow <in >fast 9>&- &
    tee=$!
    wait_for size_is fast 300000
    tr 01 98 <old >new
    dd if=new of=in conv=notrunc status=none
    exec 8<slow 9>&-
    timeout 20 cat <&8 >got
    status_of "$tee"
    [ "$status" -eq 0 ]
    cmp old got
}

@test "with --method=splice a reader may get new bytes, but as many, and no error" {
    hold slow
    printf '%040000d' 1 >in
    timeout 20 ztee --method=splice slow <in >fast 9>&-
    tr 01 98 <fast >new
    dd if=new of=in conv=notrunc status=none
    head -c 40000 <&9 >got
    cmp got new || cmp got fast
}
