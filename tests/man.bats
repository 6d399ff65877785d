# SPDX-License-Identifier: MIT
# The manual pages: their form, that they are complete, and that their examples work as they are written.
# shellcheck disable=SC2030,SC2031,SC2094,SC2154 # bats runs each test in a process; helpers.bash sets variables
bats_require_minimum_version 1.5.0
load helpers

pages=("${ZCOPY_BUILD:-$BATS_TEST_DIRNAME/../build}"/man/*.1)

# text PAGE: as it is read, in lines that are long enough for the examples.
text() {
    need mandoc
    mandoc -Tascii -Owidth=100 "$1" | sed 's/.\x08//g'
}

# command_of PAGE
command_of() {
    basename "$1" .1
}

@test "the pages are free of mistakes that mandoc knows" {
    need mandoc
    for page in "${pages[@]}"; do
        # help2man writes the date as a month and a year, which is all that mandoc has to say.
        run mandoc -Tlint -Wwarning "$page"
        ! grep -v 'cannot parse date' <<<"$output" || return 1
    done
}

@test "every command has a page, which begins with its name and says what it is for" {
    for command in "$(dirname "${pages[0]}")"/../bin/*; do
        text "$(dirname "${pages[0]}")/${command##*/}.1" >page
        grep -A 1 '^NAME$' page | grep -E "^ +${command##*/} - [a-z].*[a-z]$"
    done
}

@test "the pages have all the sections that a user looks for" {
    for page in "${pages[@]}"; do
        text "$page" >page
        for section in NAME SYNOPSIS DESCRIPTION ENDING METHODS SIGNALS 'EXIT STATUS' EXAMPLES CAVEATS 'SEE ALSO'; do
            grep -qx "$section" page || { echo "${page##*/}: $section"; return 1; }
        done
    done
}

@test "the pages list every option of --help with its value" {
    for page in "${pages[@]}"; do
        text "$page" >page
        "$(command_of "$page")" --help | sed -nE 's/^ {2,6}(-[^ ]+( [A-Z]+)?).*/\1/p' >options
        [ -s options ]
        while read -r option; do
            grep -qE "^ +${option//[/\\[}( |$)" page || { echo "${page##*/}: $option"; return 1; }
        done <options
    done
}

@test "the pages name every exit status of the command, and no other" {
    for page in "${pages[@]}"; do
        source=$BATS_TEST_DIRNAME/../cmd/$(command_of "$page")/settings.h
        text "$page" | sed -nE '/^EXIT STATUS$/,/^[A-Z]+$/s/^       ([0-9]+) .*/\1/p' | sort -n >told
        if grep -q 'EXIT_' "$source"; then
            grep -oE 'EXIT_[A-Z]+ = [0-9]+' "$source" | sed 's/.* = //' | sort -n >true
        else
            sed -nE '/^enum session_status/,/}/s/.*[A-Z] = ([0-9]+).*/\1/p' "${source%/cmd/*}/common/net/session.h" | sort -n >true
        fi
        [ -s true ]
        diff true told
    done
}

# examples PAGE: each line that a user types, with its prompt, behind the number of its example.
examples() {
    text "$1" | awk '/^ +(receiver|sender)?\$ / { if (!inside) n++; inside = 1; sub(/^ +/, ""); print n "\t" $0; next }
                     { inside = 0 }'
}

# What the examples talk about.
furnish() {
    rm -rf world
    mkdir -p world/photos/2026 world/restored
    cd world || return 1
    random_file disk.img 3000000
    gzip -k disk.img
    random_file photos/2026/cat.jpg 70000
    random_file photos/dog.jpg 5
    head -c 1M disk.img >partial.img
    random_file app.log 500000
    printf 'HTTP/1.0 200 OK\r\n\r\nhello\n' >answer
    (umask 077 && zrecv --new-key >secret)
}

# as_receiver LINE: starts it with a free port; sets $port and $receiver.
as_receiver() {
    local line
    line=$(sed 's/ -l / -l -v -n /; s/ 9000\b/ 127.0.0.1 0/; s/ 9390\b/ --print-port 127.0.0.1:0/' <<<"$1")
    bash -o pipefail -c "exec $line" </dev/null >receiver.out 2>receiver.err &
    receiver=$!
    wait_for has_line receiver.err '^\(Listening on \|Bound on \|[0-9]\)'
    port=$(sed -n 's/^\(Listening\|Bound\) on 127.0.0.1 //p; t; /^[0-9][0-9]*$/p' receiver.err)
}

# as_sender LINE: runs it to its end, which has to be a good one.
as_sender() {
    local line
    line=$(sed "s/receiver\([ :]\)\(9000\|9390\)/127.0.0.1\1$port/; s/example.com 80$/127.0.0.1 $port/" <<<"$1")
    timeout 60 bash -o pipefail -c "$line" </dev/null >sender.out 2>sender.err || {
        echo "status $?"
        cat sender.err
        return 1
    }
}

