#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# ztee on random schedules: what ztee-stress.py holds it to, once more on the same ones and once on new ones.
# shellcheck disable=SC2016,SC2154 # scripts for another shell; run sets variables
bats_require_minimum_version 1.5.0
load helpers

setup_file() {
    straight_python
}

# stress OPTION...: what is printed names the seed, each run that failed, and how to have it again.
stress() {
    timeout -k 1 150 python3 "$BATS_TEST_DIRNAME/ztee-stress.py" "$@"
}

@test "no byte is lost, repeated or left unsaid on random schedules that are always the same" {
    stress --seed 1 --runs 300 --seconds 8
}

@test "no byte is lost, repeated or left unsaid on random schedules that are new each time" {
    stress --runs 300 --seconds 8
}

@test "a lost byte, a swallowed message and a wrong exit status are noticed" {
    printf '#!/bin/sh\ntail -c +2 | ztee "$@"\n' >loses
    printf '#!/bin/sh\nztee "$@" 2>/dev/null\n' >conceals
    printf '#!/bin/sh\nztee "$@"\nexit 0\n' >denies
    chmod +x loses conceals denies
    export ZCOPY_PATIENCE=20
    run -1 stress --seed 1 --runs 12 --command "$PWD"/loses
    [[ $output == *"has other bytes"* ]]
    run -1 stress --seed 1 --runs 12 --command "$PWD"/conceals
    [[ $output == *"exit status 1 instead of [0]"* ]]
    run -1 stress --seed 1 --runs 12 --command "$PWD"/denies
    [[ $output == *"exit status 0 instead of [1]"* ]]
}
