# SPDX-License-Identifier: MIT
# What the tests share in which zrecv has a hostile sender: starting both, and looking at what is left behind.
# shellcheck shell=bash disable=SC2154 # variables of helpers.bash

setup_file() {
    straight_python
    ZSEND_KEY=$(zrecv --new-key)
    PYTHONPATH=$BATS_TEST_DIRNAME
    PYTHONDONTWRITEBYTECODE=1
    export ZSEND_KEY PYTHONPATH PYTHONDONTWRITEBYTECODE LC_ALL=C
}

teardown() {
    # what --keep has started for a sender does not end with it
    [ -z "${receiver:-}" ] || pkill -KILL -P "$receiver" || true
    stop_jobs
}

# beside: what is there apart from the directory in, and from what the tests themselves write.
beside() {
    find . -regex '\./\(in\|out\|err\|script\)' -prune -o -printf '%p %y %m %s\n' | sed 1d | sort
}

# receive [OPTION]...: starts zrecv --plain --no-fsync ($HOW: something else) into the directory in ($TO: another one,
# or -), its messages in err; sets $port and $receiver.
receive() {
    mkdir -p in
    rm -f err
    surroundings=$(beside)
    zrecv --plain "${HOW:---no-fsync}" --print-port --resume-wait=0 "$@" 127.0.0.1:0 "${TO:-in}" </dev/null >out 2>err &
    receiver=$!
    take_port err
}

# stranger: runs standard input in Python, with what session.py has, the port and the key.
stranger() {
    {
        echo 'from session import *'
        echo "port, receiver, key = $port, $receiver, parse_key('$ZSEND_KEY')"
        cat
    } >script
    timeout 40 python3 script
}

# hostile: the same with a session s that has begun.
hostile() {
    { echo 's = Session(port, key)' && cat; } | stranger
}

# dies: the same as stranger, with a function: dies(WHAT, FRAME...) sends frames to a new session, which zrecv aborts.
dies() {
    {
        cat <<'PYTHON'
failures = []
def dies(what, *frames):
    s = Session(port, key)
    s.send(*frames)
    try:
        if s.aborted() in (4, 7) and s.abort.text:
            return
    except OSError:
        pass
    failures.append(what)
    assert len(failures) < 3, failures
PYTHON
        cat
        echo 'assert not failures, failures'
    } | stranger
}

# says PATTERN...: zrecv's lines, the port's apart, are these and no others, in this order.
says() {
    local lines pattern i=0
    mapfile -t lines < <(sed '/^[0-9][0-9]*$/d' err)
    printf '%s\n' "${lines[@]}"
    for pattern; do
        [[ ${lines[i]} =~ ^zrecv:\ $pattern$ ]] || return 1
        i=$((i + 1))
    done
    [ "${#lines[@]}" -eq "$i" ] || [ "$*${lines[*]}" = "" ]
}

# ended STATUS: zrecv ends with it, and nothing outside the directory in was touched.
ended() {
    status_of "$receiver"
    cat err
    [ "$status" -eq "$1" ]
    [ "$(beside)" = "$surroundings" ]
}

# published NAME...: in has these, and nothing else but partial files.
published() {
    local found
    found=$(cd in && find . -mindepth 1 -path ./.zrecv.d -prune -o -printf '%P\n' | sort)
    echo "$found"
    [ "$found" = "$(printf '%s\n' "$@" | sort)" ]
}
