"""What the benchmarks share: workloads, the preloaded database, one measured run of db_bench, and cleaning up after it.

A run is watched from outside: db_bench's own report file (operations per second, one row a second) and its final lines.
Nothing here asks the tuner how fast it is.
"""
import contextlib
import dataclasses
import fcntl
import glob
import json
import math
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

# The parameters of mixgraph are those of the "all-dist" model published with the FAST '20 study of RocksDB at Facebook.
MIXGRAPH = """-mix_get_ratio=0.83 -mix_put_ratio=0.14 -mix_seek_ratio=0.03 -keyrange_num=30 -keyrange_dist_a=14.18
-keyrange_dist_b=-2.917 -keyrange_dist_c=0.0164 -keyrange_dist_d=-0.08082 -value_k=0.2615 -value_sigma=25.45 -iter_k=2.517
-iter_sigma=14.236""".split()

# name -> (starts from the preloaded database, flags of the workload itself, hand-made static setting for reference).
# The static settings use options that the tuner may change too, as flags at start. They are a reference by hand, not an optimum:
# check them with bench/static on the machine at hand.
CACHE = ["--cache_size=1073741824"]
WRITE = ["--write_buffer_size=268435456", "--max_write_buffer_number=4", "--max_background_jobs=4"]
WORKLOADS = {
    "readrandom": (True, [], CACHE),
    "readrandomwriterandom": (True, [], CACHE + WRITE),
    "readwhilewriting": (True, [], CACHE + WRITE),
    "seekrandom": (True, [], CACHE),
    "overwrite": (True, [], WRITE[1:]),  # larger memtables cost more here than the saved flushes give back
    "fillrandom": (False, [], WRITE),
    "mixgraph": (True, MIXGRAPH, CACHE),
}


STOP = object()  # what a tick says that has seen enough


@dataclasses.dataclass
class Arm:
    """One way to start db_bench: a command in front, flags behind, variables around."""
    name: str
    prefix: list = dataclasses.field(default_factory=list)
    flags: list = dataclasses.field(default_factory=list)
    env: dict = dataclasses.field(default_factory=dict)
    tuned: bool = False


@dataclasses.dataclass
class Run:
    """What one run of db_bench gave. rates[i] is operations in the second that ends i + 1 seconds after the start of the workload."""
    workload: str
    arm: str
    pair: int
    order: int
    seed: int
    began: float = 0.0
    rates: list = dataclasses.field(default_factory=list)
    threads: dict = dataclasses.field(default_factory=dict)  # thread number -> list of (second, operations per second)
    final: float = 0.0  # operations per second of db_bench's last line
    p99: dict = dataclasses.field(default_factory=dict)  # read, write, seek -> microseconds, whole run
    rss_kb: int = 0
    cpu_s: float = 0.0
    status: int = 0
    hung: bool = False  # it did not end by itself and was killed
    stopped: bool = False  # by who looked on, because it had seen enough
    journal: list = dataclasses.field(default_factory=list)  # its records
    journal_text: bytes = b""  # the same, to the byte

    def tail(self, seconds):
        rows = self.rates[-seconds:]
        return sum(rows) / len(rows) if rows else 0.0

    def whole(self):
        return sum(self.rates) / len(self.rates) if self.rates else 0.0

    def cpu_per_op(self):
        """CPU seconds of the whole process per operation: steadier than throughput where others use the machine too."""
        total = sum(self.rates)
        return self.cpu_s / total if total else 0.0

    def end_p99(self):
        """The slowest kind's p99 stands for the run."""
        return max(self.p99.values(), default=0.0)


def link_or_copy(source, to):
    """RocksDB never changes an SST file once it is written, so copies of a database may share them, and the memory that they are cached in."""
    if source.endswith(".sst"):
        with contextlib.suppress(OSError):
            os.link(source, to)
            return
    shutil.copy2(source, to)


