# SPDX-License-Identifier: MIT
# Starting proxies that others have written, and an sshd, for the tests that need real ones.
# shellcheck shell=bash disable=SC2030,SC2031,SC2034,SC2154,SC2317 # every test is a subshell of its own; the helpers set variables

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
