# SPDX-License-Identifier: MIT
# zcat-net -F: the connected socket goes to whoever has started it.
# shellcheck disable=SC2030,SC2031,SC2154 # every test is a subshell of its own; the helpers set variables
bats_require_minimum_version 1.5.0
load helpers

# hand_over ARGUMENT...: a parent that starts this command and is handed the connection; what it says in facts.
hand_over() {
    timeout 60 python3 "$BATS_TEST_DIRNAME/handover.py" "$@" >facts
}

expected_facts() {
    cat <<END
status 0 data b'\\x00' descriptors 1 flags 0
nonblock 0
SO_LINGER 0
SO_KEEPALIVE 0
answer b'hello\\n'
rest b''
END
}

@test "-F passes the connection, blocking and not armed, with one byte, and leaves" {
    start_peer text:$'hello\n' save:sent
    hand_over zcat-net -n -F 127.0.0.1 "$port"
    diff <(expected_facts) facts
    wait_for has_line peer.log received
    [ "$(cat sent)" = 'sent by the parent' ]
}

@test "-F passes what nc passes" {
    need nc
    start_peer text:$'hello\n' save:sent
    hand_over nc -n -F 127.0.0.1 "$port"
    # nc leaves its socket O_NONBLOCK, which few programs expect.
    diff <(expected_facts) <(sed 's/nonblock .*/nonblock 0/' facts)
}

@test "-F waits while standard output takes nothing" {
    [ -r /proc/self/syscall ] || skip '/proc/PID/syscall is not there'
    start_peer text:$'hello\n' save:sent
    hand_over --late zcat-net -n -F 127.0.0.1 "$port"
    diff <(expected_facts) facts
}

@test "-F says that standard output is no UNIX socket before it connects" {
    start_peer say:listening save:sent
    wait_for has_line peer.log listening
    fails_with "cannot pass the connection over 'standard output': not a UNIX socket" -n -F 127.0.0.1 "$port"
    : >file
    ends --out tcp file zcat-net -n -F 127.0.0.1 "$port" 2>err || status=$?
    [ "$status" -eq 1 ]
    [ "$(cat err)" = "zcat-net: cannot pass the connection over 'standard output': not a UNIX socket" ]
    run ! grep -q received peer.log
}

@test "-F resets the connection when it cannot be passed" {
    start_peer save:sent
    run -1 --separate-stderr timeout 20 python3 -c '
import socket, subprocess, sys
ours, theirs = socket.socketpair()
ours.close()
sys.exit(subprocess.run(sys.argv[1:], stdout=theirs).returncode)' zcat-net -n -F 127.0.0.1 "$port"
    [ "$stderr" = "zcat-net: cannot pass the connection over 'standard output': Broken pipe" ]
    wait_for has_line peer.log 'save: .*reset'
}

@test "-F passes nothing when there is no connection" {
    free_port
    run -1 --separate-stderr hand_over zcat-net -n -F 127.0.0.1 "$port"
    [[ $stderr == *'Connection refused' ]]
    diff - facts <<END
status 1 data b'' descriptors 0 flags 0
rest b''
END
}

@test "-F excludes what has no connection to pass, and what moves bytes" {
    refuses '-F and -l exclude each other' -F -l 127.0.0.1 1
    refuses '-F and -U exclude each other' -F -U path
    refuses '-F and -z exclude each other' -F -z 127.0.0.1 1
}

# as_sshd COMMAND...: runs it where there is a /run/sshd, which sshd wants when root starts it.
as_sshd() {
    if [ "$(id -u)" -ne 0 ] || [ -d /run/sshd ]; then
        "$@"
    else
        unshare -m sh -c 'mount -t tmpfs none /run && mkdir -m 755 /run/sshd && exec "$@"' sh "$@"
    fi
}

@test "ssh talks over the connection that -F has passed" {
    need ssh ssh-keygen
    local sshd options=(-F none -i "$PWD/key" -o StrictHostKeyChecking=no -o UserKnownHostsFile="$PWD/known" -o BatchMode=yes)
    sshd=$(PATH=$PATH:/usr/sbin:/usr/local/sbin command -v sshd) || skip 'sshd is not installed'
    ssh-keygen -q -t ed25519 -N '' -f host_key
    ssh-keygen -q -t ed25519 -N '' -f key
    cat >config <<END
HostKey $PWD/host_key
AuthorizedKeysFile $PWD/key.pub
StrictModes no
UsePAM no
PidFile none
END
    as_sshd "$sshd" -t -f config 2>err || skip "sshd: $(tail -n 1 err)"
    as_sshd python3 "$BATS_TEST_DIRNAME/handover.py" --sshd "$PWD/config" >server.log 2>&1 &
    wait_for has_line server.log '^port '
    port=$(sed -n 's/^port //p' server.log)
    random_file in 1000000
    timeout 60 ssh "${options[@]}" -o ProxyUseFdpass=yes -o ProxyCommand='zcat-net -F %h %p' -p "$port" 127.0.0.1 \
        'cat; exit 7' <in >out 2>ssh.err || status=$?
    cat ssh.err
    [ "$status" -eq 7 ]
    cmp in out
}
