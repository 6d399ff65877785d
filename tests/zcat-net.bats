# SPDX-License-Identifier: MIT
# zcat-net: bytes from every kind of standard input to every kind of standard output, or a truthful failure.
# shellcheck disable=SC2030,SC2031,SC2154 # every test is a subshell of its own; the helpers set variables
bats_require_minimum_version 1.5.0
load helpers

# says_exactly FILE PATTERN: besides the port, FILE has one line, which matches all of PATTERN.
says_exactly() {
    grep -v '^[0-9]*$' "$1" >said || true
    cat "$1"
    [ "$(wc -l <said)" -eq 1 ]
    grep -q -x -e "$2" said
}

# sends_from KIND FILE: a standard input of that kind arrives, and is left as it was.
sends_from() {
    listen
    run -0 ends --in "$1" "$2" zcat-net -n 127.0.0.1 "$port"
    [ -z "$output" ]
    status_of "$listener"
    [ "$status" -eq 0 ]
    cmp "$2" out
}

# receiver_on KIND FILE [OPTION]...: a receiver whose standard output is of that kind; sets $port and $listener.
receiver_on() {
    rm -f err
    ends --out "$1" "$2" zcat-net -n -l -d --print-port "${@:3}" 127.0.0.1 0 2>err &
    listener=$!
    take_port err
}

# receives_to KIND: what is received arrives at a standard output of that kind, which is left as it was.
receives_to() {
    random_file in 5000017
    receiver_on "$1" out
    run -0 zcat-net -n 127.0.0.1 "$port" <in
    [ -z "$output" ]
    status_of "$listener"
    [ "$status" -eq 0 ]
    cmp in out
}

# sender_fails PATTERN SENDER...: both ends fail, the receiver that is waiting on $port with this line in err.
sender_fails() {
    local pattern=$1
    shift
    run -1 --separate-stderr timeout 30 "$@"
    # shellcheck disable=SC2154 # set by run
    grep -q "^zcat-net: error .* '127.0.0.1:$port'.*: \(Connection reset by peer\|Broken pipe\)$" <<<"$stderr"
    [ "$(wc -l <<<"$stderr")" -eq 1 ]
    status_of "$listener"
    [ "$status" -eq 1 ]
    says_exactly err "$pattern"
}

# zsend_fails: the same with zsend as the sender; what it says is its own tests' business.
zsend_fails() {
    run timeout 30 zsend --raw "$1" "127.0.0.1:$port"
    [ "$status" -ne 0 ]
    [ "$status" -ne 124 ]
    status_of "$listener"
    [ "$status" -eq 1 ]
    says_exactly err "$2"
}

@test "bytes from a pipe arrive" {
    random_file in 5000017
    sends_from pipe in
}

@test "bytes from a non-blocking pipe arrive" {
    random_file in 5000017
    sends_from nonblock in
}

@test "bytes from a file arrive" {
    random_file in 5000017
    sends_from file in
}

@test "bytes from a UNIX socket arrive" {
    random_file in 5000017
    sends_from unix in
}

@test "bytes from a TCP socket arrive" {
    random_file in 5000017
    sends_from tcp in
}

@test "lines typed at a terminal arrive, and ^D ends them" {
    head -c 60000 /dev/urandom | base64 >in
    sends_from lines in
}

@test "an empty standard input is a transfer of no bytes" {
    sends_from file /dev/null
    [ ! -s out ]
    : >empty
    sends_from pipe empty
}

@test "a file is sent from where its offset is" {
    random_file tail 100000
    { echo first; cat tail; } >in
    listen
    { read -r line; zcat-net -n 127.0.0.1 "$port"; cat >rest; } <in
    [ "$line" = first ]
    status_of "$listener"
    [ "$status" -eq 0 ]
    cmp tail out
    [ ! -s rest ]
}

@test "a closed standard input is a failure to read it, at both ends" {
    listen
    run -1 --separate-stderr ends --in closed - zcat-net -n 127.0.0.1 "$port"
    [ "$stderr" = "zcat-net: error reading 'standard input': Bad file descriptor" ]
    status_of "$listener"
    [ "$status" -eq 1 ]
    says_exactly err "zcat-net: error reading '127.0.0.1:[0-9]*': Connection reset by peer"
}

@test "a standard input that cannot be read is a failure to read it" {
    listen
    run -1 --separate-stderr zcat-net -n 127.0.0.1 "$port" <.
    [ "$stderr" = "zcat-net: error reading 'standard input': Is a directory" ]
    status_of "$listener"
    [ "$status" -eq 1 ]
}

@test "bytes for a pipe arrive" {
    receives_to pipe
}

@test "bytes for a non-blocking pipe arrive" {
    receives_to nonblock
}

@test "bytes for a file arrive" {
    receives_to file
}

@test "bytes for a UNIX socket arrive" {
    receives_to unix
}

@test "bytes for a TCP socket arrive" {
    receives_to tcp
}

@test "bytes for a terminal arrive" {
    receives_to pty
}

@test "bytes are appended to a file opened by >>" {
    random_file in 3000000
    echo before >out
    { cat out in; } >expected
    receiver_on append out
    run -0 zcat-net -n 127.0.0.1 "$port" <in
    status_of "$listener"
    [ "$status" -eq 0 ]
    cmp expected out
}

@test "a file that is open at an offset is written from there" {
    random_file in 300000
    { echo first; cat in; echo last; } >expected
    {
        echo first
        zcat-net -n -l -d --print-port 127.0.0.1 0 2>err &
        listener=$!
        take_port err
        zcat-net -n 127.0.0.1 "$port" <in
        status_of "$listener"
        echo last
    } >out
    [ "$status" -eq 0 ]
    cmp expected out
}

