#!/bin/bash
# The C API with the RocksDBs of Node.js addons, 8.3.2, 9.5.0 and 9.7.4: databases are attached after they were opened and detached before they are closed
# (late_door.c), while as much as possible is proposed and tried; the results are those of a run without us, and so are the options.
. "$(dirname "$0")/e2e.sh" "$@"
. "$here/node/node.sh"

preload=$build/tests/host/late_door/liblodestone-preload.so
export LODE_TEST_REAL=$build/liblodestone.so E2E_NO_RUN=1

while read -r package version; do
	"${host[@]}" same "$package" "$work/db" 1500 >"$work/plain.out" 2>"$work/plain.err" || fail "$package untouched: $(cat "$work/plain.err")"
	options "$work/db" >"$work/options.$version"
	rm -r "$work/db"
	tuned "late.$version" agent.mode=auto judge.pace=rush agent.interval=100ms advisor.kind=random
	"${with[@]}" "${host[@]}" same "$package" "$work/db" 1500 >"$work/out" 2>"$work/err" || fail "$package: status $?: $(cat "$work/err")"
	cmp "$work/plain.out" "$work/out" || fail "$package: another result: $(cat "$work/out")"
	cmp "$work/plain.err" "$work/err" || fail "$package: another standard error: $(cat "$work/err")"
	same_options "$work/db" "$work/options.$version" || fail "$package: options are left behind: $(cat "$work/options.diff")"
	no_crash_text "$work/late.$version/log" || fail "$package: the text of a crash"
	head -1 "$work/late.$version"/state/*/journal.jsonl | jq -e --arg v "$version" '.kind == "attach" and .rocksdb == $v and .statistics != "ours"' >/dev/null ||
		fail "$package: found $(head -1 "$work/late.$version"/state/*/journal.jsonl)"
	[ "$(cat "$work/late.$version"/state/*/journal.jsonl | grep -c '"kind":"close"')" = "$(cat "$work/late.$version"/state/*/journal.jsonl | grep -c '"kind":"attach"')" ] ||
		fail "$package: attached and not detached"
	grep -q 'without lodestone_detach' "$work/late.$version/log" && fail "$package: taken for closed"
	echo "$package: RocksDB $version, attached late: the same results; $(head -1 "$work/late.$version"/state/*/journal.jsonl | jq -c '[.statistics, .capabilities.cache]')"
	rm -r "$work/db"
done <<<"@nxtedition/rocksdb 9.7.4
nxtedition-rocksdb-9.5 9.5.0
nxtedition-rocksdb-8.3 8.3.2"
exit 0
