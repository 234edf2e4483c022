#!/bin/bash
# A RocksDB that exports nothing: programs that are linked with librocksdb.a and liblodestone-static.a. Everything that works on the shared library works here:
# the same program is run with either, and status must say the same of both.
. "$(dirname "$0")/e2e.sh" "$@"

hosts=$build/tests/host
[ -x "$hosts/host_linked_static" ] || skip "no host programs: librocksdb-dev was not there when they were to be built"
nm -D --defined-only "$hosts/host_linked_static" | grep -i rocksdb && fail "host_linked_static exports RocksDB: it tests nothing"

# settings NAME SETTING...: in the environment, where they are stronger than the program's.
settings() {
	local at=$work/$1 s key
	mkdir -p "$at"
	shift
	environment=(env)
	for s in agent.state_dir="$at/state" agent.runtime_dir="$at/run" log.file="$at/log" "$@"; do
		key=${s%%=*}
		environment+=("LODESTONE_$(tr a-z. A-Z_ <<<"$key")=${s#*=}")
	done
}
active=(agent.mode=auto judge.pace=rush agent.interval=100ms guard.allow_residue=true)

# What the tuner sees and can do, without what changes by the second.
seen() {
	python3 - "$1" <<-'END'
		import json, sys
		d = json.load(open(sys.argv[1]))
		cache = {k: d["cache"][k] for k in ("kind", "resizable", "why_fixed")}
		print(json.dumps([d["rocksdb"], d["statistics"], cache, d["limited"], d["capabilities"], [f["name"] for f in d["column_families"]]]))
	END
}

for how in linked linked_static; do
	settings $how "${active[@]}"
	"${environment[@]}" timeout 100 "$hosts/host_$how" "$work/$how.db" "$work/$how.json" >"$work/$how.out" 2>"$work/$how.err" ||
		fail "host_$how: $(cat "$work/$how.out" "$work/$how.err")"
	for option in write_buffer_size block_cache_size max_background_jobs; do
		grep -q "^$option applied [1-9]" "$work/$how.out" || fail "host_$how: $option was not tried: $(cat "$work/$how.out")"
	done
	grep -q '^cache 8388608 at the most 16777216$' "$work/$how.out" || fail "host_$how: the block cache was not resized: $(cat "$work/$how.out")"
	grep -q '^after detach 8388608$' "$work/$how.out" || fail "host_$how: the block cache was not put back: $(cat "$work/$how.out")"
	[ "$(options "$work/$how.db" | grep -c '^  write_buffer_size=1048576$')" = 2 ] || fail "host_$how: the memtables were not put back"
	no_crash_text "$work/$how.err" "$work/$how/log" || fail "host_$how: crash text"
done
seen "$work/linked.json" >"$work/seen"
seen "$work/linked_static.json" | diff "$work/seen" - || fail "the static program is seen in another way than the one with shared libraries"
grep -q 'LRUCache.*null, {.*"asked": true' "$work/seen" || fail "that was to be compared: $(cat "$work/seen")"
echo "an option of each kind applied and put back; status as with the shared library"

settings api_static agent.mode=auto judge.pace=rush agent.interval=100ms
"${environment[@]}" timeout 100 "$hosts/host_api_static" "$work/api.db" || fail "host_api_static"
echo "every function of the C API: as it should be"

passed
