"""Models of several kinds for the offline loop (lodestone tune): what they see is its prompt. None is a language model.

Each is a function from the prompt and the number of the question to changes (option, value), or none.
"""
import random
import re

MIB = 1 << 20
UNITS = {"B": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30, "TiB": 1 << 40}


def catalogue(prompt):
    """option -> (its value in the best file, what is possible, as text)."""
    rows, reading = {}, False
    for line in prompt.splitlines():
        if line.startswith("# "):
            reading = line.startswith("# Options")
        elif reading and (m := re.match(r"([\w.]+)=(.*?)(?: \| (.*))?$", line)):
            rows[m[1]] = (m[2], m[3] or "")
    return rows


def memory(prompt):
    m = re.search(r"together may take ([\d.]+) ([KMGT]?i?B)", prompt)
    return int(float(m[1]) * UNITS[m[2]]) if m else 1 << 30


def share(prompt, kind):
    m = re.search(rf"time of operations:.*?{kind} ([\d.]+) ?%", prompt)
    return float(m[1]) / 100 if m else 0.5


def skilled(prompt, n):
    """One bottleneck at a time, what matters most for this work first; leaves out what is so already, or is not offered."""
    budget, rows = memory(prompt), catalogue(prompt)
    reads = [
        [("block_cache_size", budget // 2), ("filter_policy", "bloomfilter:10:false")],
        [("data_block_index_type", "kDataBlockBinaryAndHash"), ("compression", "kLZ4Compression")],
        [("cache_index_and_filter_blocks", "false"), ("block_size", 8192)],
        [("max_open_files", -1), ("level_compaction_dynamic_level_bytes", "true")],
    ]
    writes = [
        [("write_buffer_size", min(128 * MIB, budget // 16)), ("max_write_buffer_number", 4), ("max_background_jobs", 4)],
        [("level0_file_num_compaction_trigger", 8), ("max_bytes_for_level_base", 1024 * MIB)],
        [("enable_pipelined_write", "true"), ("bytes_per_sync", MIB)],
        [("max_subcompactions", 2), ("compaction_readahead_size", 2 * MIB)],
    ]
    first, second = (reads, writes) if share(prompt, "gets") + share(prompt, "seeks") >= share(prompt, "writes") else (writes, reads)
    left = [[(o, str(v)) for o, v in those if o in rows and rows[o][0] != str(v)] for those in first[:2] + second[:2] + first[2:] + second[2:]]
    left = [those for those in left if those]
    tried = prompt.partition("# Tried")[2].partition("# Options")[0]
    left = [those for those in left if not all(f"{o} " in tried for o, _ in those)]
    return left[0] if left else []


def blog(prompt, n):
    """What is written everywhere: old names, values with units, ten at a time."""
    sets = [
        [("max_background_flushes", "2"), ("max_background_compactions", "4"), ("write_buffer_size", "64MB"), ("max_write_buffer_number", "3"),
         ("target_file_size_base", "64 MiB"), ("max_bytes_for_level_base", "512M"), ("block_cache_size", "1GB"), ("bloom_bits", "10"),
         ("DBOptions.bytes_per_sync", "1048576"), ("compression_type", "lz4")],
        [("write_buffer_size", "128*1024*1024"), ("level0_stop_writes_trigger", "8"), ("level0_slowdown_writes_trigger", "12"), ("soft_rate_limit", "0.0")],
        [("block_cache_size", "100GB"), ("use_direct_reads", "True"), ("max_background_jobs", "64")],
    ]
    return sets[n % len(sets)]


def guessing(prompt, n, rng=random.Random(1)):
    """Any three options, any value between their bounds."""
    rows = {o: text for o, (_, text) in catalogue(prompt).items() if text}
    changes = []
    for option in rng.sample(sorted(rows), min(3, len(rows))):
        if m := re.fullmatch(r"(-?\d+)\.\.(-?\d+)", rows[option]):
            changes.append((option, str(rng.randint(int(m[1]), min(int(m[2]), 1 << 34)) if int(m[1]) < min(int(m[2]), 1 << 34) else int(m[1]))))
        elif "," in rows[option]:
            changes.append((option, rng.choice([w.strip() for w in rows[option].split(",")])))
    return changes


MODELS = {"offline_skilled": skilled, "offline_blog": blog, "offline_guessing": guessing}


def answer(changes):
    return {"diagnosis": "what limits this work", "changes": [{"option": o, "value": v, "reason": "a stand-in's choice"} for o, v in changes],
            "expected_gain_percent": 10, "no_change_reason": "" if changes else "nothing more comes to mind"}
