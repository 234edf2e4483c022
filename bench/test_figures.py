"""Tests of what turns runs into figures: a wrong ratio or a misread journal would look like a result."""
import math
import os
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import figures  # noqa: E402
import lib  # noqa: E402


class Ratios(unittest.TestCase):
    def test_equal_pairs_have_no_spread(self):
        r = figures.paired_ratio([150, 300, 75], [100, 200, 50])
        self.assertAlmostEqual(r.value, 1.5)
        self.assertAlmostEqual(r.lo, 1.5)
        self.assertAlmostEqual(r.hi, 1.5)

    def test_interval_is_students_t_on_logarithms(self):
        # Logarithms 0.1 and 0.3: mean 0.2, standard error 0.1, t(1) = 12.706.
        r = figures.paired_ratio([math.exp(0.1), math.exp(0.3)], [1, 1])
        self.assertAlmostEqual(math.log(r.value), 0.2)
        self.assertAlmostEqual(math.log(r.hi), 0.2 + 12.706 * 0.1, places=6)
        self.assertAlmostEqual(math.log(r.lo), 0.2 - 12.706 * 0.1, places=6)

    def test_one_pair_has_no_interval_and_a_dead_run_no_pair(self):
        self.assertTrue(math.isnan(figures.paired_ratio([2], [1]).lo))
        self.assertEqual(figures.paired_ratio([2, 0], [1, 1]).raw, [2.0])
        self.assertEqual(str(figures.paired_ratio([], [])), "n/a")

    def test_windows(self):
        rates = [100, 100, 50, 50, 50, 50, 50, 100]
        self.assertAlmostEqual(figures.worst_window(rates, 5, 100), 0.5)
        self.assertTrue(math.isnan(figures.worst_window([100], 5, 100)))
        self.assertEqual(figures.seconds_below(rates, [100] * 8, 0.95), 5)


class Journal(unittest.TestCase):
    def run_with(self, *records):
        run = lib.Run("readrandom", "tuned", 0, 0, 1)
        run.began, run.journal = 1000.0, list(records)
        return figures.changes_of(run)

    def test_a_kept_change(self):
        kept, = self.run_with(
            {"ts": "1970-01-01T00:16:50.000000Z", "kind": "intent", "trial": 1, "todo": [{"key": "write_buffer_size", "value": "1"}]},
            {"ts": "1970-01-01T00:17:22.500000Z", "kind": "verdict", "trial": 1, "changes": "write_buffer_size 64 MiB -> 256 MiB",
             "verdict": {"kind": "keep", "effect": 0.25, "lo": 0.2, "hi": 0.3, "p": None}})
        self.assertEqual((kept.what, kept.second, kept.summary), ("kept", 42.5, "write_buffer_size 64 MiB -> 256 MiB"))
        self.assertIn("+25.0 % [+20.0, +30.0]", str(kept))

    def test_a_refusal_is_named_after_its_proposal(self):
        refused, = self.run_with(
            {"ts": "x", "kind": "proposal", "trial": 4, "proposal": {"changes": [{"option": "block_cache", "value": 1 << 40, "means": "1 TiB"}]}},
            {"ts": "x", "kind": "refused", "trial": 4, "refusal": {"rule": "memory", "why": "too much"}})
        self.assertEqual((refused.what, refused.summary, refused.why), ("refused", "block_cache = 1 TiB", "too much"))

    def test_tripwires_count_once(self):
        during = self.run_with({"kind": "trip", "trial": 1, "why": "stop"},
                               {"kind": "verdict", "trial": 1, "trip": "stop", "verdict": {"kind": "revert"}})
        self.assertEqual([c.what for c in during], ["tripped"])
        after = self.run_with({"kind": "verdict", "trial": 1, "verdict": {"kind": "keep"}}, {"kind": "trip", "trial": 1, "why": "stop"})
        self.assertEqual([c.what for c in after], ["kept", "tripped"])

    def test_foreign_records(self):
        self.assertEqual(self.run_with({}, {"kind": "verdict"}, {"kind": "verdict", "verdict": 7}, {"kind": "attach", "ts": 5}), [])

    def test_torn_and_foreign_lines(self):
        self.assertEqual(lib.read_journal(b'{"kind":"a"}\n7\n{"kind":\xff"b"}\nnoise\n{"kind":"c"}\n{"ki'), [{"kind": "a"}, {"kind": "c"}])

    def test_time_stamps(self):
        self.assertEqual(figures.seconds_of("1970-01-01T00:16:40.250000Z"), 1000.25)
        self.assertTrue(math.isnan(figures.seconds_of("soon")))
        self.assertTrue(math.isnan(figures.seconds_of(None)))


class Output(unittest.TestCase):
    def test_report_file_without_its_torn_last_row(self):
        with tempfile.NamedTemporaryFile("w") as f:
            f.write("secs_elapsed,interval_qps\n1,346133\n2,372628\n3,40")
            f.flush()
            self.assertEqual(lib.read_rates(f.name), [346133, 372628])

    def test_db_bench_output(self):
        with tempfile.TemporaryDirectory() as d:
            out = os.path.join(d, "out")
            with open(out, "w") as f:
                f.write("readwhilewriting :      16.469 micros/op 121406 ops/sec 6.013 seconds 729998 operations;\n"
                        "Microseconds per read:\nPercentiles: P50: 8.53 P75: 11.73 P99: 22.69 P99.9: 3515.09 P99.99: 7519.00\n")
            with open(out + ".err", "w") as f:
                f.write("2026/01/01-00:00:00  ... thread 1: (44000,330000) ops and (43951.1,65541.3) ops/second in (1.001113,5.034996) seconds\n")
            run = lib.Run("readwhilewriting", "control", 0, 0, 1)
            lib.read_output(run, out)
            self.assertEqual((run.final, run.p99), (121406.0, {"read": 22.69}))
            self.assertEqual(run.threads, {1: [(5.034996, 43951.1)]})

    def test_no_setting_of_the_shell_leaks_into_a_run(self):
        os.environ["LODESTONE_AGENT_MODE"] = "auto"
        self.addCleanup(os.environ.pop, "LODESTONE_AGENT_MODE")
        self.assertNotIn("LODESTONE_AGENT_MODE", lib.clean_env({}))
        self.assertEqual(lib.clean_env({"LODESTONE_DISABLE": "1"})["LODESTONE_DISABLE"], "1")


if __name__ == "__main__":
    unittest.main()
