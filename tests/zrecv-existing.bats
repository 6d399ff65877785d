# SPDX-License-Identifier: MIT
# What zrecv does with targets that exist.
# shellcheck disable=SC2030,SC2031,SC2154 # every test is a subshell of its own; the helpers set variables
bats_require_minimum_version 1.5.0
load helpers
load sessions

setup_file() {
    one_key
}

setup() {
    session_setup
}

@test "an existing file stays as it is, is named by zsend, and the rest arrives" {
    plant tree
    mkdir -p in/tree/a/b
    echo old >in/tree/a/b/1
    echo old >in/tree/large
    for security in '' --plain --no-key; do
        receive ${security:+"$security"} in
        send ${security:+"$security"} tree
        ended 7 7
        grep -q "tree/a/b/1'*: " said
        grep -q "tree/large'*: " said
        [ "$(cat in/tree/a/b/1 in/tree/large)" = $'old\nold' ]
        cp -p tree/a/b/1 in/tree/a/b
        cp -p tree/large in/tree
        for name in a/b a .; do # they were there, and have stayed as they were
            chmod --reference="tree/$name" "in/tree/$name"
            touch -r "tree/$name" "in/tree/$name"
        done
        same tree in/tree
        rm -r in/tree
        mkdir -p in/tree/a/b
        echo old | tee in/tree/a/b/1 >in/tree/large
    done
}

@test "one existing file alone costs no transfer of its bytes" {
    random_file like 30000000
    echo old >in/like
    receive in
    between
    send like
    ended 7 7
    grep -q "like'*: " said
    [ "$(cat in/like)" = old ]
    [ "$(went up)" -lt 20000000 ]
}

@test "--overwrite puts a new file in the place of the old one, which others still have" {
    random_file like 100001
    echo old >in/like
    ln in/like in/other
    passes --overwrite like
    cmp like in/like
    [ "$(cat in/other)" = old ]
}

@test "--update replaces what has another size or time, and does not send what has the same" {
    mkdir tree
    random_file tree/same 3000000
    random_file tree/time 1000
    random_file tree/size 1000
    random_file tree/new 1000
    age tree
    mkdir in/tree
    tac tree/same | head -c 3000000 >in/tree/same # other bytes: only size and time are asked
    touch -r tree/same in/tree/same
    cp in/tree/same was
    cp tree/time tree/size in/tree
    echo more >>in/tree/size
    touch -r tree/size in/tree/size
    receive --update in
    between
    send tree
    ended 0 0
    [ "$(went up)" -lt 1000000 ]
    cmp was in/tree/same
    for name in time size new; do
        cmp "tree/$name" "in/tree/$name"
        [ "$(stat -c %.9Y "tree/$name")" = "$(stat -c %.9Y "in/tree/$name")" ]
    done
}

@test "--skip-existing keeps what is there, and is content with it" {
    mkdir tree in/tree
    echo new | tee tree/a >tree/b
    echo old >in/tree/a
    passes --skip-existing tree
    [ "$(cat in/tree/a in/tree/b)" = $'old\nnew' ]
}

@test "existing directories are entered, and get mode and time of what was sent only where that may replace" {
    plant tree
    mkdir -p in/tree/a/mine
    chmod 700 in/tree/a
    echo mine >in/tree/a/mine/x
    passes '' tree
    [ "$(cat in/tree/a/mine/x)" = mine ]
    [ "$(stat -c %a in/tree/a)" = 700 ]
    rm in/tree/a/fifo
    passes --overwrite tree
    [ "$(cat in/tree/a/mine/x)" = mine ]
    rm -r in/tree/a/mine
    touch -r tree/a in/tree/a
    same tree in/tree
}

@test "a target of another kind is refused and stays, also with --overwrite" {
    mkdir tree tree/directory in/tree in/tree/file
    echo x | tee tree/directory/x tree/file >tree/rest
    echo old >in/tree/directory
    receive --overwrite in
    send tree
    ended 7 7
    grep -q "tree/directory" said
    grep -q "tree/file'*: " said
    [ "$(cat in/tree/directory)" = old ]
    [ -d in/tree/file ]
    cmp tree/rest in/tree/rest
}

@test "a symbolic link in the place of a directory is not followed, and one in the place of a file is not written through" {
    mkdir tree outside
    echo new >tree/x
    echo old >outside/x
    ln -s ../outside in/tree
    for options in '' --overwrite --update; do
        receive ${options:+"$options"} in
        send tree
        ended 7 7
        [ "$(cat outside/x)" = old ]
        [ -L in/tree ]
    done
    rm in/tree
    mkdir in/tree
    ln -s ../../outside/x in/tree/x
    receive in
    send tree
    ended 7 7
    [ -L in/tree/x ]
    passes --overwrite tree
    [ ! -L in/tree/x ]
    cmp tree/x in/tree/x
    [ "$(cat outside/x)" = old ]
}

