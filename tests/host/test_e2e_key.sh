#!/bin/bash
# The key of a model that is being asked, over plain HTTP and over TLS: it is in no core dump of the host, during the call and after it, and in
# nothing that is written or told. gcore leaves out what the kernel would leave out.
. "$(dirname "$0")/e2e.sh" "$@"

command -v gcore >/dev/null || skip "no gcore (package gdb)"
[ -z "$asan" ] || skip "a sanitizer's heap keeps what was freed, and libcurl's own memory functions"
key=sk-$(head -c 24 /dev/urandom | base64 | tr -dc A-Za-z0-9)
mark=model-of-$(head -c 12 /dev/urandom | base64 | tr -dc A-Za-z0-9) # not secret: shows that the search finds what is there
(umask 077 && printf '%s\n' "$key" >"$work/key")
mkdir -p "$work/tls"
model "$work/plain.log"
plain=http://127.0.0.1:$model_port
model "$work/tls.log" --tls "$work/tls"
tls=https://127.0.0.1:$model_port

flags=(--num=50000 --key_size=16 --value_size=100 --seed=3)
db_bench --db="$work/db" --benchmarks=fillrandom "${flags[@]}" >"$work/make.out" 2>&1 || fail "no database"

# dumped NAME PID: what a core dump of it holds
dumped() {
	gcore -o "$work/core" "$2" >"$work/gcore.out" 2>&1 || fail "$1: gcore: $(tail -2 "$work/gcore.out")"
	grep -q -a -F -- "$mark" "$work/core.$2" || fail "$1: the core dump holds nothing that is known to be there"
	! grep -q -a -F -- "$key" "$work/core.$2" || fail "$1: the key is in the core dump"
	rm -f "$work/core.$2"
}

# told NAME PID: what anybody may ask for
told() {
	local verb
	for verb in "status -j" status prompt metrics; do
		"$build/lodestone" $verb -S "$work/$1/run/$2.sock" >>"$work/$1.told" 2>&1
	done
	grep -q lodestone_llm_state "$work/$1.told" || fail "$1: no metrics of the model: $(tail -3 "$work/$1.told")"
}

# one NAME BASE SCENARIO: the program, with a model that answers so; dumped while it waits for the answer, or after it
one() {
	local at=$1 log=$work/${1%.*}.log before
	before=$(wc -l <"$log")
	tuned "$at" agent.mode=suggest judge.pace=rush agent.interval=100ms advisor.kind=llm llm.url="$2/s/$3/v1" llm.model="$mark" llm.timeout=100s \
		llm.retries=0 llm.key_file="$work/key" llm.ca_file="$work/tls/cert.pem" llm.calls_per_hour=0 llm.tokens_per_day=0
	"${with[@]}" db_bench --db="$work/db" --use_existing_db=1 --benchmarks=readrandom --threads=2 --duration=60 \
		--benchmark_read_rate_limit=4000 "${flags[@]}" >"$work/$at.out" 2>&1 &
	p=$!
	started+=($p)
	wait_until 20 asked "$log" "$before" || fail "$at: the model was not asked: $(tail -2 "$work/$at/log")"
	[ "$3" = hang ] || wait_until 20 has_record "$at" advice || fail "$at: no advice: $(tail -2 "$work/$at/log")"
	grep -q -F -- "$key" "$log" || fail "$at: the server did not get the key, so nothing is shown"
	told "$at" $p
	dumped "$at" $p
	kill -KILL $p
	wait $p 2>/dev/null
	! grep -r -q -a -F -- "$key" "$work/$at" "$work/$at.told" "$work/$at.out" || fail "$at: the key was written: $(grep -r -l -a -F -- "$key" "$work/$at" "$work/$at.told")"
}
asked() {
	[ "$(wc -l <"$1")" -gt "$2" ]
}

one plain.during "$plain" hang
one plain.after "$plain" good
one plain.refused "$plain" error_401
one tls.during "$tls" hang
one tls.after "$tls" good
passed
