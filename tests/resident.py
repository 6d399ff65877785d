#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""resident.py FILE: prints how many pages of it are in the page cache, by mincore(2)."""
import ctypes
import mmap
import os
import sys

with open(sys.argv[1], "rb") as file:
    size = os.fstat(file.fileno()).st_size
    with mmap.mmap(file.fileno(), size, mmap.MAP_PRIVATE, mmap.PROT_READ | mmap.PROT_WRITE) as view:
        pages = (ctypes.c_ubyte * ((size + mmap.PAGESIZE - 1) // mmap.PAGESIZE))()
        start = ctypes.c_char.from_buffer(view)
        if ctypes.CDLL(None, use_errno=True).mincore(ctypes.byref(start), ctypes.c_size_t(size), pages) != 0:
            raise OSError(ctypes.get_errno(), "mincore")
        del start
    print(sum(page & 1 for page in pages))
