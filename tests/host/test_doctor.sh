#!/bin/bash
# The doctor before real patients: files and processes that can be tuned, and every reason why not, each with its mend.
. "$(dirname "$0")/e2e.sh" "$@"
hosts=$build/tests/host
[ -x "$hosts/host_readonly" ] || skip "no host programs: librocksdb-dev was not there when they were to be built"
export LODESTONE_AGENT_STATE_DIR=$work/state LODESTONE_AGENT_RUNTIME_DIR=$work/run
mkdir "$work/state" "$work/run"
root=$([ "$(id -u)" = 0 ] && echo yes || echo no)

# doctor STATUS WHAT...: the report is in $work/report, as JSON in $work/json.
doctor() {
	local want=$1 got
	shift
	"$build/lodestone" doctor "$@" >"$work/report" 2>&1
	got=$?
	"$build/lodestone" doctor -j "$@" >"$work/json" 2>/dev/null
	[ $got = "$want" ] || fail "doctor $*: exit status $got, not $want: $(cat "$work/report")"
	python3 - "$work/json" "$want" <<'P' || fail "doctor -j $*: $(cat "$work/json")"
import json, sys
d = json.load(open(sys.argv[1]))
assert d["tunable"] == (sys.argv[2] == "0") and d["findings"] and d["facts"] is not None
assert any(f["health"] == "fail" for f in d["findings"]) != d["tunable"]
P
}
says() {
	local text
	for text in "$@"; do
		grep -qF -e "$text" "$work/report" || fail "the doctor does not say '$text': $(cat "$work/report")"
	done
}
# code NAME: that finding is among those of the last report.
code() {
	python3 -c "import json,sys; sys.exit(not any(f['code'] == '$1' for f in json.load(open('$work/json'))['findings']))" ||
		fail "no finding $1: $(cat "$work/report")"
}
no_code() {
	if (code "$1") 2>/dev/null; then fail "finding $1 is wrong here: $(cat "$work/report")"; fi
}
fact() { # EXPRESSION VALUE
	local got
	got=$(python3 -c "import json; f = json.load(open('$work/json'))['facts']; print($1)" 2>&1)
	[ "$got" = "$2" ] || fail "$1 is '$got', not '$2'"
}

# ---- files ----

doctor 0 -- db_bench
says "RocksDB 7.8.3, a shared library" "its opens can be caught" "Can it be tuned?  Yes."
fact "f['images'][0]['version'], f['images'][0]['kind']" "7.8.3 interposable"
doctor 1 "$hosts/host_static"
says "static in the executable" "exports nothing" "use the plugin" "listeners="
code static-hidden
strip -o "$work/stripped" "$hosts/host_static"
doctor 1 "$work/stripped"
code static-hidden
fact "f['images'][0]['version']" "7.8 or later, before 8.1"
doctor 1 "$hosts/host_static_rdynamic"
says "do not go through a slot" "use the plugin"
code static-bound
# Debian's archive cannot be put into a shared object, so these are of the same build in miniature: the open, a call of it, and two texts.
cat >"$work/mini.c" <<C
void open_it(void) __asm__(OPEN);
void open_it(void) { __asm__(""); }
void call_it(void);
void call_it(void) { open_it(); }
const char *const texts[] = {"Shutdown: canceling all background work", "SetOptions() on column family", "prefix_seek_opt_in_only"};
C
open=$(nm -D "$build/liblodestone-preload.so" | awk '/DBImpl4Open.*bbbPb$/ && /PPNS_2DB/ { print $3 }')
old='_ZN7rocksdb6DBImpl4OpenERKNS_9DBOptionsERKSsRKSt6vectorINS_22ColumnFamilyDescriptorESaIS7_EEPPNS_2DBEbb'
mini() { # NAME SYMBOL [option...]
	gcc -shared -fPIC -O1 -DOPEN="\"$2\"" -o "$work/lib$1.so" "${@:3}" "$work/mini.c" || fail "lib$1.so could not be made"
}
mini plugin "$open"
doctor 0 "$work/libplugin.so"
says "RocksDB 9.2 to 9.10"
fact "f['images'][0]['linkage']" "static in a shared object"
mini bound "$open" -Wl,-Bsymbolic
doctor 1 "$work/libbound.so"
code bound
mini direct "$open" -fno-semantic-interposition -fno-plt -O2 -Wl,-Bsymbolic-functions
doctor 1 "$work/libdirect.so"
code bound
mini hidden "$open" -fvisibility=hidden
doctor 1 "$work/libhidden.so"
code hidden
says "-fvisibility=hidden"
mini old "$old"
doctor 1 "$work/libold.so"
code old-string-abi
mini other "${open}x"
doctor 1 "$work/libother.so"
code unknown-open
printf 'int main(void) { return 0; }\n' >"$work/c.c"
gcc -o "$work/musl" -Wl,--dynamic-linker=/lib/ld-musl-x86_64.so.1 "$work/c.c" || fail "c.c"
doctor 1 "$work/musl"
code musl
gcc -static -o "$work/static" "$work/c.c" || fail "c.c, statically"
doctor 1 "$work/static"
code static
cp "$work/musl" "$work/arm" && printf '\267' | dd of="$work/arm" bs=1 seek=18 conv=notrunc status=none
doctor 1 "$work/arm"
code machine
cp "$work/musl" "$work/small" && printf '\001' | dd of="$work/small" bs=1 seek=4 conv=notrunc status=none
doctor 1 "$work/small"
says "32-bit"
head -c 4000 "$hosts/host_static" >"$work/cut"
doctor 1 "$work/cut"
if [ $root = yes ]; then
	cp "$hosts/host_ttl" "$work/suid" && chmod 4755 "$work/suid"
	doctor 1 "$work/suid"
	code privileged
