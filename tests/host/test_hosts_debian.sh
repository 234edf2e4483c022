#!/bin/bash
# The family of Debian's RocksDB 7.8.3 with the real agent and an advisor that tries all it can: what RocksDB's own tools print is the same;
# programs in C and C++, wrapped databases, many families, several databases: each verifies its own data, was tuned meanwhile, and has its
# options back at the end. E2E_SECONDS: how long each works (20). E2E_SEED: of the coins (1).
. "$(dirname "$0")/e2e.sh" "$@"
hosts=$build/tests/host
[ -x "$hosts/host_families" ] || skip "no host programs: librocksdb-dev was not there when they were to be built"
seconds=${E2E_SECONDS:-20} seed=${E2E_SEED:-1}

# ---- ldb: a conversation, plain and with the agent; output and data are the same ----

conversation() {
	local db=$1 k
	for k in a b c dd; do ldb --db="$db" --create_if_missing put "$k" "value of $k" || return; done
	ldb --db="$db" get a && ldb --db="$db" scan && ldb --db="$db" batchput x 1 y 2 && ldb --db="$db" delete b && ldb --db="$db" compact &&
		ldb --db="$db" create_column_family more && ldb --db="$db" --column_family=more put inner 7 &&
		ldb --db="$db" --column_family=more scan && ldb --db="$db" list_column_families &&
		ldb --db="$db" drop_column_family more && ldb --db="$db" scan --hex && ldb --db="$db" get no-such-key
	echo "status $?"
}
export -f conversation
conversation "$work/talk" >"$work/plain.out" 2>"$work/plain.err"
options "$work/talk" >"$work/plain.options" && rm -rf "$work/talk"
tuned talk agent.mode=auto judge.pace=rush agent.interval=100ms advisor.kind=random
"${with[@]}" bash -c "conversation '$work/talk.db'" >"$work/out" 2>"$work/err"
sed -i "s|$work/talk.db|$work/talk|g" "$work/out" "$work/err"
[ "$(tail -1 "$work/out")" = "status 1" ] && [ "$(grep -c OK "$work/out")" -ge 7 ] || fail "the conversation with ldb itself: $(cat "$work/out" "$work/err")"
diff "$work/plain.out" "$work/out" >"$work/diff" || fail "ldb prints something else: $(cat "$work/diff")"
diff "$work/plain.err" "$work/err" >"$work/diff" || fail "ldb says something else: $(cat "$work/diff")"
same_options "$work/talk.db" "$work/plain.options" || fail "ldb: other options: $(cat "$work/options.diff")"
echo "ldb: the same"

# ---- programs that work ----

# name, program with its arguments ({} is its directory), databases at one time, directories of databases below {}
programs=(
	"c $work/c.host close {} $seconds|1|"
	"transaction $hosts/host_txn transaction {} $seconds|1|"
	"optimistic $hosts/host_txn optimistic {} $seconds|1|"
	"ttl $hosts/host_ttl {} $seconds|1|"
	"families $hosts/host_families 0.4 20 {} $seconds|2|.second"
	"dropped $hosts/host_families 0.9 3 {} $seconds|2|.second"
)
gcc -std=gnu17 -O1 -o "$work/c.host" "$here/e2e_host.c" -lrocksdb || fail "e2e_host.c"

# short NAME COMMAND DIR: untouched and brief, for the options that it leaves.
for row in "${programs[@]}"; do
	read -r what rest <<<"${row%%|*}"
	read -r -a command <<<"${rest//\{\}/$work/$what.plain}"
	command[-1]=1
	"${command[@]}" >"$work/out" 2>"$work/err" || fail "$what untouched: exit status $?: $(tail -3 "$work/err")"
	for more in "" $(cut -d'|' -f3 <<<"$row"); do
		options "$work/$what.plain$more" >"$work/options.$what$more" || fail "$what: no options"
	done
done

