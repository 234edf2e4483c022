#!/bin/bash
# kill -9 at any moment of a tuned db_bench: attach, recovery, trial, keep, close; e2e_kill.py says how. After each: all data are there, the journal
# passes its audit, and what is not as the application set it has a record. In the end: options to the byte.
# E2E_RUNS: kills (24). E2E_SEED: of the moments (from the clock).
. "$(dirname "$0")/e2e.sh" "$@"

kills=${E2E_RUNS:-24}
seed=${E2E_SEED:-$(($(now_ms) % 100000))}
db=$work/db
# A write buffer that is far too small: to enlarge it is a real gain, which is kept. bytes_per_sync: with 0 no option of the database could be
# undone to the byte, and so none is offered.
flags=(--num=20000 --key_size=16 --value_size=100 --write_buffer_size=65536 --max_write_buffer_number=6
	--level0_slowdown_writes_trigger=60 --level0_stop_writes_trigger=100 --bytes_per_sync=1048576)
db_bench --db="$db" --benchmarks=fillseq --seed=3 "${flags[@]}" >"$work/make.out" 2>&1 || fail "no database: $(tail -3 "$work/make.out")"

# Changes that RocksDB writes down in the OPTIONS file, one after the other: of the database, of the family, and two at once.
python3 - >"$work/script.json" <<'END'
import itertools, json
def step(**values):
    changes = [{"option": o, "cf": "all", "value": str(v), "reason": ""} for o, v in values.items()]
    return {"content": json.dumps({"diagnosis": "a test", "changes": changes, "expect": [{"metric": "speed", "gain_percent": 20}], "confidence": 0.7, "no_change_reason": ""})}
steps = [step(write_buffer_size=262144), step(max_background_jobs=4), step(level0_file_num_compaction_trigger=8, level0_slowdown_writes_trigger=90),
         step(write_buffer_size=262144), step(max_write_buffer_number=8), step(compaction_readahead_size=2097152), step(max_sequential_skip_in_iterations=32)]
print(json.dumps(list(itertools.islice(itertools.cycle(steps), 30000))))
END
model "$work/model.log" --script "$work/script.json"
all=$(model_url '')
python3 -c "import json; print(json.dumps(json.load(open('$work/script.json'))[:1] * 10000))" >"$work/one.json"
model "$work/one.log" --script "$work/one.json"
one=$(model_url '') # what is better, again and again

bench="db_bench --use_existing_db=1 --benchmarks=readwhilewriting --threads=1 --benchmark_write_rate_limit=1000000 --benchmark_read_rate_limit=20000 ${flags[*]}"
own() { # what the application alone leaves behind
	timeout 60 "$@" $bench --db="$db" --duration=1 --seed=1 >"$work/out" 2>"$work/err"
}
own || fail "an untouched run: $(tail -c 300 "$work/err")"
cp "$(newest_options "$db")" "$work/OPTIONS.own"
options "$db" >"$work/options.own"

settings=(agent.mode=auto judge.pace=rush judge.alpha=0.2 judge.max_pairs=8 judge.min_effect=0 agent.interval=50ms advisor.kind=llm llm.model=stand-in
	llm.calls_per_hour=0 llm.tokens_per_day=0)
tuned kill "${settings[@]}" llm.url="$one"
keeping="${with[*]}"
tuned kill "${settings[@]}" llm.url="$all"
own "${with[@]}" || fail "a tuned run: $(tail -c 300 "$work/err")"
same_options "$db" "$work/options.own" || fail "a tuned run: options not restored: $(cat "$work/options.diff")"
journal_file=$(ls "$work"/kill/state/*/journal.jsonl)
counts=$(python3 "$here/e2e_kill.py" --work "$work" --db "$db" --own "$work/OPTIONS.own" --journal "$journal_file" --kills "$kills" --seed "$seed" \
	--bench "$bench" --keeping "$keeping" -- "${with[@]}" 2>"$work/wrong")
[ $? = 0 ] || fail "seed $seed: $(cat "$work/wrong") ($counts)
$(tail -5 "$work/kill/log")"

# The last word: a life that ends by itself. Whatever the last crash has left is put right.
cp "$(newest_options "$db")" "$work/OPTIONS.left"
own "${with[@]}" || fail "seed $seed: the last life: $(tail -c 300 "$work/err")"
same_options "$db" "$work/options.own" || fail "seed $seed: options of a dead trial are in force: $(cat "$work/options.diff")"
summary=$(journal --torn "$kills" "$journal_file") || fail "seed $seed: the journal"
[ ! -x "$build/lodestone" ] || "$build/lodestone" journal -j "$journal_file" >"$work/read.out" 2>"$work/read.err" ||
	fail "lodestone journal: $(tail -3 "$work/read.err")"

# A line torn by the end of the machine: tolerated, and the next life goes on behind it.
printf '{"ts":"2026-01-01T00:00:00.000000Z","seq":99999999,"kind":"intent","trial":1,"todo":[{"sco' >>"$journal_file"
own "${with[@]}" || fail "a torn line: $(tail -c 300 "$work/err")"
torn=$(journal --torn $((kills + 1)) "$journal_file") || fail "a torn line: what follows it"
[ "$(count "$torn" damaged)" = $(($(count "$summary" damaged) + 1)) ] || fail "a torn line: $torn"

sure="in_flight recovered"
[ "$kills" -lt 100 ] || sure="$sure live undone" # a few kills may all miss what takes milliseconds; whether something is kept is up to the machine
for what in $sure; do
	[ "$(count " $counts" $what)" -gt 0 ] || fail "seed $seed: $what is 0: nothing was tried here ($counts)"
done
ldb --db="$db" checkconsistency >"$work/out" 2>&1 && grep -q '^OK' "$work/out" || fail "checkconsistency: $(tail -2 "$work/out")"
passed "seed $seed: $counts; $summary"
