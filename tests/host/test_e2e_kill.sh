#!/bin/bash
# kill -9 at any moment of a trial, and a restart: the journal is whole, what was in flight is recognised and undone, the data are there.
# Every other restart takes its options from the newest OPTIONS file, so that what the crash left live would stay live.
# E2E_RUNS: kills (14). E2E_SEED: of the moments (from the clock).
. "$(dirname "$0")/e2e.sh" "$@"

kills=${E2E_RUNS:-14}
RANDOM=${E2E_SEED:-$(($(now_ms) % 32768))}
seed=$RANDOM
RANDOM=$seed
keys=50000
db=$work/db
# bytes_per_sync: with 0 no option of the database could be undone to the byte, and so none is offered.
flags=(--num=$keys --key_size=16 --value_size=100 --seed=3 --bytes_per_sync=1048576)
db_bench --db="$db" --benchmarks=fillseq "${flags[@]}" >"$work/make.out" 2>&1 || fail "no database: $(tail -3 "$work/make.out")"

# Changes that RocksDB writes down in the OPTIONS file, one after the other: of the database, of the family, and two at once.
python3 - >"$work/script.json" <<'EOF'
import itertools, json
def step(**values):
    changes = [{"option": o, "cf": "all", "value": str(v), "reason": ""} for o, v in values.items()]
    return {"content": json.dumps({"diagnosis": "a test", "changes": changes, "expect_percent": 20, "confidence": 0.7, "no_change_reason": ""})}
steps = [step(write_buffer_size=134217728), step(max_background_jobs=4), step(level0_file_num_compaction_trigger=8, level0_slowdown_writes_trigger=30),
         step(max_write_buffer_number=4), step(compaction_readahead_size=2097152), step(bytes_per_sync=2097152), step(max_sequential_skip_in_iterations=32)]
print(json.dumps(list(itertools.islice(itertools.cycle(steps), 3000))))
EOF
# Two servers: the one with the script must not spend its answers on the restarts.
model "$work/idle.log" --scenario no_change
idle=$(model_url '')
model "$work/model.log" --script "$work/script.json"

work_args=(--use_existing_db=1 --benchmarks=readwhilewriting --threads=2 --benchmark_write_rate_limit=2000000 --benchmark_read_rate_limit=40000
	"${flags[@]}")
run_settings=(agent.mode=auto judge.pace=rush agent.interval=100ms advisor.kind=llm llm.model=stand-in llm.calls_per_hour=0)

intents() {
	cat "$work"/kill/state/*/journal.jsonl 2>/dev/null | grep -c '"kind":"intent"'
}
more_intents_than() {
	[ "$(intents)" -gt "$1" ]
}

# What the application sets, as an untouched run writes it down: once from its own flags, once from a file.
short_args=(--use_existing_db=1 --benchmarks=readrandom --duration=1 --benchmark_read_rate_limit=20000 "${flags[@]}")
db_bench --db="$db" "${short_args[@]}" >/dev/null 2>&1 || fail "an untouched run"
options "$db" >"$work/options.app"
cp "$(newest_options "$db")" "$work/OPTIONS.app"

live=0 in_flight=0
for ((k = 0; k < kills; k++)); do
	before=$(intents)
	tuned kill "${run_settings[@]}" llm.url="$(model_url '')"
	"${with[@]}" db_bench --db="$db" "${work_args[@]}" --duration=60 >"$work/out" 2>"$work/err" &
	host=$!
	started+=($host)
	wait_until 30 more_intents_than "$before" || fail "kill $k: no trial began: $(tail -3 "$work/kill/log")"
	sleep "$(printf %d.%03d $((RANDOM % 2)) $((RANDOM % 700)))" # a trial takes about one second and a half
	kill -KILL $host
	wait $host 2>/dev/null
	[ $? = 137 ] || fail "kill $k: it was gone before: $(tail -c 300 "$work/err")"
	no_crash_text "$work/out" "$work/err" || fail "kill $k: the text of a crash"
	summary=$(journal --torn $((k + 1)) --open "$work"/kill/state/*/journal.jsonl) || fail "kill $k: the journal is not whole"
	open=$(count "$summary" open) recovered=$(count "$summary" recovered)
	in_flight=$((in_flight + open))
	same_options "$db" "$work/options.app" || { live=$((live + 1)) left=1; }

	# The restart: nothing new is tried, what was in flight is settled.
	tuned kill "${run_settings[@]}" llm.url="$idle"
	from=()
	how="options by flags"
	if [ $((k % 2)) = 1 ]; then
		cp "$(newest_options "$db")" "$work/OPTIONS.left"
		from=(--options_file="$work/OPTIONS.left")
		how="options from the file"
	fi
	timeout 60 "${with[@]}" db_bench --db="$db" "${short_args[@]}" "${from[@]}" >"$work/out" 2>"$work/err" ||
		fail "kill $k: the restart ($how): $(tail -c 300 "$work/err")"
	grep -q "^readrandom .*(\([0-9]*\) of \1 found)" "$work/out" || fail "kill $k: data are missing: $(grep ^readrandom "$work/out")"
	summary=$(journal --torn $((k + 1)) "$work"/kill/state/*/journal.jsonl) || fail "kill $k: the journal after the restart ($how)"
	[ $(($(count "$summary" recovered) - recovered)) = "$open" ] || fail "kill $k: in flight $open, recognised $(($(count "$summary" recovered) - recovered)) ($how)"
	same_options "$db" "$work/options.app" || fail "kill $k ($how): options of the dead trial are in force: $(cat "$work/options.diff")"
done
summary=$(journal --torn "$kills" "$work"/kill/state/*/journal.jsonl) || fail "the journal"
"$build/lodestone" journal -j "$work"/kill/state/*/journal.jsonl >"$work/read.out" 2>"$work/read.err" || [ ! -x "$build/lodestone" ] ||
	fail "lodestone journal: $(tail -3 "$work/read.err")"

# A line torn by the end of the machine: tolerated, and the next life goes on behind it.
journal_file=$(ls "$work"/kill/state/*/journal.jsonl)
printf '{"ts":"2026-01-01T00:00:00.000000Z","seq":99999999,"kind":"intent","trial":1,"todo":[{"sco' >>"$journal_file"
timeout 60 "${with[@]}" db_bench --db="$db" "${short_args[@]}" >"$work/out" 2>"$work/err" || fail "a torn line: $(tail -c 300 "$work/err")"
torn=$(journal --torn $((kills + 1)) "$journal_file") || fail "a torn line: what follows it"
[ "$(count "$torn" damaged)" = $(($(count "$summary" damaged) + 1)) ] || fail "a torn line: $torn"

[ $in_flight -gt 0 ] || fail "not one kill hit a trial in flight: nothing was tried here (seed $seed)"
[ $live -gt 0 ] || fail "not one kill left a change live: nothing was tried here (seed $seed)"
ldb --db="$db" checkconsistency >"$work/out" 2>&1 && grep -q '^OK' "$work/out" || fail "checkconsistency: $(tail -2 "$work/out")"
passed "$kills kills, seed $seed: $in_flight in flight, $live with a change live; $summary"
