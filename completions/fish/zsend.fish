# SPDX-License-Identifier: MIT
# Completes zsend, with the help of zcat-net's completion beside it.

source (status dirname)/zcat-net.fish

# HOST:PORT, [IPV6]:PORT, unix:PATH, vsock:CID:PORT
function __zsend_receiver
    set -l word (commandline -ct)
    if string match -q 'unix:*' -- $word
        string replace -r '^' unix: -- (__fish_complete_path (string replace unix: '' -- $word))
    else if string match -q 'vsock:*' -- $word
        __zcopy_vsock host hypervisor local
    else
        __zcopy_host_port unix vsock
    end
end

complete -c zsend -f
complete -c zsend -n '__zcopy_operand_is zsend 1' -F
complete -c zsend -n '__zcopy_operand_is zsend 2' -a '(__zsend_receiver)'
__zcopy_options zsend