class Session:
    """A scratch directory and the children that work in it; both are gone when the session ends, however it ends."""

    def __init__(self, keys, threads, seconds, tmp=None, lock=None, limit=math.inf):
        self.keys, self.threads, self.seconds = keys, threads, seconds
        self.lock = lock
        self.limit = limit  # seconds after which a run is killed and counts as hung
        self.base = None  # the database that runs start from
        self.tmp = tmp
        self.child = None
        self.stopped = False  # the last child, by its tick
        self.scratch = None
        self.warned = set()

    def __enter__(self):
        for number in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, lambda n, frame: sys.exit(128 + n))
        self.scratch = tempfile.mkdtemp(prefix="lodestone-bench-", dir=self.tmp)
        self.base = os.path.join(self.scratch, "base")
        return self

    def __exit__(self, kind, value, trace):
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        self._end_child()
        shutil.rmtree(self.scratch, ignore_errors=True)

    def _end_child(self):
        if self.child is None:
            return
        for number, patience in ((signal.SIGTERM, 3.0), (signal.SIGKILL, 10.0)):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.child.pid, number)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.child.wait(patience)
                break
        self.child = None

    @contextlib.contextmanager
    def _locked(self):
        """Measured runs of different people on one machine must not overlap: --lock names a file they agree on."""
        with locked(self.lock):
            yield

    def load(self, prefix=()):
        """The database that every run starts from: db_bench's defaults, random order, compacted until nothing is pending. Whoever limits the
        runs' memory gives their prefix here too, because the kernel counts a page of a file for the group that first had it in memory."""
        out = os.path.join(self.scratch, "load.out")
        args = [*prefix, "db_bench", "--benchmarks=fillrandom,waitforcompaction", f"--db={self.base}", f"--num={self.keys}", "--threads=1",
                "--seed=1", "--disable_wal=1"]
        with self._locked():
            status, _, _ = self._watch(args, clean_env({}), out, None)
        if status != 0:
            raise RuntimeError(f"db_bench could not load the database (status {status}):\n{tail_of(out)}")

    def run(self, workload, arm, pair=0, order=0, seed=1, tick=None, look=None):
        """One measured run. tick(seconds, rates, runtime_dir) is called about once a second while it lasts, and may end it with STOP;
        look(directory of the run) at its end, before everything is removed."""
        preloaded, own, _ = WORKLOADS[workload]
        here = os.path.join(self.scratch, "run")
        shutil.rmtree(here, ignore_errors=True)
        os.mkdir(here, 0o700)
        db, report = os.path.join(here, "db"), os.path.join(here, "report.csv")
        if preloaded:
            shutil.copytree(self.base, db, copy_function=link_or_copy)
        subprocess.run(["sync", "-f", here], check=False)
        args = [*(a.replace("@RUN@", here) for a in arm.prefix), "db_bench", f"--benchmarks={workload}", f"--db={db}",
                f"--num={self.keys}", f"--threads={self.threads}", f"--duration={self.seconds}", f"--seed={seed}", "--histogram=1",
                f"--use_existing_db={int(preloaded)}", "--stats_interval_seconds=1", "--report_interval_seconds=1",
                f"--report_file={report}", *own, *arm.flags]
        out = os.path.join(here, "out")
        run = Run(workload, arm.name, pair, order, seed)
        env = clean_env({k: v.replace("@RUN@", here) for k, v in arm.env.items()})
        with self._locked():
            run.began = time.time()
            run.status, usage, run.hung = self._watch(
                args, env, out, lambda s: tick and tick(s, read_rates(report), os.path.join(here, "run")))
        run.stopped = self.stopped
        run.rss_kb, run.cpu_s = usage.ru_maxrss, usage.ru_utime + usage.ru_stime
        run.rates = read_rates(report)
        read_output(run, out)
        for path in sorted(glob.glob(os.path.join(here, "state", "*", "journal.jsonl"))):
            with open(path, "rb") as f:
                run.journal_text += f.read()
        run.journal = read_journal(run.journal_text)
        if run.status != 0 and not run.stopped:
            say(f"{workload}, {arm.name}: db_bench {'hung' if run.hung else f'ended with status {run.status}'}:\n{tail_of(out)}")
        if look:
            look(here)
        shutil.rmtree(here, ignore_errors=True)
        return run

    def _watch(self, args, env, out, tick, limit=None):
        """Starts a child in its own process group, waits for it, returns its status, its resource usage, and whether it had to be killed."""
        with open(out, "wb") as stdout, open(out + ".err", "wb") as stderr:
            self.child = subprocess.Popen(args, stdin=subprocess.DEVNULL, stdout=stdout, stderr=stderr, env=env, start_new_session=True)
        start = time.monotonic()
        due, hung, self.stopped = 1.0, False, False
        while True:
            pid, status, usage = os.wait4(self.child.pid, os.WNOHANG)
            if pid:
                break
            seconds = time.monotonic() - start
            if seconds > (limit or self.limit) and not hung:
                hung = True
                os.killpg(self.child.pid, signal.SIGKILL)
            if tick and seconds >= due and not hung and not self.stopped:
                if tick(seconds) is STOP:
                    self.stopped = True
                    os.killpg(self.child.pid, signal.SIGKILL)
                due = max(due + 1.0, seconds + 0.2)
            time.sleep(0.1)
        self.child.returncode = os.waitstatus_to_exitcode(status)
        status, self.child = self.child.returncode, None
        return status, usage, hung


@contextlib.contextmanager
def locked(path):
    if not path:
        yield
        return
    with open(path, "a") as f:
        fcntl.flock(f, fcntl.LOCK_EX)
        yield


