#!/bin/bash
# Hosts with habits of their own, with the agent in them, trials going on and a model call that hangs: what they see of their signals, their
# children, their environment and their end is what they would see without us.
. "$(dirname "$0")/e2e.sh" "$@"

host=$build/tests/host/host_hostile_habits
[ -x "$host" ] || skip "no host programs: librocksdb-dev was not there when they were to be built"
model "$work/model.log"
# In a hurry only while a call hangs.
scenarios=${LODE_TEST_QUICK:+hang}
scenarios=${scenarios:-trial hang}

# as NAME SCENARIO SETTING...: the settings of one run; "trial" instead of a scenario: trials at random, without a model.
as() {
	local name=$1 scenario=$2
	shift 2
	if [ "$scenario" = trial ]; then
		tuned "$name" agent.mode=auto judge.pace=rush agent.interval=100ms advisor.kind=random "$@"
	else
		tuned "$name" agent.mode=auto judge.pace=rush agent.interval=100ms advisor.kind=llm llm.model=m llm.timeout=100s \
			llm.url="$(model_url "$scenario")" llm.calls_per_hour=0 "$@"
	fi
}

# run NAME HABIT SECONDS: sets status and took, the milliseconds from "leaving" to the end.
run() {
	local left
	timeout 60 "${with[@]}" "$host" "$2" "$work/$1.db" "$3" >"$work/out" 2>"$work/err"
	status=$?
	left=$(awk '/^leaving/ { print $2 }' "$work/out")
	took=$(($(now_ms) - ${left:-0}))
	rm -rf "$work/$1.db"*
	no_crash_text "$work/out" "$work/err" "$work/$1/log" || fail "$1: the text of a crash: $(tail -3 "$work/err")"
}
attached() {
	has_record "$1" attach || fail "$1: not attached, so nothing is shown: $(tail -2 "$work/err")"
}

# ---- signals ----

for scenario in $scenarios; do
	as "signals.$scenario" $scenario
	run "signals.$scenario" signals 3
	attached "signals.$scenario"
	[ $status = 0 ] || fail "signals, $scenario: status $status: $(tail -2 "$work/err")"
	grep -q '^fetched 100 100 of 200, usr1 200, pipe 200, foreign 0, changed 0$' "$work/out" || fail "signals, $scenario: $(tail -1 "$work/out")"
done

