#!/bin/bash
# Every way that a model server can answer, on a live db_bench: each ends in one named record, the host does not notice, and nothing that
# belongs to the application is ever sent. E2E_ONLY="NAME...": these scenarios alone.
. "$(dirname "$0")/e2e.sh" "$@"

# What the stand-in does, and the outcome's name that the journal must give. Where a second try within the same round mends it: ok.
table="
family ok    after_refusal ok    refused ok
good ok                      chunked ok                     reasoning ok                null_finish unknown-ending
prose ok                     fence ok                       trailing ok                 think ok
ladder ok                    flat_only ok                   old_tokens ok               no_temperature ok
after_complaint ok           after_more_room ok             no_change no-change         terminal no-change
unit_mb malformed-value      unit_exponent malformed-value  unit_negative malformed-value
unit_hex malformed-value     unit_expression malformed-value number_value schema-violation
unknown unknown-option       immutable unknown-option       forbidden unknown-option    nested unknown-option
injection unknown-option     unknown_family schema-violation duplicate duplicate-key    extra_member schema-violation
too_many schema-violation    not_object schema-violation    deep content-not-json       two_objects content-not-json
empty empty-content          null_content empty-content     reasoning_only empty-content tool_calls tool-call
truncated truncated          refusal model-refused          content_filter content-filtered empty_choices no-choices
error_string api-error       error_object api-error         not_json not-json           half_json not-json
html_502 server-error        error_500 server-error         error_503 overloaded      error_400 http-error
error_401 unauthorized       error_403 unauthorized         error_404 not-found        redirect redirected
error_429 rate-limited       error_429_long rate-limited    quota quota-exhausted
hang timeout                 hang_body timeout              drip timeout
big reply-too-big            big_chunked reply-too-big      closed connection-closed    reset connection-closed
garbage http-error    length_too_long connection-closed length_too_short not-json
cut_head not-json    cut_body connection-closed    cut_chunk connection-closed
cut_before_last_chunk connection-closed    reset_body connection-closed    half_closed connection-closed
silent_body timeout    continue_forever timeout    headers_forever reply-too-big    headers_10mb reply-too-big
header_10mb reply-too-big    chunks_forever reply-too-big    chunks_drip timeout
chunk_nonsense connection-closed    chunk_enormous connection-closed    length_negative http-error
length_enormous reply-too-big    length_twice not-json    gzip_unasked not-json    http_10 ok
http_09 http-error    status_1000 http-error    status_204 not-json    upgrade http-error    early_hints ok
two_replies ok    cookie ok    nul_body not-json    usage_enormous ok    usage_negative ok    usage_text ok
usage_missing ok    error_within api-error    error_null ok    model_strange ok
another_question schema-violation    another_options unknown-option    echo content-not-json
retry_negative overloaded    retry_year_9999 rate-limited    retry_enormous overloaded
retry_nonsense overloaded    html_200 not-json
error_529 overloaded    good_wants ok    stream event-stream    too_long prompt-too-long    wants wants-statistics
wants_unknown schema-violation    after_statistics wants-statistics    no_output_config ok
nobody connect-failed
"
declare -A expected
set -- $table
while [ $# -gt 0 ]; do
	expected[$1]=$2
	shift 2
done
for s in $(python3 "$here/../model/server.py" --list); do
	[ -n "${expected[$s]-}" ] || fail "the stand-in knows a scenario that this test does not: $s"
done

flags=(--num=20000 --key_size=16 --value_size=100 --seed=3)
reads=(--use_existing_db=1 --benchmarks=readrandom --reads=16000 --benchmark_read_rate_limit=4000)
db_bench --db="$work/base" --benchmarks=fillrandom "${flags[@]}" >"$work/make.out" 2>&1 || fail "no database: $(tail -3 "$work/make.out")"
facts() {
	sed -n 's/^readrandom *:.* \([0-9]* operations;\).*\((.*)\).*/\1 \2/p' "$1"
}
model "$work/model.log"

# one SCENARIO URL [-]: runs it in a directory of its own; what went wrong goes to $work/SCENARIO/wrong. Without settings: untouched.
one() {
	local s=$1 url=$2 at=$work/$1 begin took
	mkdir -p "$at"
	cp -r "$work/base" "$at/db"
	with=(env)
	[ "$url" = - ] || tuned "$s" agent.mode=auto judge.pace=rush agent.interval=100ms advisor.kind=llm llm.url="$url" llm.model=stand-in \
		llm.timeout=1s llm.retries=0
	begin=$(now_ms)
	timeout 60 "${with[@]}" db_bench --db="$at/db" "${flags[@]}" "${reads[@]}" >"$at/out" 2>"$at/err" </dev/null
	echo $? >"$at/status"
	took=$(($(now_ms) - begin))
	echo $took >"$at/ms"
}

one untouched -
[ "$(cat "$work/untouched/status")" = 0 ] || fail "untouched: $(tail -3 "$work/untouched/err")"
options "$work/untouched/db" >"$work/options.app"
expect=$(facts "$work/untouched/out")
plain=$(cat "$work/untouched/ms")
[ -n "$expect" ] || fail "db_bench's line was not understood: $(tail -2 "$work/untouched/out")"

# Everything that must hold after one scenario; says what does not.
judge_one() {
	local s=$1 at=$work/$1 file outcome summary
	file=$(ls "$at"/state/*/journal.jsonl)
	[ "$(cat "$at/status")" = 0 ] || echo "exit status $(cat "$at/status"): $(tail -c 300 "$at/err")"
	no_crash_text "$at/out" "$at/err" "$at/log" || echo "the text of a crash"
	[ "$(facts "$at/out")" = "$expect" ] || echo "result '$(facts "$at/out")' instead of '$expect'"
	[ "$(cat "$at/ms")" -le $((plain + 3000)) ] || echo "took $(cat "$at/ms") ms instead of $plain"
	same_options "$at/db" "$work/options.app" || echo "options: $(cat "$work/options.diff")"
	summary=$(journal "$file" 2>&1) || echo "journal: $summary"
	grep -q '"kind":"close"' "$file" || echo "no close in the journal"
	outcome=$(sed -n 's/.*"kind":"advice","advisor":"llm","outcome":"\([a-z-]*\)".*/\1/p' "$file" | head -1)
	[ "$outcome" = "${expected[$s]}" ] || echo "outcome '$outcome' instead of '${expected[$s]}': $(grep -m1 '"kind":"advice"' "$file" | cut -c1-400)"
	case $outcome in
	ok) [ "$(count "$summary" trials)" -gt 0 ] || [ "$s" = refused ] || echo "a good answer led to no trial: $summary $(tail -2 "$at/log")" ;;
	*) [ "$(count "$summary" trials)" = 0 ] || [ "$s" = after_statistics ] || echo "a trial without a good answer: $summary"
		grep -m1 '"kind":"advice"' "$file" | grep -q '"why":"[^"]' || echo "no sentence says why" ;;
	esac
	grep -q $'\033' "$file" "$at/log" && echo "an escape sequence for the terminal in the journal or the log"
}

