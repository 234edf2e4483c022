#!/bin/bash
# The command line against a stand-in for the agent: what it prints, what it refuses, what a hostile answer does to it.
# Usage: test_cli.sh BUILD_DIR
set -u
build=$(cd "$1" && pwd) here=$(cd "$(dirname "$0")" && pwd)
cli=$build/lodestone
command -v python3 >/dev/null || { echo "python3 is missing"; exit 77; }
tmp=$(mktemp -d) failed=0 servers=()
clean() {
	local p
	for p in "${servers[@]}"; do kill "$p" 2>/dev/null; done
	rm -rf "$tmp"
}
trap clean EXIT
mkdir "$tmp/run" "$tmp/one" "$tmp/two" "$tmp/home" "$tmp/state"
export LODESTONE_AGENT_RUNTIME_DIR=$tmp/run LODESTONE_AGENT_STATE_DIR=$tmp/state LODESTONE_CONFIG=/dev/null HOME=$tmp/home LC_ALL=C.UTF-8
unset NO_COLOR LD_PRELOAD

bad() {
	echo "FAIL: $*"
	sed 's/^/    out: /' "$tmp/out" | head -20 | cut -c1-200
	sed 's/^/    err: /' "$tmp/err" | head -20 | cut -c1-200
	failed=1
}
# expect STATUS COMMAND...: runs it, keeps out and err.
expect() {
	local want=$1 got
	shift
	"$@" >"$tmp/out" 2>"$tmp/err" </dev/null
	got=$?
	[ "$got" = "$want" ] || bad "exit status $got, not $want: $*"
	# No control character may come through, whoever said it.
	if LC_ALL=C grep -qaP '[\x00-\x08\x0b-\x1f\x7f]' "$tmp/out" "$tmp/err"; then bad "control characters: $*"; fi
}
out() { grep -qF -e "$1" "$tmp/out" || bad "stdout lacks '$1'"; }
err() { grep -qF -e "$1" "$tmp/err" || bad "stderr lacks '$1'"; }
not_out() { grep -qF -e "$1" "$tmp/out" && bad "stdout has '$1'"; }

start() { # ANSWERS: starts a stand-in, pid in $pid
	exec 3< <(exec python3 "$here/stand_in.py" "$tmp/run" "$1")
	read -r pid <&3
	exec 3<&-
	servers+=("$pid")
}

# --- words ---
expect 2 "$cli"; err "usage: lodestone"
expect 2 "$cli" frobnicate; err "there is no verb 'frobnicate'"
expect 2 "$cli" stauts; err "did you mean 'status'"
expect 2 "$cli" version; err "did you mean '--version'"
expect 2 "$cli" help confg; err "did you mean 'config'"
expect 0 "$cli" help tunables; out "write_buffer_size"
expect 0 "$cli" help --man; out '.SS "lodestone run"'
expect 2 "$cli" help run --man; expect 2 "$cli" help config tunables
expect 0 "$cli" --version; out "lodestone "
expect 0 "$cli" help; out "doctor"
expect 0 "$cli" --help; out "doctor"
expect 0 "$cli" help run; out "section.key=value"
expect 2 "$cli" help nonsense
expect 0 "$cli" help config; out "#mode = observe"
for verb in run status watch journal prompt pause resume approve reject rollback pin unpin metrics doctor help; do
	expect 0 "$cli" $verb --help; out "usage: lodestone"
	[ $verb = help ] || expect 2 "$cli" $verb --no-such-option
done
expect 2 "$cli" status notapid; err "is no process id"
expect 2 "$cli" status 1 2
expect 2 "$cli" status -d $'a\nb'
expect 2 "$cli" watch -n 0; expect 2 "$cli" watch -i never
"$cli" help >/dev/full 2>"$tmp/err"; [ $? = 1 ] || bad "a full disk goes unnoticed"

