# SPDX-License-Identifier: MIT
# What the tests of whole sessions share: both sides, a proxy between them, trees and how they are compared.
# shellcheck shell=bash disable=SC2034,SC2154 # some variables are set here for the tests, some by bats

# one_key: for setup_file; the key of all sessions of the file.
one_key() {
    straight_python
    ZSEND_KEY=$(zrecv --new-key)
    export ZSEND_KEY
}

# session_setup: for setup; an umask that is known, a directory, and less patience, so that a broken command is soon seen.
session_setup() {
    cd "$BATS_TEST_TMPDIR" || return 1
    umask 022
    export ZCOPY_PATIENCE=${ZCOPY_PATIENCE:-20}
    mkdir in
    also=() # options of zsend, for passes
}

# receive [OPTION]... DIRECTORY|-: starts zrecv on a free port of 127.0.0.1; sets $port and $receiver. Its output is in
# the file taken, its messages in heard.
receive() {
    rm -f heard
    zrecv --print-port "${@:1:$#-1}" 127.0.0.1:0 "${@: -1}" >taken 2>heard </dev/null &
    receiver=$!
    take_port heard
}

# send [OPTION]... SOURCE...: to $port; sets $sent to the exit status. Messages are in said.
send() {
    sent=0
    timeout 60 zsend "$@" "127.0.0.1:$port" 2>said || sent=$?
}

# start_send [OPTION]... SOURCE...: the same in the background, as $sender.
start_send() {
    zsend "$@" "127.0.0.1:$port" 2>said </dev/null &
    sender=$!
}

# sender_ends: waits for that one, and sets $sent.
sender_ends() {
    status_of "$sender"
    sent=$status
}

# ended SENT [RECEIVED]: the exit statuses of zsend, and of zrecv, which is waited for.
ended() {
    status=
    if [ $# -gt 1 ]; then
        if wait_for gone "$receiver"; then status_of "$receiver"; else status='still running'; fi
    fi
    if [ "$sent" != "$1" ] || [ "$status" != "${2:-}" ]; then
        echo "zsend $sent instead of $1, zrecv $status instead of ${2:-}"
        tail -n 20 said heard
        return 1
    fi
}

# passes RECEIVER-OPTIONS SOURCE...: a new zrecv gets it into the directory in, and both ends are content. Several options
# of zrecv stand in one word; those of zsend are the array also.
passes() {
    local options
    read -ra options <<<"$1"
    receive "${options[@]}" in
    send "${also[@]}" "${@:2}"
    ended 0 0
    nothing_left in
}

# nothing_left DIRECTORY: what zrecv keeps there for resuming is gone.
nothing_left() {
    [ ! -e "$1/.zrecv.d" ] || { find "$1/.zrecv.d" && return 1; }
}

# between [OPTION]...: puts the proxy of cut.py between zsend and $port, which is the proxy's then. Its lines are in the
# file passed.
between() {
    rm -f passed
    python3 "$BATS_TEST_DIRNAME/cut.py" "$@" "$port" >passed &
    proxy=$!
    take_port passed
}

# is_cut: an event: the proxy has broken a connection.
is_cut() {
    has_line passed '^cut$'
}

# went WAY [N]: prints how many bytes have gone up or down in the N-th connection that is over, of all without N.
went() {
    wait_for has_lines passed '^passed' "${2:-1}" || return
    awk -v n="${2:-0}" -v field="$([ "$1" = up ] && echo 2 || echo 3)" \
        '/^passed/ && (++i == n || !n) { sum += $field } END { print sum + 0 }' passed
}

# has_lines FILE PATTERN N: at least so many match.
has_lines() {
    [ "$(grep -c -e "$2" "$1")" -ge "$3" ]
}

# listens_at PROCESS PATH: an event: it listens at that unix socket. Other tests have sockets of the same name.
listens_at() {
    local inode
    for inode in $(find "/proc/$1/fd" -lname 'socket:*' -printf '%l\n' 2>/dev/null | tr -dc '0-9\n'); do
        ! grep -q " 00010000 [0-9]* [0-9]* *$inode .*${2##*/}\$" /proc/net/unix || return 0
    done
    return 1
}

# plant DIRECTORY: makes a tree that has something of everything.
plant() {
    mkdir -p "$1"/{a/b/c/d,empty,closed,links}
    random_file "$1/large" 5000017
    random_file "$1/a/b/c/d/small" 1000
    : >"$1/a/nothing"
    echo one >"$1/links/one"
    ln "$1/links/one" "$1/a/two"
    ln "$1/links/one" "$1/links/three"
    ln -s b/c "$1/a/inside"
    ln -s ../a/missing "$1/links/dangling"
    ln -s "$(printf 'odd\n\377')" "$1/links/odd"
    mkfifo -m 640 "$1/a/fifo"
    truncate -s 3M "$1/holes"
    printf middle | dd of="$1/holes" bs=1 seek=1500000 conv=notrunc status=none
    truncate -s 1M "$1/a/hole"
    local i
    for ((i = 0; i < 40; i++)); do echo "$i" >"$1/a/b/$i"; done
    chmod 600 "$1/a/b/1"
    chmod 755 "$1/a/b/2"
    chmod 444 "$1/a/b/3"
    chmod 000 "$1/a/b/4"
    chmod 700 "$1/a/b"
    age "$1"
    touch -d '1961-02-03 04:05:06.123456789' "$1/large"
    chmod 555 "$1/closed"
}

# age DIRECTORY: gives all in it times of their own, with nanoseconds.
age() {
    local i=0 name
    while IFS= read -rd '' name; do
        i=$((i + 1))
        touch -h -d "@$((1000000000 + 86400 * i)).$((123456789 + i))" "$name"
    done < <(find "$1" -depth -print0)
}

# listing DIRECTORY: all there is in it and about it: kinds, modes, times in nanoseconds, sizes, links, contents.
listing() {
    (
        cd "$1" || exit
        find . \( -type d -printf '%p: %y %m %T@\0' -o -type l -printf '%p: %y %T@ -> %l\0' -o \
            -printf '%p: %y %m %T@ %n links, %s\0' \) | sort -z
        find . -type f -printf '%i %p\0' | sort -zk2 | awk -v RS='\0' -v ORS='\0' '
            { i = $1; sub(/^[0-9]+ /, ""); if (i in first) print $0 " is " first[i]; else first[i] = $0 }'
        find . -type f -print0 | sort -z | xargs -0r b2sum -z -l 128
    )
}

# same DIRECTORY DIRECTORY: they have the same listing.
same() {
    listing "$1" >"listing 1"
    listing "$2" >"listing 2"
    cmp -s "listing 1" "listing 2" || {
        diff -a <(tr '\0' '\n' <"listing 1") <(tr '\0' '\n' <"listing 2") | head -n 40
        return 1
    }
}

# all_of DIRECTORY NAME...: exactly these names are in it.
all_of() {
    local directory=$1
    shift
    [ "$(ls -A "$directory")" = "$(printf '%s\n' "$@" | sort)" ] || { ls -A "$directory" && return 1; }
}