fi
echo "files: each is what it is"

# ---- processes that write ----

# begin COMMAND...: in the background with what `with` says; its number in $pid, its standard input open on descriptor 9.
begin() {
	exec 9>&-
	rm -f "$work/pipe" && mkfifo "$work/pipe"
	"${with[@]}" "$@" <"$work/pipe" >"$work/out" 2>"$work/err" &
	pid=$!
	started+=($pid)
	exec 9>"$work/pipe"
	wait_until 20 grep -q '^ready' "$work/out" || fail "$1 did not start: $(tail -3 "$work/err")"
}
end() {
	exec 9>&-
	wait $pid || fail "exit status $?: $(tail -3 "$work/err")"
}

with=(env)
begin "$hosts/host_ttl" "$work/db" 4
doctor 1 $pid
says "RocksDB 7.8.3, a shared library" "$work/db: is open for writing" "the preload is not in it" "lodestone run"
end
tuned on agent.mode=auto
begin "$hosts/host_ttl" "$work/db" 5
wait_until 10 "$build/lodestone" status $pid >/dev/null || fail "the agent does not answer"
wait_until 10 bash -c "'$build/lodestone' status -j $pid | grep -q '\"capabilities\"'" || fail "no capabilities in the status"
doctor 0 $pid
says "the preload is in it" "the agent answers at $work/on/run/$pid.sock" "Statistics added by the agent" "block cache LRUCache" "options can be changed"
fact "f['databases'][0]['rocksdb'], f['open'][0]['writes'], f['configuration']['mode']" "7.8.3 True auto"
end
for off in LODESTONE_DISABLE=1 LODESTONE_AGENT_EXCLUDE=host_ttl; do
	tuned off agent.mode=auto
	with=(env "$off" "${with[@]}")
	begin "$hosts/host_ttl" "$work/db" 2
	doctor 1 $pid
	case $off in
	LODESTONE_DISABLE*) code disabled ;;
	*) code excluded ;;
	esac
	end
done
with=(env "LD_PRELOAD=$work/none/liblodestone-preload.so")
begin "$hosts/host_ttl" "$work/db" 2
doctor 1 $pid
says "names $work/none/liblodestone-preload.so, which is not there"
end
tuned linked agent.mode=auto
begin "$hosts/host_static" "$work/static.db" 2
doctor 1 $pid
code static-hidden
code preload
says "use the plugin"
end
mkdir "$work/lib" && cp "$(ldd "$hosts/host_ttl" | awk '/librocksdb/ { print $3 }')" "$work/lib/librocksdb.so.7.8"
if [ $root = yes ]; then
	tuned gone agent.mode=auto
	begin env LD_LIBRARY_PATH="$work/lib" "$hosts/host_ttl" "$work/db" 4
	rm "$work/lib/librocksdb.so.7.8"
	wait_until 10 "$build/lodestone" status $pid >/dev/null || fail "the agent does not answer, with a library of its own"
	doctor 0 $pid
	code replaced
	fact "len(f['images'])" 1
	end
fi
echo "processes that write: as they are"

# ---- readers: left alone, said once, without a thread ----

