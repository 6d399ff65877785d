# SPDX-License-Identifier: MIT
# zcat-net -u: what sendmmsg(2) and recvmmsg(2) may answer instead of success.
# shellcheck disable=SC2030,SC2031,SC2154 # every test is a subshell of its own; the helpers set variables
bats_require_minimum_version 1.5.0
load helpers
load datagrams

setup_file() {
    straight_python
}

# hears_traced INJECT OPTION...: as listen -u, with an error in its recvmmsg; the calls in log.
hears_traced() {
    local inject=$1
    shift
    rm -f err
    traced log recvmmsg -e "inject=recvmmsg:$inject" zcat-net -n -l -u -d --print-port "$@" 127.0.0.1 0 >out 2>err &
    listener=$!
    take_port err
}

@test "a device or socket without room is waited for, and an interrupted call repeated" {
    can_trace
    random_file in 40000
    local error
    for error in ENOBUFS EAGAIN EINTR; do
        talk ./path into:got hear:3
        traced log sendmmsg -e inject=sendmmsg:error=$error:when=1..3 timeout 20 zcat-net -u -U --send-only path <in
        status_of "$peer"
        cmp in got
        [ "$(grep -c "$error .*INJECTED" log)" -eq 3 ]
    done
}

@test "what one call has not sent is sent by the next" {
    can_trace
    random_file in 262144
    mkfifo go
    talk ./path into:got wait:go hear:16
    traced log sendmmsg timeout 60 zcat-net -u -U --send-only path <in &
    local client=$!
    wait_for has_line log EAGAIN
    open_gate go
    status_of "$client"
    [ "$status" -eq 0 ]
    status_of "$peer"
    cmp in got
    grep -Eq 'sendmmsg\(.*, 16, MSG_NOSIGNAL\) = ([1-9]|1[0-5])$' log
}

@test "another error of sending ends it with the peer's name" {
    can_trace
    talk ./path hear:1
    run -1 --separate-stderr traced log sendmmsg -e inject=sendmmsg:error=EPERM:when=1 timeout 20 zcat-net -u -U \
        --send-only path <<<hello
    [ "$stderr" = "zcat-net: error writing 'path': Operation not permitted" ]
}

@test "a call that was interrupted or had nothing to receive is repeated" {
    can_trace
    local inject
    for inject in error=EINTR:when=1..7 error=EAGAIN:when=1..3 error=EINTR:when=1+2; do
        hears_traced $inject -W 3
        talk 127.0.0.1 "to:$port" send:5 send:6 send:7
        status_of "$listener"
        [ "$status" -eq 0 ]
        [ "$(stat -c %s out)" -eq 18 ]
        grep -q INJECTED log
    done
}

@test "an error of receiving where nothing was sent: what has arrived is written before" {
    can_trace
    local when
    for when in 1 2; do
        hears_traced error=ECONNREFUSED:when=$when
        talk 127.0.0.1 "to:$port" send:5
        status_of "$listener"
        [ "$status" -eq 1 ]
        [ "$(stat -c %s out)" -eq 5 ]
        has_line err "^zcat-net: error reading '127.0.0.1:[0-9]*': Connection refused$"
    done
}

@test "an error of receiving is one of sending only if that can have caused it" {
    can_trace
    local error verb
    for error in ENOMEM ECONNREFUSED; do
        verb=reading
        [ "$error" = ENOMEM ] || verb=writing
        talk 127.0.0.1 echo:1
        run -1 --separate-stderr traced log recvmmsg -e inject=recvmmsg:error=$error:when=2 timeout 20 zcat-net -n -u \
            127.0.0.1 "$port" <<<hello
        [[ $stderr == "zcat-net: error $verb '127.0.0.1:$port': "* ]]
        [ "$output" = hello ]
    done
}

@test "a refusal is told at once while standard input is silent, after all that was received" {
    mkfifo go
    exec 9<>go
    rm -f err
    zcat-net -n -l -u --print-port 127.0.0.1 0 <go >out 2>err 9>&- &
    local server=$!
    take_port err
    talk 127.0.0.1 "to:$port" burst:50x100
    status_of "$peer"
    echo answer >&9
    status_of "$server"
    [ "$status" -eq 1 ]
    [ "$(stat -c %s out)" -eq 5000 ]
    has_line err "^zcat-net: error writing '127.0.0.1:[0-9]*': Connection refused$"
    exec 9>&-
}