# --- nobody there ---
expect 1 "$cli" status; err "no process with the tuner in it"; err "$tmp/run"
expect 1 "$cli" status 1073741824; err "there is no process"
python3 -c "import socket; socket.socket(socket.AF_UNIX).bind('$tmp/run/4.sock')"
touch "$tmp/run/5.sock" "$tmp/run/x.sock"
expect 1 "$cli" status; err "no process with the tuner in it"
expect 1 "$cli" status -S "$tmp/run/4.sock"; err "nobody listens there"

# --- one process ---
cat >"$tmp/one/status" <<'J'
{"version":"0.1.0","pid":4711,"exe":"/usr/bin/db_bench","uptime_s":200.5,"mode":"auto","advisor":"expert","pace":"bench","config":null,"warnings":["/etc/x.conf:3: there is no such key"],
"machine":{"cores":2,"mem_limit":4294967296,"mem_available":2147483648,"rss":104857600,"cpu":"x"},
"inert":[{"path":"/tmp/ro","why":"opened read-only"}],
"databases":[{"id":"rocksdb-00aa","path":"/tmp/db","rocksdb":"7.8.3","state":"TRIAL","paused":false,"why":"trying it","statistics":"ours","limited":null,"uptime_s":199,"samples":190,"sample_us":300,
"workload":"gets 100 %","regime":"ff","journal":"@JOURNAL@","now":{"seconds":10,"ops":142345,"by_kind":{"get":{"ops":142345,"mean_us":12.5,"p50_us":7.1,"p99_us":1234.5}},"stall_share":0.0123,"write_stopped":false,"delayed_write_rate":0,
"cache_hit":0.5,"data_hit":0.25,"write_amp":3.5,"read_amp":1,"space_amp":1.1,"debt":1048576,"l0_files":3,"mem_bytes":67108864,"cpu_cores":1.5},
"cache":{"kind":"LRUCache","capacity":8388608,"usage":8388000,"resizable":true},"column_families":[],
"trial":{"id":12,"advisor":"expert","rule":"cache-misses","why":"reads miss","design":"switch","arm":"control","done":3,"max":12,"seconds_left":65,"evidence":4.25,"effect":0.25,"lo":0.201,"hi":0.302,
"changes":[{"option":"write_buffer_size","cf":"hot","from":"67108864","to":"134217728"}]},"suggestion":null,
"kept":[{"option":"max_background_jobs","cf":null,"from":"2","to":"4"}],
"recent":[{"ts":"2026-01-31T12:00:00.000000Z","trial":11,"what":"kept","advisor":"expert","rule":"r","summary":"max_background_jobs 2 -> 4","effect":0.1,"lo":0.05,"hi":0.15,"why":"better"},
{"ts":"2026-01-31T12:05:00.000000Z","trial":12,"what":"refused","advisor":"expert","rule":"r","summary":"x = 5","effect":null,"lo":null,"hi":null,"why":"over budget"}],
"counts":{"proposals":3,"refused":1,"trials":2,"kept":1,"reverted":0,"invalid":0,"tripped":0,"writes":8,"write_ms_max":11},"advice":{"last":"ok","why":"asked","calls":0,"tokens":0,"next_in_s":12}},
{"id":"rocksdb-00bb","path":"/tmp/other","rocksdb":"7.8.3","state":"OBSERVE","paused":true,"why":"getting to know the work"}]}
J
sed -i "s|@JOURNAL@|$tmp/state/rocksdb-00aa/journal.jsonl|" "$tmp/one/status"
start "$tmp/one"; one=$pid
expect 0 "$cli" status
for text in "db_bench  pid 4711" "mode auto" "warning: /etc/x.conf:3" "not tuned: /tmp/ro" "opened read-only" "/tmp/db  rocksdb-00aa  RocksDB 7.8.3" "TRIAL: trying it" \
	"142 k operations/s" "mean 12 us, p50 7.1 us, p99 1.2 ms" "1.2 %" "8 MiB" "hits 50.0 %" "pair 3 of at most 12, 1m05s left" "write_buffer_size[hot] 64 MiB -> 128 MiB" \
	"evidence 4.25, effect so far +25.0 % (+20.1 .. +30.2 %)" "max_background_jobs 2 -> 4" "+10.0 % (+5.0 .. +15.0 %)" "over budget" "OBSERVE, paused" "nothing measured yet"; do
	out "$text"
