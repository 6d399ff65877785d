# SPDX-License-Identifier: MIT
# ztee: arguments that make no sense, methods and pipes, rate, progress, statistics, --fsync, SIGUSR1.
# shellcheck disable=SC2016,SC2030,SC2031,SC2154 # scripts for another shell; tests are subshells; helpers set variables
bats_require_minimum_version 1.5.0
load helpers

setup_file() {
    straight_python
}

@test "arguments that make no sense are usage errors, and nothing is opened" {
    local option
    for option in --method=magic --method=clone --method=copy_file_range --method= --method=read,read --progress=maybe --bwlimit=fast --bwlimit=0 --pipe-size=1 \
        --retry=-1 --connect-timeout=x --fd=x --fd=-1 --fd=99999999999 --slow=never --slow= --slow-timeout=0 \
        --slow-timeout=-1 --buffer=10KiB; do
        ztee_refuses "(invalid|too small|too large) argument '${option#*=}' for '${option%%=*}'" "$option" file
    done
    ztee_refuses "missing port number: 'host'" --tcp=host file
    ztee_refuses "missing port number: 'host:'" --tcp=host: file
    ztee_refuses "missing host name: ':1'" --tcp=:1 file
    ztee_refuses "port number too large: 'host:65536'" --tcp=host:65536 file
    ztee_refuses "an IPv6 address with a port is written \[ADDRESS\]:PORT: '::1:9'" --tcp=::1:9 file
    ztee_refuses "empty socket path: ''" --unix= file
    ztee_refuses "socket path too long: '.*'" --unix="$(printf %0108d 0)" file
    for option in --tcp --exec --buffer; do
        ztee_refuses "option '$option' requires an argument" "$option"
    done
    for option in --no-stdout --fsync; do
        ztee_refuses "option '$option' doesn't allow an argument" "$option=1" file
    done
    ztee_refuses '--no-stdout leaves no output' --no-stdout
    [ ! -e file ]
}

# by_method LIST INPUT METHOD: with --method=LIST standard output (a file), a FIFO and a file get all of what a standard input
# of that kind (pipe, or file) has, and only METHOD has read it; says so in $stderr.
by_method() {
    local from=in
    echo "--method=$1 from a $2"
    rm -f out copy
    if [ "$2" = pipe ]; then
        from=fifo-in
        cat in >fifo-in &
    fi
    timeout 20 cat fifo >third &
    run -0 --separate-stderr timeout 20 sh -c 'exec ztee --stats "--method=$1" copy fifo <"$2" >out' sh "$1" "$from"
    wait
    cmp in out
    cmp in copy
    cmp in third
    [[ ${stderr_lines[-1]} =~ ^ztee:\ 300017\ bytes,.*,\ $3\ 300017$ ]]
}

