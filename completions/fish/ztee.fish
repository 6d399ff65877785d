# SPDX-License-Identifier: MIT
# Completes ztee, with the help of zcat-net's completion beside it.

source (status dirname)/zcat-net.fish

complete -c ztee -F
__zcopy_options ztee
