"""Bad advice, and the tuners that take it: lists of proposals from seeds, and re-implementations of two published accept rules that act on a running
database through the door (door.c). Both rules decide on what an outsider sees, as the originals do; docs/bench.md names the sources.
A proposal is a dict: option -> the text that the advisor said. Nothing here checks a value; that is the point.
"""
import contextlib
import json
import os
import random
import socket
import statistics

MIB = 1 << 20

# Options that RocksDB 7.8 changes at run time and that the lists below speak of; SetDBOptions takes these, SetOptions the rest.
DB_OPTIONS = {"max_background_jobs", "max_background_compactions", "max_background_flushes", "max_subcompactions", "bytes_per_sync",
              "wal_bytes_per_sync", "strict_bytes_per_sync", "compaction_readahead_size", "delayed_write_rate"}
RESTART_OPTIONS = {"dump_malloc_stats", "enable_pipelined_write", "min_write_buffer_number_to_merge"}

# ELMo-Tune, HotStorage '24, table 5: what GPT-4 changed from iteration to iteration (fillrandom, SATA disk, 2 CPUs, 4 GiB).
ELMO_TABLE_5 = [
    {"max_background_flushes": 2, "wal_bytes_per_sync": MIB, "bytes_per_sync": MIB, "strict_bytes_per_sync": "true", "max_background_compactions": 2,
     "dump_malloc_stats": "false", "enable_pipelined_write": "false", "max_write_buffer_number": 3},
    {"compaction_readahead_size": 4 * MIB, "max_background_jobs": 4, "target_file_size_base": 32 * MIB, "write_buffer_size": 32 * MIB,
     "level0_file_num_compaction_trigger": 6, "min_write_buffer_number_to_merge": 2},
    {"max_background_flushes": 1, "wal_bytes_per_sync": MIB // 2, "bytes_per_sync": MIB // 2, "max_background_compactions": 3,
     "max_write_buffer_number": 4, "compaction_readahead_size": 2 * MIB, "max_background_jobs": 3, "target_file_size_base": 64 * MIB,
     "write_buffer_size": 64 * MIB, "level0_file_num_compaction_trigger": 4, "min_write_buffer_number_to_merge": 1},
    {"max_background_compactions": 2, "max_bytes_for_level_multiplier": 8, "max_write_buffer_number": 3},
    {"max_background_flushes": 2, "max_background_compactions": 4, "max_background_jobs": 5},
    {"max_background_flushes": 1, "max_background_compactions": 3, "compaction_readahead_size": 4 * MIB, "max_background_jobs": 4,
     "min_write_buffer_number_to_merge": 2},
    {"max_background_flushes": 2, "wal_bytes_per_sync": MIB, "bytes_per_sync": MIB, "max_write_buffer_number": 6,
     "target_file_size_base": 32 * MIB, "min_write_buffer_number_to_merge": 3},
]

