# SPDX-License-Identifier: MIT
# ztee as tee: the same command line has the same result, with the system's tee as the oracle.
# shellcheck disable=SC2016,SC2030,SC2031,SC2094,SC2154 # scripts for other shells; subshells; FIFOs; variables of helpers
bats_require_minimum_version 1.5.0
load helpers

# The kinds of --output-error, as words for "for"; none is tee's default.
modes=(none -p --output-error --output-error=warn --output-error=warn-nopipe --output-error=exit
    --output-error=exit-nopipe)

# side SCRIPT COMMAND [PIPE]: runs it by bash in the folder of that name, with the name of the command in $0; SIGPIPE is
# as PIPE says, default or ignore. Sets status_of_COMMAND and said_by_COMMAND; standard output goes to COMMAND/stdout.
side() {
    local result=0 line reasons=
    mkdir -p "$2"
    (cd "$2" && exec timeout 20 env "--${3:-default}-signal=PIPE" bash -c "$1" "$2" >stdout 2>"../$2.err") 3>&- ||
        result=$?
    while read -r line; do
        echo "$line"
        # What the system has said stands behind the last colon; GNU's second line is the same for all.
        [[ $line != *tee:\ *:* ]] || [[ $reasons == *"${line##*: }"* ]] || reasons+="${line##*: }, "
    done <"$2.err"
    echo "$2 has ended with $result: $reasons"
    printf -v "status_of_$2" %s "$result"
    printf -v "said_by_$2" %s "$reasons"
}

# ends_as_tee SCRIPT [PIPE]: the same status, and messages with the same reasons; how far each got is not asked.
ends_as_tee() {
    rm -rf tee ztee
    side "$1" tee "${2:-default}"
    side "$1" ztee "${2:-default}"
    [ "$status_of_ztee" -eq "$status_of_tee" ]
    [ "$said_by_ztee" = "$said_by_tee" ]
}

# as_tee SCRIPT: standard output and files are the same as well.
as_tee() {
    ends_as_tee "$1"
    diff -r tee ztee
}

# in_mode MODE: the option, or nothing.
in_mode() {
    [ "$1" = none ] || echo "$1"
}

@test "every size arrives on standard output and in every file, as with tee" {
    random_file data 3145749
    for size in 0 1 4095 4096 4097 65535 65536 65537 1048577 3145749; do
        as_tee "head -c $size ../data >in; "'cat in | "$0" one two; "$0" three <in | cat'
    done
}

@test "existing files are emptied, and with -a and --append they grow" {
    for option in '' -a --append --app -ai -ip; do
        as_tee 'echo old and long >one; echo new | "$0" '"$option"' one two'
    done
}

@test "- is a file of that name, and options may come after a FILE, unless POSIX or -- say otherwise" {
    as_tee 'echo x | "$0" -'
    as_tee 'echo x | "$0" - ./-'
    as_tee 'echo old >one; echo x | "$0" one -a'
    as_tee 'echo x | "$0" -- -a'
    as_tee 'echo x | POSIXLY_CORRECT=1 "$0" one -a'
    as_tee 'echo x | "$0" ""'
}

@test "names that tee has may be abbreviated as tee abbreviates them, and others not at all" {
    for option in --a --app --i --ign --o --output=warn --output-err=exit- --output-error=warn-no; do
        as_tee 'echo old >one; echo new | "$0" '"$option"' one'
        [ "$status_of_ztee" -eq 0 ]
    done
    run -0 ztee --he
    [[ $output == "Usage: ztee "* ]]
    run -0 ztee --h
    [[ $output == "Usage: ztee "* ]]
    run -0 ztee --v
    [[ $output == "ztee (zcopy) "* ]]
    ztee_refuses "unrecognized option '--no-std'" --no-std one
    ztee_refuses "unrecognized option '--stat'" --stat
}

@test "wrong options are usage errors in GNU's words, with tee's status" {
    ztee_refuses "unrecognized option '--nonsense'" --nonsense
    ztee_refuses "invalid option -- 'y'" -y
    ztee_refuses "option '--append' doesn't allow an argument" --app=1
    for mode in w e '' ex; do
        ztee_refuses "ambiguous argument '$mode' for '--output-error'" --output-error="$mode"
        run -1 tee --output-error="$mode" </dev/null
    done
    for mode in x exit-nopipes WARN; do
        ztee_refuses "invalid argument '$mode' for '--output-error'" --output-error="$mode"
        run -1 tee --output-error="$mode" </dev/null
    done
}

