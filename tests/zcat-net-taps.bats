# SPDX-License-Identifier: MIT
# --hash and --hex-dump: what went through is looked at beside the session, and the session stays what it is.
# shellcheck disable=SC2030,SC2031,SC2154 # every test is a subshell of its own; bats and helpers.bash set variables
bats_require_minimum_version 1.5.0
load helpers

sha() {
    sha256sum "$1" | cut -d ' ' -f 1
}

# sends FILE [OPTION]...: a client sends the file to the listener; both end well; the client's messages are in said.
sends() {
    local file=$1
    shift
    timeout 20 zcat-net "$@" 127.0.0.1 "$port" <"$file" >reply 2>said
    status_of "$listener"
    [ "$status" -eq 0 ]
}

@test "both ends print the digest of what went through" {
    random_file data 3000001
    listen --hash=sha256
    sends data --hash=sha256
    cmp data out
    [ "$(cat said)" = "$(sha data)  -" ]
    grep -qx "$(sha data)  -" err
}

@test "every algorithm agrees with the tool of its name, also for nothing" {
    need xxhsum
    for size in 0 1 1000000; do
        random_file data $size
        for tool in sha256=sha256sum sha512=sha512sum 'xxh3=xxhsum -q -H128'; do
            listen
            sends data "--hash=${tool%%=*}:digest"
            [ "$(cat digest)" = "$(${tool#*=} <data | cut -d ' ' -f 1)  -" ]
            [ ! -s said ]
        done
    done
}

@test "a digest in a file can be checked by sha256sum" {
    random_file data 100000
    listen --hash=sha256:received.sum
    sends data
    sha256sum -c received.sum <out
}

