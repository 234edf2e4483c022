#!/bin/bash
# A model is asked over TLS from inside Node.js, which exports an OpenSSL of its own, while Node's own TLS and cryptography are at work:
# both hold, with the C library's malloc and with another one, in an official Node.js and in Debian's. A certificate that is not trusted and a
# server that never answers leave one clear record, and the program does not notice.
. "$(dirname "$0")/e2e.sh" "$@"
. "$here/node/node.sh"

package=@nxtedition/rocksdb
export TLS=$work/tls
mkdir -p "$TLS" "$work/other"
model "$work/model.log" --tls "$TLS"
secure=https://127.0.0.1:$model_port
nm -D --defined-only "$node" | grep -q ' SSL_CTX_new$' || fail "this Node.js does not export OpenSSL: nothing is shown"

# begin NAME URL CA [VARIABLE=VALUE...]: the program, with a model to be asked; sets p
begin() {
	local at=$1 url=$2 ca=$3
	shift 3
	tuned "$at" agent.mode=auto judge.pace=rush agent.interval=100ms advisor.kind=llm llm.model=stand-in llm.timeout=3s llm.retries=0 \
		llm.calls_per_hour=0 llm.url="$url" llm.ca_file="$ca"
	rm -f "$work/stop"
	env "$@" "${with[@]}" "${host[@]}" tls $package "$work/$at/db" "$work/stop" >"$work/$at/out" 2>"$work/$at/err" &
	p=$!
	started+=($p)
}
advised() { # advised NAME OUTCOME
	grep -q '"kind":"advice","advisor":"llm","outcome":"'"$2"'"' "$work/$1"/state/*/journal.jsonl 2>/dev/null
}
# finish NAME: ends what was begun, which must have checked its own data, its own requests, and end well.
finish() {
	local at=$1 status
	touch "$work/stop"
	wait $p
	status=$?
	[ $status = 0 ] && grep -qx verified "$work/$at/out" && grep -q '^https requests [1-9]' "$work/$at/out" ||
		fail "$at: status $status: $(cat "$work/$at/out" "$work/$at/err") $(tail -3 "$work/$at/log")"
	[ ! -s "$work/$at/err" ] || fail "$at: standard error: $(cat "$work/$at/err")"
	no_crash_text "$work/$at/log" || fail "$at: the text of a crash"
	journal "$work/$at"/state/*/journal.jsonl >"$work/summary" || fail "$at: the journal"
}
first_advice() {
	grep -h -m1 '"kind":"advice"' "$work/$1"/state/*/journal.jsonl
}

# answered NAME [VARIABLE=VALUE...]: the model is asked and what it says is tried.
answered() {
	local at=$1
	shift
	begin "$at" "$secure/v1" "$TLS/cert.pem" "$@"
	wait_until 90 advised "$at" ok || fail "$at: no answer: $(first_advice "$at") $(tail -3 "$work/$at/log") $(cat "$work/$at/err")"
	[ "$at" != jemalloc ] || grep -q libjemalloc "/proc/$p/maps" || fail "jemalloc is not in it: nothing is shown"
	wait_until 90 has_record "$at" intent || fail "$at: a good answer led to no trial: $(tail -3 "$work/$at/log")"
	finish "$at"
	echo "$at: answered over TLS; $(grep -h 'https requests' "$work/$at/out"); $(count "$(cat "$work/summary")" trials) trials"
}

# A sanitizer's runtime has to come first everywhere, so that libcurl cannot be kept apart from Node.js: that is seen, and the model is not asked.
if [ -n "$asan" ]; then
	begin sanitized "$secure/v1" "$TLS/cert.pem"
	wait_until 90 grep -sq 'no language model (this process brings its own SSL_CTX_new' "$work/sanitized/log" || fail "sanitized: it is not said"
	wait_until 90 grep -q serving "$work/sanitized/out" || fail "sanitized: it did not start: $(cat "$work/sanitized/err")"
	finish sanitized
	[ ! -s "$work/model.log" ] || fail "sanitized: the model was asked"
	passed "with a sanitizer: refused"
	exit
fi

answered official
# Who was bound to whom: what libcurl and its company call is theirs, and nothing of theirs is Node's.
answered bindings LD_DEBUG=bindings LD_DEBUG_OUTPUT="$work/ld"
grep -h 'binding file' "$work"/ld.* >"$work/bound"
ours='lib(curl|ssl|crypto|nghttp2|z|brotli[a-z]*|zstd|lodestone|lodestone-curl|cjson|urcu[a-z-]*)\.so[.0-9]*'
grep -E "binding file [^ ]*/libcurl\.so\.4 .* to [^ ]*/libssl\.so\.3 .*\`SSL_CTX_new'" "$work/bound" >/dev/null ||
	fail "libcurl was not seen to find SSL_CTX_new in Debian's OpenSSL"
grep -E "binding file [^ ]*/$ours \[[0-9]+\] to ($NODE_HOSTS|$node)" "$work/bound" | grep -vE "liblodestone\.so .*\`_ZN?K?7?(St|rocksdb)" >"$work/captured"
[ ! -s "$work/captured" ] || fail "captured by Node.js: $(head -5 "$work/captured")"
echo "bindings: $(grep -cE "binding file [^ ]*/$ours" "$work/bound") of ours, none of them to Node.js"

# jemalloc is how many a server of this kind is run.
jemalloc=$(ldconfig -p | awk '/libjemalloc\.so\.2/ { print $NF; exit }')
[ -n "$jemalloc" ] || fail "no libjemalloc.so.2: scripts/setup installs it"
answered jemalloc LD_PRELOAD="$jemalloc"

# The Node.js that npm runs in: Debian's shares its OpenSSL with libcurl, others are one more build.
host[0]=$(command -v node)
answered installed
host[0]=$node

openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=IP:127.0.0.1 -keyout "$work/other/key.pem" \
	-out "$work/other/cert.pem" 2>"$work/openssl.err" || fail "no second certificate: $(cat "$work/openssl.err")"
asked=$(wc -l <"$work/model.log")
begin untrusted "$secure/v1" "$work/other/cert.pem"
wait_until 90 advised untrusted tls-failed || fail "untrusted: $(first_advice untrusted) $(tail -3 "$work/untrusted/log")"
finish untrusted
first_advice untrusted | grep -q '"why":"[^"]*certificate' || fail "untrusted: the record does not say why: $(first_advice untrusted)"
[ "$(wc -l <"$work/model.log")" = "$asked" ] || fail "untrusted: the question was sent all the same"
echo "untrusted: $(first_advice untrusted | jq -r .why)"

# A server that takes the connection and never says a word of TLS.
model "$work/mute.log" --scenario hang
mute=https://127.0.0.1:$model_port/v1
begin mute "$mute" "$TLS/cert.pem"
wait_until 90 advised mute timeout || fail "mute: $(first_advice mute) $(tail -3 "$work/mute/log")"
finish mute
echo "mute: $(first_advice mute | jq -r .why)"
passed