@test "--help and --version go to standard output, and fail when that is full or closed" {
    for option in --help --version; do
        run -0 --separate-stderr ztee "$option"
        [[ $output == *ztee* ]]
        [ -z "$stderr" ]
        run -1 --separate-stderr sh -c 'exec ztee "$1" >/dev/full' sh "$option"
        [ "$stderr" = "ztee: error writing 'standard output': No space left on device" ]
        run -1 sh -c 'exec ztee "$1" >&-' sh "$option"
    done
}

@test "an output that cannot be opened is told, and the others are served" {
    random_file data 300000
    for mode in none -p --output-error=warn --output-error=warn-nopipe; do
        as_tee "mkdir folder; <../data \"\$0\" $(in_mode "$mode") one none/two folder three"
        [ "$status_of_ztee" -eq 1 ]
    done
    run -1 --separate-stderr timeout 20 ztee none/two . one <data
    says_of_ztee "cannot open 'none/two': No such file or directory" "cannot open '.': Is a directory"
    cmp data one
}

@test "with exit and exit-nopipe, an output that cannot be opened ends the run before anything is read" {
    for mode in exit exit-nopipe; do
        as_tee '{ "$0" --output-error='"$mode"' one none/two three; echo $?; cat; } <<<all'
        grep -qx all ztee/stdout
        [ ! -e ztee/three ]
    done
}

@test "all outputs are opened before anything is read" {
    mkfifo in last
    exec 9<>in
    env --default-signal=PIPE ztee first second last <in >out 9>&- &
    tee=$!
    wait_for test -e second
    exec 8<last
    echo hello >&9
    read -rt 20 line <&8
    [ "$line" = hello ]
    exec 9>&-
    status_of "$tee"
    [ "$status" -eq 0 ]
    [ "$(cat out first second)" = $'hello\nhello\nhello' ]
}

@test "/dev/full is an error in every mode, which exit modes end the run for" {
    random_file data 3000000
    for mode in "${modes[@]}"; do
        option=$(in_mode "$mode")
        case $mode in
        *exit*) ends_as_tee "cat ../data | \"\$0\" $option one /dev/full two" ;;
        *) as_tee "cat ../data | \"\$0\" $option one /dev/full two" ;;
        esac
        [ "$status_of_ztee" -eq 1 ]
        [ "$(cat ztee.err)" = "ztee: error writing '/dev/full': No space left on device" ]
        ends_as_tee "<../data \"\$0\" $option one two >/dev/full"
        [ "$(cat ztee.err)" = "ztee: error writing 'standard output': No space left on device" ]
    done
}

@test "a standard output that nobody reads any more is what tee takes it for, in every mode" {
    random_file data 3000000
    for mode in "${modes[@]}"; do
        option=$(in_mode "$mode")
        ends_as_tee "cat ../data | { \"\$0\" $option one; echo \$? >status; } | true; read -r s <status; exit \$s"
        case $mode in
        none) [ "$status_of_ztee" -eq 141 ] ;;
        --output-error=warn) cmp data ztee/one && [ "$status_of_ztee" -eq 1 ] ;;
        --output-error=exit) [ "$status_of_ztee" -eq 1 ] ;;
        *) cmp data ztee/one && [ "$status_of_ztee" -eq 0 ] ;;
        esac
    done
}

@test "a FIFO that nobody reads any more is what tee takes it for, in every mode" {
    random_file data 3000000
    for mode in "${modes[@]}"; do
        option=$(in_mode "$mode")
        ends_as_tee "mkfifo fifo; head -c 1 <fifo >first & \"\$0\" $option fifo one <../data"
        case $mode in
        none | --output-error=exit) ;;
        *) cmp data ztee/one && cmp data ztee/stdout ;;
        esac
    done
}

@test "where SIGPIPE is ignored already, a broken pipe is told and is 1, unless a mode says that it is none" {
    random_file data 3000000
    for mode in "${modes[@]}"; do
        option=$(in_mode "$mode")
        script="cat ../data | { \"\$0\" $option one; echo \$? >status; } | true; read -r s <status; exit \$s"
        if [ "$mode" = none ]; then
            side "$script" ztee ignore
            [ "$status_of_ztee" -eq 1 ]
            [ "$(cat ztee.err)" = "ztee: error writing 'standard output': Broken pipe" ]
            cmp data ztee/one
        else
            ends_as_tee "$script" ignore
        fi
    done
}

@test "closed standard descriptors are what tee takes them for" {
    as_tee '"$0" one <&-'
    as_tee 'echo hello | "$0" one >&-'
    as_tee '"$0" one <&- >&-'
    as_tee 'echo hello | "$0" /dev/full none/x one 2>&-'
    [ "$(cat ztee/one)" = hello ]
    as_tee '"$0" one <&- 2>&-'
    run -1 --separate-stderr timeout 20 sh -c 'exec ztee one <&-'
    says_of_ztee "error reading 'standard input': Bad file descriptor"
    run -1 --separate-stderr timeout 20 sh -c 'echo hello | ztee one >&-'
    says_of_ztee "error writing 'standard output': Bad file descriptor"
}