def tuned_arm(build, settings=(), mode="auto"):
    """db_bench under the tuner, as an operator would start it."""
    command = [os.path.join(build, "lodestone"), "run", "-s", f"agent.mode={mode}", "-s", "judge.pace=bench",
               "-s", "agent.state_dir=@RUN@/state", "-s", "agent.runtime_dir=@RUN@/run"]
    for setting in settings:
        command += ["-s", setting]
    return Arm("tuned" if mode == "auto" else mode, prefix=command + ["--"], tuned=True)


def clean_env(extra):
    """No setting of the caller's shell may leak into a control run."""
    env = {k: v for k, v in os.environ.items() if not k.startswith("LODESTONE_") and k != "LD_PRELOAD"}
    return {**env, **extra}


def read_rates(report):
    """The report file holds "second,operations in it"; a row that is still being written is left out."""
    rates = []
    with contextlib.suppress(FileNotFoundError), open(report) as f:
        for line in f:
            fields = line.split(",")
            if line.endswith("\n") and len(fields) == 2 and fields[0].isdigit() and fields[1].strip().isdigit():
                rates.append(int(fields[1]))
    return rates


THREAD = re.compile(r"thread (\d+): \(\d+,\d+\) ops and \(([\d.]+),[\d.]+\) ops/second in \([\d.]+,([\d.]+)\) seconds")


def read_output(run, out):
    """db_bench's last line, its histograms, and the rate of each thread (on stderr, once a second)."""
    kind = None
    with open(out, errors="replace") as f:
        for line in f:
            if m := re.match(rf"{run.workload}\s*:.*?([\d.]+) ops/sec", line):
                run.final = float(m[1])
            elif m := re.match(r"Microseconds per (\w+):", line):
                kind = m[1]
            elif (m := re.match(r"Percentiles:.* P99: ([\d.]+)", line)) and kind:
                run.p99[kind] = float(m[1])
    with open(out + ".err", errors="replace") as f:
        for line in f:
            if m := THREAD.search(line):
                run.threads.setdefault(int(m[1]), []).append((float(m[3]), float(m[2])))


def read_journal(text):
    """One JSON object a line; a torn or foreign line is skipped, as the tuner itself does."""
    records = []
    for line in text.decode(errors="replace").splitlines():
        with contextlib.suppress(ValueError):
            record = json.loads(line)
            if isinstance(record, dict):
                records.append(record)
    return records


def save_journal(directory, run):
    """The journal of a run outlives the scratch directory."""
    if run.journal_text:
        with open(os.path.join(directory, f"{run.workload}-{run.pair + 1}.journal.jsonl"), "wb") as f:
            f.write(run.journal_text)


def ask_agent(runtime_dir, request="status -"):
    """One request to the control socket of the tuner under test; None when there is none (yet) or it does not answer."""
    for path in glob.glob(os.path.join(runtime_dir, "*.sock")):
        with contextlib.suppress(OSError, ValueError), socket.socket(socket.AF_UNIX) as s:
            s.settimeout(0.5)
            s.connect(path)
            s.sendall(request.encode() + b"\n")
            with s.makefile("rb") as f:
                code, size = f.readline().split()
                body = f.read(int(size))
            if code == b"200":
                return json.loads(body)
    return None


def need(program, package):
    if shutil.which(program) is None and not os.access(program, os.X_OK):
        sys.exit(f"{program} is missing: {package}")


def tail_of(out, lines=8):
    text = ""
    for path in (out, out + ".err"):
        with contextlib.suppress(OSError), open(path, errors="replace") as f:
            text += "".join("  " + line for line in f.readlines()[-lines:])
    return text


def say(text="", end="\n"):
    print(text, end=end, flush=True)


class Progress:
    """One line that is redrawn on a terminal; in a pipe nothing but what is worth keeping."""

    def __init__(self, total_s):
        self.total, self.done, self.began = total_s, 0.0, time.monotonic()
        self.live = sys.stdout.isatty()
        self.width = 0

    def step(self, text, run_s, run_total):
        if not self.live:
            return
        done = self.done + min(run_s, run_total)
        share = done / self.total if self.total else 1.0
        pace = (time.monotonic() - self.began) / done if done > 10 else 1.0
        left = (self.total - done) * max(1.0, pace)
        bar = "#" * int(20 * share)
        line = f"[{bar:<20}] {left // 60:2.0f}:{left % 60:02.0f} left  {text}"[: shutil.get_terminal_size().columns - 1]
        say("\r" + line.ljust(self.width), end="")
        self.width = len(line)

    def finish(self, run_total):
        self.done += run_total

    def clear(self):
        if self.live and self.width:
            say("\r" + " " * self.width + "\r", end="")
            self.width = 0
