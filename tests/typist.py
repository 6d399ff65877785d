#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs a command that has a terminal of its own, and types a line there at each prompt.

typist.py SCREEN LINE... -- COMMAND...
The command's standard descriptors are the caller's; only /dev/tty is the terminal, and what it shows goes into
the file SCREEN. A prompt ends with ": ". An empty list of lines: nobody types. Exits with the command's status.
"""
import os
import sys


def main(arguments):
    split = arguments.index("--")
    screen, lines, command = arguments[0], arguments[1:split], arguments[split + 1:]
    master, slave = os.openpty()
    child = os.fork()
    if child == 0:
        os.setsid()
        # The first terminal that is opened is the controlling one; it stays open, or reading here would end.
        os.set_inheritable(os.open(os.ttyname(slave), os.O_RDWR), True)
        os.execvp(command[0], command)
    os.close(slave)
    shown = b""
    with open(screen, "wb") as out:
        while True:
            try:
                data = os.read(master, 4096)
            except OSError:  # nobody has it open any more
                break
            out.write(data)
            shown += data
            if shown.endswith(b": ") and lines:
                os.write(master, lines.pop(0).encode() + b"\n")
                shown = b""
    sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))


main(sys.argv[1:])
