# SPDX-License-Identifier: MIT
# Completes zcp, with the help of zcat-net's completion beside it.

source (status dirname)/zcat-net.fish

complete -c zcp -F
__zcopy_options zcp
