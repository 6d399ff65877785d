#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""lease.py FILE GATE: has a lease on FILE, which makes others wait in open(2), until GATE, a FIFO, is opened and closed.

Prints a line when it has it, and one when somebody wants the file.
"""
import fcntl
import signal
import sys

signal.signal(signal.SIGIO, lambda *_: print("wanted", flush=True))
with open(sys.argv[1], "r+") as held:
    fcntl.fcntl(held, fcntl.F_SETLEASE, fcntl.F_WRLCK)
    print("held", flush=True)
    open(sys.argv[2]).read()
    fcntl.fcntl(held, fcntl.F_SETLEASE, fcntl.F_UNLCK)