@test "links and FIFOs that exist are refused as files are, and --overwrite replaces them" {
    mkdir tree in/tree
    echo x >tree/x
    ln tree/x tree/y
    ln -s x tree/link
    mkfifo tree/fifo
    echo old | tee in/tree/y in/tree/link >in/tree/fifo
    receive in
    send tree
    ended 7 7
    for name in y link fifo; do
        grep -q "tree/$name'*: " said
        [ "$(cat "in/tree/$name")" = old ]
    done
    rm in/tree/x
    passes --overwrite tree
    same tree in/tree
}

@test "names that lead into .zrecv.d are refused" {
    mkdir .zrecv.d
    echo x >.zrecv.d/x
    echo y >y
    receive in
    send .zrecv.d y
    ended 7 7
    cmp y in/y
    [ ! -e in/.zrecv.d/x ]
}

@test "a .zrecv.d that is a symbolic link, a file, or somebody else's is never used" {
    random_file like 100001
    mkdir elsewhere
    for kind in link file other; do
        rm -rf in/.zrecv.d
        case $kind in
        link) ln -s ../elsewhere in/.zrecv.d ;;
        file) echo x >in/.zrecv.d ;;
        other)
            [ "$(id -u)" -eq 0 ] || continue
            mkdir in/.zrecv.d
            chown 1234 in/.zrecv.d
            ;;
        esac
        rm -f heard
        zrecv --print-port --resume-wait=0 127.0.0.1:0 in 2>heard &
        receiver=$!
        wait_for grep -q . heard
        if has_line heard '^[0-9][0-9]*$'; then # it may look only when somebody comes
            take_port heard
            send like
            [ "$sent" -ne 0 ]
        fi
        status_of "$receiver"
        [ "$status" -ne 0 ]
        grep -q 'zrecv\.d' heard
        [ ! -e in/like ]
        [ -z "$(ls -A elsewhere)" ]
    done
}

@test "--dry-run stores nothing, and tells what would be refused" {
    plant tree
    random_file like 9000001
    receive in
    between
    send --dry-run tree like
    ended 0 0
    [ -z "$(ls -A in)" ]
    [ "$(went up)" -lt 100000 ]
    echo old >in/like
    receive in
    send --dry-run tree like
    ended 7 7
    grep -q "like'*: " said
    all_of in like
    [ "$(cat in/like)" = old ]
}

@test "refusals that the sender does not read, since it is writing, keep nobody from going on" {
    local name
    name=$(printf '%0150d' 0)
    mkdir -m 555 in/tree
    mkdir tree
    for i in {100..349}; do echo x >"tree/$name$i"; done
    mkdir new # which is made, and the refusals are told, when the file in it is on its way
    random_file new/zz 900001 # small enough that the sender does not ask first
    ours
    for security in '' --plain; do
        rm -rf in/new heard in/.zrecv.d
        as_user env "PATH=$PATH" zrecv ${security:+"$security"} --print-port "unix:$PWD/door$security" in 2>heard </dev/null &
        receiver=$!
        wait_for has_line heard /door
        sent=0
        timeout 40 zsend ${security:+"$security"} tree new "unix:$PWD/door$security" 2>said || sent=$?
        ended 7 7
        [ "$(grep -c ': Permission denied$' said)" -eq 250 ]
        cmp new/zz in/new/zz
    done
}

@test "--dry-run knows what an earlier session has brought, and changes nothing of that" {
    random_file big 9000001
    echo x >small
    echo y >changed
    receive in
    between --up=6000000
    send small changed big
    ended 4
    wait_for test -e in/changed
    kill "$proxy"
    kill "$receiver"
    wait_for gone "$receiver"
    touch -d '2001-02-03' changed
    find in ! -name journal -printf '%p %i %s %T@ %C@\n' | sort >before
    receive in
    timeout 60 zsend -v --dry-run small changed big "127.0.0.1:$port" >list 2>said
    status_of "$receiver"
    [ "$status" -eq 0 ]
    [ "$(sort list)" = "would send 'big'"$'\n'"would send 'changed'" ]
    has_line said "^zsend: passed over 'small'$"
    diff before <(find in ! -name journal -printf '%p %i %s %T@ %C@\n' | sort)
    passes '' small changed big
    cmp big in/big
}

@test "--dry-run tells what would be refused of links, FIFOs and directories" {
    mkdir -p tree/d in/tree/same
    ln -s a tree/l
    mkfifo tree/p
    ln -s same tree/same
    for name in l p d; do
        echo x >in/tree/$name
    done
    for option in '' --overwrite --skip-existing; do
        rm -f heard
        receive ${option:+"$option"} in
        send --dry-run tree >list
        cp said dry
        sent_dry=$sent
        status_of "$receiver"
        cp -a in kept
        receive ${option:+"$option"} --resume-wait=0 in
        send tree
        [ "$sent" -eq "$sent_dry" ]
        # the attributes of what is no directory are refused as well, in the end
        diff <(sed 's/.*:[0-9]*: //' dry | sort) <(sed '/Not a directory$/d; s/.*:[0-9]*: //' said | sort)
        rm -rf in
        mv kept in
    done
}