# Attached, sampled, and really tried; looked at while it runs. What is wrong goes to $work/NAME/wrong.
look() {
	local what=$1 pid=$2 databases=$3
	wait_until 30 bash -c "'$build/lodestone' status -j $pid 2>/dev/null | python3 -c '
import json, sys
d = json.load(sys.stdin)[\"databases\"]
sys.exit(not (len(d) == $databases and all(x[\"samples\"] > 5 and x[\"rocksdb\"] == \"7.8.3\" for x in d)))'" ||
		echo "status: not $databases databases with samples: $("$build/lodestone" status -j $pid 2>&1 | cut -c1-600)"
	"$build/lodestone" doctor $pid >"$work/$what/doctor" 2>&1 || echo "doctor: $(cat "$work/$what/doctor")"
}
run() {
	local row=$1 what rest databases pid status
	read -r what rest <<<"${row%%|*}"
	databases=$(cut -d'|' -f2 <<<"$row")
	read -r -a command <<<"${rest//\{\}/$work/$what.db}"
	tuned "$what" agent.mode=auto judge.pace=rush agent.interval=100ms advisor.kind=random agent.seed=$seed
	: >"$work/$what/out"
	timeout $((seconds + 60)) "${with[@]}" "${command[@]}" >"$work/$what/out" 2>"$work/$what/err" &
	wait_until 20 grep -q '^ready' "$work/$what/out"
	pid=$(sed -n 's/^ready //p' "$work/$what/out")
	look "$what" "${pid:-1}" "$databases" >"$work/$what/wrong"
	wait $!
	status=$?
	[ $status = 0 ] || echo "exit status $status: $(tail -3 "$work/$what/err")" >>"$work/$what/wrong"
}
at_once=()
for row in "${programs[@]}"; do
	run "$row" &
	at_once+=($!)
	[ ${#at_once[@]} -lt 3 ] || { wait "${at_once[0]}"; at_once=("${at_once[@]:1}"); }
done
wait "${at_once[@]}"

all=()
for row in "${programs[@]}"; do
	read -r what rest <<<"${row%%|*}"
	journals=("$work/$what"/state/*/journal.jsonl)
	[ ! -s "$work/$what/wrong" ] || fail "$what: $(cat "$work/$what/wrong")"
	no_crash_text "$work/$what/out" "$work/$what/err" "$work/$what/log" || fail "$what: the text of a crash"
	summary=$(journal "${journals[@]}" 2>&1) || fail "$what: $summary"
	[ "$(count "$summary" trials)" -gt 0 ] || fail "$what: nothing was tried: $summary $(tail -3 "$work/$what/log")"
	[ "$(count "$summary" settled)" = "$(count "$summary" trials)" ] || fail "$what: not every trial was settled: $summary"
	for f in "${journals[@]}"; do
		grep -q '"kind":"close"' "$f" || fail "$what: no close in $f"
		grep -q '"kind":"safe"' "$f" && fail "$what: a change could not be put back: $(grep '"kind":"safe"' "$f")"
	done
	for more in "" $(cut -d'|' -f3 <<<"$row"); do
		# Families that come and go have other names each time; their settings are the same.
		sed 's/"family[0-9]*"/"family"/' "$work/options.$what$more" >"$work/expected"
		options "$work/$what.db$more" | sed 's/"family[0-9]*"/"family"/' | diff - "$work/expected" >"$work/diff" ||
			fail "$what$more: options were not put back: $(head -5 "$work/diff")"
	done
	echo "$what: $summary"
	all+=("${journals[@]}")
done
for wide in families dropped; do
	grep -q 'replaced [1-9]' "$work/$wide/out" || fail "$wide: no family was dropped while the agent was there: $(cat "$work/$wide/out")"
done

# ---- RocksDB linked statically: nobody there, nothing said, whether it exports its symbols or not ----

for linked in host_static host_static_rdynamic; do
	tuned $linked agent.mode=auto log.file=stderr
	"${with[@]}" "$hosts/$linked" "$work/$linked.db" 1 >"$work/out" 2>"$work/err" || fail "$linked: exit status $?: $(tail -3 "$work/err")"
	[ ! -s "$work/err" ] || fail "$linked: output: $(cat "$work/err")"
	[ -z "$(find "$work/$linked" -type f -o -type s)" ] || fail "$linked: files were made"
	"$build/lodestone" doctor "$hosts/$linked" >"$work/out" 2>&1 && fail "$linked: the doctor finds nothing wrong"
	grep -q "linked in statically" "$work/out" && grep -q "use the plugin" "$work/out" || fail "$linked: $(cat "$work/out")"
done
passed "$(journal "${all[@]}")"
