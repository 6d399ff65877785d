# SPDX-License-Identifier: MIT
# One session of zsend and zrecv, either of which may be disturbed, the tries after it, and their judgement: in place of
# transfer.bash.
# shellcheck shell=bash disable=SC2034,SC2154 # what it shares with matrix.bash, sessions.bash and the tests

around_sender=() around_receiver=() # words that come before them, such as strace with its options
security=--plain                    # of both; empty: encrypted
sender_options=() receiver_options=()
before=                             # yes: the session goes on with one that was broken off
excuse=                             # a pattern of messages that say why a second try cannot be complete

# make_tree: something of everything, how it has to look at the receiver, and in the file store where that keeps what it
# needs to go on.
make_tree() {
    mkdir -p tree/sub
    random_file tree/sub/large 5243000
    fallocate -p -o 256K -l 1M tree/sub/large
    random_file tree/sub/small 3000
    truncate -s 20000 tree/sub/small # a hole at the end
    echo one >tree/sub/one
    ln tree/sub/one tree/other
    ln -s sub/small tree/link
    : >tree/empty
    mkfifo -m 640 tree/fifo
    chmod 640 tree/sub/small
    chmod 750 tree/sub
    age tree
    shape tree >whole
    mkfifo told.fifo
    mkdir in
    break_one_off
    echo "$PWD"/in/.zrecv.d/* >store
}

# bounded COMMAND...: a hang becomes status 124 or 137.
bounded() {
    exec timeout -k 1 30 "$@"
}

# start_receiver MESSAGES [WORD]...: in the background, with these words before it; sets $receiving and $port, which is
# empty if there is none.
start_receiver() {
    local told line
    (bounded "${@:2}" zrecv ${security:+"$security"} "${receiver_options[@]}" --print-port --resume-wait=0 127.0.0.1:0 in \
        </dev/null 2>told.fifo) &
    receiving=$!
    exec {told}<told.fifo
    # What comes before the port may be a message.
    while read -ru "$told" line && [[ ! $line =~ ^[0-9]+$ ]]; do echo "$line"; done >"$1"
    port=$line
    cat <&"$told" >>"$1" &
    telling=$!
    exec {told}<&-
}

# receiver_ends: waits for it and its messages, and sets $received.
receiver_ends() {
    received=0
    wait "$receiving" || received=$?
    wait "$telling"
}

# try_to_send MESSAGES [WORD]...: sets $sent, to "none" if there is no port.
try_to_send() {
    sent=none
    [ -n "$port" ] || return 0
    sent=0
    (bounded "${@:2}" zsend ${security:+"$security"} "${sender_options[@]}" tree "127.0.0.1:$port" </dev/null >/dev/null 2>"$1") || sent=$?
}

# shape DIRECTORY: all that is said of what is in it.
shape() {
    find "$1" \( -type d -printf '%P: %y %m %T@\n' -o -printf '%P: %y %m %T@ %n %s %l\n' \) | sort
}

# look: sets $found to "yes" if the tree is there, as it has to be.
look() {
    found=
    if shape in/tree 2>/dev/null | cmp -s whole - && cmp -s tree/sub/large in/tree/sub/large &&
        cmp -s tree/sub/small in/tree/sub/small && cmp -s tree/other in/tree/other &&
        [ in/tree/other -ef in/tree/sub/one ]; then
        found=yes
    fi
}

# release: a receiver that nobody has come to is still waiting: those who come now are not disturbed. Sets $released to
# "yes" if that is the other try.
release() {
    local sent tries
    for tries in 1 2 3; do
        try_to_send again.sender.err
        case $sent in
        0) released=yes && return ;;
        3) return ;; # it has gone
        esac
    done
    kill -TERM "$receiving" 2>/dev/null || true
}

# break_one_off: leaves a tree of which one file is not whole, and what a session can go on with.
break_one_off() {
    start_receiver again.receiver.err strace -f -qq --seccomp-bpf -o /dev/null -e trace=pwrite64 \
        -e inject=pwrite64:error=EIO:when=12
    try_to_send again.sender.err
    receiver_ends
}

# transfer: sets $sent and $received to the exit statuses of the session, and $arrived to what it has left ("yes": all);
# messages are in sender.err and receiver.err. If either has failed, $again is what comes of another try, which is not
# disturbed: "yes", or what is wrong.
transfer() {
    rm -rf in
    mkdir in
    : >sender.err
    [ -z "$before" ] || break_one_off
    start_receiver receiver.err "${around_receiver[@]}"
    try_to_send sender.err "${around_sender[@]}"
    released=
    if [ "$sent" != 0 ] && [ "$sent" != none ]; then
        release
    fi
    receiver_ends
    look
    arrived=$found again=yes
    if [ "$sent $received" != '0 0' ] && [ "$released $received $found" != 'yes 0 yes' ]; then
        try_again
    fi
}

# try_again: once more, with the same key and into the same directory.
try_again() {
    local sent received
    start_receiver again.receiver.err
    try_to_send again.sender.err
    receiver_ends
    look
    again=yes
    if [ "$sent $received" != '0 0' ]; then
        again="statuses $sent and $received"
    elif [ -z "$found" ]; then
        again="another tree"
    elif [ -e in/.zrecv.d ]; then
        again="something left behind"
    fi
}

succeeded() {
    [ "$sent $received $arrived" = '0 0 yes' ]
}

# has_spoken FILE: an error message of a command, or of the dynamic linker.
has_spoken() {
    grep -Eq '^(zsend|zrecv): .|: error while loading shared libraries: ' "$1"
}

# What was dishonest, one fact a line; nothing if all was well. Honest is:
# - Nobody hangs and nobody dies by a signal, but a receiver that was waiting and was told to end.
# - Exit 0, on either side, means that exactly the tree is there; any other status comes with a message.
# - When the sender is content and the receiver is not, all that the receiver lacks is the sender's last word.
# - Another try with the same key ends well, with exactly the tree.
dishonesty() {
    local status
    for status in "$sent" "$received"; do
        case $status in
        124 | 137) echo "hung" ;;
        12[89] | 1[3-9]?) [ "$status" = 143 ] || echo "died by a signal" ;;
        esac
    done
    if [ "$sent" = 0 ] && [ -z "$arrived" ]; then echo "the sender's exit 0 is a lie"; fi
    if [ "$received" = 0 ] && [ -z "$arrived" ]; then echo "the receiver's exit 0 is a lie"; fi
    if [[ $sent != [0n]* ]] && ! has_spoken sender.err; then echo "the sender failed without a word"; fi
    if [ "$received" != 0 ] && ! has_spoken receiver.err; then echo "the receiver failed without a word"; fi
    if [ "$sent" = 0 ] && [ "$received" != 0 ] && ! grep -q 'has not heard that all is complete' receiver.err; then
        echo "only the receiver failed"
    fi
    if [ "$again" != yes ] && ! { [ -n "$excuse" ] && grep -Eq "$excuse" sender.err receiver.err; }; then
        echo "another try does not complete it: $again"
    fi
}

# show_transfer: for a failing test.
show_transfer() {
    echo "zsend's exit status $sent, zrecv's $received; the tree: ${arrived:-no}; another try: $again"
    sed 's/^/sender:   /' sender.err
    sed 's/^/receiver: /' receiver.err
    [ "$again" = yes ] || sed 's/^/again:    /' again.sender.err again.receiver.err
    [ "$again" = yes ] || diff whole <(shape in/tree)
}
