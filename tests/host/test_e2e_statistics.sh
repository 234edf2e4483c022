#!/bin/bash
# Statistics that we add count only, and time only around trials; a host's own stay as they are, at every level; and where there are none, little is tried
# and status says so. E2E_SECONDS: of each run (10).
. "$(dirname "$0")/e2e.sh" "$@"

watch=$build/tests/host/host_level_watch
[ -x "$watch" ] || skip "no host programs: librocksdb-dev was not there when they were to be built"
seconds=${E2E_SECONDS:-10}
always=(agent.mode=auto judge.pace=rush agent.interval=100ms advisor.kind=random agent.seed=7)

# run NAME COMMAND...: with what `with` says; output in $work/NAME.out
run() {
	local at=$1
	shift
	timeout 120 "${with[@]}" "$@" >"$work/$at.out" 2>"$work/$at.err" || fail "$at: $(tail -3 "$work/$at.err")"
	no_crash_text "$work/$at.out" "$work/$at.err" "$work/$at/log" || fail "$at: a crash"
	summary=$(journal "$work/$at"/state/*/journal.jsonl) || fail "$at: its journal"
}
levels() {
	sed -n 's/^levels: //p' "$work/$1.out"
}
judged() {
	grep -ho '"judged_by":"[^"]*"' "$work/$1"/state/*/journal.jsonl | sort -u | tr '\n' ' '
}
number() {
	sed -n "s/.*\<$2=\([0-9]*\).*/\1/p" "$work/$1.out"
}

# Observing: down at once, and never up.
tuned observing "${always[@]}" agent.mode=observe
run observing "$watch" "$work/observing.db" 3
[[ "$(levels observing)" =~ ^(3 )?1$ ]] || fail "observing: levels $(levels observing)"
[ "$(number observing timed)" -lt $(($(number observing counted) / 4)) ] || fail "observing: $(tail -1 "$work/observing.out")"
grep -q '"statistics":"ours"' "$work"/observing/state/*/journal.jsonl || fail "observing: no Statistics were added"

# Trying: up and down again, once for each trial at the least, and judged by service times.
tuned trying "${always[@]}"
run trying "$watch" "$work/trying.db" "$seconds"
[[ "$(levels trying)" =~ ^(3 )?(1 3 )+1( 3)?$ ]] || fail "trying: levels $(levels trying)"
[ "$(count "$summary" trials)" -ge 1 ] || fail "trying: nothing was tried: $summary"
ups=$(levels trying | grep -o '1 3' | wc -l)
[ "$ups" -ge "$(count "$summary" trials)" ] || fail "trying: up $ups times only: $summary"
[ "$(judged trying)" = '"judged_by":"service time" ' ] || fail "trying: $(judged trying)"

# The host's own: whatever the level, it stays, and what is tried is judged by what that level shows.
by=("writes per second" "operations per second" "operations per second" "service time" "service time" "service time")
for level in 0 1 2 3 4 5; do
	tuned own$level "${always[@]}"
	run own$level "$watch" "$work/own$level.db" 4 $level
	[ "$(levels own$level)" = $level ] || fail "the host's own level $level became $(levels own$level)"
	grep -q '"statistics":"host"' "$work"/own$level/state/*/journal.jsonl || fail "level $level: not taken for the host's"
	case $(judged own$level) in '' | "\"judged_by\":\"${by[level]}\" ") ;; *) fail "level $level: $(judged own$level)" ;; esac
	[ $level -lt 3 ] || [ "$(number own$level counted)" = "$(number own$level timed)" ] || fail "level $level: $(tail -1 "$work/own$level.out")"
	[ $level -gt 0 ] || [ "$(number own$level counted)" = 0 ] || fail "level $level: $(tail -1 "$work/own$level.out")"
done

# None, by the operator's wish: none is added, nothing is tried that could harm reads, and the rest is judged by writes.
tuned never "${always[@]}" agent.statistics=never
run never "$watch" "$work/never.db" "$seconds"
[ "$(levels never)" = none ] || fail "never: levels $(levels never)"
grep -q '"statistics":"none"' "$work"/never/state/*/journal.jsonl || fail "never: Statistics all the same"
[ "$(count "$summary" trials)" -ge 1 ] || fail "never: nothing was tried: $summary"
[ "$(judged never)" = '"judged_by":"writes per second" ' ] || fail "never: $(judged never)"
tried=$(grep -h '"kind":"intent"' "$work"/never/state/*/journal.jsonl | grep -o '"key":"[^"]*"' | sort -u)
unsafe=$(grep -vE '"(write_buffer_size|arena_block_size|level0_file_num_compaction_trigger|bytes_per_sync|strict_bytes_per_sync)"' <<<"$tried")
[ -z "$unsafe" ] || fail "never: could harm reads, and was tried: $unsafe"

# db_bench of Debian: without Statistics of its own, and with: there every read is timed to the end.
make_db "$work/base"
bench=(db_bench --db="$work/base" --use_existing_db=1 --benchmarks=readrandom --threads=2 --num=100000 --duration="$seconds"
	--benchmark_read_rate_limit=20000)
tuned bench "${always[@]}"
run bench "${bench[@]}"
[ "$(count "$summary" trials)" -ge 1 ] || fail "db_bench: nothing was tried: $summary"
[ "$(judged bench)" = '"judged_by":"service time" ' ] || fail "db_bench: $(judged bench)"
tuned benchown "${always[@]}"
run benchown "${bench[@]}" --statistics
read_keys=$(sed -n 's/^rocksdb.number.keys.read COUNT : //p' "$work/benchown.out")
timed=$(sed -n 's/^rocksdb.db.get.micros .* COUNT : \([0-9]*\) .*/\1/p' "$work/benchown.out")
[ -n "$timed" ] && [ "$read_keys" = "$timed" ] || fail "db_bench --statistics: $read_keys keys read, $timed timed"

# And without, reading only: nothing is tried, and it is said why.
tuned reads "${always[@]}" agent.statistics=never
"${with[@]}" "${bench[@]}" >"$work/reads.out" 2>"$work/reads.err" &
pid=$!
started+=($pid)
said() {
	LODESTONE_AGENT_RUNTIME_DIR=$work/reads/run "$build/lodestone" status 2>/dev/null >"$work/reads.status"
	grep -q 'reads are not seen, so nothing could be judged' "$work/reads.status"
}
[ ! -x "$build/lodestone" ] || wait_until 8 said || fail "reads only: status says $(cat "$work/reads.status")"
wait $pid || fail "reads only: $(tail -2 "$work/reads.err")"
grep -q '"kind":"intent"' "$work"/reads/state/*/journal.jsonl && fail "reads only: something was tried"

passed
