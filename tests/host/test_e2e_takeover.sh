#!/bin/bash
# The application changes options itself in the middle of a trial of them: what it has set stands, is never touched again, and everything else goes back.
. "$(dirname "$0")/e2e.sh" "$@"

host=$build/tests/host/host_takeover
[ -x "$host" ] || skip "no host programs: librocksdb-dev was not there when they were to be built"
# Always the same wish, and one that goes on after it.
python3 - >"$work/script.json" <<'END'
import itertools, json
def step(**values):
    changes = [{"option": o, "cf": "all", "value": str(v), "reason": ""} for o, v in values.items()]
    return {"content": json.dumps({"diagnosis": "a test", "changes": changes, "expect": [{"metric": "speed", "gain_percent": 20}], "confidence": 0.7, "no_change_reason": ""})}
steps = [step(write_buffer_size=8388608), step(write_buffer_size=16777216), step(max_write_buffer_number=4), step(max_sequential_skip_in_iterations=32)]
print(json.dumps([steps[0]] + list(itertools.islice(itertools.cycle(steps), 300))))
END
model "$work/model.log" --script "$work/script.json"
tuned takeover agent.mode=auto judge.pace=rush agent.interval=100ms advisor.kind=llm llm.model=m llm.calls_per_hour=0 llm.url="$(model_url '')"
timeout 90 "${with[@]}" "$host" "$work/db" 8 >"$work/out" 2>"$work/err"
status=$?
[ $status = 0 ] || fail "status $status: $(tail -2 "$work/err") $(tail -3 "$work/takeover/log")"
no_crash_text "$work/out" "$work/err" "$work/takeover/log" || fail "the text of a crash"

file=$(ls "$work"/takeover/state/*/journal.jsonl)
summary=$(journal "$file") || fail "the journal"
line=$(grep -n '"kind":"override"' "$file" | grep -m1 '"option":"write_buffer_size"' | cut -d: -f1)
[ -n "$line" ] || fail "the application's value was not noticed: $(tail -3 "$work/takeover/log")"
tail -n +"$line" "$file" | grep '"kind":"intent"' | grep '"key":"write_buffer_size"' && fail "what the application set was tried again"
options "$work/db" >"$work/options"
grep -q '^ *write_buffer_size=6291456$' "$work/options" || fail "the application's value does not stand: $(grep write_buffer_size= "$work/options")"
grep -q '^ *max_write_buffer_number=2$' "$work/options" || fail "not put back: $(grep max_write_buffer_number= "$work/options")"
passed "$summary"
