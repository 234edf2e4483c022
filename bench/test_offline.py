"""Tests of bench/offline's other ways to a file: a rule that is weaker than the published one would flatter us, and so would a search that loses its best."""
import os
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import lib  # noqa: E402
import limits  # noqa: E402
import options  # noqa: E402
import searches  # noqa: E402

TEXT = """[Version]
  rocksdb_version=7.8.3
[DBOptions]
  max_background_jobs=2
  bytes_per_sync=0
[CFOptions "default"]
  write_buffer_size=67108864
  compression=kSnappyCompression
  compression_opts={level=1;enabled=false;}
[TableOptions/BlockBasedTable "default"]
  block_size=4096
  filter_policy=nullptr
"""


class Case(unittest.TestCase):
    def setUp(self):
        self.dir = tempfile.TemporaryDirectory()
        self.addCleanup(self.dir.cleanup)
        self.path = os.path.join(self.dir.name, "start.ini")
        with open(self.path, "w", encoding="utf-8") as f:
            f.write(TEXT)
        self.start = options.File(self.path, 8 << 20)


class Bench:
    """A db_bench whose speed is what a function of the file says: None dies, and a list is the rate of each second."""

    def __init__(self, rate):
        self.rate, self.files = rate, []

    def run(self, file, name, pair=0, seed=None, tick=None):
        self.files.append(file)
        rates = self.rate(file)
        run = lib.Run("w", name, 0, 0, 1)
        if rates is None:
            run.status = 1
            return run
        rates = rates if isinstance(rates, list) else [rates] * 60
        for second in range(1, len(rates) + 1):
            run.rates = rates[:second]
            if tick and tick(second, run.rates, "") is lib.STOP:
                run.status, run.stopped = -9, True
                return run
        run.final = run.whole()
        return run


def jobs(file):
    return int(file.get("max_background_jobs"))


class Files(Case):
    def test_set_and_get(self):
        self.assertTrue(self.start.set("write_buffer_size", "1"))
        self.assertEqual(self.start.get("write_buffer_size"), "1")
        self.assertFalse(self.start.set("no_such", "1"))
        self.assertFalse(self.start.set("opts", "1"))
        self.assertEqual(self.start.get("compression_opts"), "{level=1;enabled=false;}")

    def test_the_cache_goes_with_the_file(self):
        self.assertTrue(self.start.set("block_cache_size", "123"))
        self.assertFalse(self.start.set("block_cache_size", "64MB"))
        path = self.start.write(os.path.join(self.dir.name, "x.ini"))
        again = options.File(path, 7)
        self.assertEqual(again.cache, 123)
        self.assertEqual(again.flags(path), [f"--options_file={path}", "--cache_size=123"])
        again.write(path)
        with open(path, encoding="utf-8") as f:
            self.assertEqual(f.read().count("lodestone:"), 1)

    def test_differences(self):
        other = self.start.copy()
        other.set("block_size", "8192")
        other.set("block_cache_size", "1")
        self.assertEqual(options.differences(self.start, other), ["block_cache_size 8388608 -> 1", "block_size 4096 -> 8192"])

    def test_fragments_name_what_rocksdb_has(self):
        here = os.path.join(os.path.dirname(os.path.abspath(__file__)), "offline.d")
        basic = dict(options.fragment(os.path.join(here, "basic.ini"), 3 << 30))
        self.assertEqual(basic["block_cache_size"], str(1 << 30))
        self.assertEqual(len(options.fragment(os.path.join(here, "ordered.ini"), 1)), 10)


class Random(Case):
    def test_the_fastest_is_the_answer(self):
        bench = Bench(jobs)
        found = searches.random_search(bench, self.start, 30, 1)
        self.assertEqual(found.runs, 30)
        self.assertEqual(len(bench.files), 30)
        self.assertEqual(jobs(found.file), max(jobs(f) for f in bench.files))
        self.assertAlmostEqual(found.claimed, jobs(found.file) / 2 - 1)

    def test_the_start_if_nothing_is_faster(self):
        found = searches.random_search(Bench(lambda f: 1 if f is self.start else None), self.start, 5, 1)
        self.assertIs(found.file, self.start)
        self.assertEqual(found.invalid, 4)


def said(*numbers):
    return [{"max_background_jobs": str(n)} for n in numbers]


class Elmo(Case):
    def test_the_last_is_the_reference_and_the_fastest_the_answer(self):
        # 100, 95, 91: each less than the one before, none below 0.9 of it.
        speeds = {2: 100, 3: 95, 4: 91, 5: 83}
        found = searches.elmo(Bench(lambda f: speeds[jobs(f)]), self.start, said(3, 4, 5), 3)
        self.assertEqual(found.runs, 4)
        self.assertIs(found.file, self.start)
        self.assertAlmostEqual(found.claimed, 0.0)

    def test_clearly_worse_is_killed_and_another_asked_for(self):
        speeds = {2: 100, 3: 50, 4: 120}
        bench = Bench(lambda f: speeds[jobs(f)])
        found = searches.elmo(bench, self.start, said(3, 4), 1)
        self.assertEqual(jobs(found.file), 4)
        self.assertEqual(found.runs, 3)

    def test_after_three_kills_anything_goes(self):
        found = searches.elmo(Bench(lambda f: 100 if jobs(f) == 2 else 50), self.start, said(3, 4, 5, 6, 7), 1)
        self.assertEqual(found.proposals, 4)
        self.assertEqual(found.runs, 5)

    def test_what_it_proposed_stays_in_the_file(self):
        seen = []

        def rate(file):
            seen.append((file.get("block_size"), jobs(file)))
            return 100
        searches.elmo(Bench(rate), self.start, [{"block_size": "8192"}, {"max_background_jobs": "4"}], 2)
        self.assertEqual(seen, [("4096", 2), ("8192", 2), ("8192", 4)])

    def test_invalid(self):
        bench = Bench(lambda f: None if jobs(f) == 9 else 100)
        found = searches.elmo(bench, self.start, said(9) + [{"no_such": "1"}, {"use_direct_reads": "true"}, {"block_size": "1024"}], 3)
        self.assertEqual((found.proposals, found.invalid), (4, 3))
        self.assertEqual([jobs(f) for f in bench.files], [2, 9, 2, 2, 2])


class Boxes(unittest.TestCase):
    def test_sizes(self):
        self.assertEqual([limits.size(t) for t in ("0", "4G", "512MiB", "10 kb")], [0, 4 << 30, 512 << 20, 10 << 10])
        self.assertRaises(ValueError, limits.size, "much")

    def test_no_limits(self):
        with limits.Box(0, 0) as box:
            self.assertEqual(box.prefix, [])


if __name__ == "__main__":
    unittest.main()
