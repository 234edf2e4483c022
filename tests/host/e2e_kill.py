#!/usr/bin/env python3
"""Kills a tuned program again and again, each time at a moment of its own, and looks at what is left.

    e2e_kill.py --work DIR --db DIR --own OPTIONS --journal FILE --kills N --seed N --bench "db_bench ..." --keeping "..." TUNED...

TUNED is what goes before a command to have it tuned, --keeping the same with an advisor whose only advice is good. What is left must hold after every single kill: every key is there and can be read, the journal
passes the audit (e2e_journal.py), and every option that is not the application's own has a record that says why. A life ends in one of these ways:

    attach    soon after it began, when the trial of the life before may just be put back, or when nothing has happened yet
    recover   within milliseconds of the attach record: a crash within the recovery from a crash
    trial     some time after an intent was written: blocks are switched, verdicts fall
    flip      within milliseconds of the intent: the first write
    keep      within milliseconds of the record that something is kept
    close     within milliseconds of the record that says so, while the options go back

Every other life takes its options from the OPTIONS file that the one before has left, so that what was live stays live; the rest from flags.
"""
import argparse
import glob
import hashlib
import os
import random
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter

import e2e_journal

# way -> the records to wait for (any of them), seconds of patience, seconds from there to the kill at most, how long the program would run, how often
WAYS = {
    "attach": ((), 0, 0.5, 60, 5),
    "recover": ((b'"kind":"attach"',), 5, 0.03, 60, 5),
    "trial": ((b'"kind":"intent"',), 4, 0.9, 60, 6),
    "flip": ((b'"kind":"intent"',), 4, 0.015, 60, 4),
    "keep": ((b'"kind":"kept"',), 14, 0.004, 60, 1),
    "close": ((b'"kind":"restore"', b'"how":"undone at close"', b'"kind":"close"'), 6, 0.004, 1, 5),
}
CRASH = re.compile("Assertion .* failed|terminate called|Segmentation|AddressSanitizer|: runtime error:|stack smashing|double free|Corruption:")


class Wrong(Exception):
    pass


def newest_options(db):
    files = [f for f in glob.glob(db + "/OPTIONS-*") if not f.endswith("dbtmp")]
    return max(files, key=lambda f: int(f.rpartition("-")[2]))


def keys_of(db):
    p = subprocess.run(["ldb", "--db=" + db, "scan", "--hex", "--no_value"], capture_output=True, check=False)
    if p.returncode:
        raise Wrong(f"the data cannot be read: {(p.stderr or p.stdout)[-300:]!r}")
    return p.stdout.count(b"\n"), hashlib.sha256(p.stdout).hexdigest()


class Tail:
    """What is appended to the journal from now on."""

    def __init__(self, path):
        self.path, self.at, self.text = path, os.path.getsize(path), b""

    def has(self, marks):
        with open(self.path, "rb") as f:
            f.seek(self.at)
            self.text = f.read()
        return any(m in self.text for m in marks)


class Killer:
    def __init__(self, a):
        self.a, self.rng, self.counts = a, random.Random(a.seed), Counter()
        self.keys = keys_of(a.db)
        self.in_flight = False

    def way(self, k):
        if self.in_flight and k % 2:  # what is in flight now is put back in the next life: there, too
            return self.rng.choice(("recover", "attach"))
        return self.rng.choices(list(WAYS), [w[-1] for w in WAYS.values()])[0]

    def command(self, k, way, seconds):
        bench = shlex.split(self.a.bench) + [f"--db={self.a.db}", f"--duration={seconds}", f"--seed={k + 1}"]
        if k % 2:
            left = self.a.work + "/OPTIONS.left"
            shutil.copyfile(newest_options(self.a.db), left)
            bench.append("--options_file=" + left)
        return (shlex.split(self.a.keeping) if way == "keep" else self.a.tuned) + bench

    def live(self, k, way):
        """One life and its end. Returns whether it was killed, as opposed to gone before."""
        marks, patience, after, seconds, _ = WAYS[way]
        tail = Tail(self.a.journal)
        with open(self.a.work + "/kill.out", "wb") as out:
            p = subprocess.Popen(self.command(k, way, seconds), stdout=out, stderr=out, start_new_session=True)
        try:
            end = time.monotonic() + patience + seconds % 60
            while marks and p.poll() is None and not tail.has(marks) and time.monotonic() < end:
                time.sleep(0.001)
            end = time.monotonic() + self.rng.random() * after
            while p.poll() is None and time.monotonic() < end:
                time.sleep(0.0005)
        finally:
            p.send_signal(signal.SIGKILL)
            status = p.wait()
        with open(self.a.work + "/kill.out", "rb") as out:
            text = out.read().decode(errors="replace")
        if CRASH.search(text) or status not in (0, -signal.SIGKILL):
            raise Wrong(f"status {status}: {text[-400:]}")
        return status != 0

    def look(self, killed):
        if keys_of(self.a.db) != self.keys:
            raise Wrong(f"{keys_of(self.a.db)[0]} keys, and there were {self.keys[0]}")
        counts = Counter()
        left = newest_options(self.a.db)
        problems = e2e_journal.look(self.a.journal, self.counts["kills"] + 1, True, counts, left, self.a.own)
        if problems:
            raise Wrong("; ".join(problems[:5]))
        now, own = e2e_journal.options(left), e2e_journal.options(self.a.own)
        differ = any(not e2e_journal.same(v, own.get(p, "")) for p, v in now.items())
        if not killed and differ:
            raise Wrong("it was not killed, and its options are not as the application had them")
        self.in_flight = counts["open"] > 0
        self.counts["in_flight"] += self.in_flight
        self.counts["live"] += differ
        self.counts["kept"] = counts["kept"]
        self.counts["recovered"] = counts["recovered"]
        self.counts["undone"] = counts["undone"]
        self.counts["damaged"] = counts["damaged"]

    def run(self):
        begin = time.monotonic()
        lives = 0
        while self.counts["kills"] < self.a.kills:
            way = self.way(lives)
            try:
                killed = self.live(lives, way)
                self.counts["kills"] += killed
                self.counts["kill_" + way] += killed
                self.counts["ended"] += not killed
                self.look(killed)
            except Wrong as e:
                raise Wrong(f"life {lives} ({way}, options {'from the file' if lives % 2 else 'by flags'}): {e}") from e
            lives += 1
        self.counts["seconds"] = round(time.monotonic() - begin)


def main():
    ap = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name in ("work", "db", "own", "journal", "bench", "keeping"):
        ap.add_argument("--" + name, required=True)
    for name in ("kills", "seed"):
        ap.add_argument("--" + name, type=int, required=True)
    ap.add_argument("tuned", nargs="+")
    killer = Killer(ap.parse_args())
    try:
        killer.run()
    except Wrong as e:
        print(e, file=sys.stderr)
        return 1
    finally:
        print(" ".join(f"{k}={v}" for k, v in sorted(killer.counts.items())))
    return 0


if __name__ == "__main__":
    sys.exit(main())
