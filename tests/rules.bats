# SPDX-License-Identifier: MIT
# The rules of the house that a program can check: layers, who may call what, sizes, options and their proofs.
# shellcheck disable=SC2030,SC2031 # every test is a subshell of its own
bats_require_minimum_version 1.5.0
load helpers

tree=$BATS_TEST_DIRNAME/..

# upward_includes TREE: prints the #include "..." lines that point upwards, sideways to another command, or
# nowhere, as FILE: NAME.
upward_includes() {
    (cd "$1" && find cmd common -name '*.[ch]' -exec grep -H '^[[:space:]]*#[[:space:]]*include[[:space:]]*"' {} +) |
        awk '
        BEGIN { layer["base"] = 1; layer["move"] = 2; layer["net"] = 3; layer["fs"] = 4 }
        {
            file = name = $0
            sub(/:.*/, "", file)
            sub(/^[^"]*"/, "", name)
            sub(/".*/, "", name)
            split(file, from, "/")
            n = split(name, to, "/")
            here = from[1] == "cmd" ? 5 : layer[from[2]]
            if (n == 1)
                good = 1 # its own folder
            else
                good = n == 2 && (to[1] in layer) && here >= layer[to[1]]
            if (!good)
                print file ": " name
        }'
}

# objects_with_state ARCHIVE: prints the symbols of the library that can change, as OBJECT SYMBOL. The message
# module may have some.
objects_with_state() {
    nm -A -f sysv "$1" |
        awk -F '|' '
        $NF ~ /^[ \t]*(\.t?data|\.t?bss|\*COM\*)([. \t]|$)/ && $NF !~ /\.data\.rel\.ro/ {
            sub(/^.*libcommon\.a:/, "", $1)
            if ($1 !~ /^message\.o:/)
                print $1
        }'
}

# bare FILE...: makes a copy of each in bare/, without comments, strings and includes.
bare() {
    python3 - "$@" <<'PYTHON'
import os, re, sys

text = re.compile(r"""//[^\n]*|/\*.*?\*/|("(?:\\.|[^"\\])*")|('(?:\\.|[^'\\])*')""", re.S)
for path in sys.argv[1:]:
    with open(path) as file:
        code = text.sub(lambda found: '""' if found[1] else found[2] or " ", file.read())
    os.makedirs(os.path.dirname("bare/" + path), exist_ok=True)
    with open("bare/" + path, "w") as file:
        file.write(re.sub(r"(?m)^[ \t]*#[ \t]*include.*\n", "", code))
PYTHON
}

setup_file() {
    local sources
    cd "$tree" || return
    sources=(cmd/*/*.[ch] common/*/*.[ch])
    cp --parents "${sources[@]}" "$BATS_FILE_TMPDIR"
    cd "$BATS_FILE_TMPDIR" || return
    bare "${sources[@]}"
}

# callers NAMES [ROOM]: the files of cmd and common (or of that room alone) that match outside comments and strings.
callers() {
    (cd "$BATS_FILE_TMPDIR/bare" && grep -Erl "$1" "${@:2}" | sort)
}

# catches PATTERN: with bad.c among its own files the pattern finds that and not good.c.
catches() {
    bare ./bad.c ./good.c
    [ "$(cd bare && grep -El "$1" ./*.c)" = ./bad.c ]
}

# options_of COMMAND: the options that --help shows, one a line, all spellings.
options_of() {
    "$1" --help | sed -n 's/^ \{2,6\}\(-[^ ,]*\)\(, \(--[^ ]*\)\)\{0,1\}.*/\1\n\3/p' |
        sed 's/[^-[:alnum:]].*//; /^$/d'
}

# headless FILE...: prints those whose first or second line is not the licence, or that have no sentence below it.
headless() {
    awk '
    function finish() { if (name != "" && !good) print name }
    FNR == 1 { finish(); name = FILENAME; good = 0; licence = 0 }
    FNR <= 2 && /SPDX-License-Identifier: MIT/ { licence = FNR; next }
    licence && FNR <= licence + 3 && /^[ \t]*(\/\*|\*|#|""")[ \t]*[-A-Za-z].* .*[a-z]/ {
        good = good || !(FILENAME ~ /[.][ch]$/ && /^#/)
    }
    END { finish() }' "$@"
}

# long_files LINES FILE...: prints those with more lines.
long_files() {
    awk -v most="$1" '
        FNR == most + 1 { print FILENAME ": more than " most " lines" }' "${@:2}"
}

# nothing: standard input is empty; what is there is shown.
nothing() {
    local lines
    lines=$(cat)
    [ -z "$lines" ] || { echo "$lines" && return 1; }
}

@test "includes point only downwards, and no command includes another's" {
    upward_includes "$tree" | nothing
}

@test "an include that points upwards, sideways or nowhere is noticed" {
    mkdir -p cmd/one cmd/two common/base common/move common/net common/fs
    for room in base move net fs; do
        echo '#include "base/size.h"' >"common/$room/good.c"
    done
    printf '#include "own.h"\n#include "fs/tree.h"\n#include "net/address.h"\n' >cmd/one/good.c
    echo '#include "move/pump.h"' >common/fs/good.h
    run upward_includes .
    [ -z "$output" ]
    echo '#include "move/pump.h"' >common/base/bad.c
    echo '  #  include "net/address.h"' >common/move/bad.h
    echo '#include "fs/tree.h"' >common/net/bad.c
    echo '#include "../one/own.h"' >cmd/two/bad.c
    echo '#include "cmd/one/own.h"' >cmd/two/worse.c
    echo '#include "one/own.h"' >cmd/two/worst.h
    echo '#include "../../cmd/one/own.h"' >common/base/worst.c
    echo '#include "common/base/size.h"' >common/move/long.c
    run upward_includes .
    [ "$(sort <<<"$output")" = "cmd/two/bad.c: ../one/own.h
cmd/two/worse.c: cmd/one/own.h
cmd/two/worst.h: one/own.h
common/base/bad.c: move/pump.h
common/base/worst.c: ../../cmd/one/own.h
common/move/bad.h: net/address.h
common/move/long.c: common/base/size.h
common/net/bad.c: fs/tree.h" ]
}

@test "every local include names a file that exists" {
    cd "$tree"
    find cmd common -name '*.[ch]' -exec grep -Ho '#include "[^"]*"' {} + | sed 's/#include //; s/"//g' |
        while IFS=: read -r file name; do
            [ -e "common/$name" ] || [ -e "${file%/*}/$name" ] || echo "$file: $name"
        done | nothing
}

@test "one file alone names the calls that move bytes inside the kernel" {
    pattern='(^|[^_[:alnum:]])(splice|tee|sendfile|copy_file_range|vmsplice|mmap)[[:space:]]*\(|FICLONE'
    [ "$(callers "${pattern/|mmap/}" cmd common)" = common/move/method.c ]
    # mincore(2) asks about a mapping, and moves nothing
    [ "$(callers "$pattern" cmd common)" = $'cmd/zcp/cache.c\ncommon/move/method.c' ]
    printf '/* splice(2) */ const char *a = "tee(";\nint take_by_splice(int);\n' >good.c
    printf 'int b = tee (0, 1, 2, 3);\n' >bad.c
    catches "$pattern"
}

@test "the message module alone writes to standard error" {
    local before='(^|[^_[:alnum:]])' after='([^_[:alnum:]]|$)'
    pattern="$before(stderr|perror|v?warnx?|v?errx?)$after|"
    pattern+="$before(write|writev|pwrite|v?dprintf|send)[[:space:]]*\\((STDERR_FILENO|2)$after"
    [ "$(callers "$pattern" cmd common)" = common/base/message.c ]
    printf 'int fd = 2; /* stderr */ char *s = "stderr"; int stderror;\n' >good.c
    for line in 'fputs("x", stderr);' 'perror("x");' 'write(2, "x", 1);' 'dprintf (STDERR_FILENO, "x");'; do
        echo "void f(void) { $line }" >bad.c
        catches "$pattern"
    done
}

@test "nothing in common ends the process" {
    pattern='(^|[^_[:alnum:]])(exit|_exit|_Exit|quick_exit|abort|v?errx?)[[:space:]]*\('
    callers "$pattern" common | nothing
    printf 'int on_exit_status(int); /* exit() */\n' >good.c
    printf 'void f(void) { exit (1); }\n' >bad.c
    catches "$pattern"
}

@test "nothing in common has state of its own, the message module excepted" {
    need nm
    objects_with_state "$ZCOPY_BUILD/libcommon.a" | nothing
}

@test "state is noticed, wherever it hides" {
    need nm gcc
    cat >state.c <<'END'
static int hidden; int common; int set = 1; static _Thread_local int mine; int bump(void);
static const char *const constant[] = {"a", "b"}; const int number = 3;
int bump(void) { static int calls = 7; return calls++ + hidden++ + mine++ + *constant[number - 3]; }
END
    cp state.c message.c
    printf 'const char *const names[] = {"a", "b"};\nconst int number = 3;\n' >good.c
    for flags in '-O0 -fPIE' '-O2 -fPIE' '-O0 -fno-pie' '-O0 -fPIE -fdata-sections'; do
        # shellcheck disable=SC2086 # several flags
        gcc $flags -c state.c good.c message.c
        rm -f libcommon.a
        ar -rc libcommon.a state.o good.o message.o
        objects_with_state libcommon.a | sed 's/[. ]*[0-9]*[[:space:]]*$//' | sort >found
        cat found
        [ "$(cat found)" = "state.o:calls
state.o:common
state.o:hidden
state.o:mine
state.o:set" ]
    done
}

@test "nothing strays to the top of the tree" {
    cd "$tree"
    [ "$(git rev-parse --show-toplevel 2>/dev/null)" = "$PWD" ] || skip 'this is no clone, whose files git knows'
    git ls-files -z | tr '\0' '\n' | cut -d/ -f1 | sort -u >"$BATS_TEST_TMPDIR/there"
    printf '%s\n' .ci .clang-format .clang-tidy .editorconfig .gitignore CHANGELOG.md CONTRIBUTING.md LICENSE Makefile \
        README.md bootstrap cmd common completions man tests | sort >"$BATS_TEST_TMPDIR/wanted"
    diff "$BATS_TEST_TMPDIR/wanted" "$BATS_TEST_TMPDIR/there"
}

@test "every source and script begins with its licence and a sentence about its job" {
    cd "$tree"
    headless cmd/*/*.[ch] common/*/*.[ch] tests/*/*.[ch] tests/*.bats tests/*.bash tests/*/*.bash tests/*.py \
        Makefile bootstrap .ci/run tests/run tests/demo tests/bench/run | nothing
}

@test "a file without licence or sentence is noticed" {
    printf '/* SPDX-License-Identifier: MIT */\n/* Does one thing. */\n' >good.c
    printf '/* SPDX-License-Identifier: MIT */\n/*\n * Does one thing, and\n * more.\n */\n' >long.c
    printf '#!/bin/sh\n# SPDX-License-Identifier: MIT\n# Does one thing.\n' >good.sh
    printf '/* Does one thing. */\n' >bad1.c
    printf '/* SPDX-License-Identifier: MIT */\n#include <stdio.h>\n' >bad2.c
    printf '\n\n/* SPDX-License-Identifier: MIT */\n/* Does one thing. */\n' >bad3.c
    printf '#!/bin/sh\n# SPDX-License-Identifier: MIT\n\nset -eu\n' >bad4.sh
    [ "$(headless good.c long.c good.sh bad1.c bad2.c bad3.c bad4.sh)" = 'bad1.c
bad2.c
bad3.c
bad4.sh' ]
}

@test "sources stay below 400 lines" {
    cd "$tree"
    long_files 400 cmd/*/*.[ch] common/*/*.[ch] | nothing
}

# unnoticed FILE...: prints the statements of tests whose failure ends nothing: behind an exclamation mark, and before the last
# command of a list.
unnoticed() {
    awk '
        /^@test/ { inside = 1 }
        /^}/ { inside = 0 }
        !inside || / \|\| / || /^ *(if|while|until|elif|for|#)/ { next }
        /^ +! / || /^ +[^"'"'"']*\] && (! )?\[/ || /^ +(\[ .*\]|cmp .*|grep .*) && (! )?(\[|cmp|grep) / { print FILENAME ":" FNR ": " $0 }' "$@"
}

@test "no assertion fails unnoticed" {
    printf '%s\n' '@test "x" {' '    ! grep x y' '    [ a = b ] && [ c = d ]' '    cmp a b && cmp a c' '    [ a ] || b' \
        '    ! is_it || skip' '    run ! grep x y' '}' >bad.bats
    [ "$(unnoticed bad.bats | cut -d : -f 2 | tr '\n' ' ')" = '2 3 4 ' ]
    unnoticed "$tree"/tests/*.bats | nothing
}

# tests_of COMMAND: the names of its files of tests, which are all but the other commands'.
tests_of() {
    local file folder owner
    for file in "$tree"/tests/*.bats; do
        owner=
        for folder in "$tree"/cmd/*; do
            case ${file##*/} in
            "${folder##*/}.bats" | "${folder##*/}"-*.bats) owner=${folder##*/} ;;
            rules.bats) owner=nobody ;;
            esac
        done
        [ "${owner:-$1}" != "$1" ] || echo "$file"
    done
}

# has_word WORD FUNCTION COMMAND: the lines that the function prints for the command have it. They are kept, for the next word.
has_word() {
    if [ "${words_are:-}" != "$2 $3" ]; then
        words=$'\n'$("$2" "$3")$'\n'
        words_are="$2 $3"
    fi
    [[ $words == *$'\n'"$1"$'\n'* ]]
}

# tried_in COMMAND: the options that its tests give, a line each; letters may stand in a cluster, in a line that names the
# command or one of the helpers that start it.
tried_in() {
    local files
    mapfile -t files < <(tests_of "$1")
    [ -s "${files[0]}" ]
    grep -ohE -e '(^|[^-[:alnum:]])--[[:alnum:]][-[:alnum:]]*' "${files[@]}" | sed 's/^[^-]//' | sort -u
    grep -Eh -e "$1|listen|client|server|receiver|refused|arrives|send" "${files[@]}" |
        grep -oE -e "[ ('\"=]-[[:alnum:]][-[:alnum:]]*" | sed -nE 's/^.-([[:alnum:]]+)$/\1/p' | sort -u |
        grep -o . | sort -u | sed 's/^/-/'
}

# tries COMMAND OPTION: some test gives it.
tries() {
    has_word "$2" tried_in "$1"
}

# shown_in COMMAND: the options that its manual page names, a line each.
shown_in() {
    sed 's/\\-/-/g; s/\\f[A-Z]//g; s/\\[,\/]//g' "$ZCOPY_BUILD/man/$1.1" |
        grep -oE -e '(^|[^-[:alnum:]])-[-[:alnum:]]+' | sed 's/^[^-]//' | sort -u
}

# documents COMMAND OPTION: the manual page shows it.
documents() {
    has_word "$2" shown_in "$1"
}

# lacking TEST COMMAND: prints the options of the command for which the test fails.
lacking() {
    local option
    for option in $(options_of "$2"); do
        "$1" "$2" "$option" || echo "$2 $option"
    done
}

@test "the options that --help shows are found" {
    for option in --raw --offset --length --method --progress --retry --help --version -v -4 -6; do
        options_of zsend | grep -q -x -e "$option"
    done
    [ "$(options_of zcat-net | wc -l)" -ge 40 ]
}

@test "every option that --help shows is in the manual page" {
    for command in zcat-net zcp zrecv zsend ztee; do
        [ -s "$ZCOPY_BUILD/man/$command.1" ]
        lacking documents "$command" | nothing
    done
    run ! documents zsend --bogus
}

@test "every option that --help shows is tried in the tests of its command" {
    for command in zcat-net zcp zrecv zsend ztee; do
        lacking tries "$command" | nothing
    done
    run ! tries zsend --bogus
    run ! tries zsend -Q
}
