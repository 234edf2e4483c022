#!/bin/bash
# Node.js programs with RocksDB inside an addon, static and with every symbol exported: three versions of it give the same results with and
# without the tuner, one is tuned while it serves, and workers and exits are as they were.
. "$(dirname "$0")/e2e.sh" "$@"
. "$here/node/node.sh"

first_of() { # first_of NAME: the first record of a run's journal, which says what was found
	head -1 "$work/$1"/state/*/journal.jsonl
}

# ---- the same results, while as much as possible is proposed and tried ----

while read -r package version cache; do
	"${host[@]}" same "$package" "$work/db" 1500 >"$work/plain.out" 2>"$work/plain.err" || fail "$package untouched: $(cat "$work/plain.err")"
	options "$work/db" >"$work/options.$version"
	rm -r "$work/db"
	tuned "same.$version" agent.mode=auto judge.pace=rush agent.interval=100ms advisor.kind=random
	"${with[@]}" "${host[@]}" same "$package" "$work/db" 1500 >"$work/out" 2>"$work/err" || fail "$package: status $?: $(cat "$work/err")"
	cmp "$work/plain.out" "$work/out" || fail "$package: another result: $(cat "$work/out")"
	cmp "$work/plain.err" "$work/err" || fail "$package: another standard error: $(cat "$work/err")"
	same_options "$work/db" "$work/options.$version" || fail "$package: options are left behind: $(cat "$work/options.diff")"
	no_crash_text "$work/same.$version/log" || fail "$package: the text of a crash"
	journal "$work/same.$version"/state/*/journal.jsonl >"$work/summary" || fail "$package: the journal"
	jq -e --arg v "$version" --arg c "$cache" '.kind == "attach" and .rocksdb == $v and .statistics == "ours" and .capabilities.cache == $c' \
		<<<"$(first_of "same.$version")" >/dev/null || fail "$package: found $(first_of "same.$version")"
	echo "$package: RocksDB $version, $cache: the same results; $(cat "$work/summary")"
	rm -r "$work/db"
done <<<"@nxtedition/rocksdb 9.7.4 AutoHyperClockCache
nxtedition-rocksdb-9.5 9.5.0 AutoHyperClockCache
nxtedition-rocksdb-8.3 8.3.2 LRUCache"

# ---- tuned while it serves ----

package=@nxtedition/rocksdb
until=settled
[ -z "${LODE_TEST_QUICK-}" ] || until=intent # it is undone by the close, and that settles it
tuned serve agent.mode=auto judge.pace=bench advisor.kind=expert
"${with[@]}" "${host[@]}" serve $package "$work/serve.db" "$work/stop" >"$work/out" 2>"$work/err" &
p=$!
started+=($p)
ask() { "$build/lodestone" "$@" -S "$work/serve/run/$p.sock"; }
reached() { grep -h '"kind":"'$1'"' "$work"/serve/state/*/journal.jsonl >"$work/$1" 2>/dev/null; }
wait_until 60 grep -q serving "$work/out" || fail "serve: it did not start: $(cat "$work/err")"
wait_until 300 reached $until || fail "serve: no trial was $until: $(ask status) $(tail -3 "$work/serve/log")"
ask status -j >"$work/status" || fail "serve: status"
jq -e '.databases[0] | .rocksdb == "9.7.4" and .statistics == "ours" and .cache.kind == "AutoHyperClockCache" and .cache.resizable and .samples > 0' \
	"$work/status" >/dev/null || fail "serve: $(cat "$work/status")"
"$build/lodestone" doctor $p >"$work/doctor" 2>&1
grep -qF "$(addon $package)" "$work/doctor" || fail "serve: doctor does not name the addon: $(cat "$work/doctor")"
touch "$work/stop"
wait $p
status=$?
[ $status = 0 ] && grep -qx verified "$work/out" || fail "serve: status $status: $(cat "$work/out" "$work/err")"
[ ! -s "$work/err" ] || fail "serve: standard error: $(cat "$work/err")"
journal "$work"/serve/state/*/journal.jsonl >"$work/summary" || fail "serve: the journal"
[ "$(grep -c '"kind":"close"' "$work"/serve/state/*/journal.jsonl)" = 3 ] || fail "serve: opened three times, closed otherwise"
same_options "$work/serve.db" "$work/options.9.7.4" || fail "serve: options are left behind: $(cat "$work/options.diff")"
reached settled || fail "serve: a trial was not settled"
echo "served: $(jq -r '"trial \(.trial) \(.how)"' "$work/settled" | paste -sd, -); $(cat "$work/summary")"

# ---- workers, and exit in the middle of a call to the model ----

tuned worker agent.mode=auto judge.pace=rush agent.interval=100ms advisor.kind=random
timeout 120 "${with[@]}" "${host[@]}" worker $package "$work/worker.db" 3 >"$work/out" 2>"$work/err"
status=$?
[ $status = 0 ] && grep -qx verified "$work/out" && [ ! -s "$work/err" ] || fail "worker: status $status: $(cat "$work/out" "$work/err")"
journal "$work"/worker/state/*/journal.jsonl >/dev/null || fail "worker: the journal"
[ "$(grep -c '"kind":"attach"' "$work"/worker/state/*/journal.jsonl)" = 5 ] || fail "worker: not five attachments"
echo "workers: four, one of them ended in the middle"

if [ -n "$asan" ]; then # no model beside Node's OpenSSL: test_node_tls.sh shows it
	passed "without the call to the model, which a sanitizer forbids"
	exit
fi
model "$work/model.log"
tuned exit agent.mode=auto judge.pace=rush agent.interval=100ms advisor.kind=llm llm.model=stand-in llm.timeout=300s llm.url="$(model_url hang)"
mkfifo "$work/in"
"${with[@]}" "${host[@]}" exit $package "$work/exit.db" 7 <"$work/in" >"$work/out" 2>"$work/err" &
p=$!
started+=($p)
exec 8>"$work/in"
wait_until 60 test -s "$work/model.log" || fail "exit: the model was not asked: $(tail -3 "$work/exit/log")"
begin=$(now_ms)
echo >&8
wait $p
status=$?
took=$(($(now_ms) - begin))
grep -qx leaving "$work/out" && [ $status = 7 ] && [ ! -s "$work/err" ] || fail "exit: status $status: $(cat "$work/out" "$work/err")"
[ $took -lt 10000 ] || fail "exit: $took ms: it waited for the model" # which would have answered in minutes
echo "exit in a call: status 7"
passed
