"""What a broken or lying server puts on the wire, whatever the model says: each scenario is the bytes of a whole, good reply's body turned into parts.

A part is bytes to send, a number of seconds to wait, or a word: HALF closes the sending side and listens on, RESET ends the connection at once.
"""
import gzip
import itertools
import socket
import time

HALF, RESET = "half", "reset"
STEP = 0.02  # between the parts of what has no end


def head(length=None, status="200 OK", version="HTTP/1.1", *more):
    lines = [f"{version} {status}", "Content-Type: application/json"]
    if length is not None:
        lines.append(f"Content-Length: {length}")
    return "\r\n".join([*lines, *more]).encode() + b"\r\n\r\n"


def chunk(data):
    return b"%x\r\n%s\r\n" % (len(data), data)


def endless(part):
    return itertools.chain.from_iterable((part, STEP) for _ in itertools.count())


CHUNKED = "Transfer-Encoding: chunked"

SCENARIOS = {
    # cut, in every place
    "cut_head": lambda b: [head(len(b))[:30]],
    "cut_body": lambda b: [head(len(b)), b[:len(b) // 2]],
    "cut_chunk": lambda b: [head(None, "200 OK", "HTTP/1.1", CHUNKED), chunk(b[:50]), b"ff\r\nabc"],
    "cut_before_last_chunk": lambda b: [head(None, "200 OK", "HTTP/1.1", CHUNKED), chunk(b)],
    "reset_body": lambda b: [head(len(b)), b[:len(b) // 2], 0.1, RESET],
    "half_closed": lambda b: [head(len(b)), b[:len(b) // 2], HALF, 3600.0],
    "silent_body": lambda b: [head(len(b)), b[:len(b) // 2], 3600.0],
    # without an end
    "continue_forever": lambda b: endless(b"HTTP/1.1 100 Continue\r\n\r\n"),
    "headers_forever": lambda b: itertools.chain([b"HTTP/1.1 200 OK\r\n"], (b"X-%06d: %s\r\n" % (i, b"y" * 4000) for i in itertools.count())),
    "headers_10mb": lambda b: [b"HTTP/1.1 200 OK\r\n", *[b"X-%04d: %s\r\n" % (i, b"y" * 10000) for i in range(1000)], b"Content-Length: %d\r\n\r\n" % len(b), b],
    "header_10mb": lambda b: [b"HTTP/1.1 200 OK\r\nX-Long: " + b"y" * (10 << 20) + b"\r\n\r\n" + b],
    "chunks_forever": lambda b: itertools.chain([head(None, "200 OK", "HTTP/1.1", CHUNKED)], (chunk(b" " * 65536) for _ in itertools.count())),
    "chunks_drip": lambda b: itertools.chain([head(None, "200 OK", "HTTP/1.1", CHUNKED)], endless(chunk(b" "))),
    # odd, and wrong
    "chunk_nonsense": lambda b: [head(None, "200 OK", "HTTP/1.1", CHUNKED), b"zz\r\n", b, b"\r\n0\r\n\r\n"],
    "chunk_enormous": lambda b: [head(None, "200 OK", "HTTP/1.1", CHUNKED), b"ffffffffffffffff\r\n", b],
    "length_negative": lambda b: [head(-1), b],
    "length_enormous": lambda b: [head(1 << 62), b],
    "length_twice": lambda b: [head(len(b), "200 OK", "HTTP/1.1", "Content-Length: 7"), b],
    "gzip_unasked": lambda b: [head(len(gzip.compress(b)), "200 OK", "HTTP/1.1", "Content-Encoding: gzip"), gzip.compress(b)],
    "http_10": lambda b: [head(None, "200 OK", "HTTP/1.0"), b],
    "http_09": lambda b: [b],
    "status_1000": lambda b: [head(len(b), "1000 Much Better"), b],
    "status_204": lambda b: [head(None, "204 No Content")],
    "upgrade": lambda b: [head(None, "101 Switching Protocols", "HTTP/1.1", "Upgrade: websocket", "Connection: Upgrade"), b"\x81\x05hello"],
    "early_hints": lambda b: [head(None, "103 Early Hints"), head(len(b)), b],
    "two_replies": lambda b: [head(len(b)), b, head(len(b)), b],
    "cookie": lambda b: [head(len(b), "200 OK", "HTTP/1.1", "Set-Cookie: id=1; Domain=localhost", "Strict-Transport-Security: max-age=1"), b],
    "nul_body": lambda b: [head(len(b) + 1), b + b"\0"],
}


def play(conn, parts):
    for part in parts:
        if part == HALF:
            conn.shutdown(socket.SHUT_WR)
        elif part == RESET:
            conn.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
            return
        elif isinstance(part, float):
            time.sleep(part)
        else:
            conn.sendall(part)
