# SPDX-License-Identifier: MIT
# Completes zrecv, with the help of zcat-net's completion beside it.

source (status dirname)/zcat-net.fish

function __zrecv_operands
    if __zcopy_operand_is zrecv 2
        echo -
        __fish_complete_directories (commandline -ct)
    else if not __zcopy_operand_is zrecv 1
        return
    else if __zcopy_given --connect
        __zcopy_peer
    else
        __zcopy_listen
    end
end

complete -c zrecv -f -a '(__zrecv_operands)'
__zcopy_options zrecv
