#!/bin/bash
# `lodestone relay`: a service without key and network gets advice through it; nobody else does; and whatever becomes of the relay, the service
# does not notice. Behind it: real TLS.
. "$(dirname "$0")/e2e.sh" "$@"

[ -x "$build/lodestone" ] || skip "no lodestone command"
command -v openssl >/dev/null || skip "no openssl"
client=$here/e2e_relay.py
key=sk-relay-$RANDOM$RANDOM$RANDOM
umask 077
mkdir "$work/tls"
echo "$key" >"$work/key"
model "$work/model.log" --tls "$work/tls"

# relay SCENARIO [setting...]: starts one at $work/sock; sets relay_pid. Log: $work/relay.log.
relay() {
	local s=$1 set=() one
	shift
	for one in llm.url="https://127.0.0.1:$model_port/s/$s/v1" llm.ca_file="$work/tls/cert.pem" llm.key_file="$work/key" llm.model=stand-in \
		relay.socket="$work/sock" log.file="$work/relay.log" "$@"; do set+=(-s "$one"); done
	"$build/lodestone" relay "${set[@]}" 2>"$work/relay.err" &
	relay_pid=$!
	started+=($relay_pid)
	wait_until 10 grep -q -s 'relay: listening' "$work/relay.log" || fail "the relay did not start: $(cat "$work/relay.err" "$work/relay.log")"
}
end_relay() {
	kill -TERM $relay_pid
	wait $relay_pid
	local status=$?
	[ $status = 0 ] || fail "the relay's exit status after SIGTERM: $status $(tail -3 "$work/relay.log" "$work/relay.err")"
	[ ! -e "$work/sock" ] || fail "the relay left its socket"
	rm -f "$work/relay.log"
}
ask() {
	python3 "$client" ask "$work/sock" "$@"
}
# says PATTERN TEXT WHAT
says() {
	grep -q -E -- "$1" <<<"$2" || fail "$3: '$2' instead of '$1'"
}

