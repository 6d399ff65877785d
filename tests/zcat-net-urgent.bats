# SPDX-License-Identifier: MIT
# zcat-net: what stands behind TCP's urgent data, at whose mark splice(2) stops, arrives as well.
# shellcheck disable=SC2030,SC2031,SC2154 # every test is a subshell of its own; the helpers set variables
bats_require_minimum_version 1.5.0
load helpers

@test "what comes behind urgent data arrives, up to the end of the connection" {
    start_peer text:before urgent:X text:behind fin gone
    timeout 20 zcat-net -n -d 127.0.0.1 "$port" >out
    [ "$(cat out)" = beforebehind ]
}

@test "what comes behind urgent data arrives while the connection stays open" {
    start_peer text:before urgent:X text:behind hold
    zcat-net -n -d 127.0.0.1 "$port" >out &
    wait_for has_line out '^beforebehind$'
}

@test "urgent data and nothing behind it is the end of what arrives" {
    start_peer text:before urgent:X fin gone
    timeout 20 zcat-net -n -d 127.0.0.1 "$port" >out
    [ "$(cat out)" = before ]
}

@test "what stands behind urgent data of standard input is sent" {
    start_peer text:before urgent:X text:behind fin gone
    exec 8<>"/dev/tcp/127.0.0.1/$port"
    listen
    timeout 20 zcat-net -n 127.0.0.1 "$port" <&8
    status_of "$listener"
    [ "$status" -eq 0 ]
    [ "$(cat out)" = beforebehind ]
}

@test "splice alone fails at urgent data, at once and with its reason" {
    local end
    for end in fin say:open; do
        start_peer text:before urgent:X text:behind "$end" gone
        run -1 --separate-stderr timeout 20 zcat-net -n -d --method=splice 127.0.0.1 "$port"
        [ "$output" = before ]
        [[ $stderr =~ ^"zcat-net: no method of --method can move bytes from '127.0.0.1:$port' "[^$'\n']*$ ]]
    done
}
