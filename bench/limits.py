"""A box for a benchmark: so many processors, so much memory (page cache included). By a cgroup of version 2 where this machine lets us make one; else the
processors by affinity, and the memory not at all. What it came to is said, never assumed.
"""
import contextlib
import glob
import os
import re
import shutil

ROOT = "/sys/fs/cgroup"
UNITS = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}


def size(text):
    m = re.fullmatch(r"(\d+)\s*([KMGT]?)(i?B)?", text.strip(), re.IGNORECASE)
    if not m:
        raise ValueError(f"no size: {text}")
    return int(m[1]) * UNITS[m[2].upper()]


def _write(path, text):
    with open(path, "w", encoding="ascii") as f:
        f.write(text)


class Box:
    """with Box(2, 4 << 30) as box: [*box.prefix, "db_bench", ...]; box.says is a sentence."""

    def __init__(self, cpus, memory):
        self.cpus, self.memory, self.group = cpus, memory, None
        self.prefix, self.says = [], "no limits"

    def _group(self):
        with open(f"{ROOT}/cgroup.controllers", encoding="ascii") as f:
            if not {"cpu", "memory"} <= set(f.read().split()):
                raise OSError("no controllers")
        for old in glob.glob(f"{ROOT}/lodestone-bench-*"):  # of a session that was killed
            with contextlib.suppress(OSError):
                os.rmdir(old)
        group = f"{ROOT}/lodestone-bench-{os.getpid()}"
        os.mkdir(group)
        self.group = group
        if self.cpus:
            _write(f"{group}/cpu.max", f"{int(self.cpus * 100000)} 100000")
        if self.memory:
            _write(f"{group}/memory.max", str(self.memory))
            with contextlib.suppress(OSError):
                _write(f"{group}/memory.swap.max", "0")

    def __enter__(self):
        if not self.cpus and not self.memory:
            return self
        try:
            self._group()
            self.prefix = ["sh", "-c", 'echo $$ >"$0/cgroup.procs" && exec "$@"', self.group]
            self.says = f"a cgroup with {self.cpus or 'all'} processors and {self.memory or 'all'} bytes of memory"
        except OSError:
            self.__exit__(None, None, None)
            mine = sorted(os.sched_getaffinity(0))
            if self.cpus and shutil.which("taskset"):
                few = mine[:max(1, int(self.cpus))]
                self.prefix = ["taskset", "-c", ",".join(map(str, few))]
                self.says = f"processors {few} of {len(mine)} by affinity, memory not limited (no cgroup v2 that we may write)"
            else:
                self.says = "no limits (no cgroup v2 that we may write)"
        return self

    def __exit__(self, kind, value, trace):
        if self.group:
            with contextlib.suppress(OSError):
                os.rmdir(self.group)
            self.group = None
