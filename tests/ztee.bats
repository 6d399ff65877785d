# SPDX-License-Identifier: MIT
# ztee as tee: the same command line has the same result, with the system's tee as the oracle.
# shellcheck disable=SC2016,SC2030,SC2031,SC2094,SC2154 # scripts for other shells; subshells; FIFOs; variables of helpers
bats_require_minimum_version 1.5.0
load helpers

# The modes of --output-error, for scripts: "for mode in $modes"; ${mode#none} is then the option.
export modes='none -p --output-error --output-error=warn --output-error=warn-nopipe --output-error=exit
    --output-error=exit-nopipe'

# keep_reasons FILE: leaves of messages what the system has said, behind the last colon: the rest is worded in another way.
keep_reasons() {
    local line reasons=
    while read -r line; do
        [[ $line != *tee:\ *:* ]] || [[ $reasons == *"${line##*: }"* ]] || reasons+="${line##*: }; "
    done <"$1"
    echo "$reasons" >"$1"
}

# side SCRIPT COMMAND [PIPE]: runs it by bash in the folder of that name, with the name of the command in $0; SIGPIPE is
# as PIPE says, default or ignore. Output, status and messages go to files there; messages may go to other files *.err,
# and of all those the reasons are kept.
side() {
    local result=0
    mkdir "$2"
    (cd "$2" && exec timeout 20 env "--${3:-default}-signal=PIPE" bash -c "$1" "$2" >stdout 2>main.err) 3>&- || result=$?
    echo "$result" >"$2/status"
    [ "$2" = tee ] || cat "$2"/*.err >messages
    for file in "$2"/*.err; do
        keep_reasons "$file"
    done
}

# as_tee SCRIPT [PIPE]: with ztee it leaves the same output, files, status and reasons of messages as with tee. What ztee
# has said is in messages.
as_tee() {
    rm -rf tee ztee
    side "$1" tee "${2:-default}"
    side "$1" ztee "${2:-default}"
    cat messages
    diff -r tee ztee
    [ "$(cat ztee/status)" -ne 124 ]
}

@test "every size arrives on standard output and in every file, as with tee" {
    random_file data 3145749
    as_tee 'for size in 0 1 4095 4096 4097 65535 65536 65537 1048577 3145749; do
            head -c $size ../data >in
            cat in | "$0" one.$size two.$size
            "$0" three.$size <in | cat
        done'
    cmp data ztee/two.3145749
}

@test "existing files are emptied, and with -a and --append they grow" {
    as_tee 'for option in "" -a --append --app -ai -ip; do
            echo old and long >one$option
            echo new | "$0" $option one$option two$option
        done'
}

@test "- is a file of that name, and options may come after a FILE, unless POSIX or -- say otherwise" {
    as_tee 'mkdir 1 2 3
        echo a | "$0" -
        echo b | "$0" - ./-
        (cd 1; echo old >one; echo x | "$0" one -a)
        (cd 2; echo x | "$0" -- -a)
        (cd 3; echo x | POSIXLY_CORRECT=1 "$0" one -a)
        echo x | "$0" ""'
}

@test "names that tee has may be abbreviated as tee abbreviates them, and others not at all" {
    as_tee 'set -e; for option in --a --app --i --ign --o --output=warn --output-err=exit- --output-error=warn-no; do
            echo old >one$option
            echo new | "$0" $option one$option
        done'
    [ "$(cat ztee/status)" -eq 0 ]
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
    as_tee 'mkdir folder; for mode in none -p --output-error=warn --output-error=warn-nopipe; do
            "$0" ${mode#none} one$mode none/two folder three$mode <../data 2>$mode.err
            echo $?
        done'
    run -1 --separate-stderr timeout 20 ztee none/two . one <data
    says_of_ztee "cannot open 'none/two': No such file or directory" "cannot open '.': Is a directory"
    cmp data one
}

@test "with exit and exit-nopipe, an output that cannot be opened ends the run before anything is read" {
    as_tee 'for mode in exit exit-nopipe; do
            { "$0" --output-error=$mode one$mode none/two three$mode 2>$mode.err; echo $?; cat; } <<<all
        done'
    [ "$(cat ztee/stdout)" = $'1\nall\n1\nall' ]
    [ ! -e ztee/threeexit ]
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
    random_file data 300000
    as_tee 'for mode in $modes; do
            cat ../data | "$0" ${mode#none} one$mode /dev/full two$mode >out$mode 2>first$mode.err
            echo "$mode ${PIPESTATUS[1]}"
            "$0" ${mode#none} three$mode <../data >/dev/full 2>second$mode.err
            echo "$mode $?"
            case $mode in *exit*) rm -f *$mode ;; esac # how far it got is not asked
        done'
    [ "$(sort -u messages)" = "ztee: error writing '/dev/full': No space left on device
ztee: error writing 'standard output': No space left on device" ]
}

# What a reader makes that leaves, at standard output and at a FIFO; how far others got is not asked where the run ends.
readers_leave='mkfifo fifo; for mode in $modes; do
        cat ../data | { "$0" ${mode#none} one$mode 2>first$mode.err; echo "$mode $?" >>statuses; } | true
        head -c 1 <fifo >byte$mode &
        "$0" ${mode#none} fifo two$mode <../data >out$mode 2>second$mode.err
        echo "$mode $?" >>statuses
        wait
        case $mode in none | *=exit) rm -f one$mode two$mode out$mode ;; esac
    done; rm fifo'

@test "a reader that has left is what tee takes it for, in every mode" {
    random_file data 300000
    as_tee "$readers_leave"
    [ "$(grep -c ' 141$' ztee/statuses)" -eq 2 ]
    [ "$(grep -c ' 1$' ztee/statuses)" -eq 4 ]
    [ "$(grep -c ' 0$' ztee/statuses)" -eq 8 ]
    cmp data ztee/two-p
}

@test "where SIGPIPE is ignored already, a broken pipe is told and is 1, unless a mode says that it is none" {
    random_file data 300000
    export modes=${modes#none }
    as_tee "$readers_leave" ignore
    run -1 --separate-stderr env --ignore-signal=PIPE timeout 20 bash -c 'ztee one <data | true; exit ${PIPESTATUS[0]}'
    says_of_ztee "error writing 'standard output': Broken pipe"
    cmp data one
}

@test "closed standard descriptors are what tee takes them for" {
    as_tee '"$0" one <&- 2>1.err; echo $?
        echo hello | "$0" two >&- 2>2.err; echo ${PIPESTATUS[1]}
        "$0" three <&- >&- 2>3.err; echo $?
        echo hello | "$0" /dev/full none/x four 2>&-; echo ${PIPESTATUS[1]}
        "$0" five <&- 2>&-; echo $?'
    [ "$(cat ztee/two ztee/four)" = $'hello\nhello' ]
    run -1 --separate-stderr timeout 20 sh -c 'exec ztee one <&-'
    says_of_ztee "error reading 'standard input': Bad file descriptor"
    run -1 --separate-stderr timeout 20 sh -c 'echo hello | ztee one >&-'
    says_of_ztee "error writing 'standard output': Bad file descriptor"
}

@test "an input that cannot be read is told, and what came before it is kept" {
    as_tee '"$0" one </'
    [ "$(cat ztee/status)" -eq 1 ]
    [ "$(cat messages)" = "ztee: error reading 'standard input': Is a directory" ]
}

@test "the same file twice is written twice, and with -a appended twice" {
    random_file data 300000
    as_tee '"$0" one one <../data >out
        printf hello | "$0" -a two two
        cat ../data | "$0" three ./three three >out'
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
    for name in f link hard; do
        for option in --append -i; do
            rm -f other
            run -1 --separate-stderr timeout 20 ztee "$option" "$name" other <f
            says_of_ztee "'$name' is the input file"
            cmp f copy
            cmp other copy
        done
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
