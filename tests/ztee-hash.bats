# SPDX-License-Identifier: MIT
# ztee --hash: the digest of the whole stream, as sha256sum, sha512sum, b2sum and xxhsum know it, or none.
# shellcheck disable=SC2030,SC2031,SC2094,SC2154 # tests are subshells; FIFOs have two ends; helpers set variables
bats_require_minimum_version 1.5.0
load helpers

setup_file() {
    straight_python
}

@test "sha256, sha512 and blake2b are those of sha256sum, sha512sum and b2sum, for every size and from every method" {
    local size option
    random_file data 3145749
    for size in 0 1 64 111 112 3145749; do
        head -c "$size" data >in
        expected="$(sha256sum <in)
$(sha512sum <in)
$(b2sum <in)"
        run -0 --separate-stderr timeout 20 ztee --no-stdout --hash=sha256 --hash=sha512 --hash=blake2b copy < <(cat in)
        [ "$stderr" = "$expected" ]
        cmp in copy
    done
    for option in --method=mmap --method=splice --method=read --buffer=64K; do
        run -0 --separate-stderr timeout 20 ztee --no-stdout "$option" --hash=sha256 --hash=sha512 --hash=blake2b copy <in
        [ "$stderr" = "$expected" ]
    done
}

@test "xxh3 is that of xxhsum -H128" {
    need xxhsum
    random_file data 3145749
    for size in 0 3 16 128 240 241 3145749; do
        head -c "$size" data >in
        words=$(xxhsum -H128 in)
        words=${words##*= } # versions say it in either order: "XXH128 (file) = digest", or "digest  file"
        run -0 --separate-stderr timeout 20 ztee --no-stdout --hash=xxh3 < <(cat in)
        [ "$stderr" = "${words%% *}  -" ]
    done
}

@test "a digest stands on standard error, or in its FILE, in a form that sha256sum -c accepts" {
    random_file in 300000
    timeout 20 ztee --hash=sha256 --hash=sha256:sum --hash=sha512:other:name copy <in >out 2>log
    cmp in copy
    cmp in out
    cmp sum log
    sha256sum --strict -c sum <in
    sha512sum --strict -c other:name <in
    echo 'old and much longer than the digest that comes, so that it has to be emptied before: '"$(cat in in | base64 -w 0 |
        head -c 300)" >sum
    timeout 20 ztee --no-stdout --hash=sha256:sum <in
    cmp sum log
}

@test "an algorithm that is not known is a usage error" {
    ztee_refuses "invalid argument 'md5' for '--hash'" --hash=md5
    ztee_refuses "invalid argument 'sha256:' for '--hash'" --hash=sha256:
    ztee_refuses "invalid argument ':file' for '--hash'" --hash=:file
    ztee_refuses "invalid argument 'SHA256' for '--hash'" --hash=SHA256
}

@test "a digest whose FILE cannot be made or written is told, and the others are served" {
    random_file in 300000
    run -1 --separate-stderr timeout 20 ztee --no-stdout --hash=sha256:none/sum --hash=sha256:sum --hash=sha512:. copy <in
    says_of_ztee "cannot open 'none/sum': No such file or directory" "cannot open '.': Is a directory"
    sha256sum --strict -c sum <in
    cmp in copy
    run -1 --separate-stderr timeout 20 ztee --no-stdout --hash=sha256:/dev/full copy <in
    says_of_ztee "error writing '/dev/full': No space left on device"
    cmp in copy
    run -1 --separate-stderr timeout 20 ztee --no-stdout --output-error=exit --hash=sha256:first --hash=sha256:none/sum <in
    says_of_ztee "cannot open 'none/sum': No such file or directory"
    [ ! -s first ]
}

@test "an input that cannot be read to its end has no digest" {
    run -1 --separate-stderr timeout 20 ztee --hash=sha256 --hash=sha512:sum </
    says_of_ztee "error reading 'standard input': Is a directory"
    [ ! -s sum ]
    mkfifo go
    start_peer text:hello wait:go reset
    ztee --hash=sha256 --hash=sha256:sum copy <>"/dev/tcp/127.0.0.1/$port" >out 2>err &
    tee=$!
    wait_for size_is copy 5
    open_gate go
    status_of "$tee"
    [ "$status" -eq 1 ]
    [ "$(cat err)" = "ztee: error reading 'standard input': Connection reset by peer" ]
    [ ! -s sum ]
}

@test "a run that ends early has no digest" {
    random_file in 3000000
    run -1 --separate-stderr timeout 20 ztee --no-stdout --output-error=exit --hash=sha256 --hash=sha256:sum /dev/full <in
    says_of_ztee "error writing '/dev/full': No space left on device"
    [ ! -s sum ]
    mkfifo pipe
    exec 9<>pipe 8>pipe 9>&-
    run -141 --separate-stderr env --default-signal=PIPE timeout 20 sh -c 'exec ztee --hash=sha256 --hash=sha256:sum >&8' <in
    [ -z "$stderr" ]
    [ ! -s sum ]
}

@test "the digest is that of the whole stream, whatever becomes of other outputs" {
    random_file in 1000000
    run -1 --separate-stderr timeout 20 ztee --hash=sha256:sum --exec=true --exec='cat >/dev/null; exit 2' copy /dev/full <in
    sha256sum --strict -c sum <in
    run -1 --separate-stderr timeout 20 ztee --no-stdout --hash=sha256:sum --exec=true /dev/full < <(cat in)
    sha256sum --strict -c sum <in
    run -0 timeout 20 ztee -p --no-stdout --hash=sha256:sum --exec=true < <(cat in)
    sha256sum --strict -c sum <in
}

@test "the digest follows a stream that comes byte by byte" {
    for _ in {1..300}; do
        printf x
    done | timeout 20 ztee --hash=sha256:sum >out
    [ "$(stat -c %s out)" -eq 300 ]
    sha256sum --strict -c sum <out
}

@test "with standard error closed a digest that was to go there is an error, and no other file gets messages" {
    random_file in 300000
    run -1 timeout 20 sh -c 'exec ztee --hash=sha256 --hash=sha256:sum copy <in >out 2>&-'
    cmp in copy
    cmp in out
    sha256sum --strict -c sum <in
}

@test "-p does not wait for the digest alone: it is an output like others" {
    mkfifo in out
    exec 9<>in 8<>out
    timeout 20 ztee -p --hash=sha256:sum <in >out 9>&- 8>&- &
    tee=$!
    exec 7<out 8>&-
    printf x >&9
    read -rN 1 -t 20 <&7
    exec 7<&-
    printf yz >&9
    exec 9>&-
    status_of "$tee"
    [ "$status" -eq 0 ]
    printf xyz | sha256sum --strict -c sum
}
