"""Drives the Advisor of a RocksDB source tree for bench/offline: its rules, its optimiser and its way of reading db_bench, with a database of ours to start from
and an end after so many runs, which it does not have itself. In a process of its own, because the Advisor writes into its working directory and prints a lot.
"""
import json
import os
import re
import shlex
import shutil
import sys


class Enough(Exception):
    """It has had its runs."""


def runner_of(job, base):
    class Runner(base):
        done = []

        def _setup_db_before_experiment(self, curr_options, db_path):
            shutil.rmtree(db_path, ignore_errors=True)
            if job["base"]:
                shutil.copytree(job["base"], db_path)

        def _build_experiment_command(self, curr_options, db_path):
            return " ".join(map(shlex.quote, job["prefix"])) + " " + super()._build_experiment_command(curr_options, db_path)

        def _parse_output(self, get_perf_context=False):
            with open(self.OUTPUT_FILE, encoding="utf-8", errors="replace") as f:
                text = f.read()
            # db_bench 7.8 has the heading at the end of another line and counts by level among the counts: it would read neither.
            head, mark, counts = text.partition(" PERF_CONTEXT:")
            if mark:
                text = f"{head}\n{mark}\n" + ", ".join(re.findall(r"\b\w+ = \d+(?=,|\s|$)", counts)) + "\n"
            with open(self.OUTPUT_FILE, "w", encoding="utf-8") as f:
                f.write(text)
            return super()._parse_output(get_perf_context)

        def run_experiment(self, db_options, db_path):
            if len(self.done) == job["runs"]:
                raise Enough
            misc = {k: v for k, v in (db_options.get_misc_options() or {}).items() if v}
            kept = os.path.abspath(f"run-{len(self.done)}.ini")
            shutil.copy(db_options.generate_options_config("kept"), kept)
            record = {"file": kept, "misc": misc, "ops": None}
            self.done.append(record)
            sources, ops = super().run_experiment(db_options, db_path)
            record["ops"] = ops
            return sources, ops

    return Runner


def main():
    with open(sys.argv[1], encoding="utf-8") as f:
        job = json.load(f)
    sys.path.insert(0, job["path"])
    from advisor.db_bench_runner import DBBenchRunner
    from advisor.db_config_optimizer import ConfigOptimizer
    from advisor.db_log_parser import NO_COL_FAMILY
    from advisor.db_options_parser import DatabaseOptions
    from advisor.rule_parser import RulesSpec

    runner = runner_of(job, DBBenchRunner)(["db_bench", job["benchmark"], *job["flags"]], {})
    start = DatabaseOptions(job["start"], None)
    start.update_options({"DBOptions.stats_dump_period_sec": {NO_COL_FAMILY: max(1, job["seconds"] // 5)}})
    rules = RulesSpec(os.path.join(job["path"], "advisor", "rules.ini"))
    note = "no rule was left to try"
    try:
        ConfigOptimizer(runner, start, rules, job["db"]).run()
    except Enough:
        note = "it had its runs"
    except Exception as e:  # what it dies of is a finding, and what it had found until then counts
        import traceback
        traceback.print_exc()
        note = f"it died of {type(e).__name__}: {e}"
    with open(job["result"], "w", encoding="utf-8") as f:
        json.dump({"runs": runner.done, "note": note}, f)
    shutil.rmtree(job["db"], ignore_errors=True)


if __name__ == "__main__":
    main()
