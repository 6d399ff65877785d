# SPDX-License-Identifier: MIT
# Sessions broken off anywhere, by kills and by a proxy: never exit status 0 with a wrong tree, and going on ends well.
# shellcheck disable=SC2154 # run sets variables
bats_require_minimum_version 1.5.0
load helpers
load sessions

setup_file() {
    one_key
}

# cuts N ARGUMENT...: see zsend-cuts.py; CUTS in the environment is the number for the long campaign.
cuts() {
    timeout -k 1 $((${CUTS:-0} * 5 + 120)) python3 "$BATS_TEST_DIRNAME/zsend-cuts.py" --cuts="$1" "${@:2}"
}

@test "a zsend that is killed at any byte goes on when it is started again" {
    cuts 18 --seed=1 sender
}

@test "a zrecv that is killed at any byte goes on when it is started again" {
    cuts 18 --seed=2 receiver
}

@test "a connection that is reset or closed at any byte is taken up again" {
    cuts 24 --seed=3 reset close
}

@test "so it is at bytes that are new each time" {
    cuts 12 sender receiver reset close
}

@test "a byte that is altered anywhere breaks an encrypted session, which can be taken up again" {
    cuts 10 --seed=4 flip
}

@test "a connection that becomes silent at any byte is given up, and taken up again" {
    cuts 3 --seed=5 stall
}

@test "a zsend that denies its failures, and a tree that is not whole, are noticed" {
    # shellcheck disable=SC2016 # for that script
    printf '#!/bin/sh\nzsend "$@" 2>/dev/null\nexit 0\n' >denies
    printf '#!/bin/sh\nzsend "$@" || exit\nrm -f in*/tree/z/1\n' >spoils
    chmod +x denies spoils
    unset CUTS
    run -1 cuts 4 --seed=1 --zsend="$PWD/denies" reset:plain
    [[ $output == *"the tree differs"* ]]
    rm -rf in*
    run -1 cuts 2 --seed=1 --zsend="$PWD/spoils" reset:plain
    [[ $output == *"the tree differs"* ]]
}