done
expect 0 "$cli" status -j; cmp -s "$tmp/out" "$tmp/one/status" || bad "-j is not what was received"
expect 0 "$cli" status $one; out "142 k"
expect 0 "$cli" status -S "$tmp/run/$one.sock"; out "142 k"
expect 0 "$cli" status -d rocksdb-00b; out "/tmp/other"; not_out "/tmp/db "
expect 0 "$cli" status -d /tmp/other; not_out "/tmp/db "
expect 1 "$cli" status -d nothing; err "no open database is called nothing"
expect 0 "$cli" watch -n 2 -i 0.05; [ "$(wc -l <"$tmp/out")" = 4 ] || bad "watch -n 2 of two databases is four lines"; out "trial 3/12 evidence 4.25 +25.0 %"
expect 0 "$cli" watch -n 2 -i 0.05 -j

mkdir "$tmp/none" # a process whose unit has made it a directory of its own
exec 3< <(export LODESTONE_AGENT_RUNTIME_DIR=$tmp/elsewhere; mkdir "$tmp/elsewhere"; exec python3 "$here/stand_in.py" "$tmp/elsewhere" "$tmp/one")
read -r pid <&3
exec 3<&-
servers+=("$pid")
LODESTONE_AGENT_RUNTIME_DIR=$tmp/none expect 1 "$cli" status; err "looked in $tmp/none"; err "these have a directory of their own"; err "  $pid  python3"
LODESTONE_AGENT_RUNTIME_DIR=$tmp/none expect 0 "$cli" status $pid; out "142 k"
kill $pid

# --- verbs that are one question ---
printf 'exactly this\n  prompt' >"$tmp/one/prompt"
printf 'rocksdb-00aa: paused\n' >"$tmp/one/pause"
printf 'cannot, because\n' >"$tmp/one/resume"; echo 300 >"$tmp/one/resume.code"
printf '{"id":"rocksdb-00aa","done":false,"writes":[{"scope":"cf","cf":0,"key":"write_buffer_size","value":"67108864"}]}\n{"id":"b","done":true,"writes":[]}\n' >"$tmp/one/rollback"
expect 0 "$cli" prompt; cmp -s "$tmp/out" "$tmp/one/prompt" || bad "the prompt is not to the byte"
expect 0 "$cli" prompt --text; cmp -s "$tmp/out" "$tmp/one/prompt" || bad "prompt --text of what is no request"
printf '{"model":"m","messages":[{"role":"system","content":"be\\nkind"},{"role":"user","content":"tune \\u001b[2J"}]}' >"$tmp/one/prompt"
expect 0 "$cli" prompt --text; [ "$(head -7 "$tmp/out")" = $'== system ==\nbe\nkind\n\n== user ==\ntune ?[2J' ] || bad "prompt --text: $(cat "$tmp/out")"
printf '{"system":[{"type":"text","text":"be kind"}],"messages":[{"role":"user","content":[{"type":"text","text":"tune"}]}]}' >"$tmp/one/prompt"
expect 0 "$cli" prompt --text; [ "$(cat "$tmp/out")" = $'== system ==\nbe kind\n\n== user ==\ntune' ] || bad "prompt --text, blocks: $(cat "$tmp/out")"
expect 2 "$cli" pause --text
expect 0 "$cli" pause -d /tmp/db; out "paused"
tail -1 "$tmp/one/requests" | grep -qx "pause rocksdb-00aa" || bad "the path was not turned into an id"
expect 1 "$cli" pause -d /no/such/db; err "no open database is at"
expect 1 "$cli" resume; err "cannot, because"
expect 0 "$cli" rollback --print; out "write_buffer_size = 64 MiB"
tail -1 "$tmp/one/requests" | grep -qx "rollback - print" || bad "--print was not passed on"
expect 0 "$cli" rollback; tail -1 "$tmp/one/requests" | grep -qx "rollback -" || bad "rollback"
expect 0 "$cli" rollback -j; cmp -s "$tmp/out" "$tmp/one/rollback" || bad "rollback -j"
expect 1 "$cli" approve; err "not understood"
expect 2 "$cli" pause --print
printf 'rocksdb-00aa: write_buffer_size: pinned\n' >"$tmp/one/pin"
expect 0 "$cli" pin -d /tmp/db write_buffer_size max_background_jobs; out "pinned"
tail -1 "$tmp/one/requests" | grep -qx "pin rocksdb-00aa write_buffer_size max_background_jobs" || bad "the options were not passed on"
expect 0 "$cli" pin $one write_buffer_size; tail -1 "$tmp/one/requests" | grep -qx "pin - write_buffer_size" || bad "pin of a process"
printf 'there is no option writ; did you mean write_buffer_size?\n' >"$tmp/one/unpin"; echo 300 >"$tmp/one/unpin.code"
expect 1 "$cli" unpin writ; err "did you mean write_buffer_size"
expect 2 "$cli" pin; expect 2 "$cli" unpin $one