@test "a session of two directions has two digests, with the names of the directions" {
    random_file question 70000
    random_file answer 90000
    INPUT=answer listen --hash=sha256
    timeout 20 zcat-net --hash=sha256:sums 127.0.0.1 "$port" <question >got
    status_of "$listener"
    [ "$status" -eq 0 ]
    cmp answer got
    [ "$(cat sums)" = "$(sha answer)  received
$(sha question)  sent" ]
    grep -qx "$(sha question)  received" err
    grep -qx "$(sha answer)  sent" err
}

@test "each client of -k has its own digest" {
    for name in one two three; do random_file $name 50000; done
    listen -k --hash=sha256
    for name in one two three; do
        timeout 20 zcat-net 127.0.0.1 "$port" <$name
        wait_for has_line err "^$(sha $name)  -$"
    done
}

@test "a session that breaks off prints no digest" {
    start_peer recv:1000 reset
    random_file data 8000000
    run -1 --separate-stderr timeout 20 zcat-net --hash=sha256 127.0.0.1 "$port" <data
    [[ $stderr == "zcat-net: error "* ]]
    [ "${#stderr_lines[@]}" -eq 1 ]
}

@test "a file that cannot be created is an error before anything is sent" {
    for option in --hash=sha256:none/sum --hex-dump=none/dump; do
        listen
        run -1 --separate-stderr timeout 20 zcat-net $option 127.0.0.1 "$port" <<<data
        [[ $stderr == "zcat-net: cannot open 'none/"* ]]
        kill "$listener"
        status_of "$listener"
        [ ! -s out ]
    done
}

@test "a digest or a dump that cannot be written makes the exit status 1" {
    for option in --hash=sha256:/dev/full --hex-dump=/dev/full; do
        listen
        run -1 --separate-stderr timeout 20 zcat-net $option 127.0.0.1 "$port" <<<data
        [[ $stderr == "zcat-net: error writing '/dev/full': No space left on device" ]]
        status_of "$listener"
        [ "$(cat out)" = data ]
    done
}

@test "an unknown algorithm and an empty file name are usage errors" {
    for wrong in md4 sha256: '' :file sha; do
        refuses "invalid argument '$wrong' for '--hash'" --hash=$wrong 127.0.0.1 1
    done
}

@test "the dump shows every byte of both directions, each with its own offsets" {
    need xxd
    random_file question 5000
    { random_file answer 7001 && printf 'ab  |cd ef  |' >>answer; } # as the end of a line looks
    INPUT=answer listen
    timeout 20 zcat-net --hex-dump=dump 127.0.0.1 "$port" <question >got
    status_of "$listener"
    bytes_of '>' dump | cmp - question
    bytes_of '<' dump | cmp - answer
    grep -q '^> 00000010  ' dump
    grep -q '^< 00000010  ' dump
}

@test "neither the digest nor the dump is written over what is received, nor over each other" {
    echo old >out
    for option in --hash=xxh3:out --hex-dump=out; do
        # shellcheck disable=SC2016 # for the other shell
        run -1 --separate-stderr timeout 20 bash -c 'exec zcat-net -n -l -d "$1" 127.0.0.1 0 >>out' bash "$option"
        [ "$stderr" = "zcat-net: 'out' is written to already: by standard output, or by --hash" ]
        [ "$(cat out)" = old ]
    done
    run -1 --separate-stderr timeout 20 zcat-net -n -l -d --hash=xxh3:both --hex-dump=both 127.0.0.1 0
    [ "$stderr" = "zcat-net: 'both' is written to already: by standard output, or by --hash" ]
    listen
    random_file data 3000
    # shellcheck disable=SC2016 # for the other shell
    timeout 20 bash -c 'exec zcat-net -n --send-only --hash=sha256:/dev/stdout 127.0.0.1 "$1" <data >sums' bash "$port"
    [ "$(cat sums)" = "$(sha data)  -" ]
    status_of "$listener"
    cmp data out
}

@test "a line of the dump shows offset, hexadecimal digits and text" {
    listen --hex-dump=dump
    printf 'Hello,\tworld\0!' >data
    sends data
    [ "$(cat dump)" = '< 00000000  48 65 6c 6c 6f 2c 09 77 6f 72 6c 64 00 21        |Hello,.world.!|' ]
}

@test "zero-copy goes on under a digest and a dump: splice moves the bytes and tee shows them" {
    can_trace
    random_file data 3000000
    listen
    head -c 3000000 data | traced log splice,tee,read zcat-net --stats --hash=sha256 --hex-dump=dump 127.0.0.1 "$port" 2>said
    status_of "$listener"
    [ "$status" -eq 0 ]
    cmp data out
    grep -q 'CPU/GiB, splice 3000000$' said
    grep -q ' tee(' log
}

@test "a file is not sent by sendfile then, which shows its bytes to nobody" {
    random_file data 100000
    listen
    sends data --stats --hash=sha256
    grep -q ', splice 100000$' said
    listen
    run -1 --separate-stderr timeout 20 zcat-net --method=sendfile,read --recv-only --method=sendfile --hash=sha256 \
        127.0.0.1 "$port" </dev/null
    [[ $stderr == *"no method of --method"* ]]
}

@test "where tee is refused the bytes are read, and none is lost" {
    can_trace
    random_file data 1000000
    for errno in EINVAL EPERM ENOSYS EINTR EAGAIN; do
        for when in 1 2 3+2; do
            listen
            head -c 1000000 data |
                traced log tee -e inject=tee:error=$errno:when=$when zcat-net --hash=sha256 127.0.0.1 "$port" 2>said
            status_of "$listener"
            [ "$status" -eq 0 ]
            cmp data out
            grep -qx "$(sha data)  -" said
        done
    done
}

@test "all methods show the same bytes" {
    random_file data 500001
    for method in splice mmap,read read read,splice; do
        listen --hash=sha256 --pipe-size=8K --method=splice,read
        sends data --hash=sha256 --pipe-size=8K --method=$method
        [ "$(cat said)" = "$(sha data)  -" ]
        grep -qx "$(sha data)  -" err
        cmp data out
    done
}
