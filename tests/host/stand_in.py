#!/usr/bin/env python3
"""A stand-in for the agent's control socket: answers every request with what stands in a directory.

stand_in.py SOCKET_DIR ANSWER_DIR

Listens at SOCKET_DIR/<own pid>.sock and prints the pid. The answer to "status -" is ANSWER_DIR/status, with code 200; a file "status.code" holds
another code; "status.head" replaces the whole first line; a file "hang" makes it accept and say nothing. Every request is added to ANSWER_DIR/requests.
"""
import os
import socket
import sys


def read(path, default=None):
    try:
        with open(path, "rb") as f:
            return f.read()
    except FileNotFoundError:
        return default


def answer(connection, answers):
    request = b""
    while not request.endswith(b"\n") and len(request) < 4096:
        piece = connection.recv(4096)
        if not piece:
            return
        request += piece
    with open(os.path.join(answers, "requests"), "ab") as f:
        f.write(request)
    verb = os.path.join(answers, os.path.basename(request.split()[0].decode()))
    body = read(verb)
    code = read(verb + ".code", b"200" if body is not None else b"100").strip()
    body = body if body is not None else b"not understood\n"
    head = read(verb + ".head", code + b" " + str(len(body)).encode() + b"\n")
    connection.sendall(head + body)


def main():
    directory, answers = sys.argv[1:3]
    path = os.path.join(directory, "%d.sock" % os.getpid())
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(path)
    listener.listen(16)
    print(os.getpid(), flush=True)
    kept = []
    while True:
        connection, _ = listener.accept()
        if read(os.path.join(answers, "hang")) is not None:
            kept.append(connection)
            continue
        try:
            answer(connection, answers)
        except OSError:
            pass
        connection.close()


main()