# check LINES: whether what the example promises has come true.
check() {
    case $1 in
    *'--tcp=receiver'*) cmp photos.tar photos.tar.copy && sha256sum -c photos.sha256 <photos.tar ;;
    *'kept.gz'*) cmp disk.img.gz kept.gz && cmp disk.img unpacked.img && sha256sum -c disk.sha256 <kept.gz ;;
    *'photos.tgz'*) grep -qx photos/dog.jpg photos.list && tar -tzf photos.tgz | cmp - photos.list ;;
    *'ztee -a messages.log'*) grep -qx 'backup finished' messages.log && cmp messages.log sender.out ;;
    *'> sector'*) cmp disk.img copy.img && head -c 512 disk.img | cmp - sector ;;
    *'> sum'*) cmp disk.img copy.img && cksum <disk.img | cmp - sum ;;
    *'--fd=4'*) cmp disk.img one.img && cmp disk.img two.img ;;
    *'verified.img'*) cmp disk.img verified.img && grep -qx 'verified.img: OK' sender.out ;;
    *'sha256sum'*) cmp receiver.out sender.out && [ -s sender.out ] && cmp disk.img copy.img ;;
    *'> copy.img'*) cmp disk.img copy.img ;;
    *'>> partial.img'*) cmp disk.img partial.img ;;
    *'> app.log.copy'*) cmp app.log app.log.copy ;;
    *'named.gz'*) gunzip -c restored/named.gz | cmp - disk.img ;;
    *'zsend --key-file'*disk.img*) cmp disk.img restored/disk.img ;;
    *'-C restored'* | *'zsend --key-file'*) diff -r photos restored/photos ;;
    *'-k -u'*) wait_for has_line messages.log '^disk is full$' ;;
    *'>> messages.log'*) wait_for has_line messages.log '^backup finished$' ;;
    *'example.com 80'*) grep -qx hello sender.out ;;
    *'zcat-net -z -v'*) grep -q "127.0.0.1 $port port .* succeeded!" sender.err ;;
    *'for method in'*)
        for method in sendfile splice mmap read; do
            grep -qE "CPU/GiB, $method 3000000$" sender.err || return 1
        done
        ;;
    *'--resume photos photos.copy'* | *'--progress photos photos.copy'*) diff -r photos photos.copy ;;
    *'-v photos restored'*) diff -r photos restored/photos && grep -q "'restored/photos/dog.jpg'" sender.out ;;
    *'--backup=numbered'*) cmp disk.img partial.img && [ "$(stat -c %s partial.img.~1~)" -eq 1048576 ] ;;
    *'published.img'*) cmp disk.img published.img ;;
    *'nightly.img'*) cmp disk.img nightly.img ;;
    *'sparse.img'*) cmp disk.img sparse.img ;;
    *) echo "nobody checks this example" && return 1 ;;
    esac
}

# try LINES: one example.
try() {
    local line prompt
    furnish
    receiver=
    # shellcheck disable=SC2016 # a prompt
    if ! grep -q '^receiver\$' <<<"$1"; then
        INPUT=answer OUT=request listen -k
        receiver=$listener
    fi
    while read -r prompt line; do
        if [ "$prompt" = 'receiver$' ]; then as_receiver "$line"; else as_sender "$line" || return 1; fi
    done <<<"$1"
    if grep -q -e '^receiver. .* -k ' -e '^\$ ' <<<"$1"; then
        check "$1" # before it is gone: nobody acknowledges a datagram
        kill "$receiver"
        status_of "$receiver"
    else
        status_of "$receiver"
        [ "$status" -eq 0 ] || { cat receiver.err; return 1; }
    fi
    check "$1"
}

# try_all PAGE
try_all() {
    local lines count=0
    examples "$1" >"$BATS_TEST_TMPDIR/examples"
    while lines=$(sed -n "s/^$((count + 1))\t//p" "$BATS_TEST_TMPDIR/examples") && [ -n "$lines" ]; do
        count=$((count + 1))
        cd "$BATS_TEST_TMPDIR" || return 1
        if [[ $lines == *' nc '* && $(nc -h 2>&1) != OpenBSD* ]]; then
            echo "# not tried, for OpenBSD's nc is not here: $lines" >&3
            continue
        fi
        echo "$lines"
        try "$lines" || return 1
    done
    [ "$count" -ge 5 ]
}

@test "the examples of zcat-net(1) work as they are written" {
    try_all "${pages[0]%/*}/zcat-net.1"
}

@test "the examples of zcp(1) work as they are written" {
    try_all "${pages[0]%/*}/zcp.1"
}

@test "the examples of zrecv(1) work as they are written" {
    try_all "${pages[0]%/*}/zrecv.1"
}

@test "the examples of zsend(1) work as they are written" {
    try_all "${pages[0]%/*}/zsend.1"
}

@test "the examples of ztee(1) work as they are written" {
    try_all "${pages[0]%/*}/ztee.1"
}
