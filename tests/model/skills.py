"""Models of several skills, for bench/advice: what they know stands in a list, what they see is the catalogue of the prompt. None is a language model.

Each is a function from the catalogue's rows (option -> (cf, now, lowest, highest)) and the number of the question to changes (option, cf, value), or none.
"""
import math
import random

MIB = 1 << 20

# Options that the tuning guide speaks of, the strongest first; factors and order are ours: option, factor.
GUIDE = [("block_cache_size", 32), ("write_buffer_size", 4), ("block_cache_size", 4), ("max_write_buffer_number", 2),
         ("level0_file_num_compaction_trigger", 2), ("max_background_jobs", 2), ("write_buffer_size", 2)]


def scaled(rows, option, factor):
    cf, now, low, high = rows[option]
    value = int(min(high, max(low, now * factor)))
    return None if value == now else (option, cf, value)


def skilled(rows, n):
    """One strong change at a time, what matters most first, as far as the catalogue allows; then nothing more."""
    for option, factor in GUIDE[n:]:
        if option in rows and (one := scaled(rows, option, factor)):
            return [one]
    return []


def mediocre(rows, n):
    """Knows the options, not their order, and is timid."""
    for option, _ in list(reversed(GUIDE))[n % len(GUIDE):]:
        if option in rows and (one := scaled(rows, option, 1.5)):
            return [one]
    return []


def guessing(rows, n, rng=random.Random(1)):
    """Any option, any value between its bounds, evenly over the orders of magnitude."""
    if not rows:
        return []
    option = rng.choice(sorted(rows))
    cf, now, low, high = rows[option]
    value = int(math.exp(rng.uniform(math.log(low + 1), math.log(high + 1))) - 1)
    return [(option, cf, min(high, max(low, value)))] if value != now else []


SKILLS = {"skilled": skilled, "mediocre": mediocre, "guessing": guessing}