make_db "$work/reader"
ldb --db="$work/reader" --ttl put key value --create_if_missing >/dev/null 2>&1
for mode in read_only families secondary; do
	tuned $mode agent.mode=auto
	begin "$hosts/host_readonly" $mode "$work/reader"
	doctor 1 $pid
	code agent-idle
	[ $mode = secondary ] || code read-only
	grep -q '^lodestone$' /proc/$pid/task/*/comm && fail "$mode: a thread of ours"
	expected="left alone: opened $([ $mode = secondary ] && echo as a secondary || echo read-only) ($work/reader)"
	[ "$(grep -cF "$expected" "$work/$mode/log")" = 1 ] || fail "$mode: not said once: $(cat "$work/$mode/log")"
	end
	[ -z "$(find "$work/$mode/state" "$work/$mode/run" -type f -o -type s 2>/dev/null)" ] || fail "$mode: files were made"
done
tuned both agent.mode=auto
begin "$hosts/host_readonly" both "$work/reader"
wait_until 10 bash -c "'$build/lodestone' status -j $pid 2>/dev/null | grep -q reader.own" || fail "both: the agent does not answer"
"$build/lodestone" status $pid >"$work/status" || fail "both: status"
grep -q "not tuned: $work/reader" "$work/status" || fail "status does not name the reader: $(cat "$work/status")"
grep -q "opened as a secondary" "$work/status" || fail "status does not name the secondary: $(cat "$work/status")"
doctor 0 $pid
code read-only
code left-alone
code agent
end
echo "readers: left alone, and why"

# ---- rights, users, namespaces ----

if [ $root = yes ] && id nobody >/dev/null 2>&1 && command -v setpriv >/dev/null; then
	# A program with rights of its own.
	cp "$hosts/host_ttl" "$work/host.suid" && chown nobody "$work/host.suid" && chmod 4755 "$work/host.suid"
	mkdir -m 777 "$work/open"
	with=(env "LD_PRELOAD=$preload")
	if [ -z "$asan" ]; then
		begin "$work/host.suid" "$work/open/db" 3
		doctor 1 $pid
		code secure-mode
		end
	fi
	# A user who may not write where the journal is to be.
	mkdir -m 700 "$work/closed"
	tuned user agent.mode=observe agent.state_dir="$work/closed/state"
	chmod 777 "$work/user"
	begin setpriv --reuid=nobody --regid=nogroup --clear-groups "$hosts/host_ttl" "$work/open/db2" 3
	"$build/lodestone" doctor $pid >"$work/report" 2>&1
	says "journals go to $work/closed/state: not writable for user $(id -u nobody)"
	end
	# Another mount namespace.
	if unshare -m true 2>/dev/null; then
		mkdir "$work/inner"
		tuned space agent.mode=auto
		begin unshare -m bash -c "mount -t tmpfs none '$work/inner' && exec '$hosts/host_ttl' '$work/inner/db' 4"
		wait_until 10 "$build/lodestone" status $pid >/dev/null || fail "the agent does not answer in its namespace"
		doctor 0 $pid
		code mount-namespace
		fact "f['open'][0]['path']" "$work/inner/db"
		end
	else
		echo "mount namespaces: not shown, none can be made here"
	fi
	echo "rights, users, namespaces: seen"
fi

# ---- checks ----

doctor 0
[ -n "$asan" ] || says "which needs libc alone"
says "journals go to $work/state"
printf '[agent]\nmode = auto\nstate_dri = /x\n' >"$LODESTONE_CONFIG"
doctor 1
says "$LODESTONE_CONFIG:3" "state_dir"
: >"$LODESTONE_CONFIG"
LODESTONE_DISABLE=1 doctor 1
code kill-switch
LODESTONE_AGENT_RUNTIME_DIR=$work/$(printf 'd%.0s' {1..100}) doctor 1
code socket-name
LODESTONE_ADVISOR_KIND=llm doctor 1
says "llm.url"
LODESTONE_ADVISOR_KIND=llm LODESTONE_LLM_MODEL=m LODESTONE_LLM_URL=http://example.com/v1 doctor 1
code model-problem
export LODESTONE_ADVISOR_KIND=llm LODESTONE_LLM_MODEL=stand-in LODESTONE_LLM_TIMEOUT=2s LODESTONE_LLM_RETRIES=0
LODESTONE_LLM_URL=https://api.example.com/v1 LODESTONE_LLM_KEY_FILE=$work/no.key doctor 1
says "no.key"
mkdir "$work/texts"
printf 'no version\n' >"$work/texts/system.txt"
printf 'version: ours\nKeep {{nothing}}\n' >"$work/texts/task.txt"
LODESTONE_LLM_URL=http://127.0.0.1:9/v1 LODESTONE_LLM_PROMPT_DIR=$work/texts doctor 1
says "texts/system.txt is not used" "its first line is not" "texts/answer.txt is not used" "there is no placeholder {{nothing}}"

# ---- the model, asked ----

model "$work/model.log"
for row in "no_change 0 answered" "good 0 answered" "prose 0 answered" "ladder 0 answered" "unknown 1 unknown-option" "not_object 1 schema-violation" "error_401 1 unauthorized" \
	"html_502 1 server-error" "not_json 1 not-json" "hang 1 timeout" "nobody 1 connect-failed"; do
	read -r scenario status word <<<"$row"
	url=$(model_url "$scenario")
	[ $scenario = nobody ] && url=http://127.0.0.1:9/v1
	LODESTONE_LLM_URL=$url doctor "$status" --ask
	says "$word"
done
[ "$(wc -l <"$work/model.log")" -ge 16 ] || fail "the model was not asked"
LODESTONE_LLM_URL=$(model_url no_change) doctor 0
code model-unasked
mkdir "$work/tls"
model "$work/model.log" --tls "$work/tls"
tls=https://127.0.0.1:$model_port/s/no_change/v1
printf 'sk-secret-%s' $RANDOM >"$work/key" && chmod 600 "$work/key"
export LODESTONE_LLM_KEY_FILE=$work/key
LODESTONE_LLM_URL=$tls doctor 1 --ask
says "tls-failed"
LODESTONE_LLM_URL=$tls LODESTONE_LLM_CA_FILE=$work/tls/cert.pem doctor 0 --ask
says "answered"
grep -q sk-secret "$work/report" "$work/json" && fail "the key was shown"
passed