# --- journal ---
mkdir -p "$tmp/state/rocksdb-00aa"
python3 - "$tmp/state/rocksdb-00aa/journal.jsonl" <<'P'
import sys, zlib
w = '[{"scope":"cf","cf":0,"key":"write_buffer_size","value":"%d"}]'
rows = [('attach', '"path":"/tmp/db","rocksdb":"7.8.3","mode":"auto","advisor":"expert","pace":"bench","pid":7'),
        ('proposal', '"trial":12,"proposal":{"id":12,"advisor":"expert","rule":"cache","why":"m\\u001b[31misses","changes":[{"option":"write_buffer_size","means":"128 MiB","reason":"f\\u001bewer"}],"expect":0.2,"expects":{"speed":0.2,"stall_share":0.5}}'),
        ('refused', '"trial":12,"refusal":{"rule":"memory-budget","why":"too much"}'),
        ('intent', '"trial":13,"design":"switch","todo":' + w % 134217728 + ',"undo":' + w % 67108864),
        ('verdict', '"trial":13,"changes":"a -> b","verdict":{"kind":"keep","design":"switch","effect":0.25,"lo":0.2,"hi":0.3,"evidence":41,"pairs":6,"seconds":80,"why":"faster"}'),
        ('settled', '"trial":13,"how":"kept"'), ('odd', '"a":1,"b":[1,2],"c":"text"'), ('attach', '"path":5,"rocksdb":[],"mode":null')]
with open(sys.argv[1], "wb") as f:
    for i, (kind, members) in enumerate(rows):
        line = ('{"ts":"2026-01-31T12:00:0%d.000000Z","seq":%d,"kind":"%s",%s' % (i, i + 1 + (i > 5), kind, members)).encode()
        f.write(line + b',"crc":"%08x"}\n' % zlib.crc32(line))
        if i == 2:
            f.write(b'{"torn":\x1b[2J\n')
P
journal=$tmp/state/rocksdb-00aa/journal.jsonl
expect 0 "$cli" journal -d rocksdb-00aa
for text in "RocksDB 7.8.3 at /tmp/db" "write_buffer_size = 128 MiB (f?ewer) [expert: cache] expects speed +20.0 %, stall_share +50.0 %: m?[31misses" "memory-budget: too much" "a damaged line" \
	"write_buffer_size 64 MiB -> 128 MiB, tried by switch" "keep: a -> b  +25.0 % (+20.0 .. +30.0 %), evidence 41, 6 pairs in 1m20s: faster" "settled  #13 kept" "a 1, b [1,2], c text" \
	"1 records are missing"; do
	out "$text"
