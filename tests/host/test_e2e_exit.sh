#!/bin/bash
# How a process ends is its own affair: signals and exit() in the middle of a model call that hangs and in the middle of a trial, closing
# late, children, signal handlers. Bounds are generous: they tell "at once" from "when the network has answered".
. "$(dirname "$0")/e2e.sh" "$@"

[ -e /usr/include/rocksdb/c.h ] || skip "librocksdb-dev is missing"
gcc -std=gnu17 -O1 -o "$work/host" "$here/e2e_host.c" -lrocksdb || fail "e2e_host.c"
model "$work/model.log"
slack=1500 # ms

flags=(--num=50000 --key_size=16 --value_size=100 --seed=3)
db_bench --db="$work/db" --benchmarks=fillrandom "${flags[@]}" >"$work/make.out" 2>&1 || fail "no database"
bench=(db_bench --db="$work/db" --use_existing_db=1 --benchmarks=readrandom --threads=2 --duration=60 --benchmark_read_rate_limit=20000
	"${flags[@]}")

# tune NAME SCENARIO: settings of a run that asks the model and tries what it says.
tune() {
	tuned "$1" agent.mode=auto judge.pace=rush agent.interval=100ms advisor.kind=llm llm.model=stand-in llm.timeout=100s \
		llm.url="$(model_url "$2")" llm.calls_per_hour=0
}
asked() {
	[ "$(wc -l <"$work/model.log")" -gt "$1" ]
}

# ends SIGNAL PID: milliseconds from the signal to the end; the status goes to $status.
ends() {
	local begin
	begin=$(now_ms)
	kill "-$1" "$2"
	wait "$2" 2>/dev/null
	status=$?
	took=$(($(now_ms) - begin))
}

# A signal that ends the process, untouched, in a hanging call, on trial.
for signal in INT TERM; do
	# A shell starts its background jobs with SIGINT ignored, and what they start inherits that.
	(trap - INT; exec "${bench[@]}") >"$work/out" 2>&1 &
	p=$!
	started+=($p)
	wait_until 20 grep -q 'finished' "$work/out" || fail "db_bench untouched did not start"
	ends $signal $p
	plain=$took expect=$status
	for what in hang good; do
		tune $what.$signal $what
		before=$(wc -l <"$work/model.log")
		(trap - INT; exec "${with[@]}" "${bench[@]}") >"$work/out" 2>"$work/err" &
		p=$!
		started+=($p)
		wait_until 20 asked "$before" || fail "$signal, $what: the model was not asked: $(tail -2 "$work/$what.$signal/log")"
		[ $what = hang ] || wait_until 20 has_record $what.$signal intent || fail "$signal, $what: no trial: $(tail -2 "$work/$what.$signal/log")"
		ends $signal $p
		echo "$signal, $what: status $status, $took ms (untouched $expect, $plain ms)"
		[ $took -le $((plain + slack)) ] || fail "$signal, $what: $took ms instead of $plain"
		[ $status = $expect ] || fail "$signal, $what: status $status instead of $expect"
		[ $status -gt 128 ] || fail "$signal, $what: did not end by the signal: $status"
		no_crash_text "$work/out" "$work/err" "$work/$what.$signal/log" || fail "$signal, $what: the text of a crash"
		journal --torn 1 --open "$work/$what.$signal"/state/*/journal.jsonl >/dev/null || fail "$signal, $what: the journal"
	done
done

# habit NAME HABIT SECONDS: runs the program; sets status and took, the milliseconds from "leaving" to the end.
habit() {
	rm -rf "$work/habit.db"
	timeout 60 "${with[@]}" "$work/host" "$2" "$work/habit.db" "$3" >"$work/out" 2>"$work/err"
	status=$?
	took=$(($(now_ms) - $(awk '/^leaving/ { print $2 }' "$work/out")))
	no_crash_text "$work/out" "$work/err" "$work/$1/log" || fail "$1: the text of a crash"
}

# exit() with the database left open, closed at exit, and closed before; in a hanging call and on trial.
for how in "exit 7" "destructor 7" "close 0" "fork 0"; do
	read -r what expect <<<"$how"
	with=(env)
	habit untouched $what 1
	[ $status = $expect ] || fail "$what untouched: status $status: $(tail -2 "$work/err")"
	plain=$took
	for scenario in hang good; do
		at=$what.$scenario
		tune $at $scenario
		before=$(wc -l <"$work/model.log")
		habit $at $what 2.3
		echo "$what, $scenario: status $status, $took ms (untouched $plain ms)"
		[ $status = $expect ] || fail "$what, $scenario: status $status: $(tail -2 "$work/err") $(tail -2 "$work/$at/log")"
		[ $took -le $((plain + slack)) ] || fail "$what, $scenario: $took ms instead of $plain"
		asked "$before" || fail "$what, $scenario: the model was not asked, so nothing is shown: $(tail -2 "$work/$at/log")"
		[ $scenario = hang ] || has_record $at intent || fail "$what, $scenario: no trial: $(tail -2 "$work/$at/log")"
		[ -z "$(ls "$work/$at/run")" ] || fail "$what, $scenario: the control socket was left behind"
		open=--open
		[ $what = exit ] || open=
		journal $open "$work/$at"/state/*/journal.jsonl >/dev/null || fail "$what, $scenario: the journal"
		[ "$(grep -c '"kind":"attach"' "$work/$at"/state/*/journal.jsonl)" = 1 ] || fail "$what, $scenario: a child went to the journal"
	done
done

# A host with handlers of its own, while the server drops every connection: each signal arrives, and in the host's own threads.
with=(env)
habit untouched signals 2
plain=$(sed -n 's/^pipes.*alarms \([0-9]*\),.*/\1/p' "$work/out")
for scenario in reset hang good; do
	tune signals.$scenario $scenario
	before=$(wc -l <"$work/model.log")
	habit signals.$scenario signals 2.3
	line=$(grep '^pipes' "$work/out")
	[ $status = 0 ] || fail "signals, $scenario: status $status: $(tail -2 "$work/err")"
	asked "$before" || fail "signals, $scenario: the model was not asked"
	grep -q '^pipes 50 of 50, .* foreign 0$' <<<"$line" || fail "signals, $scenario: $line"
	alarms=$(sed -n 's/^pipes.*alarms \([0-9]*\),.*/\1/p' <<<"$line")
	# Signals that are pending already do not add up: half of what an untouched run sees says that none were swallowed for good.
	[ "$alarms" -ge $((plain / 2)) ] || fail "signals, $scenario: $alarms alarms, untouched $plain"
done

# Our standard error goes to a pipe that nobody reads any more: no signal, no wait.
tuned pipe agent.mode=auto judge.pace=rush agent.interval=100ms advisor.kind=random log.file=stderr
{ timeout 60 "${with[@]}" "$work/host" signals "$work/pipe.db" 2 2>&1 1>"$work/out"; echo $? >"$work/status"; } | true
[ "$(cat "$work/status")" = 0 ] || fail "standard error without a reader: status $(cat "$work/status")"
grep -q '^pipes 50 of 50, .* foreign 0$' "$work/out" || fail "standard error without a reader: $(grep ^pipes "$work/out")"
passed