# --- wrong use ---
say=$("$build/lodestone" relay -s llm.url="unix:$work/x" 2>&1)
[ $? = 2 ] || fail "a relay of a relay: $say"
say=$("$build/lodestone" relay -s llm.url=https://localhost/v1 -s relay.users=daemon 2>&1)
[ $? = 2 ] || fail "users without a group: $say"
says 'set relay.group' "$say" "users without a group"

# --- what a client can get ---
check=(-s llm.url="https://127.0.0.1:$model_port/s/no_change/v1" -s llm.ca_file="$work/tls/cert.pem" -s llm.key_file="$work/key" -s llm.model=stand-in)
say=$("$build/lodestone" relay "${check[@]}" --check 2>&1) || fail "relay --check: $say"
says 'answered' "$say" "relay --check"
say=$("$build/lodestone" relay "${check[@]}" -s llm.url=https://127.0.0.1:1/v1 --check 2>&1) && fail "relay --check of nobody: $say"
says 'connect-failed' "$say" "relay --check of nobody"

relay good relay.calls_per_hour=6
[ "$(stat -c %a "$work/sock")" = 600 ] || fail "the socket's mode is $(stat -c %a "$work/sock")"
says 'relay 1 ok 200 .* \| \{"id"' "$(ask)" "a plain question"
says "Bearer $key" "$(tail -1 "$work/model.log")" "the key did not arrive"
key=sk-other-$RANDOM$RANDOM$RANDOM
echo "$key" >"$work/key"
says 'relay 1 ok 200' "$(ask)" "after a new key"
says "Bearer $key" "$(tail -1 "$work/model.log")" "the new key did not arrive"
says 'relay-refused.*another model' "$(ask --model gpt-expensive)" "another model"
says 'relay-refused.*protocol' "$(ask --api smoke)" "another protocol"
says 'relay-refused.*not understand' "$(python3 "$client" raw "$work/sock" 'GET / HTTP/1.1\n')" "no request"
says 'relay-refused.*no JSON' "$(python3 "$client" raw "$work/sock" 'lodestone-relay 1 ask chat 1000 2\n[]')" "no object"
says 'relay-refused.*not understand' "$(python3 "$client" raw "$work/sock" 'lodestone-relay 1 ask chat 1000 99999999\n')" "too large"
before=$(wc -l <"$work/model.log")
chmod 644 "$work/key"
says ' no-key ' "$(ask)" "a key that others can read"
chmod 600 "$work/key"
says 'budget-exhausted.*relay.calls_per_hour' "$(ask --times 5 | tail -1)" "the limit of all clients"
[ "$(wc -l <"$work/model.log")" = $((before + 4)) ] || fail "the endpoint was asked $(($(wc -l <"$work/model.log") - before)) times and not 4"
say=$("$build/lodestone" relay "${check[@]}" -s relay.socket="$work/sock" 2>&1) && fail "two relays at one socket"
says 'another relay' "$say" "two relays at one socket"
grep -q -F -e "$key" -e 'secret question' -e 'catalogue' "$work/relay.log" "$work/relay.err" && fail "the relay's log holds what it must not: $(cat "$work/relay.log")"
[ "$(grep -c 'relay: user' "$work/relay.log")" = 13 ] || fail "not one line a call: $(cat "$work/relay.log")"
end_relay

# A client that begins and does not go on holds up nobody but itself, and not for long.
relay good relay.clients=2
python3 "$client" raw "$work/sock" 'lodestone-relay 1 ask ch' --hold 60 >"$work/slow.out" &
slow=$!
started+=($slow)
for i in 1 2 3; do says 'relay 1 ok' "$(ask)" "beside a slow client"; done
end_relay # also while a client hangs
kill $slow 2>/dev/null

# An endpoint that is gone is noticed, and not knocked at each time.
relay good llm.url=https://127.0.0.1:1/v1
says 'connect-failed' "$(ask)" "no endpoint"
says 'circuit-open' "$(ask --times 3 | tail -1)" "no endpoint, the fourth time"
[ "$(grep -c 'is not reached' "$work/relay.log")" = 1 ] || fail "a dead endpoint is not said once: $(cat "$work/relay.log")"
end_relay

# --- who may ask ---
python=/usr/bin/python3 # one that every user may run
if [ "$(id -u)" = 0 ] && [ -x $python ] && command -v setpriv >/dev/null && id daemon >/dev/null 2>&1; then
	chmod 711 "$work"
	relay good
	say=$(setpriv --reuid=daemon --regid=daemon --clear-groups $python - ask "$work/sock" <"$client" 2>&1)
	says 'no connection: Permission denied' "$say" "another user at a socket of mode 0600"
	end_relay
	relay good relay.users=bin relay.group=daemon
	[ "$(stat -c %a:%G "$work/sock")" = 660:daemon ] || fail "the socket is $(stat -c %a:%G "$work/sock")"
	say=$(setpriv --reuid=daemon --regid=daemon --clear-groups $python - ask "$work/sock" <"$client" 2>&1)
	says 'relay-refused.*relay.users' "$say" "a user who can open the socket and is not named"
	say=$(setpriv --reuid=bin --regid=daemon --clear-groups $python - ask "$work/sock" <"$client" 2>&1)
	says 'relay 1 ok' "$say" "a user who is named"
	end_relay
	chmod 755 "$work"
fi

# --- a service without a network ---
alone=()
unshare -n true 2>/dev/null && alone=(unshare -n)
flags=(--num=20000 --key_size=16 --value_size=100 --seed=3)
db_bench --db="$work/db" --benchmarks=fillrandom "${flags[@]}" >"$work/make.out" 2>&1 || fail "no database: $(tail -3 "$work/make.out")"
db_bench --db="$work/db" --use_existing_db=1 --benchmarks=readrandom --reads=10 "${flags[@]}" >"$work/make.out" 2>&1
options "$work/db" >"$work/options.app"
# serve NAME SECONDS [setting...]: db_bench for so long, in the background; sets host_pid
serve() {
	local at=$1 seconds=$2
	shift 2
	tuned "$at" agent.mode=auto judge.pace=rush agent.interval=100ms advisor.kind=llm advisor.interval=500ms llm.url="unix:$work/sock" llm.model=stand-in \
		llm.retries=0 "$@"
	"${alone[@]}" "${with[@]}" db_bench --db="$work/db" --use_existing_db=1 --benchmarks=readrandom --duration="$seconds" --benchmark_read_rate_limit=4000 \
		"${flags[@]}" >"$work/$at.out" 2>"$work/$at.err" </dev/null &
	host_pid=$!
	started+=($host_pid)
}
outcomes() {
	cat "$work/$1"/state/*/journal.jsonl 2>/dev/null | sed -n 's/.*"kind":"advice","advisor":"llm","outcome":"\([a-z-]*\)".*/\1/p'
}
has_outcome() {
	outcomes "$1" | grep -q -x "$2"
}
served() {
	local summary
	wait $host_pid
	[ $? = 0 ] || fail "$1: the host: $(tail -3 "$work/$1.err")"
	no_crash_text "$work/$1.out" "$work/$1.err" "$work/$1/log" || fail "$1: the text of a crash"
	same_options "$work/db" "$work/options.app" || fail "$1: options: $(cat "$work/options.diff")"
	summary=$(journal "$work/$1"/state/*/journal.jsonl) || fail "$1: the journal"
	trials=$(count "$summary" trials)
}

relay good
serve advised 6
served advised
[ "$(outcomes advised | head -1)" = ok ] || fail "advice through the relay: $(outcomes advised | head -3) $(cat "$work/relay.log")"
[ "$trials" -gt 0 ] || fail "advice through the relay led to no trial"
end_relay

# Absent, then there and killed in mid-call, then back: three rounds with a name each, in one life of the host.
serve bereft 30
wait_until 15 has_outcome bereft relay-unreachable || fail "without a relay: $(outcomes bereft)"
relay hang
asks=$(wc -l <"$work/model.log")
more() { [ "$(wc -l <"$work/model.log")" -gt "$asks" ]; }
wait_until 15 more || fail "the host does not ask the relay that is there now: $(outcomes bereft)"

# While it waits for the answer: the key is in no page of the host. That the search would find it is shown by a host that holds one.
inside=$(pgrep -P $host_pid db_bench || echo $host_pid)
grep -q -i -E 'libcurl|libssl' "/proc/$inside/maps" && fail "a TLS library or libcurl is in the host: $(grep -i -m1 -E 'libcurl|libssl' "/proc/$inside/maps")"
found=$(python3 "$client" find "$inside" "$key" lodestone-relay) || fail "the host's memory could not be looked at"
[ "${found%% *}" = 0 ] || fail "the key is in the host's memory: $found"
[ "${found##* }" -gt 0 ] || fail "the search finds nothing at all: $found"
kill -KILL $relay_pid
wait $relay_pid 2>/dev/null
broken() { [ "$(outcomes bereft | grep -c -x relay-unreachable)" -ge 2 ]; }
wait_until 15 broken || fail "a relay killed in mid-call: $(outcomes bereft)"
rm -f "$work/relay.log"
relay good # over the socket that the dead one left
wait_until 15 has_outcome bereft ok || fail "a relay that came back: $(outcomes bereft) $(cat "$work/relay.log")"
kill -TERM $host_pid 2>/dev/null # enough; db_bench dies of it
wait $host_pid 2>/dev/null
end_relay

alone=()
asks=$(wc -l <"$work/model.log")
serve holder 20 llm.url="https://127.0.0.1:$model_port/s/hang/v1" llm.ca_file="$work/tls/cert.pem" llm.key_file="$work/key"
wait_until 15 more || fail "the host with a key of its own did not ask"
found=$(python3 "$client" find "$(pgrep -P $host_pid db_bench || echo $host_pid)" "$key" lodestone-relay)
[ "${found%% *}" -gt 0 ] || fail "the search does not find the key where it is: $found"
kill -TERM $host_pid 2>/dev/null
wait $host_pid 2>/dev/null
passed
