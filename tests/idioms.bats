# SPDX-License-Identifier: MIT
# What zcat-net(1) translates from nc, ncat and socat: each line of it is run, ours and theirs, and does what it is there for.
# shellcheck disable=SC2001,SC2013,SC2030,SC2031,SC2094,SC2154 # every test is a subshell of its own; the helpers set variables
bats_require_minimum_version 1.5.0
load helpers
load proxies
load idioms
load idiom-scenes

page=${ZCOPY_BUILD:-$BATS_TEST_DIRNAME/../build}/man/zcat-net.1

# For each line of ours the scene that tries it, and those that it translates. A scene is a function of idiom-scenes.bash.
scenes="$(
    cat <<'END'
sink | zcat-net HOST PORT <FILE
sink | zsend --raw FILE HOST:PORT
tail | zsend --raw --offset=1M FILE HOST:PORT
tar | tar -c DIR | zcat-net HOST PORT
result both | ztee --no-stdout --tcp=HOST:PORT COPY <FILE
serve | zcat-net --send-only -l PORT <FILE
serve_all | while zcat-net --send-only -l PORT <FILE; do :; done
later | zcat-net --retry=60 HOST PORT <FILE
leaves | zcat-net -q SECONDS HOST PORT <FILE
receive cmp -s FILE COPY | zcat-net -d -l PORT >COPY
unpack | zcat-net -d -l PORT | tar -x -C NEW
fetch | zcat-net -d HOST PORT >COPY
receive cmp -s FILE COPY | zcat-net -d --fsync -l PORT >COPY
collect | zcat-net -d -k -l PORT >>LOG
sink | zcat-net --progress HOST PORT <FILE
sink | zcat-net --bwlimit=20M HOST PORT <FILE
tells 2500000.bytes | zcat-net --stats HOST PORT <FILE
result digest_told got | zcat-net --hash=sha256 HOST PORT <FILE
receive digest_told COPY | zcat-net -d --hash=sha256 -l PORT >COPY
result dumped | zcat-net --hex-dump=DUMP HOST PORT <REQUEST
tapes | ztee SENT <FILE | zcat-net HOST PORT | ztee GOT
talk | zcat-net HOST PORT
answer | zcat-net -l PORT
banner | zcat-net -d -W 1 HOST PORT
ask | printf 'GET / HTTP/1.0\r\n\r\n' | zcat-net HOST PORT
ask | printf 'GET / HTTP/1.0\n\n' | zcat-net -C HOST PORT
no_end | zcat-net --no-half-close HOST PORT <REQUEST
telnet | zcat-net -t HOST PORT
sink REQUEST | zcat-net -i SECONDS HOST PORT <REQUEST
idle | zcat-net -w SECONDS HOST PORT
deaf | zcat-net --connect-timeout=SECONDS HOST PORT
open | zcat-net -z HOST PORT
open told | zcat-net -z -v HOST LOW-HIGH
open_udp | zcat-net -z -v -u -w SECONDS HOST PORT
later /dev/null | zcat-net -z --retry=60 HOST PORT
one_way | zcat-net -d -l PORT | zcat-net HOST PORT
relay | zcat-net --exit-on=both -l PORT <FIFO | zcat-net HOST PORT >FIFO
relay_unix | zcat-net --exit-on=both -l PORT <FIFO | zcat-net -U PATH >FIFO
from | zcat-net -s ADDR -p SOURCE HOST PORT
local 127.0.0.2 silent | zcat-net -l ADDR PORT
local 127.0.0.1 | zcat-net --print-port -l 0
six | zcat-net -6 HOST PORT
option IP_TOS,.\[184\] | zcat-net -T ef HOST PORT
option IP_TTL,.\[5\] | zcat-net -M 5 HOST PORT
option SO_RCVBUF,.\[65536\] SO_SNDBUF,.\[65536\] | zcat-net -I 64K -O 64K HOST PORT
sink | zcat-net --pipe-size=1M HOST PORT <FILE
log_line ^<13>hello$ | echo '<13>hello' | zcat-net -u --send-only HOST PORT
query | zcat-net -u -W 1 HOST PORT <REQUEST
collect_udp | zcat-net -u -k -l PORT >>LOG
answer -u | zcat-net -u -l PORT
log_line ^hello$ 0.0.0.0 | echo hello | zcat-net -u -b --send-only HOST PORT
unix | zcat-net -U PATH <FILE
receive_unix | zcat-net -d -l -U PATH >COPY
ask_unix | printf 'GET / HTTP/1.0\r\n\r\n' | zcat-net -U /run/docker.sock
unix abstract | zcat-net -U @NAME <FILE
log_line_unix | echo '<13>hello' | zcat-net -u -U --send-only PATH
collect_unix | zcat-net -u -k -l -U PATH >>LOG
proxied ssh_forwarder | zcat-net -x PROXY HOST PORT <FILE
proxied ssh_forwarder | zcat-net -X 4 -x PROXY HOST PORT <FILE
proxied tiny | zcat-net -X connect -x PROXY HOST PORT <FILE
ssh tiny | ssh -o ProxyCommand='zcat-net -X connect -x PROXY %h %p' HOST
ssh | ssh -o ProxyUseFdpass=yes -o ProxyCommand='zcat-net -F %h %p' HOST
END
)"

