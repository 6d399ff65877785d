# SPDX-License-Identifier: MIT
# zcat-net: its command line, and the options that every transfer has.
# shellcheck disable=SC2030,SC2031,SC2154 # every test is a subshell of its own; the helpers set variables
bats_require_minimum_version 1.5.0
load helpers

@test "port numbers that do not exist are usage errors" {
    refuses "port number too large: '99999'" 127.0.0.1 99999
    refuses "port number too large: '99999'" -l 99999
    refuses "port number too large: '65536'" -l 127.0.0.1 65536
    refuses "port number too small: '0'" 127.0.0.1 0
    refuses "missing port number: '127.0.0.1'" 127.0.0.1
    refuses "missing host and port"
    refuses "missing port number" -l
    refuses "extra operand 'three'" one 2 three
}

@test "unknown options are usage errors in GNU's words" {
    refuses "unrecognized option '--nonsense'" --nonsense 127.0.0.1 1
    refuses "invalid option -- 'y'" -y 127.0.0.1 1
    refuses "invalid option -- 'e'" -e sh 127.0.0.1 1
    refuses "invalid option -- 'c'" -c sh 127.0.0.1 1
    refuses "option requires an argument -- 'w'" -w
    refuses "option '--retry' requires an argument" --retry
    refuses "option '--stats' doesn't allow an argument" --stats=1
    refuses "unrecognized option '--sta'" --sta 127.0.0.1 1
}

@test "letters of nc that are not supported are refused by name" {
    refuses "the option '-S' of nc is not supported by zcat-net" -S 127.0.0.1 1
    refuses "the option '-V' of nc is not supported by zcat-net" -V 1 127.0.0.1 1
    refuses "the option '-Z' of nc is not supported by zcat-net" -Z 127.0.0.1 1
}

@test "arguments that make no sense are usage errors" {
    local option
    for option in --exit-on=never --method=magic --method=clone --method=tee --method= --progress=maybe --bwlimit=fast --bwlimit=0 \
        --pipe-size=1 --retry=-1 --timeout=soon --connect-timeout=x; do
        refuses "(invalid|too small) argument '${option#*=}' for '${option%%=*}'" "$option" 127.0.0.1 1
    done
    for option in -wx -w0 -qx -W0 -I0 -Ox -M0 -M256 -m999 -Tnone; do
        refuses "(invalid|too small|too large) argument '${option:2}' for '${option:0:2}'" "$option" 127.0.0.1 1
    done
}

@test "options that exclude each other are usage errors" {
    refuses '-k works only with -l' -k 127.0.0.1 1
    refuses '-z and -l exclude each other' -z -l 1
    refuses '--print-port works only with -l and a port' --print-port 127.0.0.1 1
    refuses '--print-port works only with -l and a port' -lU --print-port path
    refuses '--send-only excludes -d and --recv-only' --send-only -d 127.0.0.1 1
    refuses "invalid port range: '1-70000'" -z 127.0.0.1 1-70000
}

@test "--help and -h go to standard output, and fail when that is full" {
    run -0 --separate-stderr zcat-net --help
    [[ $output == "Usage: zcat-net "* ]]
    [ -z "$stderr" ]
    local help=$output
    run -0 zcat-net -h
    [ "$output" = "$help" ]
    run -1 --separate-stderr sh -c 'exec zcat-net --help >/dev/full'
    [ "$stderr" = "zcat-net: error writing 'standard output': No space left on device" ]
    run -1 sh -c 'exec zcat-net --help >&-'
}

@test "--version tells the version, and fails when standard output is full" {
    run -0 zcat-net --version
    [[ ${lines[0]} =~ ^zcat-net\ \(zcopy\)\ [0-9.]+$ ]]
    run -1 sh -c 'exec zcat-net --version >/dev/full'
}

@test "pipes grow only after 1 MiB, and never with --pipe-size=keep" {
    local keep
    random_file small 900000
    random_file big 3000000
    for keep in '' --pipe-size=keep; do
        rm -f log
        receive small $keep
        receive big $keep
        diff - log <<END
pipe 0 65536 65536
pipe 1 65536 65536
pipe 0 65536 $([ -n "$keep" ] && echo 65536 || echo 1048576)
pipe 1 65536 $([ -n "$keep" ] && echo 65536 || echo 1048576)
END
    done
}

# receive FILE [OPTION]...: from pipe to pipe, with sizes in log: the sender's first
receive() {
    local file=$1
    shift
    rm -f err
    ends --log log1 --out pipe out zcat-net -n -l -d --print-port "$@" 127.0.0.1 0 2>err &
    listener=$!
    take_port err
    ends --log log --in pipe "$file" zcat-net -n "$@" 127.0.0.1 "$port"
    status_of "$listener"
    cat log1 >>log
    rm log1
    cmp "$file" out
}

@test "--bwlimit lets all bytes through, a little at a time" {
    can_trace
    random_file in 300000
    listen
    traced calls splice,sendfile zcat-net -n --bwlimit=1M 127.0.0.1 "$port" <in
    status_of "$listener"
    cmp in out
    # No call moves more than the bucket holds: 50 ms of the rate.
    awk '/sendfile|splice/ && $NF > 52429 { bad = 1 } /sendfile|splice/ && $NF > 0 { n++ }
         END { exit bad || n < 6 }' calls
}

@test "--progress=always shows a line although standard error is no terminal" {
    mkfifo go
    exec 9<>go
    listen
    zcat-net -n --progress=always 127.0.0.1 "$port" <go 2>log &
    local client=$!
    printf %065536d 0 >&9
    wait_for has_line log '64.0 KiB .*/s now .*/s average'
    kill -TERM "$client"
}

@test "without --progress there is no progress line, and --progress=auto needs a terminal" {
    start_peer text:x wait:go close
    mkfifo go
    zcat-net -n --progress=auto 127.0.0.1 "$port" </dev/null >out 2>log &
    local client=$!
    wait_for has_line out x
    open_gate go
    status_of "$client"
    [ ! -s log ]
}

@test "SIGUSR1 prints a status line and disturbs nothing" {
    mkfifo in
    exec 9<>in
    listen
    zcat-net -n 127.0.0.1 "$port" <in 2>log &
    local client=$!
    printf %065536d 0 >&9
    received() { [ "$(stat -c %s out)" -eq 65536 ]; }
    wait_for received
    kill -USR1 "$client"
    wait_for has_line log '^zcat-net: 64.0 KiB .*/s average$'
    run ! gone "$client"
    kill -TERM "$client"
}

@test "--stats ends with one line of bytes, time and methods" {
    random_file in 1000000
    listen
    run -0 --separate-stderr zcat-net -n --stats 127.0.0.1 "$port" <in
    [[ $stderr =~ ^zcat-net:\ 1000000\ bytes,\ [0-9.]+\ s,\ .*/s,\ [0-9.]+\ s\ CPU,\ [0-9.]+\ s\ CPU/GiB,\ sendfile\ 1000000$ ]]
}

@test "--debug says which methods moved the bytes and which could not" {
    listen
    run -0 --separate-stderr zcat-net -n --debug 127.0.0.1 "$port" <<<hello
    grep -q "debug: 'standard input' (.*) to '127.0.0.1:$port' (stream socket): .* 6$" <<<"$stderr"
}

@test "--fsync syncs what was received" {
    can_trace
    rm -f err
    traced calls fsync zcat-net -n -l -d --fsync --print-port 127.0.0.1 0 >out 2>err &
    listener=$!
    take_port err
    greets 127.0.0.1 "$port"
    grep -q 'fsync(1) *= 0' calls
}
