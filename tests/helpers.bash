# SPDX-License-Identifier: MIT
# What the bats files share: where the commands are, starting a listener, waiting for events.
# shellcheck shell=bash

PATH=${ZCOPY_BUILD:-$BATS_TEST_DIRNAME/../build}/bin:$PATH

setup() {
    cd "$BATS_TEST_TMPDIR" || return 1
}

teardown() {
    local pids
    pids=$(jobs -p)
    # shellcheck disable=SC2086 # one word a process
    [ -z "$pids" ] || kill -KILL $pids 2>/dev/null || true
}

# wait_for COMMAND...: until it succeeds; fails after a minute. The command is an event to look at
# (a line in a file, a socket in a state), never a stretch of time.
wait_for() {
    local end=$((SECONDS + 60))
    until "$@"; do
        [ "$SECONDS" -lt "$end" ] || return 1
        read -rt 0.01 <> <(:) || true
    done
}

# has_line FILE PATTERN
has_line() {
    [ -e "$1" ] && grep -q -e "$2" "$1"
}

# listen [OPTION]...: starts zcat-net -l with a free port of 127.0.0.1, its output in the file out, its messages in err;
# sets $port and $listener. Its standard input is not read unless INPUT names a file.
listen() {
    rm -f err
    if [ -n "${INPUT:-}" ]; then
        zcat-net -n -l --print-port "$@" 127.0.0.1 0 <"$INPUT" >"${OUT:-out}" 2>err &
    else
        zcat-net -n -l -d --print-port "$@" 127.0.0.1 0 >"${OUT:-out}" 2>err &
    fi
    listener=$!
    wait_for has_line err '^[0-9][0-9]*$'
    # shellcheck disable=SC2034 # for the tests
    port=$(sed -n '/^[0-9][0-9]*$/{p;q}' err)
}

# status_of PID: waits for that background process and sets $status to its exit status.
status_of() {
    status=0
    wait "$1" || status=$?
}

# random_file NAME BYTES
random_file() {
    head -c "$2" /dev/urandom >"$1"
}
