#!/usr/bin/env python3
"""Holds a journal to its word, with nothing but the format's description: one JSON object a line, a checksum, a number, intents that end.

    e2e_journal.py [--torn N] [--open] [--options FILE --own FILE] FILE...

Prints counts as NAME=NUMBER words; what is wrong goes to standard error and makes the exit status 1.
--torn N: up to N damaged lines are allowed (a process that is killed may tear its last one); an empty line before a record is not damage.
--open: the last intent need not be settled yet.
--options: the OPTIONS file that a database was left with; --own: the one that the application alone leaves. Whatever differs must have a record.
"""
import argparse
import json
import sys
import zlib
from collections import Counter

KINDS = {"attach", "asked", "advice", "proposal", "refused", "intent", "verdict", "settled", "kept", "trip", "override", "dropped", "restore", "safe", "pause",
         "resume", "close", "regime", "memory", "drift", "check", "harm", "step", "pins", "model", "stale"}


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
    """Follows what is live, by the journal alone.

    Every life begins with attach, and nothing but another follows its close. A number is given once; what is tried was proposed in the same life. Every
    intent is settled before the next. An undo is what was there before: the value that the first undo named, until something is kept or taken over. Kept
    changes go back to the application's own values before a close.
    """

    def __init__(self, complain):
        self.complain = complain
        self.open = None   # the intent in flight
        self.last = None   # the last settled trial's intent
        self.kept = {}     # place -> (value now, the application's own), as the last record "kept" has it
        self.value = {}    # place -> what stands there while nothing is on trial, as far as it is known
        self.mine = False  # ... and it was written in this life
        self.alive = False # between attach and close
        self.over = False  # after close
        self.highest = 0   # number of a proposal
        self.proposed = set()
        self.checks = set() # trials of what is kept already
        self.verdict = None

    def take(self, r):
        kind = r["kind"]
        if kind != "attach" and not self.alive and not (self.over and kind == "kept"):
            self.complain(r, "stands outside of any life")
        getattr(self, "take_" + kind, lambda r: None)(r)

    def take_attach(self, r):
        # What was kept may stand or be gone: it depends on where the program has its options from.
        self.alive, self.over, self.value, self.proposed, self.mine = True, False, {}, set(), False

    def take_close(self, r):
        # A trial that could not be put back (a full disk) stays open for the next life.
        if self.mine:
            self.complain(r, f"closed with kept changes that were not restored: {self.kept}")
        self.kept = {}
        self.alive, self.over = False, True

    def take_proposal(self, r):
        if r["trial"] <= self.highest:
            self.complain(r, f"number {r['trial']} was given before")
        self.highest = max(self.highest, r["trial"])
        self.proposed.add(r["trial"])

    def take_check(self, r):
        """What is kept is tried once more, against the application's own values."""
        self.take_proposal(r)
        self.checks.add(r["trial"])

    def take_intent(self, r):
        if self.open:
            self.complain(r, f"trial {self.open['trial']} was not settled before the next intent")
        if r["trial"] not in self.proposed:
            self.complain(r, "nobody has proposed what is tried")
        if not r["todo"] or [place(w) for w in r["todo"]] != [place(w) for w in r["undo"]]:
            self.complain(r, "undo does not undo what todo does")
        if len({place(w) for w in r["todo"]}) != len(r["todo"]):
            self.complain(r, "an option stands twice in one intent")
        for w in r["undo"] if r["trial"] not in self.checks else ():
            before = self.value.setdefault(place(w), w["value"])
            if not same(before, w["value"]):
                self.complain(r, f"undo of {w['key']} is {w['value']}, and {before} was there")
        self.open = r

    def take_verdict(self, r):
        if not self.open or self.open["trial"] != r["trial"]:
            self.complain(r, "a verdict about no trial in flight")
        self.verdict = r["verdict"]["kind"]

    def take_settled(self, r):
        intent = self.open or self.last
        if not intent or intent["trial"] != r["trial"]:
            self.complain(r, "settles a trial that was not in flight")
            return
        if r["trial"] in self.checks:
            for w in intent["undo"]:
                self.value.pop(place(w), None)
        elif r["how"] == "kept":
            if self.verdict != "keep":
                self.complain(r, f"kept, and the verdict was {self.verdict}")
            for w in intent["todo"]:
                self.value[place(w)] = w["value"]
                if place(w) not in self.kept:
                    self.complain(r, f"{w['key']} is kept and stands in no list")
        elif r["how"] == "put back after a keep":
            self.value.update({place(w): w["value"] for w in intent["undo"]})
        self.last, self.open, self.verdict = intent, None, None

    def take_kept(self, r):
        for now, own in zip(r["todo"], r["undo"]):
            before = self.kept.get(place(now))
            if before and not same(before[1], own["value"]):
                self.complain(r, f"the application's own {own['key']} was {before[1]}, and is said to have been {own['value']}")
        self.kept = {place(w): (w["value"], o["value"]) for w, o in zip(r["todo"], r["undo"])}
        self.mine = bool(self.kept) and not self.over

    def take_restore(self, r):
        for w in r["writes"]:
            if place(w) in self.kept and not same(self.kept[place(w)][1], w["value"]):
                self.complain(r, f"{w['key']} is restored to something else than it was")
            self.value.pop(place(w), None)

    def take_override(self, r):
        """The option is somebody else's from here on, in every family."""
        self.value = {p: v for p, v in self.value.items() if p[2].rpartition(".")[2] != r["option"].rpartition(".")[2]}

    def take_dropped(self, r):
        self.value = {p: v for p, v in self.value.items() if p[:2] != ("cf", r["cf"])}

    def explains(self, where, value):
        """Is there a record on disk that says why this value, which is not the application's, stands there?"""
        ours = [w["value"] for w in (self.open or {}).get("todo", []) + (self.open or {}).get("undo", []) if place(w) == where]
        return any(same(value, v) for v in ours + list(self.kept.get(where, ())))


