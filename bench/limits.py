"""A box for a benchmark: so many processors, so much memory (page cache included). By a cgroup of version 2, or by those of version 1, where this machine lets
us make them; else the processors by affinity, and the memory not at all. What it came to is said, never assumed.
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

    def __init__(self, cpus, memory, root=ROOT):
        self.cpus, self.memory, self.root, self.groups = cpus, memory, root, []
        self.prefix, self.says = [], "no limits"

    def _group(self, parent):
        for old in glob.glob(f"{parent}/lodestone-bench-*"):  # of a session that was killed
            with contextlib.suppress(OSError):
                os.rmdir(old)
        group = f"{parent}/lodestone-bench-{os.getpid()}"
        os.mkdir(group)
        self.groups.append(group)
        return group

    def _unified(self):
        with open(f"{self.root}/cgroup.controllers", encoding="ascii") as f:
            if not {"cpu", "memory"} <= set(f.read().split()):
                raise OSError("no controllers")
        group = self._group(self.root)
        if self.cpus:
            _write(f"{group}/cpu.max", f"{int(self.cpus * 100000)} 100000")
        if self.memory:
            _write(f"{group}/memory.max", str(self.memory))
            with contextlib.suppress(OSError):
                _write(f"{group}/memory.swap.max", "0")
        return "a cgroup"

    def _separate(self):
        if self.cpus:
            group = self._group(f"{self.root}/cpu")
            _write(f"{group}/cpu.cfs_period_us", "100000")
            _write(f"{group}/cpu.cfs_quota_us", str(int(self.cpus * 100000)))
        if self.memory:
            _write(f"{self._group(f'{self.root}/memory')}/memory.limit_in_bytes", str(self.memory))
        return "cgroups (version 1)"

    def __enter__(self):
        if not self.cpus and not self.memory:
            return self
        for way in (self._unified, self._separate):
            try:
                kind = way()
                self.prefix = ["sh", "-c", f'for g in {" ".join(self.groups)}; do echo $$ >"$g/cgroup.procs" || exit 125; done; exec "$0" "$@"']
                self.says = f"{kind} with {self.cpus or 'all'} processors and {self.memory or 'all'} bytes of memory"
                return self
            except OSError:
                self.__exit__(None, None, None)
        mine = sorted(os.sched_getaffinity(0))
        if self.cpus and shutil.which("taskset"):
            few = mine[:max(1, int(self.cpus))]
            self.prefix = ["taskset", "-c", ",".join(map(str, few))]
            self.says = f"processors {few} of {len(mine)} by affinity, memory not limited (no cgroup that we may make)"
        else:
            self.says = "no limits (no cgroup that we may make)"
        return self

    def __exit__(self, kind, value, trace):
        for group in self.groups:
            with contextlib.suppress(OSError):
                os.rmdir(group)
        self.groups = []
