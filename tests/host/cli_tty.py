#!/usr/bin/env python3
"""Runs a command on a terminal of its own and looks at what it does to it.

cli_tty.py END COMMAND [ARG...]    END: a signal's name (sent after the first picture), "q" (typed), "resize", "wait",
or "touch:FILE" (makes FILE, and a second later sends SIGINT)

Prints everything that the command wrote. Exit status: the command's; 99 if the terminal was not left as it was found.
"""
import fcntl
import os
import pty
import select
import signal
import struct
import sys
import termios
import time


def size(fd, rows, columns):
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


def main():
    end, command = sys.argv[1], sys.argv[2:]
    master, slave = pty.openpty()
    size(slave, 30, 100)
    before = termios.tcgetattr(slave)
    pid = os.fork()
    if pid == 0:
        os.setsid()
        fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
        for fd in range(3):
            os.dup2(slave, fd)
        os.close(slave)
        os.close(master)
        os.environ["TERM"] = "xterm"
        os.execvp(command[0], command)
    seen, done, status, limit = b"", False, None, time.monotonic() + 60
    while status is None and time.monotonic() < limit:
        if select.select([master], [], [], 0.1)[0]:
            try:
                piece = os.read(master, 65536)
                os.write(1, piece)
                seen += piece
            except OSError:
                pass
        if not done and seen.count(b"\x1b[J") >= 1:
            done = True
            if end == "q":
                os.write(master, b"q")
            elif end == "resize":
                size(slave, 12, 40)
                os.kill(pid, signal.SIGWINCH)
            elif end.startswith("touch:"):
                open(end[6:], "w").close()
                time.sleep(1)
                os.kill(pid, signal.SIGINT)
            elif end != "wait":
                os.kill(pid, getattr(signal, end))
        if end == "resize" and done and seen.count(b"\x1b[J") >= 3:
            os.write(master, b"q")
            end = "wait"
        gone, code = os.waitpid(pid, os.WNOHANG)
        if gone:
            status = os.waitstatus_to_exitcode(code)
    while select.select([master], [], [], 0.1)[0]:
        try:
            piece = os.read(master, 65536)
            os.write(1, piece)
            seen += piece
        except OSError:
            break
    if status is None:
        os.kill(pid, signal.SIGKILL)
        sys.exit(98)
    same = termios.tcgetattr(slave)[3] == before[3]
    whole = seen.count(b"\x1b[?1049h") == seen.count(b"\x1b[?1049l") and seen.count(b"\x1b[?25l") == seen.count(b"\x1b[?25h")
    sys.exit(status if same and whole else 99)


main()