@test "--method=LIST uses only what it names, in that order" {
    random_file in 300017
    mkfifo fifo fifo-in
    for input in pipe file; do
        by_method tee "$input" splice
        by_method read "$input" read
        [[ $stderr =~ \'standard\ output\'\ \(regular\ file\):\ 300017\ bytes,\ read\ 300017 ]]
        [[ $stderr =~ \'fifo\'\ \(pipe\):\ 300017\ bytes,\ read\ 300017 ]]
        by_method splice,read "$input" splice
        by_method read,splice "$input" read
    done
    by_method mmap file mmap
    by_method mmap,read pipe read
    by_method mmap,tee file mmap
    by_method mmap,splice pipe splice
}

@test "without --method a pipe is duplicated, and a file is read" {
    random_file in 300017
    hold fifo
    timeout 20 ztee --stats fifo >out 2>log < <(head -c 60000 in) 9>&-
    has_line log "^ztee: 'standard output' (regular file): 60000 bytes, splice 60000$"
    has_line log "^ztee: 'fifo' (pipe): 60000 bytes, tee 60000$"
    timeout 20 ztee --stats one two >out 2>log <in
    has_line log "^ztee: 300017 bytes, .*, read 300017$"
}

@test "an input that no listed method serves is told, and ends with 1" {
    : >old
    for list in mmap mmap,sendfile sendfile; do
        run -1 --separate-stderr timeout 20 ztee --method="$list" copy < <(echo hello)
        says_of_ztee "no method of --method can move bytes from 'standard input' \(pipe\).*"
        [ -z "$output" ]
    done
    run -1 --separate-stderr timeout 20 ztee --method=splice </dev/null
    says_of_ztee "no method of --method can move bytes from 'standard input' \(/dev/null\).*"
}

@test "an output that no listed method serves is told by its name, and the others are served" {
    echo old >log
    run -1 --separate-stderr timeout 20 ztee --method=splice -a log < <(echo new)
    says_of_ztee "no method of --method can move bytes to 'log' \(file opened for appending\): Invalid argument"
    [ "$output" = new ]
    [ "$(cat log)" = old ]
    run -1 --separate-stderr timeout 20 ztee --method=tee /dev/full copy < <(echo new)
    says_of_ztee "no method of --method can move bytes to '/dev/full' \(character device\): Invalid argument"
    [ "$(cat copy)" = new ]
    run -0 --separate-stderr timeout 20 ztee --method=splice,read -a log < <(echo new)
    [ "$(cat log)" = $'old\nnew' ]
}

@test "sockets and terminals are served by read, and sockets by splice" {
    random_file in 300017
    head -c 6000 /dev/urandom | base64 >lines
    for kind in tcp unix; do
        for method in splice read; do
            ends --in "$kind" in timeout 20 ztee --method="$method" copy >out
            cmp in copy
            cmp in out
        done
    done
    ends --in lines lines timeout 20 ztee --method=read copy >out
    cmp lines copy
}

@test "pipes grow only after 1 MiB, to --pipe-size, and those from outside never with keep" {
    local option size
    random_file small 900000
    random_file big 3000000
    ends --log log --in pipe small --out pipe out timeout 20 ztee copy
    for option in '' --pipe-size=256K --pipe-size=64K --pipe-size=keep; do
        # shellcheck disable=SC2086 # an option or nothing
        ends --log log --in pipe big --out pipe out timeout 20 ztee $option copy
        cmp big copy
        cmp big out
    done
    for size in 65536 1048576 262144 65536 65536; do
        printf 'pipe 0 65536 %d\npipe 1 65536 %d\n' "$size" "$size"
    done | diff - log
}

@test "--bwlimit lets all bytes through, a little at a time" {
    can_trace
    random_file in 300000
    traced calls splice,read timeout 20 ztee --bwlimit=1M copy < <(cat in) >out
    cmp in copy
    cmp in out
    # No call takes more from standard input than the bucket holds: 50 ms of the rate.
    awk '/(splice|read)\(0,/ && $NF > 52429 { bad = 1 } /(splice|read)\(0,/ && $NF > 0 { n++ } END { exit bad || n < 6 }' calls
}

@test "--bwlimit holds for files too, and takes its time" {
    random_file in 150000
    before=$(date +%s%N)
    timeout 20 ztee --bwlimit=100K copy <in >out
    [ $(($(date +%s%N) - before)) -ge 400000000 ]
    cmp in copy
    cmp in out
}

@test "--progress=always shows bytes, rate and the part of a file, although standard error is no terminal" {
    random_file in 1048576
    timeout 20 ztee --progress=always copy <in >out 2>log
    cmp in copy
    cmp in out
    has_line log '1.00 MiB .*/s'
    has_line log '100%'
    mkfifo go
    exec 9<>go
    ztee --progress=always <go 2>log >out 9>&- &
    tee=$!
    printf %065536d 0 >&9
    wait_for has_line log '64.0 KiB .*/s now .*/s average'
    kill -TERM "$tee"
}

@test "without --progress, with never, and with auto away from a terminal, there is no progress line" {
    mkfifo in
    for option in '' --progress --progress=auto --progress=never; do
        exec 9<>in
        # shellcheck disable=SC2086 # an option or nothing
        timeout 20 ztee $option copy <in >out 2>log 9>&- &
        tee=$!
        echo hello >&9
        wait_for size_is copy 6
        exec 9>&-
        status_of "$tee"
        [ "$status" -eq 0 ]
        [ ! -s log ]
    done
}

@test "--progress shows a line on a terminal" {
    need script
    mkfifo in
    exec 9<>in
    timeout 20 script -qfec 'ztee --progress copy <in >out' log >/dev/null </dev/null 9>&- &
    shown=$!
    printf %065536d 0 >&9
    wait_for has_line log '64.0 KiB .*/s'
    exec 9>&-
    status_of "$shown"
    [ "$status" -eq 0 ]
}

@test "SIGUSR1 prints a status line and disturbs nothing" {
    mkfifo in
    exec 9<>in
    ztee copy <in >out 2>log 9>&- &
    tee=$!
    printf %065536d 0 >&9
    wait_for size_is copy 65536
    kill -USR1 "$tee"
    wait_for has_line log '^ztee: 64.0 KiB .*/s average$'
    echo more >&9
    exec 9>&-
    status_of "$tee"
    [ "$status" -eq 0 ]
    [ "$(wc -c <copy)" -eq 65541 ]
    cmp copy out
}

@test "--stats ends with a line for each output and one with totals" {
    random_file in 1000000
    run -1 --separate-stderr timeout 20 sh -c 'exec ztee --stats --exec="cat >third" copy none/x <in >out'
    says_of_ztee "cannot open 'none/x': .*" \
        "'standard output' \(regular file\): 1000000 bytes, [a-z]+ 1000000" \
        "'copy' \(regular file\): 1000000 bytes, [a-z]+ 1000000" \
        "'cat >third' \(pipe\): 1000000 bytes, [a-z]+ 1000000" \
        "1000000 bytes, [0-9.]+ s, .*/s, [0-9.]+ s CPU, [0-9.]+ s CPU/GiB, [a-z]+ 1000000"
    cmp in third
    run -0 --separate-stderr timeout 20 ztee --stats </dev/null
    [ "${#stderr_lines[@]}" -eq 2 ]
}

@test "--debug says which methods moved the bytes, and what was refused" {
    run -0 --separate-stderr timeout 20 ztee --debug copy < <(printf hello)
    [ "$output" = hello ]
    grep -q "^ztee: debug: 'standard output' (.*): 5 bytes, [a-z]* 5$" <<<"$stderr"
    grep -q "^ztee: debug: 'copy' (regular file): 5 bytes, [a-z]* 5$" <<<"$stderr"
    grep -q "^ztee: debug: 'standard input' (pipe) to .* 5$" <<<"$stderr"
}

# refused_calls CALLS ERROR: with these calls refused by the system all outputs still get all; what --debug says is in log.
refused_calls() {
    rm -f copy out third
    timeout 20 cat fifo >third &
    third=$!
    traced calls "$1" -e inject="$1:error=$2" \
        timeout 20 ztee --debug copy fifo < <(cat in) 2>log >out
    status_of "$third"
    cmp in copy
    cmp in out
    cmp in third
}

@test "where the system refuses tee or splice, all arrives by the next method" {
    can_trace
    random_file in 300017
    mkfifo fifo
    refused_calls tee EINVAL
    grep -q '^ztee: debug: tee was refused: Invalid argument$' log
    refused_calls splice ENOSYS
    refused_calls tee,splice EPERM
    refused_calls splice EINVAL:when=3+
    refused_calls tee EINVAL:when=4+
}

@test "--fsync has files on disk, and minds nothing that cannot be synced" {
    can_trace
    hold fifo
    traced calls fsync,fdatasync timeout 20 ztee --fsync --exec='cat >third' one two fifo /dev/null <<<hello >out 9>&-
    [ "$(grep -c 'f\(data\)\?sync([0-9]*) *= 0' calls)" -ge 3 ]
    run -0 --separate-stderr timeout 20 ztee --fsync /dev/null < <(echo hello)
    [ -z "$stderr" ]
    traced calls fsync,fdatasync timeout 20 ztee one two <<<hello >out
    run ! grep sync calls
}

@test "an error of fsync is one of the file, and 1" {
    can_trace
    for input in pipe file; do
        rm -f one two
        run -1 --separate-stderr traced calls fsync -e inject=fsync:error=EIO timeout 20 ztee --no-stdout --fsync one two <<<hello
        says_of_ztee "error writing 'one': Input/output error" "error writing 'two': Input/output error"
        [ "$(cat one two)" = $'hello\nhello' ]
    done
}

@test "--fsync --output-error=exit with a failing file still says so once" {
    run -1 --separate-stderr timeout 20 ztee --fsync --no-stdout --output-error=exit /dev/full < <(echo hello)
    says_of_ztee "error writing '/dev/full': No space left on device"
}