# The ends do not end together: the one that still has something to send must not take a short pause of its
# input for its end when the other has ended.
@test "both directions at once carry different bytes" {
    random_file in1 6000001
    random_file in2 7000003
    INPUT=in1 listen
    timeout 30 zcat-net -n 127.0.0.1 "$port" <in2 >out2
    status_of "$listener"
    [ "$status" -eq 0 ]
    cmp in1 out2
    cmp in2 out
}

@test "both directions at once from pipe to pipe carry different bytes" {
    random_file in1 6000001
    random_file in2 7000003
    rm -f err
    ends --in pipe in1 --out pipe out1 zcat-net -n -l --print-port 127.0.0.1 0 2>err &
    listener=$!
    take_port err
    run -0 timeout 30 python3 "$BATS_TEST_DIRNAME/ends.py" --in pipe in2 --out pipe out2 \
        zcat-net -n 127.0.0.1 "$port"
    status_of "$listener"
    [ "$status" -eq 0 ]
    cmp in1 out2
    cmp in2 out1
}

@test "/dev/full as standard output fails at both ends, for few bytes and for many" {
    local size
    for size in 1 20000000; do
        random_file in "$size"
        OUT=/dev/full listen
        sender_fails "zcat-net: error writing 'standard output': No space left on device" \
            zcat-net -n 127.0.0.1 "$port" <in
        OUT=/dev/full listen
        zsend_fails in "zcat-net: error writing 'standard output': No space left on device"
    done
}

@test "a standard output that is a closed pipe fails at both ends" {
    local size
    for size in 1 20000000; do
        random_file in "$size"
        receiver_on broken -
        sender_fails "zcat-net: error writing 'standard output': Broken pipe" zcat-net -n 127.0.0.1 "$port" <in
        receiver_on broken -
        zsend_fails in "zcat-net: error writing 'standard output': Broken pipe"
    done
}

@test "a closed standard output fails at both ends" {
    local size
    for size in 1 20000000; do
        random_file in "$size"
        receiver_on closed -
        sender_fails "zcat-net: error writing 'standard output': Bad file descriptor" \
            zcat-net -n 127.0.0.1 "$port" <in
        receiver_on closed -
        zsend_fails in "zcat-net: error writing 'standard output': Bad file descriptor"
    done
}

# full_receiver MIB: a receiver whose standard output is a file system of 1 MiB, in which MIB are in use.
full_receiver() {
    rm -f err
    mkdir -p full
    # shellcheck disable=SC2016 # for the inner shell
    unshare -rm sh -c 'mount -t tmpfs -o size=1m none full && head -c "$1m" /dev/zero >full/fill; shift; exec "$@" >full/out' sh \
        "$1" zcat-net -n -l -d --print-port 127.0.0.1 0 2>err &
    listener=$!
    take_port err
}

@test "a full file system at standard output fails at both ends, at once and in mid-transfer" {
    local size used
    unshare -rm mount -t tmpfs none . 2>/dev/null || skip 'no private mount namespace here'
    for size in 1 3000000; do
        random_file in "$size"
        used=$((size == 1))
        full_receiver "$used"
        sender_fails "zcat-net: error writing 'standard output': No space left on device" \
            zcat-net -n 127.0.0.1 "$port" <in
        full_receiver "$used"
        zsend_fails in "zcat-net: error writing 'standard output': No space left on device"
    done
}

@test "a closed standard error does not put messages into the transfer" {
    random_file in 1000000
    listen
    zcat-net -n -v --stats 127.0.0.1 "$port" <in 2>&-
    status_of "$listener"
    [ "$status" -eq 0 ]
    cmp in out
}

@test "every --method gives the same bytes, and the one that is named moves them" {
    local list
    random_file in 4000000
    for list in splice read sendfile,splice mmap,splice; do
        listen --method=splice,read --stats
        run -0 --separate-stderr zcat-net -n --method="$list" --stats 127.0.0.1 "$port" <in
        status_of "$listener"
        cmp in out
        [[ $stderr == "zcat-net: 4000000 bytes, "*" CPU/GiB, ${list%,*} 4000000" ]]
    done
    listen --method=read --stats
    run -0 zcat-net -n 127.0.0.1 "$port" <in
    status_of "$listener"
    grep -q ', read 4000000$' err
}

@test "between a pipe and TCP all bytes are spliced, both ways" {
    can_trace
    random_file in 4000000
    receiver_on pipe out --stats
    # LeakSanitizer cannot run under ptrace(2).
    export ASAN_OPTIONS=${ASAN_OPTIONS:-}:detect_leaks=0
    ends --in pipe in strace -f -qq -o calls -e trace=splice,read,write,sendto,recvfrom \
        zcat-net -n 127.0.0.1 "$port"
    status_of "$listener"
    cmp in out
    grep -q ', splice 4000000$' err
    # Each byte is spliced twice, into the private pipe and out of it.
    awk '/splice/ { if ($NF > 0) n += $NF } END { print n; exit n != 8000000 }' calls
}

@test "a method that cannot serve the pair is an error that names pair and reason" {
    listen
    run -1 --separate-stderr timeout 20 zcat-net -n --method=sendfile 127.0.0.1 "$port" <err
    [ "$stderr" = "zcat-net: no method of --method can move bytes from a stream socket to a pipe: Invalid argument" ]
    status_of "$listener"
    [ "$status" -eq 1 ]
}
