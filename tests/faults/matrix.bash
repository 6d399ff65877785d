# SPDX-License-Identifier: MIT
# The fault matrix: the k-th call fails with an errno, for k = 1, 2, 3 ... until a run ends without reaching it.
# shellcheck shell=bash disable=SC2034,SC2154 # what it shares with transfer.bash

# FAULTS=all in the environment: every errno below, and every k, which takes long. Otherwise: the errnos that the test
# names, for a few k.
every_errno=(EINVAL ENOSYS EOPNOTSUPP EXDEV EPERM EACCES ENODEV EMFILE ENFILE ENOMEM EAGAIN EINTR EIO ENOSPC EDQUOT
    EFBIG ENOBUFS EPIPE ECONNRESET ECONNABORTED ECONNREFUSED ETIMEDOUT EHOSTUNREACH ENETDOWN ENOTCONN EBADF)
few=4
first=1

# first_own COMMAND CALL: sets $first to the number of the first such call after those of the dynamic linker and of the
# C library's start, which have their own ways to fail.
first_own() {
    strace -f -qq -o log -e "trace=$2" "$1" --version >/dev/null
    first=$(($(wc -l <log) + 1))
}

# disturb SIDE CALL ERRNO WHEN [PATH]: the next transfers run with that fault in the sender or the receiver; with PATH,
# only calls that concern that file count. The log is in the file log. Threads count their calls each for itself, so
# that the k-th call of several threads may fail in one run.
disturb() {
    local words=(strace -f -qq --seccomp-bpf -o log -e "trace=$2" -e "inject=$2:error=$3:when=$4" ${5:+-P "$5"})
    around_sender=() around_receiver=()
    if [ "$1" = sender ]; then
        around_sender=("${words[@]}")
    else
        around_receiver=("${words[@]}")
    fi
}

was_disturbed() {
    grep -q 'INJECTED' log
}

# names_errno SIDE: its messages have the text of the errno that was injected, as strace shows it.
names_errno() {
    grep -qF "$(sed -n 's/.* = -1 E[A-Z0-9]* (\(.*\)) (INJECTED)$/\1/p;T;q' log)" "$1.err"
}

# judge SIDE ERRNO SURVIVES: what was wrong with the transfer, one fact a line.
judge() {
    local status=$sent
    [ "$1" = sender ] || status=$received
    dishonesty "$1"
    if ! was_disturbed; then
        succeeded || echo "failed without a fault"
    elif [[ " $3 " == *" $2 "* ]]; then
        succeeded || echo "did not survive"
    elif [ "$status" != 0 ] && [ -z "${other_words:-}" ] && ! names_errno "$1"; then
        echo "the message does not name the errno"
    fi
}

# matrix SIDE CALL SURVIVES OTHERS [PATH]: the errnos that must not matter (both sides exit 0 with all bytes), and those
# that may end the transfer, honestly. first: the first k; few: how many; other_words=yes: the errno need not be in the
# message.
matrix() {
    local side=$1 call=$2 survives=$3 errnos="$3 $4" path=${5:-} last=$((first + few - 1)) errno k wrong bad=0 runs=0
    if [ "${FAULTS:-}" = all ]; then
        # shellcheck disable=SC2086 # one word an errno
        errnos=$(printf '%s\n' $errnos "${every_errno[@]}" | sort -u)
        last=1000
    fi
    for errno in $errnos; do
        for ((k = first; k <= last; k++)); do
            disturb "$side" "$call" "$errno" "$k" "$path"
            transfer
            wrong=$(judge "$side" "$errno" "$survives")
            if [ -n "$wrong" ]; then
                echo "$side, $call number $k, $errno: ${wrong//$'\n'/; }"
                show_transfer
                bad=$((bad + 1))
                break
            fi
            was_disturbed || break
            runs=$((runs + 1))
        done
    done
    around_sender=() around_receiver=()
    echo "$runs runs were disturbed"
    [ "$bad" -eq 0 ] && [ "$runs" -gt 0 ]
}