def same(a, b):
    if a == b:
        return True
    try:
        return float(a) == float(b)
    except ValueError:
        return False


def options(path):
    """place -> value of everything in an OPTIONS file; families are numbered in the order of their sections, as RocksDB numbers them."""
    out, scope, families = {}, None, []
    with open(path, encoding="utf-8", errors="surrogateescape") as f:
        for line in f:
            line = line.strip()
            if line.startswith("["):
                kind, _, name = line.strip("[]").partition(" ")
                if kind == "CFOptions":
                    families.append(name)
                scope = ("db", 0, "") if kind == "DBOptions" else ("cf", families.index(name), "") if kind == "CFOptions" else None
                if kind.startswith("TableOptions"):
                    scope = ("cf", families.index(name), "block_based_table_factory.")
            elif scope and "=" in line:
                key, _, value = line.partition("=")
                out[scope[0], scope[1], scope[2] + key] = value
    return out


def unexplained(life, left, own):
    """What stands in the OPTIONS file `left`, is not what the application set (`own`), and has no record: a write that was ahead of its journal, or one
    that outlived its undo."""
    left, own = options(left), options(own)
    return [f"{key} of {scope}{cf if scope == 'cf' else ''} is {value}, the application's is {own.get((scope, cf, key))}, and no record says why"
            for (scope, cf, key), value in left.items() if not same(value, own.get((scope, cf, key), "")) and not life.explains((scope, cf, key), value)]


def read(path, torn, complain):
    """Each whole record of a journal; what is damaged or misses is complained about."""
    seq, damaged = None, 0
    with open(path, "rb") as f:
        for number, line in enumerate(f, 1):
            if line == b"\n" and torn:
                continue
            try:
                r = parse(line)
            except ValueError as e:
                damaged += 1
                if damaged > torn:
                    complain({"seq": f"line {number}"}, f"{e}: {line[:120]!r}")
                continue
            if seq is not None and r["seq"] != seq + 1 and not (torn and r["seq"] > seq):
                complain(r, f"follows seq {seq}")
            seq = r["seq"]
            if r["kind"] not in KINDS:
                complain(r, f"unknown kind {r['kind']}")
            yield r
    yield damaged


def look(path, torn, still_open, counts, left=None, own=None):
    problems = []

    def complain(record, what):
        problems.append(f"{path}: seq {record.get('seq')}: {what}")

    life = Life(complain)
    for r in read(path, torn, complain):
        if isinstance(r, int):
            counts["damaged"] += r
            break
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
    if left:
        problems += [f"{left}: {p}" for p in unexplained(life, left, own)]
    counts["open"] += life.open is not None
    return problems


def main():
    ap = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    ap.add_argument("--torn", type=int, default=0)
    ap.add_argument("--open", action="store_true")
    ap.add_argument("--options")
    ap.add_argument("--own")
    ap.add_argument("file", nargs="+")
    a = ap.parse_args()
    counts, problems = Counter(), []
    for path in a.file:
        problems += look(path, a.torn, a.open, counts, a.options, a.own)
    print(f"journals={len(a.file)} proposals={counts['proposal']} refused={counts['refused']} trials={counts['intent']} "
          f"written={counts['writes']} kept={counts['kept']} tripped={counts['trip']} advice={counts['advice']} settled={counts['settled']} "
          f"recovered={counts['recovered']} undone={counts['undone']} open={counts['open']} damaged={counts['damaged']}")
    for p in problems[:10]:
        print(p, file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
