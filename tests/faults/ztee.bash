# SPDX-License-Identifier: MIT
# One run of ztee on the file "data", to outputs of every kind, and its judgement: in place of transfer.bash, ztee is
# the sender.
# shellcheck shell=bash

around_sender=() # words that come before it, such as strace with its options
input='pipe'     # what its standard input is: file, pipe or socket
ends_early=      # yes: an output that fails may end the run, by SIGPIPE too
late=            # yes: standard output is read only when all of the input has been taken (which has to be a pipe)

# ztee_with [OPTION]...: sets $sender, and $outputs to NAME:FILE, the name that messages have and where the bytes are.
ztee_with() {
    sender=(ztee --output-error=warn --fd=5 --fd=6 --tcp=127.0.0.1:PORT "$@" file)
    outputs=('standard output:out' file:file 'descriptor 5:piped' 'descriptor 6:append' 127.0.0.1:PORT:remote)
}

# and_command: one more output. It is meddled with as well: only for calls that cat and the shell do without.
and_command() {
    sender+=("--exec=LD_PRELOAD= cat > command")
    outputs+=('LD_PRELOAD= cat > command:command')
}

# make_places: the FIFOs, once for all runs; by their names strace finds the calls that concern them.
make_places() {
    mkfifo in.fifo out.fifo piped.fifo told.fifo gate.fifo
    echo old >old
    cat old data >grown
}

# bounded COMMAND...: a hang becomes status 124 or 137.
bounded() {
    exec timeout -k 1 20 "$@"
}

# run_sender PORT: in the foreground, its messages in sender.err.
run_sender() {
    local feeder feeding command=("${around_sender[@]}" "${sender[@]//PORT/$1}")
    case $input in
    file) (bounded "${command[@]}") <data ;;
    pipe)
        { cat data >in.fifo; [ -z "$late" ] || : >gate.fifo; } 2>/dev/null &
        (bounded "${command[@]}") <in.fifo
        ;;
    socket)
        exec {feeder}< <(bounded zcat-net -n -l --print-port 127.0.0.1 0 <data 2>&1 >/dev/null)
        read -ru "$feeder" feeding
        (bounded "${command[@]}") <"/dev/tcp/127.0.0.1/$feeding"
        set -- $?
        exec {feeder}<&-
        return "$1"
        ;;
    esac >out.fifo 2>sender.err 5>piped.fifo 6>>append
}

# transfer: sets $sent and $received to the exit statuses of ztee and of the peer of its connection; messages are in
# sender.err and $peer_says. A peer that has met no ztee is sent the word "nobody", or it would wait for ever.
transfer() {
    local told receiving file
    sent=0 received=0
    for file in "${outputs[@]##*:}"; do
        : >"$file"
    done
    echo old >append
    { [ -z "$late" ] || read -r _ <gate.fifo || true; exec cat; } <out.fifo >out &
    cat <piped.fifo >piped &
    bounded zcat-net -n -l -d --print-port 127.0.0.1 0 >remote 2>told.fifo &
    receiving=$!
    exec {told}<told.fifo
    read -ru "$told" peer
    run_sender "$peer" || sent=$?
    [ "$sent" -eq 0 ] || (echo nobody >"/dev/tcp/127.0.0.1/$peer") 2>/dev/null || true
    read -rd '' -u "$told" peer_says || true
    exec {told}<&-
    wait "$receiving" || received=$?
    wait
    look_at_outputs
}

# expected FILE: what that is when the output is complete.
expected() {
    case $1 in
    append) echo grown ;;
    digest) echo sum ;;
    *) echo data ;;
    esac
}

# look_at_outputs: sets $missing to those of $outputs that are not complete.
look_at_outputs() {
    local output file
    missing=()
    for output in "${outputs[@]}"; do
        file=${output##*:}
        cmp -s "$(expected "$file")" "$file" || missing+=("$output")
    done
}

is_missing() {
    [[ " ${missing[*]} " == *":$1 "* ]]
}

is_beginning() {
    cmp -s -n "$(stat -c %s "$1")" "$(expected "$1")" "$1"
}

met_nobody() {
    [ "$sent" != 0 ] && [ "$(cat remote)" = nobody ]
}

# is_excused NAME: ztee has said that this output failed, or why all of them did; or another one has ended the run.
is_excused() {
    { [ -n "$ends_early" ] && [ "$sent" -ne 0 ]; } || grep -qF "'${1/PORT/$peer}'" sender.err ||
        { [ "$1" = 127.0.0.1:PORT ] && grep -q "^ztee: .* 127.0.0.1 port $peer .*failed: " sender.err; } ||
        { [[ $1 = *:digest ]] && grep -q "^ztee: cannot compute .* digest: " sender.err; } ||
        grep -Eq "^ztee: (error reading 'standard input'|cannot start)|error while loading shared" sender.err
}

succeeded() {
    [ "$sent $received ${#missing[@]}" = '0 0 0' ]
}

# What was dishonest, one fact a line; nothing if all was well. Honest is:
# - Nobody hangs, and nobody dies by a signal, except by SIGPIPE where that is ztee's way.
# - Exit 0 means that every output is complete, and that the peer knows it; any other status comes with a message.
# - Every output is a beginning of the input, and all of it if no message names it.
# - The peer takes for all only what is all.
dishonesty() {
    local output file
    case $sent in
    124 | 137) echo "hung" ;;
    141) [ -n "$ends_early" ] || echo "died by SIGPIPE" ;;
    12[89] | 1[3-9]?) echo "died by a signal" ;;
    esac
    if [ "$sent" = 0 ] && ! succeeded; then echo "the exit 0 is a lie"; fi
    if [ "$received" = 0 ] && is_missing remote && ! met_nobody; then echo "the peer's exit 0 is a lie"; fi
    if [[ ! $sent =~ ^(0|141)$ ]] && ! grep -Eq '^ztee: .|: error while loading' sender.err; then
        echo "failed without a word"
    fi
    for output in "${missing[@]}"; do
        file=${output##*:}
        is_beginning "$file" || { [ "$file" = remote ] && met_nobody; } || echo "other bytes in '$file'"
        is_excused "${output%:*}" || echo "'$file' is not all, and nothing is said of it"
    done
}

# show_transfer: for a failing test.
show_transfer() {
    echo "$input to ${sender[*]}: exit status $sent, the peer's $received"
    sed 's/^/ztee: /' sender.err
    echo "peer: $peer_says"
    wc -c data out file piped append remote
}
