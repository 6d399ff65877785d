# SPDX-License-Identifier: MIT
# The short runs of the fuzz targets, which are among the unit tests: that they try the same each time, and notice what is wrong.
# shellcheck disable=SC2154 # run sets variables
bats_require_minimum_version 1.5.0
load helpers

setup() {
    cd "$BATS_TEST_DIRNAME/.." || return 1
    programs=${ZCOPY_BUILD:-build}/tests
}

@test "every fuzz target is run by make test, and has seeds" {
    local file name
    run -0 make -n test TESTS=tests/fuzz.bats
    for file in tests/fuzz/*.c; do
        grep -q '^int LLVMFuzzerTestOneInput.*)$' "$file" || continue
        name=$(basename "$file" .c)
        [ -n "$(ls "tests/fuzz/seeds/$name")" ]
        [ "$name" = broken ] || [[ $output == *"tests/run "*"/tests/fuzz-$name "* ]]
    done
}

@test "an input that a target dies of is found and kept, and found again" {
    rm -f "$programs/fuzz-broken.crash"
    run -1 "$programs/fuzz-broken"
    [[ $output == *"broken.c:"*": not true: size < 4 || data[3] != 'Z'"* ]]
    [[ $output == *"not ok - fuzz target broken survives its seeds and changes of them"* ]]
    [ "$(head -c 4 "$programs/fuzz-broken.crash" | tail -c 1)" = Z ]
    mv "$programs/fuzz-broken.crash" "$BATS_TEST_TMPDIR/first"
    run -1 "$programs/fuzz-broken"
    cmp "$BATS_TEST_TMPDIR/first" "$programs/fuzz-broken.crash"
    run -1 "$programs/fuzz-broken" -s 2
    run -1 cmp "$BATS_TEST_TMPDIR/first" "$programs/fuzz-broken.crash"
    run -1 "$programs/fuzz-broken" "$BATS_TEST_TMPDIR/first"
    [[ $output == *"not ok - fuzz target broken survives these files"* ]]
    run -0 "$programs/fuzz-broken" tests/fuzz/seeds/broken/text
    [[ $output == *"ok - fuzz target broken survives these files"* ]]
}

@test "a run that finds something fails, whatever else is well" {
    run -1 tests/run "${ZCOPY_BUILD:-build}" "$programs/fuzz-broken" -- "$BATS_TEST_DIRNAME/fuzz.bats" --filter 'has seeds'
    [[ $output == *" passed, 2 failed, 0 skipped" ]]
}