@test "an input that cannot be read is told, and what came before it is kept" {
    as_tee '"$0" one </'
    [ "$status_of_ztee" -eq 1 ]
    [ "$(cat ztee.err)" = "ztee: error reading 'standard input': Is a directory" ]
}

@test "the same file twice is written twice, and with -a appended twice" {
    random_file data 300000
    as_tee '"$0" same same <../data'
    as_tee 'printf hello | "$0" -a same same'
    as_tee 'cat ../data | "$0" same ./same same'
}

@test "two that append to one file lose nothing and tear no line" {
    lines() {
        local i
        for i in {1..1500}; do
            printf '%s %097d\n' "$1" "$i"
        done
    }
    lines a | timeout 20 ztee -a both >a &
    lines b | timeout 20 ztee -a both >b &
    wait
    cat a b | sort >expected
    sort both | cmp - expected
    [ "$(wc -l <both)" -eq 3000 ]
}

@test "a file that is standard input is refused and stays as it is" {
    random_file f 300000
    cp f copy
    ln -s f link
    ln f hard
    for name in f ./f link hard; do
        run -1 --separate-stderr timeout 20 ztee "$name" other <f
        says_of_ztee "'$name' is the input file"
        cmp f copy
        cmp other copy
        run -1 --separate-stderr timeout 20 ztee -a "$name" <f
        says_of_ztee "'$name' is the input file"
        cmp f copy
    done
    run -1 --separate-stderr timeout 20 sh -c 'ztee <f >>f'
    says_of_ztee "'standard output' is the input file"
    cmp f copy
    run -1 --separate-stderr timeout 20 sh -c 'ztee --no-stdout --fd=4 other <f 4>>f'
    says_of_ztee "'descriptor 4' is the input file"
    cmp f copy
    cmp other copy
    : >empty
    run -0 --separate-stderr timeout 20 ztee empty <empty
    [ -z "$stderr" ]
}

# interrupted OPTION...: sets $status to that of a ztee that was sent SIGINT after its first byte and before its second.
interrupted() {
    rm -f out in
    mkfifo in
    exec 9<>in
    env --default-signal=INT ztee "$@" <in >out 9>&- &
    tee=$!
    printf a >&9
    wait_for size_is out 1
    kill -INT "$tee"
    printf b >&9
    exec 9>&-
    status_of "$tee"
}

@test "SIGINT ends it, and with -i and --ignore-interrupts it does not" {
    for option in -i --ignore-interrupts --ign; do
        interrupted "$option"
        [ "$status" -eq 0 ]
        [ "$(cat out)" = ab ]
    done
    interrupted
    [ "$status" -eq 130 ]
}

@test "-p and exit-nopipe leave when nobody reads any more, also while there is no input" {
    for option in -p --output-error --output-error=warn-nopipe --output-error=exit-nopipe; do
        rm -f in out
        mkfifo in out
        exec 9<>in 8<>out
        timeout 20 env --default-signal=PIPE ztee "$option" <in >out 9>&- 8>&- &
        tee=$!
        exec 7<out 8>&-
        printf x >&9
        read -rN 1 -t 20 byte <&7
        exec 7<&-
        status_of "$tee"
        [ "$status" -eq 0 ]
        [ "$byte" = x ]
    done
}

@test "-p stays for the others when one reader leaves" {
    mkfifo in out
    exec 9<>in 8<>out
    timeout 20 ztee -p file <in >out 9>&- 8>&- &
    tee=$!
    exec 7<out 8>&-
    printf x >&9
    read -rN 1 -t 20 byte <&7
    exec 7<&-
    printf yz >&9
    wait_for size_is file 3
    exec 9>&-
    status_of "$tee"
    [ "$status" -eq 0 ]
    [ "$byte$(cat file)" = xxyz ]
}

@test "without -p the next byte for a reader that has left ends it by SIGPIPE" {
    mkfifo in out
    exec 9<>in 8<>out
    timeout 20 env --default-signal=PIPE ztee file <in >out 9>&- 8>&- &
    tee=$!
    exec 7<out 8>&-
    printf x >&9
    read -rN 1 -t 20 <&7
    exec 7<&-
    printf y >&9
    status_of "$tee"
    # timeout(1) ends by the signal of its command.
    [ "$status" -eq 141 ]
}

@test "when no output is left it does not wait for more input" {
    mkfifo in
    exec 9<>in
    run -1 --separate-stderr timeout 20 ztee --no-stdout none/x none/y <in 9>&-
    says_of_ztee "cannot open 'none/x': .*" "cannot open 'none/y': .*"
}
