"""Other ways from one OPTIONS file to another, for bench/offline to compare with: a hand-made list of settings, random search, the accept rule of ELMo-Tune,
RocksDB's own Advisor. Each gets the same runs of db_bench (Bench) and gives back a file; none of them is told more than the original would be.
"""
import dataclasses
import glob
import json
import math
import os
import random
import shutil
import sys
import time

import lib
import options

MIB = 1 << 20


@dataclasses.dataclass
class Found:
    """Where a search ended."""
    file: options.File
    runs: int = 0  # of db_bench, as far as they took part in the search
    seconds: float = 0.0
    proposals: int = 0
    invalid: int = 0  # proposals of which db_bench made no run, or that named what is not there
    calls: int = 0
    tokens: int = 0
    claimed: float = float("nan")  # what the search itself would say: its best run against its first
    note: str = ""


class Bench:
    """Runs of one workload with an OPTIONS file, each from a fresh copy of the same database."""

    def __init__(self, session, workload, prefix, seed, say):
        self.session, self.workload, self.prefix, self.seed, self.say = session, workload, prefix, seed, say
        self.number = 0

    def run(self, file, name, pair=0, seed=None, tick=None):
        path = file.write(os.path.join(self.session.scratch, "candidate.ini"))
        self.number += 1
        run = self.session.run(self.workload, lib.Arm(name, prefix=self.prefix, flags=file.flags(path)), pair,
                               seed=self.seed + self.number if seed is None else seed, tick=tick)
        self.say(f"  {self.workload} {name}: {'stopped' if run.stopped else f'{speed(run):.0f} ops/s'}")
        return run


def speed(run):
    """Operations a second of the whole run, as db_bench's last line gives it; 0 for a run that was none."""
    return run.final or run.whole() if run.status == 0 else 0.0


def defaults(session, prefix):
    """The OPTIONS file that this db_bench's RocksDB writes of its own defaults."""
    directory = os.path.join(session.scratch, "defaults")
    out = os.path.join(session.scratch, "defaults.out")
    status, _, _ = session._watch([*prefix, "db_bench", "--benchmarks=fillseq", "--num=1", f"--db={directory}"], lib.clean_env({}), out, None)
    files = sorted(glob.glob(os.path.join(directory, "OPTIONS-*")))
    if status != 0 or not files:
        raise RuntimeError(f"db_bench wrote no OPTIONS file (status {status}):\n{lib.tail_of(out)}")
    file = options.File(files[-1], 8 * MIB)  # db_bench's own default of --cache_size
    shutil.rmtree(directory)
    return file


def by_hand(bench, start, path, memory):
    """A list of settings, as it stands."""
    file, missing = start.copy(), []
    for name, value in options.fragment(path, memory):
        if not file.set(name, value):
            missing.append(name)
    run = bench.run(file, "by hand")
    return Found(file, runs=1, proposals=1, invalid=int(run.status != 0), note=f"not there: {', '.join(missing)}" if missing else "")