teardown() {
    local process
    for process in $(jobs -p); do
        kill -KILL -- "-$process" 2>/dev/null || kill -KILL "$process" 2>/dev/null || true
    done
    wait
}

setup_file() {
    straight_python
}

# entries: HEADING, LINE OF OURS and LINE OF THEIRS, with tabs between them, as the page has them in 80 columns. A line of
# ours that is broken there is two.
entries() {
    mandoc -Tascii -Owidth=80 "$page" | sed 's/.\x08//g' | awk '
        /^FROM NC, NCAT AND SOCAT$/ { inside = 1; next }
        /^[A-Z]/ { inside = 0 }
        !inside { next }
        /^   [^ ]/ { heading = $0; sub(/^ +/, "", heading) }
        /^$/ { count = 0 }
        /^       [^ ]/ { sub(/^ +/, ""); theirs[count++] = $0 }
        /^           [^ ]/ { sub(/^ +/, ""); for (i = 0; i < count; i++) print heading "\t" $0 "\t" theirs[i] }'
}

# missing WHAT: a line is not tried, which is said aloud.
missing() {
    echo "# not tried, for $1 is not here: $line" >&3
}

# here LINE: the commands in it are.
here() {
    local command
    for command in nc ncat socat pv ssh strace; do
        if [[ $1 =~ (^|[^-_a-z])$command\  ]]; then
            command -v "$command" >/dev/null || { missing "$command"; return 1; }
            [ "$command" != nc ] || [[ $(nc -h 2>&1) == OpenBSD* ]] || { missing "OpenBSD's nc"; return 1; }
        fi
    done
}

# try_lines SCENE ARGUMENTS LINE...
try_lines() {
    local scene=$1 arguments=$2
    shift 2
    for line; do
        here "$line" || continue
        furnish
        echo "$line"
        set -f
        # shellcheck disable=SC2086 # several words
        "scene_$scene" $arguments
        set +f
    done
}

# scene_for LINE OF OURS: its scene and the arguments of that.
scene_for() {
    local row
    while IFS= read -r row; do
        [ "${row#* | }" != "$1" ] || echo "${row%% | *}"
    done <<<"$scenes"
}

# try_section HEADING
try_section() {
    local scene arguments ours theirs
    need mandoc ss pgrep socat nc
    entries >entries
    while IFS= read -r ours <&9; do
        read -r scene arguments < <(scene_for "$ours")
        mapfile -t theirs < <(awk -F '\t' -v ours="${ours//\\/\\\\}" '$2 == ours { print $3 }' "$BATS_TEST_TMPDIR/entries")
        [ "${#theirs[@]}" -gt 0 ]
        try_lines "$scene" "$arguments" "$ours" "${theirs[@]}"
    done 9< <(awk -F '\t' -v heading="$1" '$1 == heading && !seen[$2]++ { print $2 }' "$BATS_TEST_TMPDIR/entries")
    [ "$worlds" -gt 0 ]
}

# try_none HEADING: the others know what is in these lines, and zcat-net refuses their options.
try_none() {
    local word
    need mandoc ncat socat
    ncat --help >known.ncat
    socat -hhh | sed 's/^ *//' >known.socat
    entries | awk -F '\t' -v heading="$1" '$1 == heading { print }' >nones
    [ "$(grep -c -v -P '\tnone: [^\t]*\t' nones)" -eq 0 ]
    while IFS= read -r line; do
        echo "$line"
        for word in $(grep -o -e ' --*[a-z][-a-z]*' <<<"${line/ -l / }"); do
            [[ $line == socat* ]] || grep -q -e "^ *\(-., \)*$word\b" known.ncat
            [[ $word == -k ]] || refuses '.*option.*' "$word" 127.0.0.1 1
        done
        for word in $(grep -o -i -e '[ ,][-a-z]*' <<<"${line#ncat*}" | tr -d ' ,' | sort -u); do
            [ "$word" = - ] || [[ $line != socat* ]] || grep -q -i -e "^\(iff-\)*$word\b" known.socat
        done
    done < <(cut -f 3 nones)
    [ -s nones ]
}

@test "every line of the table has a scene, every scene a line, and every heading a test" {
    need mandoc
    entries | awk -F '\t' '$1 != "Left to others" && !seen[$2]++ { print $2 }' | sort >lines
    sed 's/^[^|]* | //' <<<"$scenes" | sort >tried
    diff lines tried
    [ "$(wc -l <lines)" -ge 50 ]
    entries | cut -f 1 | uniq >headings
    sed -n 's/^    try_\(section\|none\) "\(.*\)"$/\2/p' "$BATS_TEST_FILENAME" | diff headings -
}

@test "sending" {
    try_section "Sending"
}

@test "receiving" {
    try_section "Receiving"
}

@test "knowing what went through" {
    try_section "Knowing what went through"
}

@test "conversations" {
    try_section "Conversations"
}

@test "looking for ports" {
    try_section "Looking for ports"
}

@test "relays" {
    try_section "Relays for one client"
}

@test "addresses and socket options" {
    try_section "Addresses and socket options"
}

@test "datagrams" {
    try_section "Datagrams"
}

@test "UNIX sockets" {
    try_section "UNIX sockets"
}

@test "proxies and ssh" {
    try_section "Proxies and ssh"
}

@test "what is left to others" {
    try_none "Left to others"
}
