# SPDX-License-Identifier: MIT
# zcat-net through proxies that others have written: ssh -D, tinyproxy, microsocks and ncat; and as ssh's ProxyCommand.
# shellcheck disable=SC2030,SC2031,SC2154 # every test is a subshell of its own; the helpers set variables
bats_require_minimum_version 1.5.0
load helpers
load proxies

# arrives ARGUMENT...: 3 MB go through the proxy to a listener at HOST, and 3 MB come back.
arrives() {
    random_file in 3000000
    random_file back 3000000
    INPUT=back listen
    timeout 60 zcat-net -x "127.0.0.1:$proxy" "$@" "$port" <in >received
    status_of "$listener"
    [ "$status" -eq 0 ]
    cmp in out
    cmp back received
}

# one_way ARGUMENT...: the same in one direction after the other, for proxies that know no half-closed connection.
one_way() {
    random_file in 3000000
    listen
    timeout 60 zcat-net -x "127.0.0.1:$proxy" "$@" "$port" <in
    status_of "$listener"
    [ "$status" -eq 0 ]
    cmp in out
    INPUT=in listen
    timeout 60 zcat-net -d -x "127.0.0.1:$proxy" "$@" "$port" >received
    status_of "$listener"
    [ "$status" -eq 0 ]
    cmp in received
}

@test "ssh -D takes 3 MB each way by SOCKS 5 and by SOCKS 4, to names and numbers" {
    ssh_forwarder
    arrives 127.0.0.1
    arrives localhost
    arrives -X 4 127.0.0.1
    arrives -X 4 localhost
}

@test "ssh -D takes connections to IPv6 addresses by SOCKS 5" {
    [ -e /proc/net/if_inet6 ] || skip 'no IPv6 here'
    ssh_forwarder
    serve -n -l ::1 0
    greets -x "127.0.0.1:$proxy" ::1 "$port"
}

@test "tinyproxy takes 3 MB in either direction by CONNECT, to names and numbers" {
    tiny
    one_way -X connect 127.0.0.1
    one_way -X connect localhost
}

@test "tinyproxy takes connections to IPv6 addresses" {
    [ -e /proc/net/if_inet6 ] || skip 'no IPv6 here'
    tiny
    serve -n -l ::1 0
    greets -X connect -x "127.0.0.1:$proxy" ::1 "$port"
}

@test "what tinyproxy cannot connect to is a failure with its status line" {
    tiny
    free_port
    fails_with "proxy '127.0.0.1:$proxy' cannot connect to '127.0.0.1:$port': \"HTTP/1.[01] 50[0-9] .*\"" \
        -X connect -x "127.0.0.1:$proxy" 127.0.0.1 "$port"
    run -1 --separate-stderr timeout 20 zcat-net -z -X connect -x "127.0.0.1:$proxy" 127.0.0.1 "$port"
    [ -z "$stderr" ]
    listen -k
    run -0 --separate-stderr timeout 20 zcat-net -z -v -n -X connect -x "127.0.0.1:$proxy" 127.0.0.1 "$port"
    [ "$stderr" = "Connection to 127.0.0.1 $port port [tcp/*] succeeded!" ]
}

@test "tinyproxy with a password lets in who has it, and nobody else" {
    tiny 'BasicAuth heidi secret'
    listen
    fails_with "proxy '127.0.0.1:$proxy' lets nobody in without logging in \(-P USER\): \"HTTP/1.[01] 407 .*\"" \
        -X connect -x "127.0.0.1:$proxy" 127.0.0.1 "$port"
    run -1 --separate-stderr on_terminal wrong -- \
        zcat-net -X connect -P heidi -x "127.0.0.1:$proxy" 127.0.0.1 "$port"
    [[ $stderr =~ ^"zcat-net: proxy '127.0.0.1:$proxy' "[^:]*" '127.0.0.1:$port': \"HTTP/1."[01]" 401 Unauthorized\""$ ]]
    on_terminal secret -- zcat-net -X connect -P heidi -x "127.0.0.1:$proxy" 127.0.0.1 "$port" <<<hello
    status_of "$listener"
    [ "$status" -eq 0 ]
    [ "$(cat out)" = hello ]
    [ "$(tr -d '\r' <screen)" = 'Proxy password for heidi@127.0.0.1: ' ]
}

@test "microsocks with a password lets in who has it, and nobody else" {
    need microsocks
    start_proxy microsocks -i 127.0.0.1 -p PORT -u heidi -P secret
    listen
    fails_with "proxy '127.0.0.1:$proxy' lets nobody in without logging in \(-P USER\)" \
        -x "127.0.0.1:$proxy" 127.0.0.1 "$port"
    on_terminal wrong secret -- zcat-net -P heidi -x "127.0.0.1:$proxy" localhost "$port" <<<hello 2>messages
    status_of "$listener"
    [ "$status" -eq 0 ]
    [ "$(cat out)" = hello ]
    [ "$(cat messages)" = "zcat-net: proxy '127.0.0.1:$proxy' does not accept the password of 'heidi'" ]
    free_port
    run -1 --separate-stderr on_terminal secret -- \
        zcat-net -P heidi -x "127.0.0.1:$proxy" 127.0.0.1 "$port"
    [ "$stderr" = "zcat-net: proxy '127.0.0.1:$proxy' cannot connect to '127.0.0.1:$port': connection refused (SOCKS 5 code 5)" ]
}

@test "ncat as an HTTP proxy with a password lets in who has it" {
    need ncat
    start_proxy ncat -l -k --proxy-type http --proxy-auth heidi:secret 127.0.0.1 PORT
    listen
    on_terminal secret -- zcat-net -X connect -P heidi -x "127.0.0.1:$proxy" 127.0.0.1 "$port" <<<hello
    status_of "$listener"
    [ "$status" -eq 0 ]
    [ "$(cat out)" = hello ]
}

@test "ssh runs a command through zcat-net as its ProxyCommand, and a proxy" {
    need socat
    tiny
    prepare_sshd
    socat -d -d TCP-LISTEN:0,bind=127.0.0.1,fork EXEC:"$(command -v sshd) -i -f $PWD/sshd_config" 2>socat.log &
    wait_for has_line socat.log 'listening on'
    port=$(sed -n 's/.*listening on .*:\([0-9]*\)$/\1/p' socat.log)
    random_file in 1000000
    timeout 60 ssh -F ssh_config -p "$port" \
        -o ProxyCommand="$(command -v zcat-net) -X connect -x 127.0.0.1:$proxy %h %p" 127.0.0.1 \
        'cat; exit 7' <in >out || status=$?
    [ "$status" -eq 7 ]
    cmp in out
}
