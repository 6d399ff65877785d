# SPDX-License-Identifier: MIT
# zcat-net vsock:CID:PORT: what can be seen where no other machine answers; tests/vm/init moves bytes.
# shellcheck disable=SC2030,SC2031,SC2154 # every test is a subshell of its own; the helpers set variables
bats_require_minimum_version 1.5.0
load helpers

# can_bind CID: the kernel has vsock, and this machine that CID.
can_bind() {
    python3 -c 'import socket, sys; socket.socket(40, socket.SOCK_STREAM).bind((int(sys.argv[1]), 0xffffffff))' "$1" 2>/dev/null
}

# need_vsock: skips the test, aloud, where the kernel has none.
need_vsock() {
    can_bind 0xffffffff || can_bind 4294967295 || skip 'no vsock here'
}

# fails_to CALL ERROR PATTERN ARGUMENT...: with that call failing, exit status 1 and one line; no byte leaves the machine.
fails_to() {
    local call=$1 error=$2 pattern=$3
    shift 3
    can_trace
    if traced calls socket,connect,setsockopt -e inject="$call:error=$error" timeout 20 zcat-net "$@" </dev/null 2>said; then
        return 1
    fi
    cat said
    [ "$(wc -l <said)" -eq 1 ]
    grep -qx "zcat-net: $pattern" said
}

@test "a kernel without vsock is a failure that says so" {
    fails_to socket EAFNOSUPPORT "socket 'vsock:2:1234' failed: Address family not supported by protocol" vsock:2:1234
    fails_to socket EAFNOSUPPORT "socket 'vsock:any:1234' failed: Address family not supported by protocol" -l vsock::1234
}

@test "a machine that leads nowhere is a failure that says so" {
    need_vsock
    fails_to connect ENODEV "connect 'vsock:2:1234' failed: No such device" vsock:2:1234
    fails_to connect ECONNRESET "connect 'vsock:1:1234' failed: Connection reset by peer" vsock:local:1234
    grep -q 'connect([0-9]*, {sa_family=AF_VSOCK, .*svm_cid=\(VMADDR_CID_LOCAL\|0x1\), svm_port=\(1234\|0x4d2\)' calls
}

@test "a CID that is not this machine's cannot be listened on" {
    need_vsock
    ! can_bind 1 || skip 'there is a loopback of vsock here'
    fails_with "bind 'vsock:1:1234' failed: Cannot assign requested address" -l vsock:local:1234
}

@test "any CID is listened on as any, -1 or nothing, any port as any or 0" {
    need_vsock
    for address in vsock::0 vsock:any:any vsock:-1:0; do
        rm -f err
        zcat-net -l -d -v --print-port "$address" >out 2>err &
        listener=$!
        take_port err
        [ "$port" -gt 1023 ]
        wait_for has_line err "^Listening on vsock:any:$port$"
        [ "$(wc -l <err)" -eq 2 ]
        fails_with "bind 'vsock:any:$port' failed: Address already in use" -l "vsock::$port"
        kill "$listener"
        wait "$listener" || true
    done
}

@test "--retry tries again" {
    need_vsock
    fails_to connect ECONNREFUSED "connect 'vsock:3:1' failed: Connection refused" --retry=1 vsock:3:1
    [ "$(grep -c 'connect(.*AF_VSOCK' calls)" -eq 2 ]
}

@test "-z tries one address, and is silent about a failure" {
    need_vsock
    can_trace
    traced calls connect -e inject=connect:error=ENODEV timeout 20 zcat-net -z vsock:3:1 2>said && return 1
    [ ! -s said ]
    traced calls connect -e inject=connect:retval=0 timeout 20 zcat-net -z -v vsock:3:1 2>said
    [ "$(cat said)" = 'Connection to vsock:3:1 succeeded!' ]
}

@test "options of IP and TCP are left out, as with UNIX sockets, and the others are set" {
    need_vsock
    fails_to connect ENODEV "connect 'vsock:3:1' failed: No such device" -4 -n -T ef -M 9 -m 3 --nodelay \
        --congestion=reno -I 70000 vsock:3:1
    grep -q 'SO_RCVBUF, \[70000\]' calls
    run ! grep -E 'SOL_(IP|IPV6|TCP)' calls
}

@test "an address that is none is a usage error" {
    refuses "a vsock address is written vsock:CID:PORT: 'vsock:2'" vsock:2
    refuses "missing CID: 'vsock::1'" vsock::1
    refuses "missing CID: 'vsock:any:1'" vsock:any:1
    refuses "missing port number: 'vsock:2:0'" vsock:2:0
    refuses "missing port number: 'vsock:2:any'" vsock:2:any
    refuses "missing port number: 'vsock:2:'" -l vsock:2:
    refuses "invalid CID: 'vsock:guest:1'" vsock:guest:1
    refuses "invalid port number: 'vsock:2:http'" vsock:2:http
    refuses "invalid port number: 'vsock:2:4294967296'" -l vsock:2:4294967296
    refuses "extra operand '80'" vsock:2:1 80
}

@test "options that a vsock address excludes are usage errors" {
    for options in '-p 1' '-l -p 1' '-s vsock:3:1' -u '-l -u' '-x proxy:1'; do
        # shellcheck disable=SC2086 # words
        refuses '-p, -s, -u and -x exclude a vsock address' $options vsock:2:1
    done
}
