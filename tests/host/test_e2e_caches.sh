#!/usr/bin/env bash
# What status and journal tell of an image and of its block caches: capabilities found out, a shared cache tuned by one database, and handed on when
# that one closes; the application's own resizing noticed once. Argument: the build directory.
. "$(dirname "$0")/e2e.sh" "$@"

host=$build/tests/host/host_shared_cache
[ -x "$host" ] || skip "no host programs: librocksdb-dev was not there when they were to be built"
command -v jq >/dev/null || skip "no jq"

tuned caches agent.mode=auto advisor.kind=llm llm.url=http://127.0.0.1:1/v1 llm.model=none llm.api=chat agent.interval=100ms judge.pace=production
"${with[@]}" "$host" "$work/db" >"$work/out" 2>"$work/err" &
pid=$!
started+=($pid)

status() {
	sock=$(ls "$work"/caches/run/*.sock 2>/dev/null | head -1)
	[ -n "$sock" ] && "$build/lodestone" status -S "$sock" "$@" 2>"$work/status.err"
}
# holds FILTER: of status; $d are the databases, db("a") is the one whose directory ends so.
holds() {
	status -j >"$work/status.json" && jq -e ".databases as \$d | def db(\$n): \$d[] | select(.path | endswith(\".\" + \$n)); $1" "$work/status.json" >/dev/null 2>&1
}
must_hold() { # must_hold WHAT FILTER
	wait_until 20 holds "$2" || fail "$1: $(jq -c '.databases[] | [.path, .cache]' "$work/status.json" 2>&1) $(tail -3 "$work/err")"
}

must_hold "three databases" '[$d[] | select(.samples > 3)] | length == 3'

# Capabilities: asked of the image, the same for all three, and in the journal from the start.
must_hold "capabilities" 'all($d[].capabilities; .asked and .range == "6.29 to 8.7" and (.newer | not) and .changeable > 80 and .assumed == 0
	and (.not_changeable | index("filter_policy") and index("cache_index_and_filter_blocks") and (index("write_buffer_size") | not))
	and (.unsafe | index("block_size") and (index("write_buffer_size") | not)))'
for j in "$work"/caches/state/*/journal.jsonl; do
	head -1 "$j" | jq -e '.kind == "attach" and .capabilities.asked and .capabilities.changeable > 80' >/dev/null || fail "attach: $(head -1 "$j")"
done
status | grep -q 'rocksdb .*7\.8\.3, handled as 6\.29 to 8\.7: [0-9]* options can be changed, [0-9]* cannot, [0-9]* not safely$' ||
	fail "status says nothing of the image: $(status)"

# One of the two tunes the cache that they share; a fixed index tolerates a doubling and a halving.
must_hold "one tunes the shared cache" '[db("a", "b").cache | select(.resizable)] | length == 1'
must_hold "the other says why not" '[db("a", "b").cache | select(.why_fixed // "" | contains("another database"))] | length == 1'
must_hold "the fixed cache" 'db("c").cache | .kind == "HyperClockCache" and .resizable and .floor == 16777216 and .ceiling == 67108864'
status | grep -q 'another database of this process shares the block cache and tunes it' || fail "status does not say who tunes the cache"
holds 'db("a").cache.resizable' && owner=a other=b || owner=b other=a
prompt() { # the prompt for database $1, as soon as enough is known for one
	local id
	id=$(jq -r ".databases[] | select(.path | endswith(\".$1\")).id" "$work/status.json")
	"$build/lodestone" prompt -S "$sock" -d "$id" 2>&1 | jq -r '.messages[].content' >"$work/prompt.$1" 2>&1
	grep -q '^# Catalogue' "$work/prompt.$1"
}
offers() { # does it offer the option $2?
	wait_until 20 prompt "$1" || fail "no prompt: $(tail -2 "$work/prompt.$1")"
	grep -q "^$2 | " "$work/prompt.$1"
}
offers $owner block_cache_size || fail "the owner's prompt does not offer the block cache: $(grep -A5 Catalogue "$work/prompt.$owner")"
offers $other block_cache_size && fail "the other's prompt offers the block cache"
offers $owner max_sequential_skip_in_iterations || fail "what can be changed is not offered"
offers $owner block_size && fail "a table option is offered"

# The application resizes it: an override of the owner's, none of the other's.
overrides() {
	cat "$work"/caches/state/*/journal.jsonl | jq -c 'select(.kind == "override") | [.option, .from, .to]'
}
touch "$work/db.resize"
overridden() {
	[ -n "$(overrides)" ]
}
wait_until 20 overridden || fail "the application's resizing was not noticed"
must_hold "both see the new capacity" 'all(db("a", "b"); .cache.capacity == 50331648)'
[ "$(overrides)" = '["block_cache_size","16777216","50331648"]' ] || fail "overrides: $(overrides)"
offers $owner block_cache_size && fail "the application's cache is still offered"

# The owner closes: the other has the cache now, and did not take the resizing for one of its own time.
touch "$work/db.close.$owner"
must_hold "the cache is handed on" "[\$d[].path | endswith(\".$owner\")] | any | not"
must_hold "the other tunes it" "db(\"$other\").cache | .resizable and .why_fixed == null"
offers $other block_cache_size || fail "the new owner's prompt does not offer the block cache: $(grep -A5 Catalogue "$work/prompt.$other")"
[ "$(overrides | wc -l)" = 1 ] || fail "overrides: $(overrides)"

touch "$work/db.end"
wait $pid || fail "the host's exit status is $?: $(tail -3 "$work/err")"
[ "$(cat "$work/out")" = $'resized\nclosed\nended' ] || fail "the host said: $(cat "$work/out")"
no_crash_text "$work/out" "$work/err" "$work/caches/log" || fail "a crash"