done
expect 1 "$cli" journal; err "several databases"; err "rocksdb-00bb"
expect 0 "$cli" journal "$journal"; out "settled  #13 kept"
expect 0 "$cli" journal "$tmp/state/rocksdb-00aa"; out "settled  #13 kept"
expect 0 "$cli" journal -k settled "$journal"; not_out "attach"; out "settled  #13 kept"
expect 0 "$cli" journal -n 1 "$journal"; [ "$(grep -c . "$tmp/out")" = 1 ] || bad "journal -n 1"
expect 0 "$cli" journal -n 0 "$journal"; [ ! -s "$tmp/out" ] || bad "journal -n 0"
expect 0 "$cli" journal -j "$journal"; [ "$(wc -l <"$tmp/out")" = 8 ] || bad "journal -j"; err "damaged"
expect 1 "$cli" journal "$tmp/none"; expect 2 "$cli" journal -n x; expect 2 "$cli" journal a b
"$cli" journal -f -n 1 "$journal" >"$tmp/follow" & follower=$!
for _ in $(seq 100); do [ -s "$tmp/follow" ] && break; sleep 0.1; done
head -1 "$journal" >>"$journal"
for _ in $(seq 100); do [ "$(wc -l <"$tmp/follow")" -ge 2 ] && break; sleep 0.1; done
kill $follower; wait $follower 2>/dev/null
[ "$(wc -l <"$tmp/follow")" -ge 2 ] || bad "journal -f does not follow"
# ... a journal that has been set aside for its size, and what stands in it is told before what came after
aside=$tmp/aside/journal.jsonl; mkdir "$tmp/aside"
head -5 "$journal" >"$aside.1"; sed -n '6,9p' "$journal" >"$aside"
expect 0 "$cli" journal "$aside"; out "settled  #13 kept"; out "a damaged line"; out "of journal.jsonl.1"
[ "$(grep -n 'RocksDB 7.8.3' "$tmp/out" | cut -d: -f1)" = 1 ] || bad "journal: the older file is not first"
[ "$(grep -c 'missing' "$tmp/out")" = 1 ] || bad "journal: something is missing between two files"
expect 0 "$cli" journal -n 5 -j "$aside"; [ "$(wc -l <"$tmp/out")" = 5 ] && head -1 "$tmp/out" | grep -q '"seq":4,' || bad "journal -n over two files"
expect 0 "$cli" journal "$aside.1"; not_out "settled"
"$cli" journal -f -k settled "$aside" >"$tmp/follow" & follower=$!
for _ in $(seq 100); do grep -q settled "$tmp/follow" && break; sleep 0.1; done
mv "$aside" "$aside.1"; grep '"settled"' "$journal" | tee -a "$aside.1" >"$aside" # the last words of the one, the first of the other
for _ in $(seq 50); do [ "$(grep -c settled "$tmp/follow")" -ge 3 ] && break; sleep 0.1; done
kill $follower; wait $follower 2>/dev/null
[ "$(grep -c settled "$tmp/follow")" = 3 ] || bad "journal -f past the end of a file that was set aside: $(cat "$tmp/follow")"

# --- several processes ---
cp "$tmp/one/status" "$tmp/two/"
start "$tmp/two"; two=$pid
expect 1 "$cli" status; err "several processes"; err "$one"; err "$two"
expect 0 "$cli" status $two
kill $one; wait $one 2>/dev/null
expect 0 "$cli" status; out "142 k"

