# SPDX-License-Identifier: MIT
# zcat-net through proxies that others have written: ssh -D, tinyproxy, microsocks and ncat; and as ssh's ProxyCommand.
# shellcheck disable=SC2030,SC2031,SC2154 # every test is a subshell of its own; the helpers set variables
bats_require_minimum_version 1.5.0
load helpers

PATH=$PATH:/usr/sbin

# answers: somebody listens on port $proxy of 127.0.0.1.
answers() {
    zcat-net -z -n 127.0.0.1 "$proxy"
}

# start_proxy COMMAND...: starts it in the background, PORT in its words and in the file proxy.conf replaced by one
# that was free; sets $proxy to that.
start_proxy() {
    local tries pid
    for tries in 1 2 3; do
        free_port
        proxy=$port
        [ ! -e proxy.conf ] || sed "s/PORT/$port/" proxy.conf >proxy.conf.now
        "${@//PORT/$port}" >proxy.log 2>&1 &
        pid=$!
        started() { gone "$pid" || answers; }
        wait_for started
        gone "$pid" || return 0
        echo "port $port was taken, try $tries:"
        cat proxy.log
    done
    return 1
}

# on_terminal LINE... -- COMMAND...: with a terminal at which these lines are typed; what it shows is in screen.
on_terminal() {
    timeout 60 python3 "$BATS_TEST_DIRNAME/typist.py" screen "$@"
}

# prepare_sshd: keys and configurations in this directory; nothing of the user's own is read.
prepare_sshd() {
    need ssh sshd ssh-keygen
    [ "$(id -u)" -ne 0 ] || mkdir -p /run/sshd
    ssh-keygen -q -t ed25519 -N '' -f host_key
    ssh-keygen -q -t ed25519 -N '' -f user_key
    cp user_key.pub authorized_keys
    cat >sshd_config <<END
HostKey $PWD/host_key
AuthorizedKeysFile $PWD/authorized_keys
StrictModes no
UsePAM no
PermitRootLogin prohibit-password
PidFile none
END
    cat >ssh_config <<END
Host *
    User $(id -un)
    IdentityFile $PWD/user_key
    IdentitiesOnly yes
    IdentityAgent none
    UserKnownHostsFile $PWD/known_hosts
    GlobalKnownHostsFile /dev/null
    StrictHostKeyChecking yes
    HostKeyAlias here
    BatchMode yes
    LogLevel ERROR
END
    echo "here $(cat host_key.pub)" >known_hosts
}

# ssh_forwarder: ssh -D on port $proxy; its sshd is at the other end of a pipe.
ssh_forwarder() {
    prepare_sshd
    start_proxy ssh -F ssh_config -N -o ExitOnForwardFailure=yes -D 127.0.0.1:PORT \
        -o "ProxyCommand=$(command -v sshd) -i -f $PWD/sshd_config" here
}

# tiny [LINE]...: tinyproxy on port $proxy with these lines in its configuration.
tiny() {
    need tinyproxy
    printf '%s\n' 'Port PORT' 'Listen 127.0.0.1' 'Timeout 60' 'LogLevel Warning' "$@" >proxy.conf
    start_proxy tinyproxy -d -c proxy.conf.now
}

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
