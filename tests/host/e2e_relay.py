#!/usr/bin/env python3
"""A client of the relay that says what it is told to, and a look into another process's memory.

    e2e_relay.py ask SOCKET [--model M] [--api A] [--times N] [--ms TIMEOUT]   prints the line of each answer, and the sentence or the first bytes
    e2e_relay.py raw SOCKET TEXT [--hold SECONDS]                              sends this and prints what comes
    e2e_relay.py find PID TEXT...                                              how often each stands in the memory of a process
"""
import argparse
import re
import socket
import sys
import time


def exchange(path, data, hold=0.0):
    with socket.socket(socket.AF_UNIX) as s:
        s.settimeout(30)
        try:
            s.connect(path)
        except OSError as e:
            return f"no connection: {e.strerror}"
        try:
            s.sendall(data)
        except BrokenPipeError:
            pass # refused before all was read: the answer is there
        time.sleep(hold)
        got = b""
        try:
            while part := s.recv(65536):
                got += part
        except ConnectionResetError:
            pass
        return got.decode("utf-8", "replace")


def ask(a):
    body = b'{"model": "%s", "messages": [{"role": "user", "content": "secret question"}]}' % a.model.encode()
    for _ in range(a.times):
        got = exchange(a.socket, b"lodestone-relay 1 ask %s %d %d\n" % (a.api.encode(), a.ms, len(body)) + body)
        print(" | ".join(got.split("\n", 1))[:300])


def find(a):
    """The words are compared backwards, so that this process's own arguments are the only place where they are whole."""
    counts = [0] * len(a.text)
    with open(f"/proc/{a.pid}/maps", encoding="ascii") as maps, open(f"/proc/{a.pid}/mem", "rb", 0) as mem:
        for line in maps:
            m = re.match(r"([0-9a-f]+)-([0-9a-f]+) r", line)
            if not m or "[v" in line:
                continue
            at, end = (int(x, 16) for x in m.groups())
            if end - at > 1 << 32: # the shadow of a sanitizer: terabytes of nothing
                continue
            tail = b""
            while at < end:
                n = min(end - at, 16 << 20)
                try:
                    mem.seek(at)
                    part = mem.read(n)
                except OSError:
                    break
                for i, text in enumerate(a.text):
                    counts[i] += (tail[-len(text) + 1:] + part).count(text.encode())
                tail = part[-64:]
                at += n
    print(*counts)


def main():
    ap = argparse.ArgumentParser()
    sub = ap.add_subparsers(dest="verb", required=True)
    p = sub.add_parser("ask")
    p.add_argument("socket")
    p.add_argument("--model", default="stand-in")
    p.add_argument("--api", default="chat")
    p.add_argument("--times", type=int, default=1)
    p.add_argument("--ms", type=int, default=10000)
    p = sub.add_parser("raw")
    p.add_argument("socket")
    p.add_argument("text")
    p.add_argument("--hold", type=float, default=0)
    p = sub.add_parser("find")
    p.add_argument("pid", type=int)
    p.add_argument("text", nargs="+")
    a = ap.parse_args()
    if a.verb == "ask":
        ask(a)
    elif a.verb == "raw":
        print(exchange(a.socket, a.text.encode().decode("unicode_escape").encode("latin-1"), a.hold).replace("\n", " | ", 1)[:300])
    else:
        find(a)


if __name__ == "__main__":
    sys.exit(main())
