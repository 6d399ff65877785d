# SPDX-License-Identifier: MIT
# Completions: each shell loads them for real and offers the options of --help and the values that are known.
# shellcheck disable=SC2016,SC2030,SC2031,SC2094,SC2154 # code for other shells; bats runs each test in a process
bats_require_minimum_version 1.5.0
load helpers

completions=$BATS_TEST_DIRNAME/../completions
bash_completion=/usr/share/bash-completion/bash_completion

# clean COMMAND...: runs it with an environment of its own, and a home that knows one host.
clean() {
    mkdir -p home/.ssh
    echo 'known.example ssh-ed25519 AAAA' >home/.ssh/known_hosts
    timeout 60 env -i HOME="$PWD/home" PATH="$PATH" LC_ALL=C TERM=vt100 COMPLETIONS="$completions" "$@" </dev/null
}

# offers_SHELL LINE: what the shell offers at the end of LINE, one candidate a line.

offers_bash() {
    [ -e "$bash_completion" ] || skip 'bash-completion is not installed'
    # The words as readline splits them, which takes = and : for words of their own.
    clean bash --norc -c '
        . "$1"
        . "$COMPLETIONS/bash/${2%% *}"
        compopt() { :; } # works only below readline
        mapfile -t COMP_WORDS < <(sed -E "s/([=:]+)/\n\1\n/g; s/ +/\n/g" <<<"$2" | sed "/^$/d")
        [[ $2 != *" " ]] || COMP_WORDS+=("")
        COMP_LINE=$2 COMP_POINT=${#2} COMP_TYPE=9 COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
        read -r _ _ function _ < <(complete -p "${2%% *}")
        "$function" "${2%% *}" "${COMP_WORDS[-1]}" "${COMP_WORDS[-2]}"
        printf "%s\n" "${COMPREPLY[@]}"
    ' bash "$bash_completion" "$1"
}

# The line editor of an interactive zsh on a terminal of its own completes, and what reaches compadd is written down.
offers_zsh() {
    need zsh
    mkdir -p home
    cat >home/.zshrc <<'END'
fpath=($COMPLETIONS/zsh $fpath)
autoload -Uz compinit
compinit -u -d $HOME/dump
LISTMAX=10000 # a longer list than the screen is no question
compadd() {
    local -a found
    if [[ ${argv[(i)-[OAD]*]} -gt $# ]]; then
        builtin compadd -O found "$@"
        print -rl -- $found >>$HOME/found
    fi
    builtin compadd "$@"
}
complete-and-leave() { BUFFER=$LINE_TO_TRY CURSOR=$#LINE_TO_TRY; zle list-choices; exit }
zle -N zle-line-init complete-and-leave
END
    : >home/found
    clean env LINE_TO_TRY="$1" zsh -fc '
        zmodload zsh/zpty
        zpty inner zsh -di
        while zpty -r inner line; do print -rn -- $line; done' >home/screen
    cat home/found
}

offers_fish() {
    need fish
    clean fish -c 'set -p fish_complete_path $COMPLETIONS/fish; complete -C$argv[1]' "$1" | sed 's/\t.*//'
}

# offered SHELL LINE: the candidates in order. What comes before them in the word, and a =, : or / behind them, is taken
# off: shells differ in whether they repeat it.
offered() {
    "offers_$1" "$2" | sed 's/[=:/]$//; s/.*[=:,]//; /^$/d' | sort -u
}

# exactly SHELL LINE CANDIDATE...: these and no others.
exactly() {
    diff <(printf '%s\n' "${@:3}" | sed '/^$/d' | sort) <(offered "$1" "$2") || { echo "$1: $2"; return 1; }
}

# among SHELL LINE CANDIDATE: this and maybe others.
among() {
    offered "$1" "$2" | grep -qxF -e "$3" || { echo "$1: $2: no $3"; return 1; }
}

# no_operand SHELL LINE: nothing but options at most.
no_operand() {
    ! offered "$1" "$2" | grep -v '^-' || { echo "$1: $2"; return 1; }
}

# options COMMAND
options() {
    "$1" --help | sed -nE 's/^ {2,6}(-.), (--[^][ =]+).*/\1\n\2/p; s/^ {2,6}(-[^][ =,]+).*/\1/p'
}

tos=(af11 af12 af13 af21 af22 af23 af31 af32 af33 af41 af42 af43 cs0 cs1 cs2 cs3 cs4 cs5 cs6 cs7 ef
    critical inetcontrol lowdelay netcontrol reliability throughput)

# What all shells have to do.

check_options() {
    for command in zcat-net zcp zrecv zsend ztee; do
        options "$command" >options
        [ "$(wc -l <options)" -gt 10 ]
        # shellcheck disable=SC2046 # words
        exactly "$1" "$command -" $(cat options)
    done
}

check_values() {
    local congestion=/proc/sys/net/ipv4/tcp_available_congestion_control other
    for command in zcat-net zsend ztee; do
        other=sendfile
        [ $command != ztee ] || other='tee'
        exactly "$1" "$command --method=" $other splice mmap read
        exactly "$1" "$command --method " $other splice mmap read
        exactly "$1" "$command --method=splice,read," $other mmap
        exactly "$1" "$command --progress=" auto always never
        exactly "$1" "$command --pipe-size=" keep 64K 256K 1M
        exactly "$1" "$command --bwlimit=" ''
        # shellcheck disable=SC2046 # words
        [ ! -e "$congestion" ] || exactly "$1" "$command --congestion=" $(cat "$congestion")
    done
    exactly "$1" 'zcat-net --exit-on=' auto eof peer both
    exactly "$1" 'zcat-net --exit-on=p' peer
    exactly "$1" 'zcat-net -T ' "${tos[@]}"
    exactly "$1" 'zcat-net -w ' ''
    exactly "$1" 'zcat-net --hash=' xxh3 sha256 sha512 blake2b
    exactly "$1" 'zcat-net -X ' 4 5 connect
    exactly "$1" 'zcat-net -P ' ''
    exactly "$1" 'zsend --hash=' xxh3 sha256 sha512 blake2b
    exactly "$1" 'zsend --hash=sha256:' ''
    exactly "$1" 'zsend --name=' ''
    exactly "$1" 'zsend --allow=' ''
    exactly "$1" 'zrecv --accept=' owner xattrs links
    exactly "$1" 'zrecv --accept links,owner,' xattrs
    exactly "$1" 'zrecv --progress=' auto always never
    exactly "$1" 'zrecv --resume-wait=' ''
    # shellcheck disable=SC2046 # words
    [ ! -e "$congestion" ] || exactly "$1" 'zrecv --congestion=' $(cat "$congestion")
    exactly "$1" 'zcp --method=' clone copy_file_range sendfile splice mmap read
    exactly "$1" 'zcp --method=clone,read,' copy_file_range sendfile splice mmap
    exactly "$1" 'zcp --progress=' auto always never
    exactly "$1" 'zcp --reflink=' auto always never
    exactly "$1" 'zcp --sparse=' auto always never
    exactly "$1" 'zcp --hash=' xxh3 sha256 sha512 blake2b
    exactly "$1" 'zcp --verify=' xxh3 sha256 sha512 blake2b
    exactly "$1" 'zcp --update=' all none none-fail older
    exactly "$1" 'zcp --backup=' none off numbered t existing nil simple never
    exactly "$1" 'zcp --preserve=' mode ownership timestamps links context xattr all
    exactly "$1" 'zcp --no-preserve mode,l' links
    exactly "$1" 'zcp -j ' ''
    exactly "$1" 'zcp -S ' ''
    exactly "$1" 'ztee --output-error=' warn warn-nopipe exit exit-nopipe
    exactly "$1" 'ztee --slow=' block drop
    exactly "$1" 'ztee --buffer=' 1M 16M 256M
    exactly "$1" 'ztee --hash=' xxh3 sha256 sha512 blake2b
    exactly "$1" 'ztee --fd=' ''
}

check_operands() {
    : >a-file
    among "$1" 'zcat-net kno' known.example
    among "$1" 'zcat-net -w 3 --timeout 9 --stats kno' known.example
    no_operand "$1" 'zcat-net known.example 80 '
    among "$1" 'zcat-net -l 127' 127.0.0.1
    among "$1" 'zcat-net -s 127' 127.0.0.1
    among "$1" 'zcat-net -x kno' known.example
    among "$1" 'zcat-net -X 4 -x known.example kno' known.example
    among "$1" 'zcat-net -U a-' a-file
    among "$1" 'zcat-net --hex-dump=a-' a-file
    among "$1" 'zsend --raw a-' a-file
    among "$1" 'zsend --raw a-file kno' known.example
    among "$1" 'zsend --raw a-file u' unix
    among "$1" 'zsend --raw a-file unix:a-' a-file
    among "$1" 'zsend --raw a-file vs' vsock
    exactly "$1" 'zsend --raw a-file vsock:' host hypervisor local
    among "$1" 'zcat-net vs' vsock
    among "$1" 'zcat-net -l vs' vsock
    exactly "$1" 'zcat-net vsock:' host hypervisor local
    exactly "$1" 'zcat-net -l vsock:' any host hypervisor local
    exactly "$1" 'zcat-net -l vsock:l' local
    no_operand "$1" 'zsend --raw a-file known.example:80 '
    mkdir -p a-directory
    among "$1" 'zsend a-' a-file
    among "$1" 'zsend a-file a-' a-file
    among "$1" 'zsend - a-file a-directory a-' a-file
    among "$1" 'zsend a-file kno' known.example
    among "$1" 'zsend --hash sha256 a-file a-file kno' known.example
    among "$1" 'zsend a-file u' unix
    among "$1" 'zsend a-file unix:a-' a-file
    exactly "$1" 'zsend a-file vs' ''
    exactly "$1" 'zsend kno' ''
    among "$1" 'zsend --listen a-file 127' 127.0.0.1
    among "$1" 'zsend --key-file=a-' a-file
    among "$1" 'zrecv 127' 127.0.0.1
    among "$1" 'zrecv u' unix
    among "$1" 'zrecv unix:a-' a-file
    among "$1" 'zrecv --connect kno' known.example
    exactly "$1" 'zrecv kno' ''
    exactly "$1" 'zrecv 9390 a-' a-directory
    exactly "$1" 'zrecv --key-file a-file 9390 a-' a-directory
    among "$1" 'zrecv --keep 9390 ' -
    no_operand "$1" 'zrecv 9390 a-directory '
    no_operand "$1" 'zrecv 9390 - '
    among "$1" 'zrecv --key-file a-' a-file
    among "$1" 'zcp a-' a-file
    among "$1" 'zcp --hash=sha256:a-' a-file
    among "$1" 'zcp --sparse=always -j 2 --preserve a-file a-' a-file
    exactly "$1" 'zcp -t a-' a-directory
    exactly "$1" 'zcp --target-directory=a-' a-directory
    among "$1" 'ztee a-' a-file
    among "$1" 'ztee --slow drop -p b a-' a-file
    among "$1" 'ztee --hash=sha256:a-' a-file
    among "$1" 'ztee --tcp=kno' known.example
    among "$1" 'ztee --unix=a-' a-file
    among "$1" 'ztee --exec=mkfif' mkfifo
}

check_ports() {
    getent services https/tcp >/dev/null || skip 'no /etc/services here'
    for line in 'zcat-net known.example http' 'zcat-net -q 1 -v known.example http' 'zcat-net -l http' \
        'zcat-net -l 127.0.0.1 http' 'zcat-net -p http' 'zcat-net -lvp http' 'zcat-net -x known.example:http' \
        'zrecv http' 'zrecv 127.0.0.1:http' 'zrecv --connect known.example:http' 'zsend --listen a-file http' \
        'zsend a-file known.example:http' 'zsend a-file [::1]:http' \
        'zsend --raw a-file known.example:http' 'zsend --raw a-file [::1]:http' 'ztee --tcp=known.example:http'; do
        among "$1" "$line" https
    done
}

@test "bash offers exactly the options of --help" {
    check_options bash
}

@test "bash offers the values of options" {
    check_values bash
}

@test "bash offers hosts, addresses and files where they belong" {
    check_operands bash
}

@test "bash offers the names of ports" {
    check_ports bash
}

@test "zsh offers exactly the options of --help" {
    check_options zsh
}

@test "zsh offers the values of options" {
    check_values zsh
}

@test "zsh offers hosts, addresses and files where they belong" {
    check_operands zsh
}

@test "zsh offers the names of ports" {
    check_ports zsh
}

@test "fish offers exactly the options of --help" {
    check_options fish
}

@test "fish offers the values of options" {
    check_values fish
}

@test "fish offers hosts, addresses and files where they belong" {
    check_operands fish
}

@test "fish offers the names of ports" {
    check_ports fish
}

@test "the commands accept every value that is offered" {
    for method in sendfile splice mmap read splice,read,sendfile,mmap; do
        zcat-net --method=$method --version
    done
    for value in exit-on={auto,eof,peer,both} progress={auto,always,never} pipe-size={keep,64K,256K,1M}; do
        zcat-net --"$value" --version
    done
    for value in output-error={warn,warn-nopipe,exit,exit-nopipe} slow={block,drop} buffer={1M,16M,256M} \
        hash={xxh3,sha256,sha512,blake2b} method={splice,tee,mmap,read}; do
        ztee --"$value" --version
    done
    for value in {progress,reflink,sparse}={auto,always,never} update={all,none,none-fail,older} \
        backup={none,off,numbered,t,existing,nil,simple,never} {no-,}preserve={mode,ownership,timestamps,links,xattr,all} \
        method={clone,copy_file_range,sendfile,splice,mmap,read} {hash,verify}={xxh3,sha256,sha512,blake2b}; do
        zcp --"$value" --version
    done
    for value in hash={xxh3,sha256,sha512,blake2b}; do
        zsend --"$value" --version
    done
    for value in accept={owner,xattrs,links} accept=links,owner progress={auto,always,never}; do
        zrecv --"$value" --version
    done
    for value in "${tos[@]}"; do
        zcat-net -T "$value" --version
    done
    for value in 4 5 connect; do
        zcat-net -X "$value" --version
    done
}

@test "bash parses its completions, and shellcheck has nothing to say" {
    bash -n "$completions"/bash/*
    need shellcheck
    shellcheck "$completions"/bash/*
}

@test "zsh parses its completions" {
    need zsh
    for file in "$completions"/zsh/*; do
        zsh -n "$file"
    done
}

@test "fish parses its completions" {
    need fish
    for file in "$completions"/fish/*; do
        fish -n "$file"
    done
}