# --- hostile answers: never a signal, never a control character ---
hostile() { # NAME STATUS
	expect "$2" timeout 20 "$cli" status $two
	"$cli" status $two >/dev/null 2>&1; [ $? -lt 126 ] || bad "$1"
	timeout 20 "$cli" watch -n 1 $two >"$tmp/out" 2>"$tmp/err" </dev/null; [ $? -lt 2 ] || bad "watch: $1"
	timeout 20 "$cli" doctor $two >"$tmp/out" 2>"$tmp/err" </dev/null; [ $? -lt 2 ] || bad "doctor: $1"
	LC_ALL=C grep -qaP '[\x00-\x08\x0b-\x1f\x7f]' "$tmp/out" "$tmp/err" && bad "control characters: $1"
}
say() { printf '%b' "$1" >"$tmp/two/status"; }
say ''; hostile "nothing" 1
say 'not json'; hostile "text" 1
say '[]'; hostile "an array" 1
say 'null'; hostile "null" 1
say '{}'; hostile "empty" 0
expect 0 "$cli" status $two; out "No database is open"
say '{"databases":{}}'; hostile "object for array" 0
say '{"databases":[null,1,"x",[],{}]}'; hostile "odd databases" 0
say '{"pid":"x","uptime_s":-1e308,"exe":5,"warnings":5,"inert":[5],"machine":[],"databases":[{"id":5,"path":{},"state":[],"now":{"ops":1e308,"by_kind":{"get":5,"":{}},"delayed_write_rate":-1},"cache":[],"trial":{"done":1e300,"max":1e-300,"seconds_left":1e300,"evidence":-1e300,"changes":[{}]},"kept":[{},5],"recent":[{},5,{"ts":"9999999999"}],"counts":[],"advice":5}]}'
hostile "wrong types" 0
say '{"exe":"\\u001b]0;owned\\u0007\\u001b[2J","mode":"\\r\\n\\u009b31m","warnings":["\\u202egnirts"],"databases":[{"path":"\\u001b[31m","id":"\\b\\b","why":"a\\u0000b\xff\xfe","state":"\\u001bc","now":{"by_kind":{"\\u001b[5m":{"ops":1}}},"trial":{"arm":"\\u001b[7m","changes":[{"option":"\\u001b","cf":"\\u001b","from":"\\u001b","to":"\\u001b"}]},"recent":[{"ts":"\\u001b","what":"\\u001b[1m","summary":"\\u001b"}]}]}'
hostile "escape sequences" 0
python3 -c "print('{\"databases\":[' + '[' * 5000 + ']' * 5000 + ']}')" >"$tmp/two/status"; hostile "deep" 1
python3 -c "import json; print(json.dumps({'databases': [{'id': 'x' * 100000, 'path': '/' + 'y' * 100000, 'kept': [{'option': 'o' * 1000}] * 2000}] * 3}))" >"$tmp/two/status"; hostile "long" 0
say '{}'
printf '200 1000000\n' >"$tmp/two/status.head"; hostile "less than promised" 1
printf '200 -1\n' >"$tmp/two/status.head"; hostile "negative length" 1
printf 'HTTP/1.1 200 OK\r\n' >"$tmp/two/status.head"; hostile "another protocol" 1
printf '%0100d' 0 >"$tmp/two/status.head"; hostile "no end of line" 1
rm "$tmp/two/status.head"
echo 400 >"$tmp/two/status.code"; hostile "code 400" 1
rm "$tmp/two/status.code"
printf '\033[2Jtext\n' >"$tmp/two/pause"; echo 300 >"$tmp/two/pause.code"
expect 1 "$cli" pause $two; err "?[2Jtext"

# --- the live view ---
sed 's/"pid":4711/"pid":4712/' "$tmp/one/status" >"$tmp/two/status"
for end in SIGINT SIGTERM SIGHUP q resize; do
	python3 "$here/cli_tty.py" $end "$cli" watch -i 0.1 $two >"$tmp/out" 2>"$tmp/err"; status=$?
	[ $status = 0 ] || bad "watch, ended by $end: $status"
	out "142 k operations/s"; out "rocksdb-00aa"; out "3 of 12"
done
# ... and while it waits for an answer that does not come
python3 "$here/cli_tty.py" "touch:$tmp/two/hang" "$cli" watch -i 0.1 $two >"$tmp/out" 2>"$tmp/err"; status=$?
[ $status = 0 ] || bad "watch, interrupted in a wait: $status"
rm "$tmp/two/hang"
NO_COLOR=1 python3 "$here/cli_tty.py" q "$cli" watch $two >"$tmp/out" 2>"$tmp/err"
grep -qaP '\x1b\[3[0-9]m' "$tmp/out" && bad "NO_COLOR has colours"
rm "$tmp/out"
python3 "$here/cli_tty.py" wait "$cli" watch -i 0.1 $two >"$tmp/out" 2>"$tmp/err" & viewer=$!
for _ in $(seq 100); do grep -qs "142 k" "$tmp/out" && break; sleep 0.1; done
kill $two; wait $two 2>/dev/null
wait $viewer; status=$?
[ $status = 0 ] || bad "watch of a process that ends: $status"
out "process 4712 has ended"
expect 1 "$cli" watch $two

