# SPDX-License-Identifier: MIT
# What the bats files about datagrams share: a peer of datagrams, and what it has heard.
# shellcheck shell=bash disable=SC2034,SC2154 # some variables are set here for the tests, some by bats

# talk ADDRESS ACTION...: starts a peer of datagrams, its lines in peer.log; sets $peer, and $port unless ADDRESS is a path.
talk() {
    rm -f peer.log
    [[ $1 != */* ]] || rm -f "$1"
    python3 "$BATS_TEST_DIRNAME/datagrams.py" peer "$@" >peer.log 2>&1 9>&- &
    peer=$!
    wait_for has_line peer.log '^port '
    port=$(sed -n 's/^port //p' peer.log)
}

# keeping SIZES COUNT COMMAND...: with boundaries on standard input and output, see datagrams.py; lines in kept.
keeping() {
    timeout 60 python3 "$BATS_TEST_DIRNAME/datagrams.py" keep "$@" >kept
}

# lines_of FILE WORD: what follows that word, without the word
lines_of() {
    sed -n "s/^$2 //p" "$1"
}

# hears N: the peer has heard so many.
hears() {
    [ "$(lines_of peer.log got | wc -l)" -ge "$1" ]
}
