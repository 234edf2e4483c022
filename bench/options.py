"""OPTIONS files as text, for the benchmarks: nothing here knows what a value means. The product has its own (cli/tune/config.c); this one serves the
others that are compared with it, and takes what they say as it is.
"""
import re

CACHE = re.compile(r"^#\s*lodestone:\s*block_cache_size\s*=\s*(\d+)")
SECTION = re.compile(r"^\s*\[(\w+)")
OPTION = re.compile(r"^(\s*)([\w.]+)\s*=(.*)$")


class File:
    """The lines of a file; an option is found by its bare name, in whatever section. block_cache_size is no option of a file, but goes with it."""

    def __init__(self, path, cache=None):
        with open(path, encoding="utf-8", errors="replace") as f:
            self.lines = f.read().splitlines()
        self.cache = cache
        for line in self.lines:
            if m := CACHE.match(line.strip()):
                self.cache = int(m[1])

    def copy(self):
        other = File.__new__(File)
        other.lines, other.cache = list(self.lines), self.cache
        return other

    def get(self, name):
        if name == "block_cache_size":
            return None if self.cache is None else str(self.cache)
        for line in self.lines:
            if (m := OPTION.match(line)) and m[2] == name:
                return m[3].strip()
        return None

    def set(self, name, value):
        """True if the file has such an option. A member of a struct (compression_opts.level) is set within it."""
        if name == "block_cache_size":
            if not str(value).isdigit():
                return False
            self.cache = int(value)
            return True
        found = False
        for i, line in enumerate(self.lines):
            m = OPTION.match(line)
            if m and m[2] == name:
                self.lines[i] = f"{m[1]}{name}={value}"
                found = True
        return found

    def values(self):
        return {m[2]: m[3].strip() for line in self.lines if (m := OPTION.match(line))} | ({"block_cache_size": str(self.cache)} if self.cache else {})

    def write(self, path):
        lines = [line for line in self.lines if not CACHE.match(line.strip())]
        if self.cache is not None:
            lines.insert(0, f"# lodestone: block_cache_size={self.cache}")
        with open(path, "w", encoding="utf-8") as f:
            f.write("\n".join(lines) + "\n")
        return path

    def flags(self, path):
        """What db_bench is told to run with it."""
        return [f"--options_file={path}"] + ([f"--cache_size={self.cache}"] if self.cache is not None else [])


def differences(before, after):
    """"option before -> after" for each that differs."""
    old, new = before.values(), after.values()
    return [f"{k} {old.get(k, '-')} -> {new.get(k, '-')}" for k in sorted(old.keys() | new.keys()) if old.get(k) != new.get(k) and k not in
            ("rocksdb_version", "options_file_version")]


def fragment(path, memory):
    """The "option=value" lines of a file, memory/N filled in."""
    pairs = []
    with open(path, encoding="utf-8") as f:
        for line in f:
            line = line.split("#")[0].strip()
            if not line:
                continue
            name, value = (part.strip() for part in line.split("=", 1))
            if m := re.fullmatch(r"memory/(\d+)", value):
                value = str(memory // int(m[1]))
            pairs.append((name, value))
    return pairs
