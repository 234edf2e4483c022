#!/bin/bash
# A disk that fills while a change is on trial: that of the database, for good and for a while, and that of the journal. The trial ends, the options go
# back, and the host does what it would have done without us.
. "$(dirname "$0")/e2e.sh" "$@"

[ "$(id -u)" = 0 ] && unshare -m true 2>/dev/null || skip "no right to mount"
if [ -z "${E2E_INSIDE-}" ]; then
	E2E_INSIDE=1 unshare -m bash "$0" "$@"
	exit $?
fi
trap 'umount -l "$work/disk" "$work/small" 2>/dev/null; cleanup' EXIT
mkdir "$work/disk" "$work/small"
mount -t tmpfs -o size=96m none "$work/disk" || skip "no right to mount"
mount -t tmpfs -o size=8m none "$work/small" || skip "no right to mount"

# Its LOG goes elsewhere: Debian's RocksDB was built with assertions, and one of them ends the process after a line of LOG for which there is no room.
flags=(--num=50000 --key_size=16 --value_size=100 --seed=3 --bytes_per_sync=1048576 --use_stderr_info_logger=true)
reads=(--use_existing_db=1 --benchmarks=readrandom --reads=60000 --threads=1 --benchmark_read_rate_limit=10000) # six seconds
db=$work/disk/db
db_bench --db="$work/base" --benchmarks=fillrandom "${flags[@]}" >"$work/make.out" 2>&1 || fail "no database: $(tail -c 300 "$work/make.out")"

fill() { # DIRECTORY
	head -c 200M /dev/zero >"$1/fill" 2>/dev/null
}
facts() {
	sed -n 's/^readrandom *:.* \([0-9]* operations;\).*\((.*)\).*/\1 \2/p' "$work/out"
}
fresh() {
	rm -rf "$work/disk/fill" "$work/small/fill" "$db"
	cp -r "$work/base" "$db"
}

# A change that RocksDB writes down, and harms nobody.
python3 - >"$work/script.json" <<'END'
import itertools, json
def step(value):
    change = {"option": "max_sequential_skip_in_iterations", "cf": "all", "value": str(value), "reason": ""}
    return {"content": json.dumps({"diagnosis": "a test", "changes": [change], "expect": [{"metric": "speed", "gain_percent": 20}], "confidence": 0.7, "no_change_reason": ""})}
print(json.dumps(list(itertools.islice(itertools.cycle([step(16), step(4), step(32)]), 300))))
END
model "$work/model.log" --script "$work/script.json"

fresh
db_bench --db="$db" "${flags[@]}" "${reads[@]}" >"$work/out" 2>"$work/err" || fail "untouched: $(tail -3 "$work/err")"
expect=$(facts)
# ... and with a disk that fills meanwhile: what it reads is there.
fresh
db_bench --db="$db" "${flags[@]}" "${reads[@]}" >"$work/out" 2>"$work/err" &
pid=$!
started+=($pid)
sleep 1
fill "$work/disk"
wait $pid || fail "untouched, with a full disk: $(tail -c 200 "$work/err")"
[ "$(facts)" = "$expect" ] || fail "untouched, with a full disk: $(facts)"
fresh
db_bench --db="$db" "${flags[@]}" "${reads[@]}" --reads=1000 >"$work/out2" 2>"$work/err" || fail "untouched: $(tail -3 "$work/err")"
options "$db" >"$work/options.own"

records() { # NAME PATTERN: how many lines of the journal
	cat "$work/$1"/state/*/journal.jsonl "$work/small/$1"/*/journal.jsonl 2>/dev/null | grep -c -- "$2"
}
more_than() { # NAME PATTERN COUNT
	[ "$(records "$1" "$2")" -gt "$3" ]
}
live() { # the trial's value stands in the OPTIONS file
	! same_options "$db" "$work/options.own"
}
calm() {
	same_options "$db" "$work/options.own"
}

# host NAME SETTING...: in the background, until the change of a trial is live.
host() {
	local at=$1
	shift
	fresh
	tuned "$at" agent.mode=auto judge.pace=rush agent.interval=100ms advisor.kind=llm llm.model=m llm.calls_per_hour=0 llm.url="$(model_url '')" "$@"
	"${with[@]}" db_bench --db="$db" "${flags[@]}" "${reads[@]}" >"$work/out" 2>"$work/err" &
	pid=$!
	started+=($pid)
	wait_until 20 more_than "$at" '"kind":"intent"' 0 && wait_until 10 live || fail "$at: no trial: $(tail -3 "$work/$at/log")"
}
ends() { # NAME: as it would have without us
	wait $pid
	status=$?
	[ $status = 0 ] || fail "$1: status $status: $(tail -c 300 "$work/err")"
	[ -z "$expect" ] || [ "$(facts)" = "$expect" ] || fail "$1: result '$(facts)' instead of '$expect'"
	no_crash_text "$work/out" "$work/err" "$work/$1/log" || fail "$1: the text of a crash"
}

# For a while: whatever was live when the disk was full is put back for good once RocksDB can write again.
host while
fill "$work/disk"
sleep 2
before=$(records while '"kind":"intent"')
rm "$work/disk/fill"
ends while
calm || fail "full for a while: options not restored: $(cat "$work/options.diff")"
summary=$(journal "$work"/while/state/*/journal.jsonl) || fail "full for a while: the journal"
[ "$before" -le $(($(count "$summary" trials))) ] || fail "full for a while: $summary"
echo "disk full for two seconds: $summary; $(grep -c 'could not be written\|disk is full' "$work/while/log") lines in the log about it"

# For good: nothing can be proved, so hands off; what RocksDB would go on with after a restart is put right then.
host good
fill "$work/disk"
intents=$(records good '"kind":"intent"')
ends good
[ "$(records good '"kind":"intent"')" = "$intents" ] || fail "full for good: something new was tried"
journal --open "$work"/good/state/*/journal.jsonl >/dev/null || fail "full for good: the journal"
rm "$work/disk/fill"
cp "$(newest_options "$db")" "$work/OPTIONS.left"
tuned good agent.mode=observe agent.interval=100ms
"${with[@]}" db_bench --db="$db" "${flags[@]}" "${reads[@]}" --reads=10000 --options_file="$work/OPTIONS.left" >"$work/out" 2>"$work/err" || fail "full for good: the restart"
calm || fail "full for good: after the restart: $(cat "$work/options.diff")"
summary=$(journal "$work"/good/state/*/journal.jsonl) || fail "full for good: the journal after the restart"
echo "disk full for good, and a restart with room: $summary"

# The journal's disk alone: the trial under way ends, and nothing new begins. (A record may still fit behind the last one.)
reads+=(--reads=130000)
host notes agent.state_dir="$work/small/notes"
fill "$work/small"
wait_until 12 grep -q 'the journal .* cannot be written' "$work/notes/log" || fail "journal's disk: not a word in the log: $(tail -3 "$work/notes/log")"
wait_until 5 calm || fail "journal's disk: the trial did not end: $(tail -3 "$work/notes/log")"
sleep 1.5 # what was under way is over; from here on nothing happens
intents=$(records notes '"kind":"intent"')
for _ in 1 2 3 4 5 6 7 8 9 10; do
	calm || fail "journal's disk: something is live without a record: $(cat "$work/options.diff")"
	sleep 0.1
done
[ "$(records notes '"kind":"intent"')" = "$intents" ] || fail "journal's disk: an intent on a full disk?"
rm "$work/small/fill"
expect=
ends notes
calm || fail "journal's disk: options not restored: $(cat "$work/options.diff")"
echo "journal's disk full: the trial ended, nothing was tried without a record"
passed
