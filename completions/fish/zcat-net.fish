# SPDX-License-Identifier: MIT
# Completes zcat-net; the functions named __zcopy_* complete what the other commands have in common with it.

set -g __zcopy_digests xxh3 sha256 sha512 blake2b

# Adds the options of a command: each row of its --help, whose lines are joined first.
function __zcopy_options --argument-names command
    set -l help ($command --help 2>/dev/null | string collect)
    for row in (string replace -ra '\n {20,}' ' ' -- $help | string split \n)
        set -l pattern '^ {2,6}(?:-(?<letter>\w), )?-(?<dash>-?)(?<name>[\w-]+)(?<value>\[?[= ][A-Z][^ ]*)? +(?<text>.*)'
        string match -rq $pattern -- $row
        or continue
        set -l option (test -n "$dash"; and echo -- -l; or echo -- -s) $name -d $text
        test -n "$letter"; and set -a option -s $letter
        switch $value
            case ''
            case '[[]*'
                set -a option -a "$(__zcopy_candidates $command $name)"
            case '*'
                set -a option -x -a "$(__zcopy_candidates $command $name)"
                set -ga __zcopy_valued $command-$dash$name
        end
        complete -c $command $option
    end
end

# The values of an option, or a command that prints them.
function __zcopy_candidates --argument-names command name
    switch $name
        case method
            echo "(__zcopy_methods $command)"
        case output-error
            echo warn warn-nopipe exit exit-nopipe
        case backup
            echo none off numbered t existing nil simple never
        case update
            echo all none none-fail older
        case preserve no-preserve
            echo "(__zcopy_list $name mode ownership timestamps links context xattr all)"
        case target-directory
            echo '(__fish_complete_directories (commandline -ct | string replace -r "^--target-directory=" ""))'
        case slow
            echo block drop
        case buffer
            echo 1M 16M 256M
        case hash
            test $command = zsend; and echo $__zcopy_digests; or echo '(__zcopy_digest)'
        case verify
            echo $__zcopy_digests
        case accept
            echo '(__zcopy_list accept owner xattrs links)'
        case key-file
            echo '(__fish_complete_path (commandline -ct | string replace -r "^--key-file=" ""))'
        case tcp x
            echo '(__zcopy_host_port)'
        case hex-dump
            echo '(__fish_complete_path (commandline -ct | string replace -r "^--hex-dump=" ""))'
        case unix
            echo '(__fish_complete_path (commandline -ct | string replace -r "^--unix=" ""))'
        case exec
            echo '(__fish_complete_command)'
        case progress reflink sparse
            echo auto always never
        case exit-on
            echo auto eof peer both
        case pipe-size
            echo keep 64K 256K 1M
        case congestion
            echo '(string split -n " " </proc/sys/net/ipv4/tcp_available_congestion_control)'
        case T
            echo af{1,2,3,4}{1,2,3} cs(seq 0 7) ef critical inetcontrol lowdelay netcontrol reliability throughput
        case X
            echo 4 5 connect
        case p
            echo '(__zcopy_ports)'
        case s
            echo '(__fish_print_addresses)'
    end
end

# A list with commas as the value of an option; no word comes twice.
function __zcopy_list --argument-names option
    set -l list (commandline -ct | string replace -r "^--$option=" '' | string match -r '^.*,')
    for word in $argv[2..]
        string match -q "*,$word,*" ",$list"; or echo "$list$word"
    end
end

function __zcopy_methods --argument-names command
    switch $command
        case ztee
            __zcopy_list method tee splice mmap read
        case zcp
            __zcopy_list method clone copy_file_range sendfile splice mmap read
        case '*'
            __zcopy_list method sendfile splice mmap read
    end
end

function __zcopy_ports
    getent services | string replace -rf '^(\S+)\s+(\d+)/tcp.*' '$1\t$2'
end

# HOST:PORT, [IPV6]:PORT; further words that may stand for HOST are arguments.
function __zcopy_host_port
    set -l word (commandline -ct | string replace -r '^--tcp=' '')
    if string match -q '*:*' -- $word
        string replace -r '^' (string replace -r ':[^:]*$' ':' -- $word) -- (__zcopy_ports)
    else
        string replace -r '$' : -- (__fish_print_hostnames) $argv
    end
end

# vsock:CID:PORT with these CIDs
function __zcopy_vsock
    printf 'vsock:%s:\n' $argv
end

function __zcopy_unix
    string replace -r '^' unix: -- (__fish_complete_path (commandline -ct | string replace unix: ''))
end

# The other side of a session: HOST, HOST:PORT, [IPV6]:PORT, unix:PATH
function __zcopy_peer
    switch (commandline -ct)
        case 'unix:*'
            __zcopy_unix
        case '*:*'
            __zcopy_host_port
        case '*'
            echo unix:
            __fish_print_hostnames
    end
end

# Where a session listens: PORT, ADDR:PORT, unix:PATH
function __zcopy_listen
    switch (commandline -ct)
        case 'unix:*'
            __zcopy_unix
        case '*:*'
            __zcopy_host_port
        case '*'
            echo unix:
            __zcopy_ports
            __fish_print_addresses | string replace -rf '^([\d.]+).*' '$1:'
    end
end

# ALGO[:FILE]
function __zcopy_digest
    set -l word (commandline -ct | string replace -r '^--hash=' '')
    if string match -q '*:*' -- $word
        set -l algorithm (string replace -r ':.*' ':' -- $word)
        string replace -r '^' $algorithm -- (__fish_complete_path (string replace $algorithm '' -- $word))
    else
        printf '%s\n' $__zcopy_digests
    end
end

# The operands before the cursor, one a line.
function __zcopy_operands --argument-names command
    set -l words (commandline -opc)[2..]
    set -l is_value 0
    for word in $words
        if test $is_value = 1
            set is_value 0
        else if string match -qr -- '^-.' $word # - alone is an operand
            set -l option (string replace -r '^-[^-]*([^-])$' -- '-$1' $word)
            contains -- $command$option $__zcopy_valued; and set is_value 1
        else
            echo $word
        end
    end
end

function __zcopy_given --argument-names option
    contains -- $option (commandline -opc)
end

function __zcopy_operand_is --argument-names command number
    test (count (__zcopy_operands $command)) = (math $number - 1)
end

function __zcat_net_operands
    set -l letters (commandline -opc)[2..]
    set -l letters (string match -r -- '^-[^-].*' $letters | string join '')
    if string match -q '*U*' -- $letters
        __zcopy_operand_is zcat-net 1; and __fish_complete_path (commandline -ct)
    else if __zcopy_operand_is zcat-net 2
        __zcopy_ports
    else if __zcopy_operand_is zcat-net 1
        if string match -q 'vsock:*' -- (commandline -ct)
            __zcopy_vsock (string match -q '*l*' -- $letters; and echo any) host hypervisor local
            return
        end
        echo vsock:
        if string match -q '*l*' -- $letters
            __zcopy_ports
            __fish_print_addresses
        else
            __fish_print_hostnames
        end
    end
end

complete -c zcat-net -f -a '(__zcat_net_operands)'
__zcopy_options zcat-net
