#!/bin/bash
# Hosts in a corner: system calls filtered before and after the database is open, descriptors and threads used up, no /proc, a full or
# read-only place for the state, a small stack, a root of their own; databases that come and go a thousand times, and many at once. The
# agent may have less to offer there. The host may not notice.
. "$(dirname "$0")/e2e.sh" "$@"

host=$build/tests/host/host_hostile_limits
[ -x "$host" ] || skip "no host programs: librocksdb-dev was not there when they were to be built"
model "$work/model.log"
chmod 1777 "$work"

# as NAME SETTING...: trials at random without a model, or with one where the settings say so.
as() {
	local name=$1
	shift
	E2E_NO_RUN=1 tuned "$name" agent.mode=auto judge.pace=rush agent.interval=100ms advisor.kind=random "$@"
	chmod 777 "$work/$name"
}
asking=(advisor.kind=llm llm.model=m llm.calls_per_hour=0 llm.url="$(model_url good)")

# run NAME LIMIT SECONDS [COMMAND...]: the host must end as if nothing were.
run() {
	local name=$1 limit=$2 seconds=$3
	shift 3
	rm -rf "$work/$name.db"*
	timeout 120 "$@" "${with[@]}" "$host" "$limit" "$work/$name.db" "$seconds" >"$work/out" 2>"$work/err"
	status=$?
	no_crash_text "$work/out" "$work/err" "$work/$name/log" || fail "$name: the text of a crash: $(tail -3 "$work/err")"
	[ $status = 0 ] || fail "$name: status $status: $(tail -n 2 "$work/err" "$work/out")"
	grep -q '^done$\|^finished ' "$work/out" || fail "$name: did not come to its end: $(tail -1 "$work/out")"
}
# What our log, or standard error, says about it.
says() {
	cat "$work/$1/log" "$work/err" 2>/dev/null | grep -q -- "$2" || fail "$1: nothing about '$2': $(tail -n 2 "$work/$1/log" "$work/err" 2>&1)"
}
journalled() {
	has_record "$1" "$2" || fail "$1: no $2 in the journal: $(tail -n 2 "$work/$1/log" "$work/err" 2>&1)"
}

# ---- filters ----

for limit in filter_eperm filter_enosys filter_late; do
	for with_model in "" yes; do
		as $limit ${with_model:+"${asking[@]}"}
		for _ in 1 2 3 4 5; do # what is drawn at random may all be refused
			run $limit $limit 2
			has_record $limit intent && break
		done
		journalled $limit intent
	done
done
as filter_register
run filter_register filter_register 1
says filter_register 'not active: membarrier(2) is there and may not be used'
echo "filtered system calls: the host lives, the agent does what it can"

# ---- used up ----

as descriptors "${asking[@]}"
run descriptors descriptors 2
if [ "$(id -u)" = 0 ]; then
	as threads "${asking[@]}"
	chmod 755 "$(dirname "$host")" 2>/dev/null
	run threads threads 1
	says threads 'no thread for the agent'
else
	echo "threads: not shown, only root can become somebody who has a limit"
fi
(
	ulimit -s 256
	as stack "${asking[@]}"
	run stack plain 2
	journalled stack attach
) || exit 1
echo "descriptors, threads, stack used up: the host lives"

# ---- the file system ----

if [ "$(id -u)" = 0 ] && unshare -m true 2>/dev/null; then
	if [ -n "$asan" ]; then
		echo "no /proc: not shown, the sanitizer reads its own settings there"
	else
		as no_proc "${asking[@]}"
		run no_proc plain 2 unshare -m sh -c 'umount -l /proc && exec "$@"' -
		journalled no_proc attach
		as no_proc agent.exclude_args=--bootstrap
		run no_proc plain 1 unshare -m sh -c 'umount -l /proc && exec "$@"' -
		says no_proc 'not active: the command line cannot be read'
	fi

	as full
	run full plain 2 unshare -m sh -c "mkdir -p $work/full/state && mount -t tmpfs -o size=64k none $work/full/state && head -c 1M /dev/zero >$work/full/state/fill; exec \"\$@\"" -
	says full 'No space left\|cannot be written'
	as read_only
	mkdir -p "$work/read_only/state" "$work/read_only/run"
	run read_only plain 2 unshare -m sh -c "mount -t tmpfs -o ro none $work/read_only/state; mount -t tmpfs -o ro none $work/read_only/run; exec \"\$@\"" -
	says read_only 'Read-only file system'
	echo "no /proc, a full and a read-only file system: the host lives"

	# A root directory of its own, entered before the database is opened: our library is not there any more.
	as jail
	run jail jail 1
	says jail 'lodestone: not active: '
	echo "a root of its own: the host lives"
else
	echo "no /proc, full and read-only file systems: not shown, no right to mount"
fi

# ---- many ----

# What is left between the hundredth and the thousandth opening: bytes of the heap that are in use, and what the allocator keeps beyond them.
growth() {
	awk '/^settled/ { r = $3; l = $5; t = $7; f = $9 } /^finished/ { print $3 - r, $5 - l, $7 - t, $9 - f }' "$work/out"
}
if [ -z "${LODE_TEST_QUICK-}$asan" ]; then
	with=(env)
	run plain reopen 0
	read -r plain_rss plain_live _ < <(growth)
	as reopen agent.mode=observe log.level=notice
	run reopen reopen 0
	read -r rss live threads fds < <(growth)
	echo "900 more openings: $live bytes in use (untouched $plain_live), $rss KiB resident (untouched $plain_rss), $threads threads, $fds descriptors"
	[ "$threads" -le 0 ] || fail "reopen: $threads threads more"
	[ "$fds" -le 0 ] || fail "reopen: $fds descriptors more"
	[ "$live" -le $((plain_live + 900 * 150)) ] || fail "reopen: $live bytes more in use, untouched $plain_live"
	[ "$rss" -le $((plain_rss + 4096)) ] || fail "reopen: $rss KiB more, untouched $plain_rss"
	journalled reopen attach
else
	echo "a thousand openings: left out of the quick run, and of that with a sanitizer, which keeps memory of its own"
fi

as many agent.mode=observe agent.interval=1s
run many many 8
[ "$(grep -l '"kind":"attach"' "$work"/many/state/*/journal.jsonl | wc -l)" = 32 ] || fail "many: not all databases are attached"
echo "32 databases with 20 column families each: $(grep ^agent "$work/out"); $(grep ^open "$work/out")"
passed
