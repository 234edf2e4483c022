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

held() {
	grep -q '^cache ' "$work/$how.out"
}
ended_or_held() {
	held || ! kill -0 $pid 2>/dev/null
}

# doctor PID: what it says of a program that has both in it.
doctor() {
	"${environment[@]}" "$build/lodestone" doctor "$1" >"$work/doctor" 2>&1 || fail "doctor: $(cat "$work/doctor")"
	for words in 'static in the executable' 'the tuner is linked in, too' 'the agent answers' 'Statistics of the application, block cache LRUCache'; do
		grep -q "$words" "$work/doctor" || fail "doctor does not say '$words': $(cat "$work/doctor")"
	done
	grep FAIL "$work/doctor" && fail "doctor: $(cat "$work/doctor")"
}

for how in linked linked_static; do
	settings $how "${active[@]}"
	mkfifo "$work/$how.fifo"
	"${environment[@]}" timeout 100 "$hosts/host_$how" "$work/$how.db" "$work/$how.json" hold <"$work/$how.fifo" >"$work/$how.out" 2>"$work/$how.err" &
	pid=$!
	exec {hold}>"$work/$how.fifo"
	wait_until 100 ended_or_held || fail "host_$how: $(cat "$work/$how.out" "$work/$how.err")"
	if [ $how = linked_static ] && held; then
		doctor "$(pgrep -P $pid)"
	fi
	exec {hold}>&-
	wait $pid || fail "host_$how: $(cat "$work/$how.out" "$work/$how.err")"
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

# The entry in an OPTIONS file, in a program that knows nothing of a tuner but for one name.
db_bench --db="$work/base" --benchmarks=fillseq --num=10 >/dev/null 2>&1 || fail "db_bench"
options "$work/base" | sed '/^ *listeners=/d; s/write_buffer_size=67108864/write_buffer_size=1048576/; s/arena_block_size=.*/arena_block_size=65536/;
	/^\[DBOptions\]/a\  listeners={{id=lodestone;mode=observe}}' >"$work/entry.opt"
settings entry
for what in enter closings wrapped storm; do
	"${environment[@]}" timeout 100 "$hosts/host_listener_static" $what "$work/entry.opt" "$work/e.$what" 10 >"$work/out" 2>&1 || fail "entry, $what: $(tail -3 "$work/out")"
	no_crash_text "$work/out" || fail "entry, $what: the text of a crash"
done
grep -q 'lodestone: .* is in by the entry' "$work/e.enter/LOG" || fail "entry: not in: $(grep lodestone "$work/e.enter/LOG")"
[ "$(cat "$work"/entry/state/*/journal.jsonl | grep -c '"kind":"attach"')" = "$(cat "$work"/entry/state/*/journal.jsonl | grep -c '"kind":"close"')" ] ||
	fail "entry: not every attach has its close"
echo "by the entry of an OPTIONS file: in, and every way to close is seen"

# The names that a program sees of ours.
nm --defined-only --extern-only "$build/liblodestone-static.a" 2>/dev/null | awk 'NF == 3 && $2 !~ /[wWvVu]/ { print $3 }' |
	grep -vE '^(lode_|lodestone_)|^__(asan|odr_asan|tsan|start|stop)' | grep . && fail "the static library defines names that are not ours to take"

[ -z "$asan" ] || { passed "an installed copy and -static: left out, the libraries are built with a sanitizer"; exit 0; }

# By pkg-config from an installed copy; then with -static, where no library could be opened: it runs, untuned, and says why.
prefix=$work/prefix
cmake --install "$build" --prefix "$prefix" >"$work/install.log" 2>&1 || fail "cmake --install: $(tail -2 "$work/install.log")"
lib=$(dirname "$(find "$prefix" -name liblodestone-static.a)")
export PKG_CONFIG_PATH=$lib/pkgconfig
sed -i "s#^prefix=.*#prefix=$prefix#; s#^libdir=.*#libdir=$lib#; s#^includedir=.*#includedir=$prefix/include#" "$lib/pkgconfig/lodestone-static.pc" # as with DESTDIR
rocksdb="-l:librocksdb.a -lsnappy -lz -lbz2 -llz4 -lzstd"
# shellcheck disable=SC2046,SC2086
cc -D_GNU_SOURCE "$here/hosts/host_linked.c" -o "$work/installed" $(pkg-config --cflags lodestone-static) $(pkg-config --libs lodestone-static) $rocksdb -lstdc++ -lm ||
	fail "pkg-config: host_linked.c"
settings installed agent.mode=observe
HOST_LINKED=look "${environment[@]}" timeout 60 "$work/installed" "$work/installed.db" "$work/installed.json" >"$work/out" 2>&1 || fail "installed: $(cat "$work/out")"
grep -q '"rocksdb":"7' "$work/installed.json" || fail "installed: $(cat "$work/installed.json")"
# shellcheck disable=SC2046,SC2086
g++ -static -o "$work/full" -xc -D_GNU_SOURCE "$here/hosts/host_linked.c" -xnone $(pkg-config --cflags lodestone-static) $(pkg-config --libs lodestone-static) $rocksdb -lm \
	2>"$work/link.err" || fail "-static: $(cat "$work/link.err")"
settings full agent.mode=observe
"${environment[@]}" timeout 60 "$work/full" "$work/full.db" "$work/full.json" >"$work/out" 2>&1
[ $? = 3 ] && grep -q '^not tuned: this program is linked with -static' "$work/out" || fail "-static: $(cat "$work/out")"
echo "installed: found by pkg-config; with -static: runs untuned, and says why"

passed
