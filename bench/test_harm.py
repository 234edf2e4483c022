"""Tests of bench/harm's arithmetic and of the rules that it lets act: a rule that is weaker than the published one would flatter us."""
import os
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import damage  # noqa: E402
import lib  # noqa: E402
import peers  # noqa: E402


def run(rates, **more):
    r = lib.Run("readrandomwriterandom", "ours", 0, 0, 1, rates=rates)
    for k, v in more.items():
        setattr(r, k, v)
    return r


def harm(rates, side="theirs", control=(100,) * 10, **more):
    return damage.Damage("slow", side, run(rates, **more), run(list(control)))


class Losses(unittest.TestCase):
    def test_a_dead_process_serves_nothing(self):
        self.assertAlmostEqual(harm([100] * 5).share(), 0.5)
        self.assertAlmostEqual(harm([100] * 5).worst(), 0.0)
        self.assertAlmostEqual(harm([120] * 10).share(), 1.2)

    def test_more_seconds_than_the_control_do_not_count(self):
        self.assertAlmostEqual(harm([100] * 20).share(), 1.0)

    def test_a_control_without_rates(self):
        self.assertEqual(harm([1], control=()).share(), 0.0)

    def test_options(self):
        d = harm([1])
        d.start = b'[CFOptions "default"]\n  write_buffer_size=1\n  ttl=5\n[CFOptions "b"]\n  ttl=5\n'
        d.end = d.start.replace(b"size=1", b"size=2")
        self.assertEqual(d.changed(), ["write_buffer_size"])
        d.end = d.start[:-2] + b"6\n"
        self.assertEqual(d.changed(), ["ttl"])
        d.end = d.start + b"\n"
        self.assertEqual(d.changed(), ["*"])
        d.end = d.start
        self.assertEqual(d.changed(), [])


class Accounts(unittest.TestCase):
    def test_ours(self):
        at = "1970-01-01T00:00:{:02d}.000000Z".format
        records = [{"kind": "advice", "outcome": "ok", "reply": "{}", "ts": at(1)}, {"kind": "proposal", "trial": 1, "ts": at(1)},
                   {"kind": "refused", "trial": 1, "ts": at(1)}, {"kind": "advice", "outcome": "malformed-value", "reply": "{}", "ts": at(2)},
                   {"kind": "advice", "outcome": "timeout", "reply": "", "ts": at(3)}, {"kind": "proposal", "trial": 2, "ts": at(4)},
                   {"kind": "intent", "trial": 2, "ts": at(5)}, {"kind": "settled", "trial": 2, "ts": at(12)}, {"kind": "settled", "trial": 9}, {}]
        a = harm([1], side="ours", journal=records).account()
        self.assertEqual((a.heard, a.refused, a.tried, a.reverted, a.kept, a.seconds), (3, 2, 1, 1, 0, [7.0]))

    def test_theirs(self):
        d = harm([1])
        d.events = [(6, "applied"), (12, "reverted"), (12, "failed"), (12, "applied"), (18, "kept"), (18, "applied"), (24, "stuck")]
        a = d.account()
        self.assertEqual((a.heard, a.refused, a.tried, a.reverted, a.kept, a.seconds), (4, 1, 3, 1, 1, [6]))


class Verdict(unittest.TestCase):
    def test_what_must_not_happen(self):
        self.assertEqual(damage.complaints([harm([100] * 10, "ours")]), [])
        self.assertIn("hung", damage.complaints([harm([100] * 10, "ours", status=-9, hung=True)])[0])
        self.assertIn("status -6", damage.complaints([harm([100] * 3, "ours", status=-6)])[0])
        left = harm([100] * 10, "ours")
        left.end = b"a=1\n"
        self.assertIn("options not as before: a", damage.complaints([left])[0])

    def test_a_loss_counts_with_five_pairs_and_a_whole_interval(self):
        lost = [harm([x] * 10, "ours") for x in (97, 97, 96, 97, 98)]
        self.assertEqual(damage.complaints(lost[:4]), [])
        self.assertIn("slow", damage.complaints(lost)[0])
        noisy = [harm([x] * 10, "ours") for x in (80, 110, 90, 105, 98)]
        self.assertEqual(damage.complaints(noisy), [])
        little = [harm([x] * 10, "ours", control=(1000,) * 10) for x in (995, 996, 994, 995, 995)]
        self.assertEqual(damage.complaints(little), [])


class FakeDoor:
    gone = False

    def __init__(self, refuse=()):
        self.calls, self.refuse = [], refuse

    def set(self, values):
        self.calls.append(dict(values))
        return not any(v in self.refuse for v in values.values())