wrong=0 done=0 batch=()
finish() {
	local s text
	wait "${pids[@]}"
	for s in "${batch[@]}"; do
		text=$(judge_one "$s")
		done=$((done + 1))
		if [ -n "$text" ]; then
			wrong=$((wrong + 1))
			sed "s/^/FAILED: $s: /" <<<"$text" >&2
		fi
		[ -n "${E2E_KEEP-}" ] || rm -rf "${work:?}/$s"
	done
	batch=() pids=()
}
pids=()
for s in ${E2E_ONLY-$(printf '%s\n' "${!expected[@]}" | sort)}; do
	url=$(model_url "$s")
	[ "$s" = nobody ] && url=http://127.0.0.1:1/v1
	one "$s" "$url" &
	pids+=($!)
	batch+=("$s")
	[ ${#batch[@]} -lt 8 ] || finish
done
[ ${#batch[@]} = 0 ] || finish
[ $wrong = 0 ] || fail "$wrong of $done scenarios"

# A token in the directory, the column family, the keys, the values, the program and its journal's place: none of it may reach the server.
canary=zanzibar$RANDOM
if [ -e /usr/include/rocksdb/c.h ]; then
	mkdir -p "$work/$canary.dir"
	gcc -std=gnu17 -O1 -o "$work/$canary.dir/$canary.host" "$here/e2e_host.c" -lrocksdb || fail "e2e_host.c"
	tuned "$canary.state" agent.mode=auto judge.pace=rush agent.interval=100ms advisor.kind=llm llm.url="$(model_url good)" llm.model=stand-in \
		llm.calls_per_hour=0
	before=$(wc -l <"$work/model.log")
	timeout 60 "${with[@]}" "$work/$canary.dir/$canary.host" close "$work/$canary.dir/db" 5 "$canary" >"$work/out" 2>&1 ||
		fail "the host with a token: $(tail -3 "$work/out")"
	summary=$(journal "$work/$canary.state"/state/*/journal.jsonl) || fail "the journal of the host with a token"
	[ "$(count "$summary" trials)" -gt 0 ] || fail "the host with a token: no trial: $summary"
	[ "$(wc -l <"$work/model.log")" -gt "$before" ] || fail "the server was not asked, so nothing is shown"
	for secret in "$canary" "$work" "$(basename "$work")" "$(hostname)" "$(id -un)@" /var /home; do
		[ ${#secret} -ge 4 ] || continue
		grep -q -i -F -- "$secret" "$work/model.log" && fail "'$secret' was sent to the model"
	done
	# Whatever may be named there, a column family is named by number.
	grep -q 'cf0' "$work/model.log" || fail "the prompt names no family: the canary shows nothing"
fi
passed "$done scenarios, each with its own end"
