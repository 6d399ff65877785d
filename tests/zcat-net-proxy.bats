# SPDX-License-Identifier: MIT
# zcat-net through proxies: what is said to them, that no byte behind it is lost, and what a refusal says.
# shellcheck disable=SC2030,SC2031,SC2154 # every test is a subshell of its own; the helpers set variables
bats_require_minimum_version 1.5.0
load helpers

# What a proxy answers that has made the connection.
method=0500
granted5=05000001000000000000
granted4=005a000000000000
granted_http=$(printf 'HTTP/1.1 200 Connection established\r\nVia: test\r\n\r\n' | od -An -v -tx1 | tr -d ' \n')

tail=7461696c # "tail", the first bytes of a payload

# http TEXT: in hexadecimal digits, its \r and \n as the bytes.
http() {
    printf '%b' "$1" | od -An -v -tx1 | tr -d ' \n'
}

# refusal PATTERN ACTION... -- ARGUMENT...: notes that a proxy which does this makes zcat-net fail with this one line.
refusal() {
    patterns+=("$1")
    shift
    while [ "$1" != -- ]; do
        actions+=("$1")
        shift
    done
    shift
    commands+=("${*@Q}")
}

# refused: one proxy does all that was noted, a connection each.
refused() {
    local i arguments
    start_peer "${actions[@]}"
    for i in "${!patterns[@]}"; do
        echo "${actions[*]}: ${commands[i]}"
        eval "arguments=(${commands[i]})"
        fails_with "${patterns[i]//PROXY/proxy \'127.0.0.1:$port\'}" -x "127.0.0.1:$port" "${arguments[@]}"
    done
}

# on_terminal LINE... -- COMMAND...: with a terminal at which these lines are typed; what it shows is in screen.
on_terminal() {
    timeout 60 python3 "$BATS_TEST_DIRNAME/typist.py" screen "$@"
}

# request ACTION... -- ARGUMENT...: notes that nc and zcat-net are to send the same to a proxy that does this, with
# what they send in the file sent, and the payload behind it.
request() {
    local program acts=()
    while [ "$1" != -- ]; do
        acts+=("$1")
        shift
    done
    shift
    commands+=("${*@Q}")
    for program in nc zcat-net; do
        actions+=("${acts[@]//sent/$program-${#commands[@]}}" fin "save:$program-${#commands[@]}-payload" close)
    done
}