# The mask of each of our threads, with one in the resolver where a name server that never answers can be had: everything that comes from
# outside is blocked, and what a fault raises is open.
# SIGILL 4, SIGTRAP 5, SIGBUS 7, SIGFPE 8, SIGSEGV 11, SIGSYS 31; SIGKILL 9 and SIGSTOP 19 cannot be blocked, 32 and 33 are the C library's.
open_signals=" 4 5 7 8 9 11 19 31 32 33 "
# wrong_signals MASK: what is blocked and should be open, or the other way round.
wrong_signals() {
	local s
	for s in $(seq 1 64); do
		if (($1 >> (s - 1) & 1)); then
			[[ $open_signals != *" $s "* ]] || echo "signal $s is blocked"
		else
			[[ $open_signals == *" $s "* ]] || echo "signal $s is open"
		fi
	done
}
# The C library and liburcu block everything for a moment, as when a thread makes another: wrong is what stays so.
masks() {
	local task wrong name look
	names=
	for task in /proc/"$1"/task/*; do
		read -r name <"$task/comm" || continue
		case $name in lode*) ;; *) continue ;; esac
		names="$names $name"
		for look in 1 2 3 4 5; do
			wrong=$(wrong_signals "0x$(awk '/^SigBlk/ { print $2 }' "$task/status")")
			[ -n "$wrong" ] || break
			[ "$look" -lt 5 ] || fail "$name: $(head -1 <<<"$wrong")"
			sleep 0.1
		done
	done
}
as masks hang
"${with[@]}" "$host" thread_exit "$work/masks.db" 6 >"$work/out" 2>"$work/err" &
p=$!
started+=($p)
wait_until 20 grep -q . "$work/model.log" && wait_until 20 grep -q ready "$work/out" || fail "masks: did not start: $(tail -2 "$work/err")"
asking() {
	masks $p
	[[ $names == *lode-llm* ]]
}
wait_until 20 asking || fail "masks: no thread of the model: $names"
[[ "$names " == *" lodestone "*"lode-control "* ]] || fail "masks: threads not found: $names"
wait $p
[ $? = 7 ] || fail "masks: exit status"
echo "signals: none taken, none blocked that a fault needs"

# ---- children ----

with=(env)
run plain fork 1
[ $status = 0 ] && grep -q "^children 4 of 4$" "$work/out" || fail "fork untouched: status $status"

for scenario in $scenarios; do
	as "fork.$scenario" $scenario
	run "fork.$scenario" fork 3
	attached "fork.$scenario"
	[ $status = 0 ] && grep -q "^children 4 of 4$" "$work/out" || fail "fork, $scenario: status $status, $(tail -1 "$work/out") $(tail -1 "$work/err")"
	journal "$work/fork.$scenario"/state/*/journal.jsonl >/dev/null || fail "fork, $scenario: the journal"
	[ "$(cat "$work/fork.$scenario"/state/*/journal.jsonl | grep -c '"kind":"attach"')" = 1 ] || fail "fork, $scenario: a child went to the journal"
	[ "$(cat "$work/fork.$scenario"/state/*/journal.jsonl | grep -c '"kind":"close"')" = 1 ] || fail "fork, $scenario: a child closed the journal"
done
as prefork trial
run prefork prefork 2
[ $status = 0 ] && grep -q '^children 3 of 3$' "$work/out" || fail "prefork: status $status, $(tail -1 "$work/out")"
[ "$(grep -l '"kind":"attach"' "$work"/prefork/state/*/journal.jsonl | wc -l)" = 4 ] || fail "prefork: not each process was attached"

# What programs that are started from here inherit, while connections are made all the time: what they inherit from an untouched one.
inherited() {
	sed -n 's/.* \([0-9]*\) -> \(.*\)/\1 \2/p' "$work/out" | grep -v ' /proc/[0-9]*/fd$' | awk '{ print $1 }' | sort -u
}
with=(env)
run plain exec 1
plain=$(inherited)
[ $status = 0 ] && [ -n "$plain" ] || fail "exec untouched: status $status"
for scenario in $scenarios reset; do
	as "exec.$scenario" $scenario
	run "exec.$scenario" exec 4
	attached "exec.$scenario"
	[ $status = 0 ] || fail "exec, $scenario: status $status: $(tail -2 "$work/err")"
	[ "$(inherited)" = "$plain" ] || fail "exec, $scenario: inherited: $(diff <(echo "$plain") <(inherited) | tr '\n' ' ')"
	[ $scenario = trial ] || [ "$(wc -l <"$work/model.log")" -gt 1 ] || fail "exec, $scenario: the model was not asked"
done
with=(env)
run plain replaced 1
plain=$(tail -1 "$work/out")
as replaced hang
run replaced replaced 2
attached replaced
[ $status = 7 ] && [ "$(tail -1 "$work/out")" = "$plain" ] || fail "exec over the process: status $status, $(tail -1 "$work/out") descriptors, not $plain"

# Children get the preload, or not; the words of others stay.
other=$work/libother.so
echo 'int other_library;' | gcc -shared -fPIC -x c -o "$other" - || fail "libother.so"
E2E_NO_RUN=1 as inherit trial
run inherit preload 0.5
grep -q '^mapped [1-9]' "$work/out" || fail "inherit: a child has no preload: $(cat "$work/out")"
for form in "$preload" "$preload:$other" "$other $preload" "$preload $other:$preload:" "$other:$(dirname "$preload")/./$(basename "$preload")"; do
	E2E_NO_RUN=1 as strip trial
	with=("${with[@]/#LD_PRELOAD=*/LD_PRELOAD=${asan:+$asan }$form}" LODESTONE_AGENT_CHILDREN=strip)
	rm -rf "$work/strip"
	run strip preload 0.5
	attached strip
	grep -q '^not mapped\|^mapped 0' "$work/out" || fail "strip, $form: a child has the preload: $(cat "$work/out")"
	rest=$(sed -n 's/^preload *//p' "$work/out")
	[[ $rest != *lodestone* ]] || fail "strip, $form: left: $rest"
	[[ $form != *libother* || $rest == *libother.so* ]] || fail "strip, $form: another preload was taken away: $rest"
done
printf '[agent]\nchildren = strip\n' >"$LODESTONE_CONFIG"
E2E_NO_RUN=1 as file trial
run file preload 0.5
grep -q 'agent.children works from the environment only' "$work/file/log" || fail "agent.children in a file: not a word"
: >"$LODESTONE_CONFIG"
echo "children: untouched, nothing inherited, the preload as configured"

# ---- the environment ----

for scenario in ${scenarios/hang/good} reset; do
	as "environment.$scenario" $scenario agent.mode=observe
	run "environment.$scenario" environment 3
	attached "environment.$scenario"
	[ $status = 0 ] && grep -q '^done$' "$work/out" || fail "environment, $scenario: status $status: $(tail -2 "$work/err")"
	grep -h '"kind":"attach"' "$work/environment.$scenario"/state/*/journal.jsonl | grep -q '"mode":"observe"' ||
		fail "environment, $scenario: a variable that was set later was read"
done

# ---- ends ----

for habit in "quick_exit 7" "_exit 7" "abort 134" "pthread_exit 7" "thread_exit 7"; do
	read -r what expect <<<"$habit"
	with=(env)
	run plain "$what" 0.5
	plain_status=$status plain=$took
	[ $plain_status = "$expect" ] || fail "$what untouched: status $plain_status"
	for scenario in $scenarios; do
		as "$what.$scenario" $scenario
		run "$what.$scenario" "$what" 2
		attached "$what.$scenario"
		echo "$what, $scenario: status $status, $took ms (untouched $plain ms)"
		[ $status = "$expect" ] || fail "$what, $scenario: status $status: $(tail -2 "$work/err")"
		[ $took -le $((plain + 2500)) ] || fail "$what, $scenario: $took ms instead of $plain"
	done
done
passed
