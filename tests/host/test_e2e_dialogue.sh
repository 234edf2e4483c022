#!/bin/bash
# Whole dialogues with a model, replayed from tests/data/dialogues against a live db_bench whose cache is too small: what is said leads to the
# journal that it must lead to, and a hostile one to nothing. E2E_ONLY="NAME...": these alone.
. "$(dirname "$0")/e2e.sh" "$@"

dialogues=$here/../data/dialogues

# 60 MB in memory-cached files, a cache for two thirds: half of it hurts, more of it helps, and both show within seconds.
flags=(--num=600000 --key_size=16 --value_size=100 --seed=3 --compression_type=none --cache_size=41943040 --threads=2 --statistics)
reads=(--use_existing_db=1 --benchmarks=readrandom)
db_bench --db="$work/db" --benchmarks=fillseq,compact "${flags[@]/--threads=2/--threads=1}" >"$work/make.out" 2>&1 || fail "no database: $(tail -3 "$work/make.out")"
db_bench --db="$work/db" "${reads[@]}" --reads=10 "${flags[@]}" >"$work/make.out" 2>&1
options "$work/db" >"$work/options.app"

# say NAME SECONDS [setting...]: plays a dialogue; sets journal and facts.
say() {
	local s=$1 seconds=$2 file
	shift 2
	tuned "$s" agent.mode=auto judge.pace=bench judge.alpha=0.2 agent.interval=250ms advisor.kind=llm advisor.interval=500ms llm.replay="$dialogues/$s.jsonl" \
		llm.record="$work/$s.tape" llm.calls_per_hour=0 llm.tokens_per_day=0 "$@"
	"${with[@]}" db_bench --db="$work/db" "${reads[@]}" --duration="$seconds" "${flags[@]}" >"$work/$s.out" 2>"$work/$s.err" </dev/null ||
		fail "$s: the host: $(tail -3 "$work/$s.err")"
	no_crash_text "$work/$s.out" "$work/$s.err" "$work/$s/log" || fail "$s: the text of a crash"
	same_options "$work/db" "$work/options.app" || fail "$s: options: $(cat "$work/options.diff")"
	file=$(ls "$work/$s"/state/*/journal.jsonl)
	facts=$(journal "$file") || fail "$s: the journal: $facts"
	journal=$(cat "$file")
	# What was said is on the tape, and can be said again.
	[ "$(stat -c %a "$work/$s.tape")" = 600 ] || fail "$s: the recording's mode is $(stat -c %a "$work/$s.tape")"
	[ "$(wc -l <"$work/$s.tape")" = "$(grep -o '"kind":"advice".*' <<<"$journal" | sed -n 's/.*"calls":\([0-9]*\).*/\1/p' | awk '{ n += $1 } END { print n + 0 }')" ] ||
		fail "$s: $(wc -l <"$work/$s.tape") calls on the tape, others in the journal"
}
advice() {
	grep '"kind":"advice"' <<<"$journal" | sed -n "$1p"
}
# has PATTERN WHAT
has() {
	grep -q -E -- "$1" <<<"$journal" || fail "$2: $(cut -c1-300 <<<"$journal" | tail -12)"
}
want() {
	[ -z "${E2E_ONLY-}" ] || grep -q -w "$1" <<<"$E2E_ONLY"
}

# With a sanitizer all is so slow that verdicts say nothing; only the hostile one is played then, and the answers of the others are read in unit tests.
[ -z "$asan" ] || E2E_ONLY=${E2E_ONLY:-hostile}

# What a trial comes to hangs on the machine's other work, too: the dialogue is played up to three times, and is what it must be each time but for the verdict.
if want finds; then
	for try in 1 2 3; do
		rm -rf "$work/finds" "$work/finds.tape"
		say finds 50
		[[ "$(advice 1)" == *'"outcome":"ok"'*'"calls":1,'* ]] || fail "finds: the first answer: $(advice 1)"
		has '"kind":"intent"' "finds: nothing was tried"
		[ "$(count "$facts" trials)" = 1 ] || fail "finds: $facts"
		grep -q '"kind":"verdict".*"kind":"keep"' <<<"$journal" && break
		[ $try -lt 3 ] || fail "finds: the cache is not kept, three times: $(grep '"kind":"verdict"' <<<"$journal" | cut -c1-300)"
	done
	has '"kind":"kept"' "finds: nothing is kept"
	# A journal becomes a dialogue, by the line of docs/dialogue.md: what the model said, word by word.
	if command -v jq >/dev/null; then
		line=$(grep -o 'jq -c .select(.reply).*}. >' "$here/../../docs/dialogue.md" | sed "s/^jq -c '//; s/' >$//")
		"$build/lodestone" journal -k advice -j "$work"/finds/state/*/journal.jsonl | jq -c "$line" >"$work/again.jsonl" || fail "finds: the line of docs/dialogue.md: $line"
		[ -s "$work/again.jsonl" ] && cmp -s "$work/again.jsonl" <(head -n "$(wc -l <"$work/again.jsonl")" "$dialogues/finds.jsonl" | jq -c .) || fail "finds: the journal tells another dialogue"
	fi
fi

# A malformed answer and the complaint about it; a bad change put back; a refusal by the guard and the complaint about that; then the good one.
if want learns; then
	say learns 110 # the bad one takes most of it: what a smaller cache costs shows slowly
	[[ "$(advice 1)" == *'"outcome":"ok"'*'"calls":2,'* ]] || fail "learns: one retry with the complaint: $(advice 1)"
	has '"kind":"refused".*"rule":"out-of-bounds"' "learns: the guard has not refused"
	has '"kind":"verdict".*"block_cache_size 40 MiB -> 20 MiB".*"kind":"(revert|invalid)"|"kind":"trip"' "learns: the bad change is not reverted"
	has '"kind":"proposal".*"value":268435456' "learns: the good change was not proposed"
	python3 - "$work/learns.tape" <<-'END' || fail "learns: what the model was told"
		import json, sys
		sent = [json.loads(json.loads(line)["sent"])["messages"][-1]["content"] for line in open(sys.argv[1])]
		complaint = [s[-1200:] for s in sent]
		assert "rejected" not in complaint[0] and "rejected" in complaint[1], complaint[1]
		assert "rejected" not in complaint[2] and "out-of-bounds" in complaint[3], complaint[3]
	END
fi

if want hostile; then
	say hostile 20
	[ "$(count "$facts" kept)" = 0 ] || fail "hostile: $facts"
	has '"kind":"advice"' "hostile: nothing was said"
	! grep -q $'\033' <<<"$journal" || fail "hostile: an escape sequence in the journal"
fi
passed "$facts"
