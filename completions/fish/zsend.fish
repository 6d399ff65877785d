# SPDX-License-Identifier: MIT
# Completes zsend, with the help of zcat-net's completion beside it.

source (status dirname)/zcat-net.fish

# With --raw: HOST:PORT, [IPV6]:PORT, unix:PATH, vsock:CID:PORT
function __zsend_receiver
    set -l word (commandline -ct)
    if string match -q 'unix:*' -- $word
        __zcopy_unix
    else if string match -q 'vsock:*' -- $word
        __zcopy_vsock host hypervisor local
    else
        __zcopy_host_port unix vsock
    end
end

# What may stand behind the first file, beside another one.
function __zsend_last
    if __zcopy_given --raw
        __zcopy_operand_is zsend 2; and __zsend_receiver
    else if __zcopy_given --listen
        __zcopy_listen
    else
        __zcopy_peer
    end
end

complete -c zsend -f
complete -c zsend -n 'not __zcopy_given --raw; or __zcopy_operand_is zsend 1' -F
complete -c zsend -n 'not __zcopy_operand_is zsend 1' -a '(__zsend_last)'
__zcopy_options zsend