# option -> what may be drawn: (low, high) on a logarithmic scale, or words. All legal, all within what the guides speak of.
SPACE = {
    "block_cache_size": (8 * MIB, 2048 * MIB), "write_buffer_size": (8 * MIB, 512 * MIB), "max_write_buffer_number": (2, 8),
    "min_write_buffer_number_to_merge": (1, 2), "max_background_jobs": (2, 8), "max_subcompactions": (1, 4),
    "level0_file_num_compaction_trigger": (2, 16), "level0_slowdown_writes_trigger": (20, 60), "level0_stop_writes_trigger": (64, 128),
    "max_bytes_for_level_base": (64 * MIB, 2048 * MIB), "max_bytes_for_level_multiplier": (4, 16), "target_file_size_base": (8 * MIB, 256 * MIB),
    "block_size": (2048, 65536), "compaction_readahead_size": (MIB // 4, 8 * MIB), "bytes_per_sync": (MIB // 4, 8 * MIB),
    "compression": ["kNoCompression", "kSnappyCompression", "kLZ4Compression", "kZSTD"], "filter_policy": ["nullptr", "bloomfilter:10:false"],
    "level_compaction_dynamic_level_bytes": ["true", "false"], "enable_pipelined_write": ["true", "false"],
    "cache_index_and_filter_blocks": ["true", "false"], "compaction_pri": ["kByCompensatedSize", "kMinOverlappingRatio"],
    "data_block_index_type": ["kDataBlockBinarySearch", "kDataBlockBinaryAndHash"], "block_restart_interval": (4, 64),
}


def draw(rng, start):
    """Some options of the space, each anew."""
    file = start.copy()
    for name in rng.sample(sorted(SPACE), rng.randint(3, 8)):
        of = SPACE[name]
        file.set(name, str(rng.choice(of)) if isinstance(of, list) else str(round(of[0] * (of[1] / of[0]) ** rng.random())))
    return file


def random_search(bench, start, budget, seed):
    """As many single runs as were given, the first of them of the start; the fastest is the answer."""
    rng, began = random.Random(seed), time.monotonic()
    first = best = speed(bench.run(start, "random 0"))
    found = Found(start, runs=1)
    while found.runs < budget:
        file = draw(rng, start)
        now = speed(bench.run(file, f"random {found.runs}"))
        found.runs, found.proposals, found.invalid = found.runs + 1, found.proposals + 1, found.invalid + (now == 0)
        if now > best:
            best, found.file = now, file
    found.claimed, found.seconds = best / first - 1 if first else float("nan"), time.monotonic() - began
    return found


# ELMo-Tune leaves these alone whatever the model says, and what is no option of the file it drops without a word.
ELMO_FORBIDDEN = {"use_direct_io_for_flush_and_compaction", "use_direct_reads", "compression_type"}


def elmo(bench, start, proposals, iterations, window=30.0):
    """The published rule: a proposal is merged into the last file, run once, and compared with the run before: below 0.9 of it after each window, at most three
    times an iteration, the run is killed and another answer asked for. What came through is the next reference, better or not. The answer is the fastest file."""
    began, asked = time.monotonic(), iter(proposals)
    last = best = first = speed(bench.run(start, "elmo 0"))
    found, current = Found(start, runs=1), start

    for iteration in range(iterations):
        for attempt in range(4):
            proposal = next(asked, None)
            if proposal is None:
                break
            file = current.copy()
            unknown = [k for k, v in proposal.items() if k in ELMO_FORBIDDEN or "{" in str(v) or not file.set(k, v)]
            found.proposals += 1
            due = [window]

            def flagger(seconds, rates, _):
                if attempt < 3 and seconds >= due[0]:
                    due[0] += window
                    if rates and sum(rates) / len(rates) < 0.9 * last:
                        return lib.STOP
                return None

            run = bench.run(file, f"elmo {iteration + 1}", tick=flagger)
            found.runs += 1
            found.invalid += bool(unknown) or (run.status != 0 and not run.stopped)
            if run.status != 0 and not run.stopped:
                continue  # in its favour: its code would merge the next answer into the file that RocksDB died of
            current = file  # it writes the file before it runs, and merges the next answer into that
            if run.stopped:
                continue
            last = speed(run)
            if last > best:
                best, found.file = last, file
            break
    found.claimed, found.seconds = best / first - 1 if first else float("nan"), time.monotonic() - began
    return found


def advisor(bench, start, path, iterations, workload_flags):
    """RocksDB's own tools/advisor, as it stands in a source tree, around the same runs (offline_advisor.py)."""
    session, began = bench.session, time.monotonic()
    here = os.path.join(session.scratch, "advisor")
    shutil.rmtree(here, ignore_errors=True)
    tree = os.path.join(here, "advisor")  # a copy, because it writes beside itself
    shutil.copytree(path, tree)
    os.makedirs(os.path.join(tree, "temp"))
    start.write(os.path.join(here, "start.ini"))
    preloaded, own, _ = lib.WORKLOADS[bench.workload]
    job = {"path": tree, "start": os.path.join(here, "start.ini"), "db": os.path.join(here, "db"),
           "base": session.base if preloaded else "", "runs": iterations + 1, "benchmark": bench.workload, "prefix": bench.prefix,
           "seconds": session.seconds, "result": os.path.join(here, "result.json"),
           "flags": [f"num={session.keys}", f"threads={session.threads}", f"duration={session.seconds}", f"use_existing_db={int(preloaded)}",
                     f"seed={bench.seed}", "histogram=1", *(f.lstrip("-") for f in own), *workload_flags]}
    with open(os.path.join(here, "job.json"), "w", encoding="utf-8") as f:
        json.dump(job, f)
    out = os.path.join(here, "out")
    with lib.locked(session.lock):
        status, _, _ = session._watch(["sh", "-c", 'cd "$1" && exec "$2" "$3" ../job.json', "sh", tree, sys.executable,
                                       os.path.join(lib.ROOT, "bench", "offline_advisor.py")], lib.clean_env({}), out, None, math.inf)
    found = Found(start, seconds=time.monotonic() - began)
    try:
        with open(job["result"], encoding="utf-8") as f:
            result = json.load(f)
    except (OSError, ValueError):
        found.note = f"the Advisor ended with status {status}: {lib.tail_of(out, 3).strip()}"
        return found
    runs = result["runs"]
    found.runs, found.proposals = len(runs), max(0, len(runs) - 1)
    found.invalid = sum(not r["ops"] for r in runs[1:])
    found.note = result["note"]
    best = None
    for r in runs:  # what it would have gone on from
        if r["ops"] and (best is None or r["ops"] >= best["ops"]):
            best = r
    if best:
        found.file = options.File(best["file"], start.cache)
        for name, value in best["misc"].items():  # its flags beside the file
            if name == "bloom_bits":
                found.file.set("filter_policy", f"bloomfilter:{value}:false")
            elif name == "cache_size":
                found.file.cache = int(float(value))
            else:
                found.note = f"{found.note}; --{name}={value} is not carried over".lstrip("; ")
        if runs[0]["ops"]:
            found.claimed = best["ops"] / runs[0]["ops"] - 1
    return found