# requested: tries all that were noted.
requested() {
    local i arguments
    start_peer "${actions[@]}"
    for ((i = 1; i <= ${#commands[@]}; i++)); do
        eval "arguments=(${commands[i - 1]})"
        timeout 20 nc -N -x "127.0.0.1:$port" "${arguments[@]}" <<<payload
        timeout 20 zcat-net -x "127.0.0.1:$port" "${arguments[@]}" <<<payload
    done
    status_of "$peer"
    [ "$status" -eq 0 ]
    for ((i = 1; i <= ${#commands[@]}; i++)); do
        cmp "nc-$i" "zcat-net-$i"
        cmp "nc-$i-payload" <(echo payload)
        cmp "zcat-net-$i-payload" <(echo payload)
    done
}

openbsd_nc() {
    need nc
    [[ $(nc -h 2>&1) == OpenBSD* ]] || skip "nc is not OpenBSD's"
}

@test "the requests of -X 5, -X 4 and -X connect are those of nc, byte by byte" {
    openbsd_nc
    for host in 10.1.2.3:4 example.com:12 ::1:16 127.1:4; do
        acts=(take:3:sent "hex:$method" "take:$((${host##*:} + 6)):sent" "hex:$granted5")
        request "${acts[@]}" -- "${host%:*}" 80
        request "${acts[@]}" -- -X 5 "${host%:*}" http
        request "${acts[@]}" -- -n "${host%:*}" 80
        request head:sent "hex:$granted_http" -- -X connect "${host%:*}" 80
        request head:sent "hex:$granted_http" -- -X CONNECT -P me "${host%:*}" 80
    done
    request take:9:sent "hex:$granted4" -- -X 4 10.1.2.3 80
    request take:9:sent "hex:$granted4" -- -X 4 localhost 80
    requested
}

@test "-P gives SOCKS 4 the user, and offers SOCKS 5 a password" {
    start_peer take:11:sent "hex:$granted4" fin close take:4:sent5 "hex:$method" take:18:sent5 "hex:$granted5" fin close
    zcat-net -X 4 -P me -x "127.0.0.1:$port" 10.1.2.3 80 </dev/null
    printf '\004\001\000\120\012\001\002\003me\000' | cmp - sent
    zcat-net -P me -x "127.0.0.1:$port" example.com 80 </dev/null
    printf '\005\002\000\002\005\001\000\003\013example.com\000\120' | cmp - sent5
}

@test "names go to the proxy with -X 5 and connect, even with -n; -X 4 looks them up here" {
    start_peer recv:3 "hex:$method" recv:24 "hex:$granted5" text:x close \
        head:sent "hex:$granted_http" text:x close
    [ "$(zcat-net -n -d -x "127.0.0.1:$port" no-such-h.invalid 80)" = x ]
    [ "$(zcat-net -n -d -X connect -x "127.0.0.1:$port" no-such-host.invalid 80)" = x ]
    fails_with 'getaddrinfo for host "no-such-host.invalid" port 80: .*' -X 4 -x 127.0.0.1:1 no-such-host.invalid 80
    fails_with 'getaddrinfo for host "localhost" port 80: .*' -n -X 4 -x 127.0.0.1:1 localhost 80
    fails_with 'getaddrinfo for host "::1" port 80: .*' -X 4 -x 127.0.0.1:1 ::1 80
}

@test "the longest name that SOCKS 5 can take is sent, a longer one is refused" {
    local name
    name=$(printf '%0255d' 0 | tr 0 n)
    start_peer recv:3 "hex:$method" take:262:sent "hex:$granted5" text:x close
    [ "$(zcat-net -d -x "127.0.0.1:$port" "$name" 80)" = x ]
    [ "$(tail -c +6 sent | head -c 255)" = "$name" ]
    refusal "PROXY cannot be given the name 'n{256}': SOCKS 5 takes 255 bytes" gone -- "${name}n" 80
    refusal "PROXY cannot be given the name '': it is empty" gone -- '' 80
    refusal "PROXY cannot be given the name 'a b'" gone -- -X connect 'a b' 80
    refusal "PROXY cannot be given the name 'a\\\\r\\\\nX: b'" gone -- -X connect $'a\r\nX: b' 80
    refused
}

# payload PROTOCOL ACTION...: notes an answer behind which a payload comes, and another goes.
payload() {
    commands+=("$1")
    shift
    actions+=("$@" "duplex:down:up-${#commands[@]}" close)
}

# passed: all payloads arrive, both ways, by splice where they arrive here.
passed() {
    local i
    random_file in "$1"
    random_file down "$1"
    start_peer "${actions[@]}"
    for i in "${!commands[@]}"; do
        timeout 60 zcat-net --debug -X "${commands[i]}" -x "127.0.0.1:$port" 127.0.0.1 80 <in >out 2>log
        cat log
        { printf tail; cat down; } | cmp - out
        grep -q "to 'standard output'.*: splice $(($1 + 4))$" log
    done
    status_of "$peer"
    [ "$status" -eq 0 ]
    for i in "${!commands[@]}"; do
        cmp in "up-$((i + 1))"
    done
}

@test "a payload in one segment with the answer is not lost, and splice takes over" {
    payload 5 recv:3 "hex:$method" recv:10 "hex:$granted5$tail"
    payload 5 recv:3 "hex:$method" recv:10 "hex:0500000304686f73741234$tail"
    payload 5 recv:3 "hex:$method" recv:10 "hex:05000003001234$tail"
    payload 5 recv:3 "hex:$method" recv:10 "hex:05000004$(printf '%036d' 0)$tail"
    payload 4 recv:9 "hex:$granted4$tail"
    payload connect head:sent "hex:$granted_http$tail"
    payload connect head:sent "hex:$(http 'HTTP/1.0 200\n\n')$tail"
    payload connect head:sent "hex:$(http 'HTTP/1.1 204 None\r\n\r\n')$tail"
    passed 3000000
}

@test "answers that come byte by byte are understood, and the payload behind them arrives" {
    payload 5 recv:3 "drip:$method" recv:10 "drip:$granted5$tail"
    payload 5 recv:3 "drip:$method" recv:10 "drip:0500000304686f73741234$tail"
    payload 4 recv:9 "drip:$granted4$tail"
    payload connect head:sent "drip:$granted_http$tail"
    passed 100000
}

@test "a payload that begins with an empty line after CONNECT keeps it" {
    start_peer head:sent "hex:$granted_http$(http '\r\n\r\nx')" close
    zcat-net -d -X connect -x "127.0.0.1:$port" 127.0.0.1 80 >out
    printf '\r\n\r\nx' | cmp - out
}

@test "every code of SOCKS 5 is told in words" {
    local code=0 words
    for words in 'general failure' 'not allowed by ruleset' 'network unreachable' 'host unreachable' \
        'connection refused' 'TTL expired' 'command not supported' 'address type not supported' 'unknown error'; do
        code=$((code + 1))
        refusal "PROXY cannot connect to 'example.com:80': $words \(SOCKS 5 code $code\)" \
            recv:3 "hex:$method" recv:18 "hex:050${code}0001000000000000" close -- example.com 80
    done
    refusal "PROXY cannot connect to '\[::1\]:80': unknown error \(SOCKS 5 code 255\)" \
        recv:3 "hex:$method" recv:22 hex:05ff close -- ::1 80
    refused
}

@test "every code of SOCKS 4 is told in words" {
    refusal "PROXY cannot connect to '10.1.2.3:80': rejected or failed \(SOCKS 4 code 91\)" \
        recv:9 hex:005b000000000000 close -- -X 4 10.1.2.3 80
    refusal "PROXY cannot connect to .*: the proxy cannot ask identd on this host \(SOCKS 4 code 92\)" \
        recv:9 hex:005c000000000000 close -- -X 4 10.1.2.3 80
    refusal "PROXY cannot connect to .*: identd on this host names another user \(SOCKS 4 code 93\)" \
        recv:9 hex:005d close -- -X 4 10.1.2.3 80
    refusal "PROXY cannot connect to .*: unknown error \(SOCKS 4 code 0\)" \
        recv:9 hex:0000000000000000 close -- -X 4 10.1.2.3 80
    refused
}

@test "the status line of an HTTP proxy is shown, its control characters made visible" {
    local line
    refusal "PROXY cannot connect to 'example.com:80': \"HTTP/1.0 403 Filtered\"" \
        head:sent "hex:$(http 'HTTP/1.0 403 Filtered\r\n\r\n')" close -- -X connect example.com 80
    refusal "PROXY cannot connect to .*: \"HTTP/1.1 503 \^\[\[2J\\\\ax\"" \
        head:sent "hex:$(http 'HTTP/1.1 503 \033[2J\ax\r\n\r\n')" close -- -X connect example.com 80
    line="HTTP/1.1 502 $(printf '%0499d' 0)"
    refusal "PROXY cannot connect to .*: \"${line:0:511}\"" \
        head:sent "hex:$(http "$line\r\n")" gone -- -X connect example.com 80
    refusal "PROXY cannot connect to .*: \"HTTP/1.1 302 Elsewhere\"" \
        head:sent "hex:$(http 'HTTP/1.1 302 Elsewhere\r\n')" gone -- -X connect example.com 80
    refusal "PROXY lets nobody in without logging in \(-P USER\): \"HTTP/1.1 407 Who\?\"" \
        head:sent "hex:$(http 'HTTP/1.1 407 Who?\r\n')" gone -- -X connect example.com 80
    refusal "PROXY does not speak HTTP: \"HTTP/1.1 OK\"" \
        head:sent "hex:$(http 'HTTP/1.1 OK\r\n')" gone -- -X connect example.com 80
    refused
}

@test "a proxy that closes in the middle of any answer is a failure" {
    local cut lost="error reading from PROXY: it closed the connection without a complete answer"
    for cut in 0 2; do
        refusal "$lost" recv:3 "hex:${method:0:cut}" close -- 127.0.0.1 80
    done
    for cut in 0 2 4 6 8 10 18; do
        refusal "$lost" recv:3 "hex:$method" recv:10 "hex:${granted5:0:cut}" close -- 127.0.0.1 80
    done
    refusal "$lost" recv:3 "hex:$method" recv:10 hex:050000030568656c6c close -- 127.0.0.1 80
    for cut in 0 2 4 14; do
        refusal "$lost" recv:9 "hex:${granted4:0:cut}" close -- -X 4 127.0.0.1 80
    done
    for cut in 0 2 10 30 74 $((${#granted_http} - 2)); do
        refusal "$lost" head:sent "hex:${granted_http:0:cut}" close -- -X connect 127.0.0.1 80
    done
    refusal "error reading from PROXY: Connection reset by peer" recv:3 reset -- 127.0.0.1 80
    refused
}

@test "what is no such proxy is named" {
    refusal "PROXY does not speak SOCKS 5: its answer begins with 0x53" recv:3 text:SSH-2.0-x gone -- 127.0.0.1 80
    refusal "PROXY does not speak SOCKS 5: its answer begins with 0x04" \
        recv:3 "hex:$method" recv:10 "hex:04000001" gone -- 127.0.0.1 80
    refusal "PROXY does not speak SOCKS 5: its answer has an address of type 2" \
        recv:3 "hex:$method" recv:10 "hex:0500000200000000000000" gone -- 127.0.0.1 80
    refusal "PROXY does not speak SOCKS 4: its answer begins with 0x05" recv:9 hex:05 gone -- -X 4 127.0.0.1 80
    refusal "PROXY does not speak HTTP: its answer begins with 0x53" head:sent text:S gone -- -X connect 127.0.0.1 80
    refusal "PROXY does not speak HTTP: its answer begins with 0x05" head:sent hex:05ff gone -- -X connect 127.0.0.1 80
    refusal "PROXY does not speak HTTP: .*" head:sent "hex:$(http '\r\n')" gone -- -X connect 127.0.0.1 80
    refused
}

@test "an answer without an end is given up after 16 KiB" {
    refusal "PROXY answers with a head of more than 16384 bytes" \
        head:sent "hex:$(http 'HTTP/1.1 200 OK\r\nX: ')" flood gone -- -X connect 127.0.0.1 80
    refusal "PROXY answers with a head of more than 16384 bytes" \
        head:sent "hex:$(http 'HTTP/')" flood gone -- -X connect 127.0.0.1 80
    refused
}

@test "-w and --connect-timeout limit the whole handshake, however the proxy dawdles" {
    refusal "error reading from PROXY: Connection timed out" recv:3 gone -- -w 0.3 127.0.0.1 80
    refusal "error reading from PROXY: Connection timed out" \
        recv:3 "hex:$method" recv:10 hex:0500 gone -- --connect-timeout=0.3 127.0.0.1 80
    refusal "error reading from PROXY: Connection timed out" recv:9 gone -- -X 4 -w 0.3 127.0.0.1 80
    refusal "error reading from PROXY: Connection timed out" \
        head:sent "hex:$(http 'HTTP/1.1 200 OK\r\n')" gone -- -X connect -w 0.3 127.0.0.1 80
    refusal "error reading from PROXY: Connection timed out" \
        head:sent "hex:$(http 'HTTP/1.1 200 OK\r\n')" dawdle:50 -- -X connect -w 0.5 127.0.0.1 80
    refused
}

@test "a proxy that cannot be reached is named, as nc names it" {
    free_port
    fails_with "connect to 127.0.0.1 port $port \(tcp\) failed: Connection refused" -x "127.0.0.1:$port" 10.1.2.3 80
    fails_with 'getaddrinfo for host "no-such-host.invalid" port 1080: .*' -x no-such-host.invalid 10.1.2.3 80
    fails_with 'getaddrinfo for host "no-such-host.invalid" port 1080: .*' -X 4 -x no-such-host.invalid 10.1.2.3 80
    fails_with 'getaddrinfo for host "no-such-host.invalid" port 3128: .*' -X connect -x no-such-host.invalid h 80
    fails_with 'getaddrinfo for host "::1" port 1080: .*' -4 -x '[::1]' 10.1.2.3 80
    fails_with "unknown port 'no-such-service'" -x 127.0.0.1:1 10.1.2.3 no-such-service
}

@test "a proxy with an IPv6 address is written in brackets" {
    [ -e /proc/net/if_inet6 ] || skip 'no IPv6 here'
    rm -f err
    zcat-net -6 -n -l --print-port ::1 0 >out 2>err < <(printf 'HTTP/1.0 200 OK\r\n\r\nhello') &
    take_port err
    [ "$(zcat-net -d -X connect -x "[::1]:$port" example.com 80)" = hello ]
}

@test "command lines with a proxy that make no sense are usage errors" {
    refuses "invalid argument '6' for '-X'" -X 6 -x 127.0.0.1 h 80
    refuses "invalid argument '' for '-X'" -X '' -x 127.0.0.1 h 80
    refuses "missing host name: ''" -x '' h 80
    refuses "missing host name: ':80'" -x :80 h 80
    refuses "missing host name: '\[\]'" -x '[]' h 80
    refuses "missing port number: '127.0.0.1:'" -x 127.0.0.1: h 80
    refuses "port number too large: '127.0.0.1:70000'" -x 127.0.0.1:70000 h 80
    refuses "port number too small: '127.0.0.1:0'" -x 127.0.0.1:0 h 80
    refuses "an IPv6 address with a port is written \[ADDRESS\]:PORT: '::1'" -x ::1 h 80
    refuses "an IPv6 address with a port is written \[ADDRESS\]:PORT: '\[::1'" -x '[::1' h 80
    refuses "a proxy has a host and a port: 'unix:path'" -x unix:path h 80
    refuses "host name too long: '0*" -x "$(printf '%02000d' 0)" h 80
    refuses "empty argument '' for '-P'" -P '' -x 127.0.0.1 h 80
    refuses "too long argument '0*' for '-P'" -P "$(printf '%0256d' 0)" -x 127.0.0.1 h 80
    refuses "option requires an argument -- 'x'" -x
    refuses '-x excludes -l, -s and -U' -x 127.0.0.1 -l 80
    refuses '-x excludes -l, -s and -U' -x 127.0.0.1 -U path
    refuses '-x excludes -l, -s and -U' -x 127.0.0.1 -s 127.0.0.1 h 80
    refuses "missing port number: 'h'" -x 127.0.0.1 h
}

@test "-X and -P without -x mean nothing, as with nc" {
    listen
    greets -X connect -P me 127.0.0.1 "$port"
}

@test "-v tells of the connection to the target, as nc does" {
    openbsd_nc
    local program
    for program in nc zcat-net; do
        start_peer recv:3 "hex:$method" recv:18 "hex:$granted5" close
        "$program" -z -v -x "127.0.0.1:$port" example.com 80 2>"$program.log"
        start_peer recv:9 "hex:$granted4" close
        "$program" -z -v -n -X 4 -x "127.0.0.1:$port" 127.0.0.1 22 2>>"$program.log"
    done
    cmp nc.log zcat-net.log
}

@test "-z probes each port behind the proxy, and goes on after one that is closed" {
    local answers=() code
    for code in 05 00 04; do
        answers+=(recv:3 "hex:$method" recv:10 "hex:05${code}0001000000000000" close)
    done
    start_peer "${answers[@]}"
    run -0 --separate-stderr timeout 20 zcat-net -z -v -n -x "127.0.0.1:$port" 10.1.2.3 20-22
    [ "$stderr" = "zcat-net: proxy '127.0.0.1:$port' cannot connect to '10.1.2.3:20': connection refused (SOCKS 5 code 5)
Connection to 10.1.2.3 21 port [tcp/*] succeeded!
zcat-net: proxy '127.0.0.1:$port' cannot connect to '10.1.2.3:22': host unreachable (SOCKS 5 code 4)" ]
}

@test "-z without -v is silent about closed ports, but not about a proxy that serves nobody, which it asks once" {
    start_peer recv:3 "hex:$method" recv:10 hex:0505 close
    run -1 --separate-stderr timeout 20 zcat-net -z -x "127.0.0.1:$port" 10.1.2.3 20
    [ -z "$stderr" ]
    start_peer recv:3 hex:05ff close say:closed hold
    run -1 --separate-stderr timeout 20 zcat-net -z -x "127.0.0.1:$port" 10.1.2.3 20-40
    [ "$stderr" = "zcat-net: proxy '127.0.0.1:$port' lets nobody in without logging in (-P USER)" ]
    free_port
    fails_with "connect to 127.0.0.1 port $port .*" -z -x "127.0.0.1:$port" 10.1.2.3 20-40
}

@test "--retry asks the proxy again when the target was refused" {
    start_peer recv:9 hex:005b000000000000 close recv:9 "hex:$granted4" text:x close
    run -0 --separate-stderr timeout 30 zcat-net -d -v --retry=1 -X 4 -x "127.0.0.1:$port" 127.0.0.1 80
    [ "$output" = x ]
    [[ ${stderr_lines[0]} =~ "rejected or failed (SOCKS 4 code 91)"$ ]]
    [[ ${stderr_lines[1]} == *succeeded! ]]
}

@test "SOCKS 5 gets user and password, typed on the terminal, when it asks for them" {
    start_peer recv:4 hex:0502 close recv:4 hex:0502 take:14:sent hex:0100 recv:10 "hex:$granted5" text:x close
    [ "$(on_terminal secret -- zcat-net -d -P heidi -x "127.0.0.1:$port" 127.0.0.1 80)" = x ] || return 1
    printf '\001\005heidi\006secret' | cmp - sent
}

@test "an HTTP proxy gets user and password, typed on the terminal, when it asks for them" {
    start_peer head:none "hex:$(http 'HTTP/1.1 407 Who?\r\n\r\n')" close head:sent "hex:$granted_http" text:x close
    [ "$(on_terminal 'open sesame' -- zcat-net -d -X connect -P Aladdin -x "127.0.0.1:$port" h 80)" = x ]
    [ "$(tr -d '\r' <sent)" = 'CONNECT h:80 HTTP/1.0
Proxy-Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==' ]
    [ "$(tr -d '\r' <screen)" = 'Proxy password for Aladdin@127.0.0.1: ' ]
}

@test "a password that is wrong three times is a failure" {
    local i actions=(recv:4 hex:0502 close)
    for i in 1 2 3; do actions+=(recv:4 hex:0502 recv:6 hex:0101 close); done
    start_peer "${actions[@]}" say:all hold
    run -1 --separate-stderr on_terminal a b c d -- zcat-net --retry=5 -P me -x "127.0.0.1:$port" 127.0.0.1 80
    [ "${#stderr_lines[@]}" -eq 3 ]
    for i in 0 1 2; do
        [ "${stderr_lines[i]}" = "zcat-net: proxy '127.0.0.1:$port' does not accept the password of 'me'" ]
    done
    has_line peer.log all
    [ "$(grep -o 'Proxy password for me@127.0.0.1: ' screen | wc -l)" -eq 3 ]
}

@test "-z asks for the password once for all ports" {
    local actions=(head:none "hex:$(http 'HTTP/1.1 407 Who?\r\n\r\n')" close) i
    for i in 1 2 3; do actions+=(head:sent "hex:$granted_http" close); done
    start_peer "${actions[@]}"
    on_terminal y -- zcat-net -z -v -n -X connect -P x -x "127.0.0.1:$port" h 20-22 2>log
    [ "$(grep -c succeeded log)" -eq 3 ]
    [ "$(grep -c 'Basic eDp5' sent)" -eq 3 ]
}

@test "without a terminal there is no password, and that is said" {
    need setsid
    start_peer recv:4 hex:0502 close
    run -1 --separate-stderr timeout 20 setsid -w zcat-net -P me -x "127.0.0.1:$port" 127.0.0.1 80
    [ "$stderr" = "zcat-net: proxy '127.0.0.1:$port' wants the password of 'me', and there is no terminal to ask for it" ]
}

@test "without -P nobody is asked for a password" {
    need setsid
    refusal "PROXY lets nobody in without logging in \(-P USER\)" recv:3 hex:05ff close -- 127.0.0.1 80
    refusal "PROXY lets nobody in without logging in \(-P USER\)" recv:3 hex:0502 close -- 127.0.0.1 80
    refusal "PROXY lets nobody in with or without a password" recv:4 hex:05ff close -- -P me 127.0.0.1 80
    refusal "PROXY wants a way to log in that was not offered \(SOCKS 5 method 1\)" recv:4 hex:0501 close -- -P me h 80
    refused
}

@test "what was sent through a proxy is acknowledged before exit 0, and a reset is a failure" {
    random_file in 300000
    start_peer recv:9 "hex:$granted4" recv:100000 reset
    run -1 --separate-stderr timeout 20 zcat-net -X 4 -x "127.0.0.1:$port" 127.0.0.1 80 <in
    [[ $stderr == "zcat-net: error "*"'127.0.0.1:80': "* ]]
}
