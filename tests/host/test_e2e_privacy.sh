#!/usr/bin/env bash
# A token wherever an application can put a name (keys, values, families, directories, option strings, environment, program): a whole tuning round, and not
# a byte of it is sent to the model, written into a journal, or told in the metrics. Argument: the build directory.
. "$(dirname "$0")/e2e.sh" "$@"
[ -e /usr/include/rocksdb/c.h ] || skip "no rocksdb/c.h"

canary=zanzibar$RANDOM
mkdir -p "$work/$canary.dir" "$work/data"
program=$work/$canary.dir/$canary.host
gcc -std=gnu17 -O1 -Wall -Wextra -o "$program" "$here/e2e_private.c" -lrocksdb || fail "e2e_private.c"
model "$work/model.log"

# run NAME SETTING...: one life of the program with a model that proposes a change of the second family.
run() {
	local at=$1 pid
	shift
	mkdir -p "$work/data/$at"
	tuned "$at" agent.mode=auto judge.pace=rush agent.interval=100ms advisor.kind=llm llm.url="$(model_url family)" llm.model=stand-in llm.calls_per_hour=0 \
		llm.curiosity=1s "$@"
	env "SECRET=$canary" "${with[@]}" "$program" "$work/data/$at" 9 "$canary" >"$work/$at/out" 2>&1 </dev/null &
	pid=$!
	started+=($pid)
	wait_until 8 has_record "$at" verdict
	"$build/lodestone" metrics -S "$(ls "$work/$at"/run/*.sock)" >"$work/$at/metrics" 2>"$work/$at/metrics.err"
	"$build/lodestone" prompt -S "$(ls "$work/$at"/run/*.sock)" >"$work/$at/prompt" 2>"$work/$at/prompt.err"
	wait $pid || fail "$at: the program ended with $?: $(tail -3 "$work/$at/out")"
}

run quiet
summary=$(journal "$work/quiet"/state/*/journal.jsonl) || fail "the journal: $summary"
[ "$(count "$summary" trials)" -gt 0 ] || fail "no trial: $summary $(tail -5 "$work/quiet/log")"
grep -q '"changes":"[^"]*\[cf1\]' "$work/quiet"/state/*/journal.jsonl || fail "no change of a single family in the journal"
grep -q '^lodestone_samples_total' "$work/quiet/metrics" || fail "no metrics: $(cat "$work/quiet/metrics.err")"
grep -q 'cf1:' "$work/model.log" || fail "the prompt does not speak of the second family"
for secret in "$canary" Comparator MergeOperator "$work" "$(basename "$work")" "$(hostname)" /var /home; do
	[ ${#secret} -ge 4 ] || continue
	for f in "$work/model.log" "$work/quiet/metrics" "$work/quiet/prompt" "$work/quiet"/state/*/*; do
		grep -q -i -F -- "$secret" "$f" && fail "'$secret' is in ${f#"$work"/}: $(grep -i -o -m1 -- ".\{60\}$secret.\{20\}" "$f")"
	done
done

# It is the operator's decision: with log.names the journal says what is what. (And so this test can fail.)
run named log.names=true
grep -q -F "$canary" "$work/named"/state/*/journal.jsonl || fail "log.names writes no names"
grep -q -F "$canary.Family" "$work/named"/state/*/journal.jsonl || fail "log.names writes no name of a family"
grep -q -i -F -- "$canary" "$work/model.log" && fail "log.names tells the model"
passed