class Rules(unittest.TestCase):
    def directory(self, text="[CFOptions \"default\"]\n  a=1\n  b=2\n"):
        d = tempfile.TemporaryDirectory()
        self.addCleanup(d.cleanup)
        for name in ("OPTIONS-000005", "OPTIONS-000007", "OPTIONS-000009.dbtmp"):
            with open(os.path.join(d.name, name), "w") as f:
                f.write(text if "7" in name else "a=9\n")
        return d.name

    def play(self, elmo, door, rates):
        for second in range(1, len(rates) + 1):
            elmo.step(second, rates[:second], door, self.at)

    def test_elmo_keeps_what_beats_the_best_and_takes_back_what_does_not(self):
        self.at, door = self.directory(), FakeDoor()
        elmo = peers.Elmo([{"a": "3"}, {"b": "4"}, {"a": "5"}], 2)
        # Rows 1, 2 measure the start; each change drops the row it falls into.
        self.play(elmo, door, [9, 10, 10, 0, 20, 20, 0, 15, 15, 0, 30, 30, 30, 30])
        self.assertEqual(door.calls, [{"a": "3"}, {"b": "4"}, {"b": "2"}, {"a": "5"}])
        self.assertEqual([what for _, what in elmo.events], ["applied", "kept", "applied", "reverted", "applied", "kept"])
        self.assertEqual((elmo.config, elmo.best), ({"a": "5", "b": "2"}, 30))

    def test_elmo_retries_an_error_with_the_next_and_gives_up_after_five(self):
        self.at, door = self.directory(), FakeDoor(refuse=("x",))
        elmo = peers.Elmo([{"a": "x"}] * 9, 1)
        self.play(elmo, door, [1] * 10)
        self.assertEqual([what for _, what in elmo.events], ["failed"] * 5)

    def test_elmo_safeguards(self):
        self.at, door = self.directory(), FakeDoor()
        self.play(peers.Elmo([{"nonsense": "1", "a": "{b=1}", "b": "-1", "use_direct_reads": "true"}], 1), door, [1] * 4)
        self.assertEqual(door.calls[0], {"b": "-1"})

    def test_adoc(self):
        adoc = peers.Adoc(cores=8)
        adoc.config = {"max_background_jobs": "4", "write_buffer_size": str(256 << 20), "level0_file_num_compaction_trigger": "4",
                       "min_write_buffer_number_to_merge": "1", "max_write_buffer_number": "2"}
        adoc.top = 100.0

        def moves(*state):
            p = adoc.moves(*state)
            return int(p.get("max_background_jobs", 0)), int(p.get("write_buffer_size", 0)) >> 20
        self.assertEqual(moves(90, 0, 0.1, 0.1), (0, 0))      # nothing is wrong
        self.assertEqual(moves(90, 1, 0.1, 0.1), (6, 0))      # one memtable waits: threads
        self.assertEqual(moves(90, 2, 0.1, 0.1), (6, 320))    # two: larger ones, too
        self.assertEqual(moves(40, 1, 0.1, 0.1), (2, 320))    # flushes are slow: fewer threads, larger memtables
        self.assertEqual(moves(40, 1, 1.0, 0.1), (6, 320))    # L0 at the line wins over slow flushes
        self.assertEqual(moves(40, 1, 0.1, 1.0), (6, 128))    # pending bytes at the line: smaller memtables
        self.assertEqual(adoc.moves(40, 0, 0, 0)["max_bytes_for_level_base"], str(4 * (320 << 20)))

    def test_newest_options_file(self):
        self.assertEqual(peers.options_in_force(self.directory())[0], {"a": "1", "b": "2"})


class Lists(unittest.TestCase):
    def test_both_sides_hear_the_same_and_it_repeats(self):
        for advisor in ("random", "adversarial", "slow", "units", "elmo", "adoc"):
            whole = peers.proposals(advisor, 7)
            self.assertEqual(whole, peers.proposals(advisor, 7))
            self.assertEqual(len(whole), 200)
            self.assertTrue(all(p and all(isinstance(v, str) for v in p.values()) for p in whole))
            self.assertFalse(any(peers.RESTART_OPTIONS & p.keys() for p in whole))
        self.assertNotEqual(peers.proposals("random", 7), peers.proposals("random", 8))

    def test_no_list_asks_for_thousands_of_threads(self):
        threads = ("max_background_jobs", "max_subcompactions", "max_background_compactions", "max_background_flushes")
        for seed in range(20):
            for advisor in ("random", "adversarial"):
                for p in peers.proposals(advisor, seed):
                    self.assertTrue(all(int(p[k]) <= 400 for k in threads if k in p))


if __name__ == "__main__":
    unittest.main()
