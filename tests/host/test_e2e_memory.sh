#!/bin/bash
# A control group that limits memory, and whose limit is changed while the service runs: what the guard lets memtables and block cache take follows it
# within a second, and the process never comes near being killed for it. The group is files of our own, mounted where the kernel's would be, in a mount
# namespace of our own; this script keeps them as the kernel would and watches over the limit.
. "$(dirname "$0")/e2e.sh" "$@"

[ "$(id -u)" = 0 ] && unshare -m true 2>/dev/null || skip "no right to mount"
if [ -z "${E2E_INSIDE-}" ]; then
	E2E_INSIDE=1 unshare -m bash "$0" "$@"
	exit $?
fi

MIB=1048576
# Where this process would find its limit: version 1 if memory is a hierarchy of its own, else version 2.
path=$(sed -n 's/^[0-9]*:memory://p' /proc/self/cgroup)
if [ -n "$path" ]; then
	mount -t tmpfs none /sys/fs/cgroup/memory || skip "no right to mount"
	group=/sys/fs/cgroup/memory$path limit=memory.limit_in_bytes usage=memory.usage_in_bytes
else
	path=$(sed -n 's/^0:://p' /proc/self/cgroup)
	[ -n "$path" ] && mount -t tmpfs none /sys/fs/cgroup 2>/dev/null || skip "no control groups"
	group=/sys/fs/cgroup$path limit=memory.max usage=memory.current
fi
mkdir -p "$group"
echo 'inactive_file 0' >"$group/memory.stat"
allow() { # MIB
	allowed=$1
	echo $(($1 * MIB)) >"$group/$limit"
}
allow 1024
echo 0 >"$group/$usage"

# One wish, over and over: 256 MiB of cache.
python3 - >"$work/script.json" <<'END'
import json
change = {"option": "block_cache_size", "cf": "all", "value": str(256 << 20), "reason": ""}
print(json.dumps([{"content": json.dumps({"diagnosis": "a test", "changes": [change], "expect": [{"metric": "speed", "gain_percent": 20}], "confidence": 0.7, "no_change_reason": ""})}] * 500))
END
model "$work/model.log" --script "$work/script.json"
flags=(--num=50000 --key_size=16 --value_size=100 --seed=3 --write_buffer_size=4194304)
db_bench --db="$work/db" --benchmarks=fillrandom "${flags[@]}" >"$work/make.out" 2>&1 || fail "no database"

tuned memory agent.mode=auto judge.pace=rush judge.max_pairs=1 agent.interval=100ms advisor.kind=llm llm.model=m llm.calls_per_hour=0 llm.tokens_per_day=0 \
	llm.url="$(model_url '')"
"${with[@]}" db_bench --db="$work/db" --use_existing_db=1 --benchmarks=readwhilewriting --threads=1 --duration=40 --benchmark_read_rate_limit=10000 \
	--benchmark_write_rate_limit=500000 "${flags[@]}" >"$work/out" 2>"$work/err" &
host=$!
started+=($host)
( # the kernel's part
	while rss=$(awk '/^VmRSS/ { print $2 * 1024 }' "/proc/$host/status" 2>/dev/null) && [ -n "$rss" ]; do
		echo "$rss" >"$group/$usage"
		[ "$rss" -lt "$(cat "$group/$limit")" ] || echo "$rss" >>"$work/beyond"
		sleep 0.1
	done
) &
started+=($!)

recorded() { # KIND TEXT: since the mark
	tail -n +$((mark + 1)) "$work"/memory/state/*/journal.jsonl 2>/dev/null | grep "\"kind\":\"$1\"" | grep -q -- "$2"
}
mark_here() {
	mark=$(cat "$work"/memory/state/*/journal.jsonl 2>/dev/null | wc -l)
}
mark=0
wait_until 15 recorded intent block_cache_size || fail "1 GiB: 256 MiB of cache were not tried: $(tail -3 "$work/memory/log")"
allow 256
sleep 0.5 # one look
mark_here
wait_until 15 recorded refused memory-budget || fail "256 MiB: 256 MiB of cache were not refused: $(tail -3 "$work/memory/log")"
! recorded intent block_cache_size || fail "256 MiB: 256 MiB of cache were tried all the same"
allow 1024
sleep 0.5
mark_here
wait_until 15 recorded intent block_cache_size || fail "1 GiB again: 256 MiB of cache were not tried: $(tail -3 "$work/memory/log")"
kill -0 $host 2>/dev/null || fail "the host has gone: $(tail -3 "$work/err")"
[ ! -e "$work/beyond" ] || fail "it would have been killed for its memory: $(tail -1 "$work/beyond") bytes"
kill -TERM $host
wait $host 2>/dev/null
journal --torn 1 --open "$work"/memory/state/*/journal.jsonl >"$work/summary" || fail "the journal"
no_crash_text "$work/out" "$work/err" "$work/memory/log" || fail "the text of a crash"
passed "$(cat "$work/summary")"
