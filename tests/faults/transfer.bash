# SPDX-License-Identifier: MIT
# One transfer of the file "data" from a sender to a receiver, either of which may be disturbed, and its judgement.
# shellcheck shell=bash

sender=(zcat-net -n 127.0.0.1 PORT) # PORT stands for the receiver's
receiver=(zcat-net -n -l -d --print-port 127.0.0.1 0)
around_sender=() around_receiver=() # words that come before them, such as strace with its options
input='file'                        # what the sender's standard input is: file, pipe or socket
output='file'                       # the receiver's standard output: file, append or pipe

# bounded COMMAND...: a hang becomes status 124 or 137.
bounded() {
    exec timeout -k 1 20 "$@"
}

# start_receiver: in the background; its process is $receiving, its standard error $told (a descriptor).
start_receiver() {
    rm -f out out.fifo told.fifo
    mkfifo out.fifo told.fifo
    case $output in
    file) bounded "${around_receiver[@]}" "${receiver[@]}" >out 2>told.fifo & ;;
    append) bounded "${around_receiver[@]}" "${receiver[@]}" >>out 2>told.fifo & ;;
    pipe)
        cat <out.fifo >out &
        collecting=$!
        bounded "${around_receiver[@]}" "${receiver[@]}" >out.fifo 2>told.fifo &
        ;;
    esac
    receiving=$!
    exec {told}<told.fifo
}

# run_sender PORT: in the foreground.
run_sender() {
    local feeder feeding command=("${around_sender[@]}" "${sender[@]//PORT/$1}")
    case $input in
    file) (bounded "${command[@]}") <data ;;
    pipe) (bounded "${command[@]}") < <(cat data) ;;
    socket)
        exec {feeder}< <(bounded zcat-net -n -l --print-port 127.0.0.1 0 <data 2>&1 >/dev/null)
        read -ru "$feeder" feeding
        (bounded "${command[@]}") <"/dev/tcp/127.0.0.1/$feeding"
        set -- $?
        exec {feeder}<&-
        return "$1"
        ;;
    esac
}

# transfer: sets $sent and $received to the exit statuses ($sent to "none" if there was no port to send to); messages
# are in sender.err and receiver.err, the bytes in out. A receiver that has met no sender is sent the word "nobody", or
# it would wait for ever.
transfer() {
    local line
    sent=0 received=0
    : >sender.err
    start_receiver
    read -ru "$told" line || true
    echo "$line" >receiver.err
    if [[ $line =~ ^[0-9]+$ ]]; then
        run_sender "$line" >/dev/null 2>sender.err || sent=$?
        if [ "$sent" -ne 0 ]; then
            (echo nobody >"/dev/tcp/127.0.0.1/$line") 2>/dev/null || true
        fi
    else
        sent=none
    fi
    cat <&"$told" >>receiver.err
    exec {told}<&-
    wait "$receiving" || received=$?
    if [ "$output" = pipe ]; then
        wait "$collecting"
    fi
}

arrived() {
    cmp -s data out
}

met_nobody() {
    [ "$sent" != 0 ] && [ "$(cat out)" = nobody ]
}

# has_spoken FILE: an error message of a command, or of the dynamic linker.
has_spoken() {
    grep -Eq '^(zcat-net|zsend): .|: error while loading shared libraries: ' "$1"
}

# What was dishonest, one fact a line; nothing if all was well. Honest is:
# - Nobody hangs and nobody dies by a signal.
# - Exit 0, on either side, means that exactly the bytes of the file are at the receiver.
# - Any other status comes with a message.
# - A side that is not disturbed fails only if the other one does. The reverse has one exception, covered by the second
#   rule: when the receiver fails after everything has been written and acknowledged, the sender is right to be content;
#   and a sender that could not get its confirmation fails although the receiver is content.
dishonesty() {
    local disturbed=$1 status
    for status in "$sent" "$received"; do
        case $status in
        124 | 137) echo "hung" ;;
        12[89] | 1[3-9]?) echo "died by a signal" ;;
        esac
    done
    if [ "$sent" = 0 ] && ! arrived; then echo "the sender's exit 0 is a lie"; fi
    if [ "$received" = 0 ] && ! arrived && ! met_nobody; then echo "the receiver's exit 0 is a lie"; fi
    if [[ $sent != [0n]* ]] && ! has_spoken sender.err; then echo "the sender failed without a word"; fi
    if [ "$received" != 0 ] && ! has_spoken receiver.err; then echo "the receiver failed without a word"; fi
    if [ "$disturbed" = sender ] && [ "$sent" = 0 ] && [ "$received" != 0 ]; then echo "only the receiver failed"; fi
    if [ "$disturbed" = receiver ] && [ "$sent" != 0 ] && [ "$received" = 0 ]; then echo "only the sender failed"; fi
}

# succeeded: both sides are content, with reason.
succeeded() {
    [ "$sent $received" = '0 0' ] && arrived
}

# show_transfer: for a failing test.
show_transfer() {
    echo "sender's exit status $sent, receiver's $received;" \
        "$(if arrived; then echo 'the same bytes arrived'; else echo 'other bytes arrived'; fi)"
    sed 's/^/sender:   /' sender.err
    sed 's/^/receiver: /' receiver.err
}
