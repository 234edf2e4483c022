#!/bin/bash
# Advisors that propose nonsense, on a live db_bench, for every workload: the host does what it would have done without us, to the byte.
# E2E_RUNS: rounds, each with other seeds (1). E2E_LONGER: times as many operations (1). E2E_SEED: of the first round (1).
. "$(dirname "$0")/e2e.sh" "$@"

runs=${E2E_RUNS:-1} longer=${E2E_LONGER:-1} first=${E2E_SEED:-1}
# Small memtables and files: flushes, compactions and stalls come by in seconds.
shape=(--num=100000 --key_size=16 --value_size=100 --write_buffer_size=1048576 --target_file_size_base=1048576
	--max_bytes_for_level_base=4194304 --bytes_per_sync=1048576) # with 0 no option of the database is ever changed

# name, operations, what else; reads are paced so that a run lasts some five seconds on any machine.
workloads=(
	"readrandom 200000 --benchmark_read_rate_limit=40000"
	"readrandomwriterandom 500000 --readwritepercent=90"
	"readwhilewriting 100000 --threads=2 --benchmark_read_rate_limit=40000 --benchmark_write_rate_limit=4000000"
	"seekrandom 120000 --benchmark_read_rate_limit=25000"
	"overwrite 500000"
	"fillrandom 500000"
	"mixgraph 300000 --mix_get_ratio=0.83 --mix_put_ratio=0.14 --mix_seek_ratio=0.03 --keyrange_num=1 --value_k=0.2615 --value_sigma=25.45 --iter_k=2.517 --iter_sigma=14.236 --key_dist_a=0.002312 --key_dist_b=0.3467"
)

make_db "$work/base" "${shape[@]}"

# bench NAME OPERATIONS SEED [option...]: on a fresh copy, always in the same place.
bench() {
	local what=$1 n=$(($2 * longer)) seed=$3 old=(--use_existing_db=1)
	shift 3
	rm -rf "$work/db"
	if [ $what = fillrandom ]; then
		old=()
	else
		cp -r "$work/base" "$work/db"
	fi
	timeout $((120 * longer)) "${with[@]}" db_bench --db="$work/db" --benchmarks=$what "${old[@]}" "${shape[@]}" --reads=$n --writes=$n \
		--seed=$seed "$@" >"$work/out" 2>"$work/err"
}

# The facts in db_bench's line that do not depend on speed: operations done, and what was found.
facts() {
	sed -n "s/^$1 *:.* \([0-9]* operations;\).*/\1/p; s/^$1 *:.*\((.*)\).*/\1/p" "$work/out"
}

total=()
for ((run = 0; run < runs; run++)); do
	for ((i = 0; i < ${#workloads[@]}; i++)); do
		read -r what ops rest <<<"${workloads[i]}"
		seed=$((first + run * 100 + i))
		with=(env)
		free=$(sed 's/--benchmark_read_rate_limit=[0-9]*//' <<<"$rest")
		[ $what = readwhilewriting ] && free=$rest
		bench $what $ops $seed $free || fail "$what untouched: $(tail -3 "$work/err")"
		expect=$(facts $what)
		[ -n "$expect" ] || fail "$what: its line was not understood: $(tail -2 "$work/out")"
		options "$work/db" >"$work/options.$what" || fail "$what: no OPTIONS file"
		data=$(checksum "$work/db")
		# How far the writer beside the readers comes is a matter of speed.
		[ $what = readwhilewriting ] && expect=${expect%% *} data=

		for advisor in random adversarial; do
			label="$what, $advisor, seed $seed"
			at=$what.$advisor.$run
			optin=true
			[ $advisor = adversarial ] && [ $((run % 2)) = 0 ] && optin=false
			tuned $at agent.mode=auto advisor.kind=$advisor agent.seed=$seed judge.pace=rush agent.interval=100ms guard.allow_optin=$optin
			bench $what $ops $seed $rest
			status=$?
			[ $status = 124 ] && fail "$label: hangs"
			[ $status = 0 ] || fail "$label: exit status $status: $(tail -c 600 "$work/err") $(tail -3 "$work/$at/log")"
			no_crash_text "$work/out" "$work/err" "$work/$at/log" || fail "$label: the text of a crash"
			got=$(facts $what)
			[ $what = readwhilewriting ] && got=${got%% *}
			[ "$got" = "$expect" ] || fail "$label: result '$got' instead of '$expect'"
			[ -z "$data" ] || [ "$(checksum "$work/db")" = "$data" ] || fail "$label: the data differ"
			same_options "$work/db" "$work/options.$what" || fail "$label: options not restored: $(cat "$work/options.diff")"
			[ -z "$(ls "$work/$at/run")" ] || fail "$label: the control socket was left behind"
			summary=$(journal "$work/$at"/state/*/journal.jsonl) || fail "$label: the journal is not whole"
			grep -q '"kind":"safe"' "$work/$at"/state/*/journal.jsonl && fail "$label: a change could not be put back: $(tail -5 "$work/$at/log")"
			echo "$label: $summary"
			total+=("$work/$at"/state/*/journal.jsonl)
		done
	done
done

summary=$(journal "${total[@]}") || fail "the journals together"
[ "$(count "$summary" trials)" -gt 0 ] || fail "not one trial in all: nothing was tried here"
[ "$(count "$summary" refused)" -gt 0 ] || fail "nothing was refused: that was no nonsense"
passed "$summary"