# Legal values within four times of the defaults, every one a step to the worse.
SLOW = [
    {"level0_slowdown_writes_trigger": 5, "level0_stop_writes_trigger": 9},
    {"level0_file_num_compaction_trigger": 1},
    {"write_buffer_size": 16 * MIB},
    {"target_file_size_base": 16 * MIB, "max_bytes_for_level_base": 64 * MIB},
    {"level0_file_num_compaction_trigger": 16},
    {"bytes_per_sync": MIB // 4},
    {"max_sequential_skip_in_iterations": 1},
    {"write_buffer_size": 16 * MIB, "level0_slowdown_writes_trigger": 5, "level0_stop_writes_trigger": 9},
]

# What someone would say who knows what RocksDB takes without a word and cannot live with.
HOSTILE = [
    {"level0_stop_writes_trigger": 0}, {"level0_slowdown_writes_trigger": 2}, {"level0_file_num_compaction_trigger": 100},
    {"level0_file_num_compaction_trigger": -1}, {"max_write_buffer_number": 0}, {"write_buffer_size": 0}, {"write_buffer_size": 4096},
    {"write_buffer_size": -1, "max_write_buffer_number": 64}, {"max_background_jobs": 400},
    {"soft_pending_compaction_bytes_limit": 1, "hard_pending_compaction_bytes_limit": 1}, {"delayed_write_rate": 1},
    {"disable_auto_compactions": "true"}, {"max_bytes_for_level_multiplier": 0}, {"write_buffer_size": "67108864;disable_auto_compactions=true"},
]

# The right idea in the wrong unit.
UNITS = [
    {"write_buffer_size": "64"}, {"write_buffer_size": "64 MB"}, {"write_buffer_size": "128*1024*1024"}, {"write_buffer_size": "1e9"},
    {"write_buffer_size": "65536"}, {"write_buffer_size": "-1"}, {"write_buffer_size": "0.125G"}, {"target_file_size_base": "65536"},
    {"max_bytes_for_level_base": "256"}, {"max_bytes_for_level_base": "0x10000000"}, {"compaction_readahead_size": "2"},
    {"bytes_per_sync": "1"}, {"delayed_write_rate": "16"}, {"max_write_buffer_number": "four"}, {"write_buffer_size": "134,217,728"},
]

# option -> the range that random values are drawn from, and whether also absurd ones are (threads are real: no thousands of them on somebody's machine).
RANGES = {
    "write_buffer_size": (64 << 10, 1 << 30, True), "max_write_buffer_number": (2, 64, True), "level0_file_num_compaction_trigger": (1, 256, True),
    "level0_slowdown_writes_trigger": (2, 1024, True), "level0_stop_writes_trigger": (4, 4096, True), "max_bytes_for_level_base": (4 * MIB, 1 << 40, True),
    "target_file_size_base": (MIB, 64 << 30, False), "max_background_jobs": (2, 64, False), "max_subcompactions": (1, 32, False),
    "bytes_per_sync": (64 << 10, 256 * MIB, True), "compaction_readahead_size": (4 << 10, 64 * MIB, True),
    "max_sequential_skip_in_iterations": (1, 1000000, True), "delayed_write_rate": (MIB, 1 << 34, True),
    "soft_pending_compaction_bytes_limit": (64 * MIB, 1 << 46, True), "max_bytes_for_level_multiplier": (2, 100, True),
}
ABSURD = [0, -1, 1, 1 << 31, (1 << 63) - 1, 1000000]


def random_proposal(rng):
    proposal = {}
    for option in rng.sample(sorted(RANGES), rng.randint(1, 3)):
        low, high, also_absurd = RANGES[option]
        absurd = also_absurd and rng.random() < 0.25
        proposal[option] = rng.choice(ABSURD) if absurd else int(low * (high / low) ** rng.random())
    return proposal


def adoc_moves():
    """What ADOC's rules can come to, one move after the other, for an advisor that says the same without looking."""
    batches = [batch_of(64 * MIB * n, 4) for n in (2, 3, 4, 2, 1)]
    return [move for pair in zip(batches, ({"max_background_jobs": n} for n in (4, 6, 3, 2, 4))) for move in pair]


def batch_of(size, trigger):
    return {"write_buffer_size": size, "target_file_size_base": size, "max_bytes_for_level_base": trigger * size}


def proposals(advisor, seed, count=200):
    """The list that both tuners of a pair hear."""
    rng = random.Random(f"{advisor} {seed}")
    if advisor == "random":
        found = [random_proposal(rng) for _ in range(count)]
    elif advisor in ("elmo", "adoc"):
        found = ELMO_TABLE_5 if advisor == "elmo" else adoc_moves()
    else:
        found = list({"slow": SLOW, "adversarial": SLOW + HOSTILE, "units": UNITS}[advisor])
        rng.shuffle(found)
    whole = [{k: str(v) for k, v in p.items() if k not in RESTART_OPTIONS} for p in found]
    return (whole * (count // len(whole) + 1))[:count]


def script_of(whole):
    """The same list for the stand-in model server: each as the answer of a model that is sure of itself."""
    def step(proposal):
        changes = [{"option": k, "cf": "all", "value": v, "reason": "it is known to help"} for k, v in proposal.items()]
        return {"content": json.dumps({"diagnosis": "it could be faster", "changes": changes, "expect": [{"metric": "speed", "gain_percent": 30}], "confidence": 0.9,
                                       "no_change_reason": ""})}
    return [step(p) for p in whole]


# A model server that is of no use, in every way that takes its time or none.
DEAD = ["error_500", "hang", "closed", "garbage", "hang_body", "error_503", "reset", "drip", "html_502", "not_json", "empty"]


class Door:
    """One request at a time to door.c. None: the database is gone, or does not answer; then nothing is asked any more."""

    def __init__(self, path):
        self.path, self.socket, self.file, self.gone = path, None, None, False

    def ask(self, *fields):
        if self.gone:
            return None
        try:
            if self.socket is None:
                self.socket = socket.socket(socket.AF_UNIX)
                self.socket.settimeout(5)
                self.socket.connect(self.path)
                self.file = self.socket.makefile("r", errors="replace")
            self.socket.sendall("\t".join(fields).encode() + b"\n")
            line = self.file.readline()
        except OSError:
            line = ""
        if not line.endswith("\n"):
            self.close()
            return None
        code, *rest = line.rstrip("\n").split("\t")
        return int(code), rest

    def close(self):
        self.gone = True
        with contextlib.suppress(OSError, AttributeError):
            self.file.close()
            self.socket.close()

    def number(self, name):
        reply = self.ask("int", name)
        return int(reply[1][0]) if reply and reply[0] == 0 else 0

    def map(self, name):
        reply = self.ask("map", name)
        return dict(f.split("=", 1) for f in reply[1] if "=" in f) if reply else {}

    def set(self, values):
        """SetDBOptions, then SetOptions. False if either was refused; what the first has done stays, as it would."""
        fine = True
        for scope in ("db", "cf"):
            mine = [x for k, v in values.items() if (k in DB_OPTIONS) == (scope == "db") for x in (k, v)]
            reply = self.ask(scope, *mine) if mine else (0, [])
            fine = fine and bool(reply) and reply[0] == 0
        return fine


def options_in_force(directory):
    """Bare names -> text from the newest OPTIONS file, and the file's bytes."""
    files = sorted(f for f in os.listdir(directory) if f.startswith("OPTIONS-") and "dbtmp" not in f)
    if not files:
        return {}, b""
    with open(os.path.join(directory, files[-1]), "rb") as f:
        text = f.read()
    lines = (line.strip().split("=", 1) for line in text.decode(errors="replace").splitlines() if "=" in line)
    return {k: v for k, v in lines}, text


class Elmo:
    """ELMo-Tune's loop: apply the whole proposal, measure throughput once, keep it if that beats the best so far, else go back to the previous options.
    Its safeguards: three names are never touched, values with a brace and names that the options file does not have are dropped. An error
    of RocksDB counts as a failed try; after five in a row it gives up."""

    BLACKLIST = {"use_direct_io_for_flush_and_compaction", "use_direct_reads", "compression_type"}

    def __init__(self, whole, window):
        self.whole, self.window = iter(whole), window
        self.config, self.best, self.previous, self.since, self.failures = None, None, None, 1, 0
        self.events = []

    def step(self, second, rates, door, directory):
        if self.config is None:
            self.config = dict(options_in_force(directory)[0])
        if len(rates) < self.since + self.window or door.gone or self.failures >= 5:
            return
        level = statistics.fmean(rates[self.since:self.since + self.window])
        if self.previous is None:
            self.best = level
        elif level > self.best:
            self.best = level
            self.events.append((second, "kept"))
        else:
            fine = door.set(self.previous)
            self.config.update(self.previous)
            self.events.append((second, "reverted" if fine else "stuck"))
        self.propose(second, door)
        self.since = len(rates) + 1

    def propose(self, second, door):
        self.previous = {}
        for proposal in self.whole:
            mine = {k: v for k, v in proposal.items() if k in self.config and k not in self.BLACKLIST and "{" not in v}
            if not mine:
                continue
            old = {k: self.config[k] for k in mine}
            fine = door.set(mine)
            self.events.append((second, "applied" if fine else "failed"))
            self.failures = 0 if fine else self.failures + 1
            if fine:
                self.config.update(mine)
                self.previous = old
                return
            door.set(old)  # the file of a failed try is not used again
            if self.failures >= 5 or door.gone:
                return
        self.failures = 5  # nothing more is proposed


class Adoc:
    """ADOC's rules, each second in which a flush has ended. Threads: +2 if a memtable waits for its flush; half if flushes are slower than half of the best
    ever; +2 if L0 or the pending bytes are at the line of slowing down; the last that holds wins. Memtable: +64 MiB if flushes are that
    slow or more than one memtable waits; half if the pending bytes are at the line. The files' size follows the memtable's."""

    def __init__(self, cores, max_memtable=512 * MIB):
        self.cores, self.max_memtable = max(2, cores), max_memtable
        self.flushed, self.top, self.config = None, 0.0, None
        self.events = []

    def moves(self, speed, waiting, l0, pending):
        """The proposal of one second. speed: of its flushes, bytes a second; l0 and pending: relative to the line where writes are slowed."""
        threads = size = None
        jobs, memtable = int(self.config["max_background_jobs"]), int(self.config["write_buffer_size"])
        slow = speed < 0.5 * self.top
        if waiting >= 1:
            threads = jobs + 2
        if slow:
            threads = jobs // 2
        if pending >= 1 or l0 >= 1:
            threads = jobs + 2
        if slow or waiting > 1:
            size = memtable + 64 * MIB
        if pending >= 1:
            size = memtable // 2
        proposal = {}
        if threads is not None:
            proposal["max_background_jobs"] = str(min(max(threads, 2), self.cores))
        if size is not None:
            trigger = int(self.config["level0_file_num_compaction_trigger"]) * int(self.config["min_write_buffer_number_to_merge"])
            proposal |= {k: str(v) for k, v in batch_of(min(max(size, 64 * MIB), self.max_memtable), trigger).items()}
        return proposal

    def step(self, second, rates, door, directory):
        if self.config is None:
            self.config = dict(options_in_force(directory)[0])
        if door.gone or not rates:
            return
        stats = door.map("rocksdb.cfstats")
        try:
            now = (float(stats["compaction.L0.WriteGB"]) * 2 ** 30, float(stats["compaction.L0.CompSec"]))
        except (KeyError, ValueError):
            return
        before, self.flushed = self.flushed, now
        if before is None or now[0] <= before[0] or now[1] <= before[1]:
            return
        speed = (now[0] - before[0]) / (now[1] - before[1])
        first = self.top == 0.0
        self.top = max(self.top, speed)
        if first:
            return
        l0 = door.number("rocksdb.num-files-at-level0") / max(1, int(self.config["level0_slowdown_writes_trigger"]))
        pending = door.number("rocksdb.estimate-pending-compaction-bytes") / max(1, int(self.config["soft_pending_compaction_bytes_limit"]))
        proposal = self.moves(speed, door.number("rocksdb.num-immutable-mem-table"), l0, pending)
        changed = {k: v for k, v in proposal.items() if self.config.get(k) != v}
        if changed:
            fine = door.set(proposal)
            self.events.append((second, "applied" if fine else "failed"))
            if fine:
                self.config.update(proposal)