# --- run ---
if [ -e "$build/liblodestone-preload.so" ]; then
	expect 0 "$cli" run -- true; [ ! -s "$tmp/out" ] && [ ! -s "$tmp/err" ] || bad "run -- true says something"
	expect 7 "$cli" run sh -c 'exit 7'
	expect 127 "$cli" run -- /no/such/program; err "cannot run"
	expect 126 "$cli" run -- /etc/passwd
	expect 2 "$cli" run; expect 2 "$cli" run -s agent.mode=auto
	expect 2 "$cli" run -s agent.mood=auto -- true; err "agent.mode"
	expect 2 "$cli" run -s agent.mode=loud -- true; err "auto"
	expect 2 "$cli" run -s agentmode -- true; err "section.key=value"
	expect 2 "$cli" run -c "$tmp/none.conf" -- true; err "cannot be read"
	printf '[agent]\nmode = auto\nmoode = x\n' >"$tmp/bad.conf"
	expect 2 "$cli" run -c "$tmp/bad.conf" -- true; err "bad.conf:3"
	printf '[agent]\nmode = auto\n' >"$tmp/good.conf"
	expect 0 "$cli" run -c "$tmp/good.conf" -s agent.seed=5 -s judge.pace=bench -- env -u nothing
	out "LODESTONE_CONFIG=$tmp/good.conf"; out "LODESTONE_AGENT_SEED=5"; out "LODESTONE_JUDGE_PACE=bench"
	grep -q "^LD_PRELOAD=.*liblodestone-preload.so\$" "$tmp/out" || bad "LD_PRELOAD"
	if ! ldd "$cli" | grep -q asan; then # the sanitizer's runtime insists on being first
		cp "$build/liblodestone-preload.so" "$tmp/other.so"
		expect 0 env LD_PRELOAD="$tmp/other.so" "$cli" run -- env
		grep -q "^LD_PRELOAD=.*liblodestone-preload.so:$tmp/other.so\$" "$tmp/out" || bad "the other preload is lost"
	fi
	expect 0 "$cli" run -- "$cli" run -- env
	[ "$(grep -o 'liblodestone-preload.so' "$tmp/out" | wc -l)" = 1 ] || bad "the preload stands twice"
	expect 0 "$cli" run -- env --version -- -s; out "env"
fi

# --- doctor ---
expect 1 "$cli" doctor /bin/ls; out "neither holds RocksDB"; out "mend:"
expect 1 "$cli" doctor -- ls; out "neither holds RocksDB"
expect 1 "$cli" doctor -- no-such-program; out "there is no program"
expect 1 "$cli" doctor -j /bin/ls; python3 -c "import json,sys; d=json.load(open('$tmp/out')); sys.exit(d['tunable'] or not d['findings'])" || bad "doctor -j"
expect 1 "$cli" doctor /etc/passwd; out "no ELF file"
printf '#!/bin/sh\ntrue\n' >"$tmp/script"; expect 1 "$cli" doctor "$tmp/script"; out "is a script for /bin/sh"
cp /bin/ls "$tmp/suid"; chmod u+s "$tmp/suid"; expect 1 "$cli" doctor "$tmp/suid"; out "setuid"
expect 1 "$cli" doctor $$; out "the preload is not in it"
expect 1 "$cli" doctor 1073741824; out "there is no process"
expect 2 "$cli" doctor a b
if command -v db_bench >/dev/null; then
	expect 0 "$cli" doctor -- db_bench; out "its opens can be caught (RocksDB up to 9.1)"
fi

[ $failed = 0 ] && echo "all is well"
exit $failed
