#!/bin/bash
# A host that exports functions named like those of our libraries: without and with an allocator of its own, and one that only seems to have one
# because it is not position-independent. Neither its functions nor its heap get a call that is not theirs, the model is asked, over TLS too, and
# trials go on.
. "$(dirname "$0")/e2e.sh" "$@"

[ -e /usr/include/rocksdb/c.h ] || skip "librocksdb-dev is missing"
[ -z "$asan" ] || skip "a sanitizer's runtime needs the names that are tested here"
mkdir "$work/tls"
model "$work/tls.log" --tls "$work/tls"
tls=$model_port
model "$work/plain.log"

host() {
	gcc -std=gnu17 -O1 -D_GNU_SOURCE -rdynamic -I"$here" "$@" "$here/hosts/host_hostile_symbols.c" -lrocksdb
}
host -o "$work/names" && host -DOWN_HEAP -o "$work/heap" && host -fno-pie -no-pie -o "$work/fixed" || fail "host_hostile_symbols.c"
readelf -W --dyn-syms "$work/fixed" | grep -q ' 0*[1-9a-f][0-9a-f]* .* UND malloc@' || fail "this compiler gives malloc no slot in the executable"
nm -D --defined-only "$work/heap" | grep -q ' cJSON_ParseWithLengthOpts$' || fail "the host does not export what it should"

for kind in names heap fixed; do
	urls=("$(model_url good)" "https://localhost:$tls/s/good/v1")
	[ $kind != fixed ] || unset 'urls[0]'
	for url in "${urls[@]}"; do
		what=$kind.${url%%:*}
		: >"$work/tls.log"
		: >"$work/plain.log"
		E2E_NO_RUN=1 tuned "$what" agent.mode=auto judge.pace=rush agent.interval=100ms advisor.kind=llm llm.model=m llm.url="$url" \
			llm.ca_file="$work/tls/cert.pem" llm.calls_per_hour=0
		LD_DEBUG=bindings LD_DEBUG_OUTPUT="$work/$what/bindings" timeout 120 "${with[@]}" "$work/$kind" "$work/$what.db" 4 \
			>"$work/out" 2>"$work/err"
		status=$?
		grep -q captured "$work/err" && fail "$what: $(grep captured "$work/err")"
		[ $status = 0 ] && grep -q '^done$' "$work/out" || fail "$what: status $status: $(tail -n 2 "$work/err")"
		no_crash_text "$work/err" "$work/$what/log" || fail "$what: the text of a crash"
		[ -s "$work/tls.log" ] || [ -s "$work/plain.log" ] || fail "$what: the model was not asked: $(tail -n 3 "$work/$what/log")"
		has_record "$what" intent || fail "$what: no trial: $(tail -n 3 "$work/$what/log")"
		# Who is bound to the program itself, but for its heap?
		cat "$work/$what"/bindings* | sed -n "s/.*binding file \([^ ]*\) .* to [^ ]*$kind .*symbol .\([A-Za-z0-9_]*\).*/\1 \2/p" |
			grep -E 'liblodestone|libcurl|libssl|libcrypto|libcjson|liburcu|libnghttp2' |
			grep -vE ' (malloc|free|calloc|realloc|memalign|posix_memalign|aligned_alloc)$' >"$work/bound"
		[ ! -s "$work/bound" ] || fail "$what: bound to the host: $(sort -u "$work/bound" | head -3 | tr '\n' ' ')"
		cat "$work/$what"/bindings* | grep -q 'binding file [^ ]*libcurl' || fail "$what: the bindings were not recorded"
	done
	echo "$kind: neither captures nor is captured"
done
passed
