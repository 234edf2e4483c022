#!/usr/bin/env python3
"""Holds a journal to its word, with nothing but the format's description: one JSON object a line, a checksum, a number, intents that end.

    e2e_journal.py [--torn N] [--open] FILE...

Prints counts as NAME=NUMBER words; what is wrong goes to standard error and makes the exit status 1.
--torn N: up to N damaged lines are allowed (a process that is killed may tear its last one); an empty line before a record is not damage.
--open: the last intent need not be settled yet.
"""
import argparse
import json
import sys
import zlib
from collections import Counter

KINDS = {"attach", "asked", "advice", "proposal", "refused", "intent", "verdict", "settled", "kept", "trip", "override", "dropped", "restore", "safe", "pause",
         "resume", "close", "regime", "memory", "drift", "check"}


class Damaged(ValueError):
    pass


def no_duplicates(pairs):
    keys = [k for k, _ in pairs]
    if len(set(keys)) != len(keys):
        raise Damaged("a key stands twice in one object")
    return dict(pairs)


def no_constant(word):
    raise Damaged(f"{word} is no JSON")


def parse(line):
    if not line.endswith(b"\n"):
        raise Damaged("no newline at its end")
    body, mark, tail = line.rstrip(b"\n").rpartition(b',"crc":"')
    if not mark or len(tail) != 10 or tail[8:] != b'"}':
        raise Damaged("no checksum at its end")
    if f"{zlib.crc32(body):08x}".encode() != tail[:8]:
        raise Damaged("the checksum is wrong")
    return json.loads(line.decode("utf-8", "strict"), object_pairs_hook=no_duplicates, parse_constant=no_constant)


def place(write):
    return write["scope"], write.get("cf", 0), write["key"]


class Life:
    """Follows what is live: every intent ends, every kept change is restored before a close, undo is what was there before."""

    def __init__(self, complain):
        self.complain = complain
        self.open = None   # the intent in flight
        self.kept = {}     # place -> the application's own value
        self.last = None   # the last settled trial's intent

    def take(self, r):
        kind = r["kind"]
        if kind == "attach":
            self.kept = {}  # a new life knows only what is in flight
        elif kind == "intent":
            if self.open:
                self.complain(r, f"trial {self.open['trial']} was not settled before the next intent")
            if len(r["todo"]) != len(r["undo"]) or not r["todo"]:
                self.complain(r, "todo and undo do not match")
            if [place(w) for w in r["todo"]] != [place(w) for w in r["undo"]]:
                self.complain(r, "undo does not undo what todo does")
            self.open = r
        elif kind == "settled":
            self.settle(r)
        elif kind == "restore":
            for w in r["writes"]:
                if self.kept.pop(place(w), w["value"]) != w["value"]:
                    self.complain(r, f"{w['key']} is restored to something else than it was")
        elif kind == "override":
            self.kept = {p: v for p, v in self.kept.items() if p[2] != r["option"]}
        elif kind == "dropped":
            self.kept = {p: v for p, v in self.kept.items() if p[:2] != ("cf", r["cf"])}
        elif kind == "close" and self.kept:
            self.complain(r, f"closed with kept changes that were not restored: {self.kept}")

    def settle(self, r):
        intent = self.open or self.last
        if not intent or intent["trial"] != r["trial"]:
            self.complain(r, "settles a trial that was not in flight")
            return
        if r["how"] == "kept":
            for w in intent["undo"]:
                self.kept.setdefault(place(w), w["value"])
        elif r["how"] == "put back after a keep":
            for w in intent["undo"]:
                if self.kept.get(place(w)) == w["value"]:
                    del self.kept[place(w)]
        self.last, self.open = intent, None


def look(path, torn, still_open, counts):
    problems = []

    def complain(record, what):
        problems.append(f"{path}: seq {record.get('seq')}: {what}")

    life, seq, damaged = Life(complain), None, 0
    with open(path, "rb") as f:
        for number, line in enumerate(f, 1):
            if line == b"\n" and torn:
                continue
            try:
                r = parse(line)
            except ValueError as e:
                damaged += 1
                if damaged > torn:
                    problems.append(f"{path}:{number}: {e}: {line[:120]!r}")
                continue
            if seq is not None and r["seq"] != seq + 1 and not (torn and r["seq"] > seq):
                complain(r, f"follows seq {seq}")
            seq = r["seq"]
            if r["kind"] not in KINDS:
                complain(r, f"unknown kind {r['kind']}")
            if r["kind"] != "kept":  # a list; what was kept is counted below
                counts[r["kind"]] += 1
            counts["writes"] += len(r.get("todo", []))
            if r["kind"] == "settled":
                counts["kept"] += r["how"] == "kept"
                counts["recovered"] += "after a crash" in r["how"]
                counts["undone"] += r["how"] == "undone after a crash"
            life.take(r)
    if life.open and not still_open:
        problems.append(f"{path}: trial {life.open['trial']} was never settled")
    counts["open"] += life.open is not None
    counts["damaged"] += damaged
    return problems


def main():
    ap = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    ap.add_argument("--torn", type=int, default=0)
    ap.add_argument("--open", action="store_true")
    ap.add_argument("file", nargs="+")
    a = ap.parse_args()
    counts, problems = Counter(), []
    for path in a.file:
        problems += look(path, a.torn, a.open, counts)
    print(f"journals={len(a.file)} proposals={counts['proposal']} refused={counts['refused']} trials={counts['intent']} "
          f"written={counts['writes']} kept={counts['kept']} tripped={counts['trip']} advice={counts['advice']} settled={counts['settled']} "
          f"recovered={counts['recovered']} undone={counts['undone']} open={counts['open']} damaged={counts['damaged']}")
    for p in problems[:10]:
        print(p, file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
