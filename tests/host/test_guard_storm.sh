#!/bin/bash
# Every plan that the guard accepts, applied to a real db_bench (which is built with assertions) under load, by the thousand: storm.c says how. Nothing
# may end, hang, or lose data; no accepted plan may stop the writers; in the end every option is what it was, to the byte.
# E2E_SECONDS: of each workload (2). E2E_SEED: of the first (1).
. "$(dirname "$0")/e2e.sh" "$@"

seconds=${E2E_SECONDS:-2} seed=${E2E_SEED:-1}
storm=$build/tests/host/storm
[ -e "$storm/liblodestone-preload.so" ] || fail "no stand-in agent in $storm"
# Small memtables and files: flushes and compactions come by all the time. The rate makes the time of a run out of its operations.
shape=(--key_size=16 --value_size=100 --num=100000 --write_buffer_size=1048576 --target_file_size_base=1048576 --max_bytes_for_level_base=4194304
	--bytes_per_sync=1048576 --benchmark_write_rate_limit=1200000 --benchmark_read_rate_limit=10000)
# name, operations a second, what else
workloads=(
	"fillrandom 10000"
	"overwrite 10000 --num_column_families=4"
	"readrandomwriterandom 10000 --readwritepercent=70 --level_compaction_dynamic_level_bytes=true"
	"fillrandom 10000 --compaction_style=1 --universal_size_ratio=10 --max_background_jobs=4"
	"mixgraph 8000 --mix_get_ratio=0.5 --mix_put_ratio=0.4 --mix_seek_ratio=0.1 --keyrange_num=1 --value_k=0.2615 --value_sigma=25.45 --iter_k=2.517 --iter_sigma=14.236 --key_dist_a=0.002312 --key_dist_b=0.3467"
)

# bench NAME OPERATIONS [option...]: on a fresh copy, always in the same place, with what `with` says.
bench() {
	local what=$1 n=$2 old=()
	shift 2
	rm -rf "$work/db"
	if [ "$what" != fillrandom ]; then
		db_bench --db="$work/db" --benchmarks=fillseq --seed=5 "${shape[@]/--benchmark_write*/}" "$@" >"$work/make.out" 2>&1 || fail "$what: no database"
		old=(--use_existing_db=1)
	fi
	timeout $((60 + 20 * seconds)) "${with[@]}" db_bench --db="$work/db" --benchmarks="$what" "${old[@]}" --reads="$n" --writes="$n" --seed=$((seed + 7)) \
		"${shape[@]}" "$@" >"$work/out" 2>"$work/err"
}

# All families, one after the other.
contents() {
	local f
	for f in default $(seq -f 'column_family_name_%06g' 1 3); do
		ldb --db="$work/db" --column_family="$f" scan 2>/dev/null
	done | sha256sum
}

# The counts of several reports, and what went wrong in words.
sum() {
	awk '{ for (i = 1; i <= NF && split($i, p, "=") == 2; i++) { if (!(p[1] in n)) names[++k] = p[1]; n[p[1]] += p[2] }
		for (; i <= NF; i++) words = words " " $i }
		END { for (j = 1; j <= k; j++) printf "%s=%d ", names[j], n[names[j]]; print words }' "$1"
}

: >"$work/total"
for w in "${workloads[@]}"; do
	read -r what rate more <<<"$w"
	label="$what $more, seed $seed"
	with=(env)
	fast=("${shape[@]}")
	shape=("${shape[@]/--benchmark_*/}")
	bench "$what" $((rate * seconds)) $more || fail "$label, untouched: $(tail -3 "$work/err")"
	shape=("${fast[@]}")
	options "$work/db" >"$work/options.own"
	data=$(contents)

	rm -f "$work/report"
	with=(env "LD_PRELOAD=${asan:+$asan }$storm/liblodestone-preload.so" STORM_SEED="$seed" STORM_REPORT="$work/report")
	bench "$what" $((rate * seconds)) $more
	status=$?
	[ $status != 124 ] || fail "$label: hangs"
	[ $status = 0 ] || fail "$label: exit status $status: $(tail -c 600 "$work/err")"
	no_crash_text "$work/out" "$work/err" || fail "$label: the text of a crash"
	[ -s "$work/report" ] || fail "$label: no storm: $(tail -3 "$work/err")"
	line=$(sum "$work/report") # db_bench opens a fresh database twice
	echo "$label: $line"
	[ "$(contents)" = "$data" ] || fail "$label: the data differ"
	same_options "$work/db" "$work/options.own" || fail "$label: options not restored: $(cat "$work/options.diff")"
	for what in failed ours differ left; do
		[ "$(count " $line" $what)" = 0 ] || fail "$label: $what: $line"
	done
	[ "$(count " $line" applied)" -gt 0 ] || fail "$label: nothing was accepted: $line"
	cat "$work/report" >>"$work/total"
	seed=$((seed + 1))
done
# How much comes through in a second is a matter of the machine, and of chance: all workloads together have to.
[ "$(count " $(sum "$work/total")" applied)" -gt $((10 * seconds)) ] || fail "hardly anything was accepted: $(sum "$work/total")"
passed "$(sum "$work/total")"
