# SPDX-License-Identifier: MIT
# What zsend sends zrecv has: files of every size, trees and all about them, over every kind of connection.
# shellcheck disable=SC2030,SC2031,SC2034,SC2154 # every test is a subshell of its own; the helpers set variables
bats_require_minimum_version 1.5.0
load helpers
load sessions

setup_file() {
    one_key
}

setup() {
    session_setup
}

# over ADDRESS [OPTION]...: the file like goes over an address of IPv6 or a unix socket, given to both sides with the options.
over() {
    local address=$1
    shift
    rm -rf in heard
    mkdir in
    zrecv "$@" --print-port "$address" in 2>heard &
    receiver=$!
    if [[ $address = unix:* ]]; then
        wait_for listens_at "$receiver" "${address#unix:}"
    else
        take_port heard
        address=${address%:0}:$port
    fi
    sent=0
    timeout 60 zsend "$@" like "$address" 2>said || sent=$?
    ended 0 0
    cmp like in/like
    all_of in like
}

@test "a file arrives, encrypted, plain and without a key, and both sides are content and silent" {
    random_file like 9437184
    for security in '' --plain --no-key; do
        rm -rf in/*
        also=(${security:+"$security"})
        passes "$security" like
        cmp like in/like
        all_of in like
        [ ! -s said ]
        [ "$(grep -c . heard)" -eq 1 ] # the port
        [ ! -s taken ]
    done
}

@test "files of the sizes at which something begins or ends arrive" {
    mkdir sizes
    for size in 0 1 4095 4096 4097 65536 4194303 4194304 4194305 8388608 9437184; do
        random_file "sizes/$size" "$size"
    done
    for security in '' --plain --no-key; do
        rm -rf in/*
        also=(${security:+"$security"})
        passes "$security" sizes/*
        diff -r sizes in
        passes "$security --overwrite" sizes/{0,1,4194305}
        diff -r sizes in
    done
}

@test "IPv6 serves" {
    grep -q '^0\{31\}1 ' /proc/net/if_inet6 2>/dev/null || skip 'no IPv6 here'
    random_file like 100001
    for security in '' --plain --no-key; do
        over '[::1]:0' ${security:+"$security"}
    done
    over '[::1]:0' -6
}

@test "a unix socket serves" {
    random_file like 5000001
    for security in '' --plain --no-key; do
        over "unix:$PWD/socket" ${security:+"$security"}
        [ ! -e socket ]
    done
}

@test "a host by name serves, and -4" {
    random_file like 1001
    receive in
    sent=0
    timeout 60 zsend -4 like "localhost:$port" 2>said || sent=$?
    ended 0 0
    cmp like in/like
}

@test "a tree arrives with kinds, modes, times in nanoseconds, links and contents" {
    plant tree
    for security in '' --plain --no-key; do
        rm -rf in/*
        also=(${security:+"$security"})
        passes "$security" tree
        all_of in tree
        same tree in/tree
    done
    also=(-r)
    rm -rf in/*
    passes '' tree/
    same tree in/tree
}

@test "several files and directories arrive at once, under the last parts of their names" {
    plant tree
    random_file far 300000
    mkdir -p x/y
    cp far x/y/near
    passes '' tree x/y/near ./far "$PWD/x"
    all_of in far near tree x
    same tree in/tree
    same x in/x
    cmp far in/far
}

@test "small files are confirmed many at a time" {
    can_trace
    mkdir tree
    for name in {1..200}; do echo "$name" >"tree/$name"; done
    for fsync in '' --no-fsync; do
        rm -rf in/* heard
        # shellcheck disable=SC2086 # an option or none
        traced trace sendto timeout 60 zrecv --plain $fsync --print-port 127.0.0.1:0 in 2>heard </dev/null &
        receiver=$!
        take_port heard
        send --plain tree
        ended 0 0
        same tree in/tree
        [ "$(wc -l <trace)" -lt 100 ]
    done
}

@test "two sources of one name never become one" {
    mkdir a b
    echo a >a/x
    echo b >b/x
    receive --resume-wait=0 in
    send a/x b/x
    [ "$sent" -ne 0 ]
    [ "$sent" -ne 4 ]
    grep -q x said
    [ ! -e in/x ] || cmp a/x in/x
}

@test "holes stay holes, at the beginning, in the middle, at the end, and alone" {
    mkdir tree
    random_file data 1000000
    truncate -s 40M tree/alone
    truncate -s 20M tree/begins
    cat data >>tree/begins
    cp data tree/ends
    truncate -s 30M tree/ends
    truncate -s 25M tree/many
    for ((i = 1; i < 6; i++)); do dd if=data of=tree/many bs=4096 seek=$((1021 * i)) conv=notrunc status=none; done
    for security in '' --plain; do
        rm -rf in/*
        also=(${security:+"$security"})
        receive ${security:+"$security"} in
        between
        send "${also[@]}" tree
        ended 0 0
        diff -r tree in/tree
        [ "$(went up)" -lt 9000000 ]
        for file in tree/*; do
            [ "$(du -k "in/$file" | cut -f1)" -le $(($(du -k "$file" | cut -f1) + 16)) ]
        done
        kill "$proxy"
    done
}

@test "names of odd bytes arrive, and are printed escaped" {
    mkdir tree
    odd=($'odd\nline' -odd $'odd\x80\xff\xfe' ' ' "odd'quote" 'odd\back' '*odd?' $'odd\x1b[31m' '"odd"' '~' .hidden ...
        "$(printf 'x%.0s' {1..255})" zrecv.d)
    for name in "${odd[@]}"; do
        echo "$name" >"tree/$name"
        mkdir "tree/${name:0:200}_"
        ln -s -- "$name" "tree/${name:0:200}-"
    done
    age tree
    passes '' tree
    same tree in/tree
    receive in # now they all are refused
    send tree
    ended 7 7
    # shellcheck disable=SC1003 # a backslash
    grep -a -F 'odd\' said
    run ! grep -aq $'\x1b' said heard
}

@test "paths of nearly 4096 bytes arrive" {
    name=$(printf 'd%.0s' {1..200})
    (
        mkdir tree && cd tree
        for ((i = 0; i < 19; i++)); do mkdir "$name" && cd "$name"; done
        echo deep >file
    )
    passes '' tree
    diff -r tree in/tree
}

@test "modes pass the umask of zrecv, and setuid, setgid and sticky bits never arrive" {
    mkdir -m 1777 tree tree/open
    for mode in 4755 2755 6777 1666 777 640; do
        echo "$mode" >"tree/$mode"
        chmod "$mode" "tree/$mode"
    done
    mkdir -m 2770 tree/group
    umask 027
    passes '' tree
    for mode in 4755:750 2755:750 6777:750 1666:640 777:750 640:640 open:750 group:750 .:750; do
        [ "$(stat -c %a "in/tree/${mode%:*}")" = "${mode#*:}" ] || { ls -l in/tree && return 1; }
    done
}

@test "directories that may not be written into arrive with what is in them, for an ordinary user too" {
    mkdir -p tree/closed/inner
    echo x >tree/closed/inner/x
    ln -s x tree/closed/inner/y
    age tree
    chmod 555 tree/closed/inner tree/closed
    passes '' tree
    same tree in/tree
    chmod 755 in/tree/closed/inner in/tree/closed
    rm -rf in/*
    ours
    rm -f heard
    as_user env "PATH=$PATH" zrecv --print-port 127.0.0.1:0 in 2>heard &
    receiver=$!
    take_port heard
    send tree
    ended 0 0
    same tree in/tree
}

@test "owners arrive only when both sides say so" {
    [ "$(id -u)" -eq 0 ] || skip 'only root can give files away'
    mkdir tree
    echo x >tree/x
    ln -s x tree/y
    mkdir tree/z
    chown -h 1234:4321 tree tree/*
    for who in sender receiver; do
        rm -rf in/*
        receive "--accept=$([ "$who" = receiver ] && echo owner || echo xattrs)" in
        if [ "$who" = sender ]; then
            send --owner tree
            ended 7 7
            grep -q -e --accept=owner said
            receive --accept=xattrs in
        fi
        send tree
        ended 0 0
        [ "$(find in/tree -uid 1234 | wc -l)" -eq 0 ]
    done
    rm -rf in/*
    also=(--owner)
    passes --accept=owner tree
    [ "$(find in/tree -uid 1234 -gid 4321 | wc -l)" -eq 4 ]
}

@test "extended attributes of the user arrive only when both sides say so, and no others ever" {
    mkdir tree
    echo x >tree/x
    value=$(printf 'v%.0s' {1..300})
    setfattr -n user.one -v "$value" tree/x 2>/dev/null || skip 'no extended attributes here'
    setfattr -n user.two -v '' tree/x
    setfattr -n user.three -v 3 tree
    setfattr -n trusted.four -v 4 tree/x 2>/dev/null || true
    setfattr -n security.five -v 5 tree/x 2>/dev/null || true
    passes '' tree
    [ -z "$(getfattr -dm- in/tree in/tree/x)" ]
    rm -rf in/*
    also=(--xattrs)
    passes --accept=owner,xattrs,links tree
    cmp <(getfattr -dm '^user\.' tree tree/x) <(cd in && getfattr -dm '^user\.' tree tree/x)
    [ "$(getfattr -dm- in/tree/x | grep -c =)" -eq 2 ]
}

@test "symbolic links that are absolute or leave the tree need --accept=links" {
    mkdir tree
    echo x >tree/x
    ln -s /etc/passwd tree/absolute
    ln -s ../../../outside tree/leaves
    ln -s x tree/stays
    age tree
    receive in
    send tree
    ended 7 7
    grep -q absolute said
    grep -q leaves said
    run ! grep -q stays said
    all_of in/tree stays x
    rm -rf in/*
    passes --accept=links tree
    same tree in/tree
}

@test "every digest and every method brings the same bytes" {
    random_file like 9000001
    for hash in xxh3 sha256 blake2b; do
        rm -f in/*
        also=("--hash=$hash")
        passes --verify like
        cmp like in/like
    done
    for way in --plain:{sendfile,splice,mmap,read} :{mmap,read}; do
        rm -f in/*
        security=${way%%:*}
        also=("--method=${way#*:}" ${security:+"$security"})
        passes "$security --no-fsync" like
        cmp like in/like
    done
}

@test "--debug says on both sides who encrypts, and which methods moved the bytes" {
    local tls='TLS_AES_128_GCM_SHA256' who='\(by the kernel\|in this process\)'
    random_file like 5000017
    passes '--debug --plain' --debug --plain like
    grep -qx 'zsend: debug: plain: sendfile 5000017' said
    grep -qx 'zrecv: debug: plain: read 5000017' heard
    run -1 grep 'does not encrypt' said
    passes '--debug --overwrite' --debug like
    grep -q "^zsend: connected to .* ($tls, encrypted $who)\$" said
    grep -qx "zrecv: debug: $tls, decrypted in this process: read 5000017" heard
    if grep -q '^zsend: debug: .* by the kernel' said; then
        grep -qx "zsend: debug: $tls, encrypted by the kernel: sendfile 5000017" said
    else
        grep -qx "zsend: debug: $tls, encrypted in this process: mmap 5000017" said
        grep -q '^zsend: debug: the kernel does not encrypt .*: no sendfile, no splice$' said
    fi
}
