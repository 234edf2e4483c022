#!/bin/bash
# The entry in an OPTIONS file: every program that takes its options from that file is tuned, however the plugin came into it; every way to close is
# seen; and each mistake is named, in a host that runs on regardless. PLUGIN_ROUNDS: of closing at any moment (40).
. "$(dirname "$0")/e2e.sh" "$@"
hosts=$build/tests/host
plugin=$build/liblodestone-plugin.so
[ -x "$hosts/host_listener" ] && [ -e "$plugin" ] || skip "no plugin: librocksdb-dev was not there when it was to be built"
export LODESTONE_CONFIG=/dev/null

# Options as RocksDB writes them; entry LINE NAME: the same with this line in [DBOptions], as $work/NAME.opt.
db_bench --db="$work/base" --benchmarks=fillseq --num=10 >/dev/null 2>&1 || fail "db_bench"
options "$work/base" | sed '/^ *listeners=/d; s/write_buffer_size=67108864/write_buffer_size=1048576/; s/arena_block_size=.*/arena_block_size=65536/' >"$work/base.opt"
entry() {
	sed "/^\[DBOptions\]/a\\  $1" "$work/base.opt" >"$work/$2.opt"
}

# at NAME SETTING...: where the state of what follows goes; sets $log.
at() {
	local d=$work/$1 s key
	mkdir -p "$d"
	log=$d/log
	for s in $(compgen -e | grep '^LODESTONE_'); do unset "$s"; done
	shift
	for s in agent.state_dir="$d/state" agent.runtime_dir="$d/run" log.file="$log" "$@"; do
		key=${s%%=*}
		export "LODESTONE_$(tr a-z. A-Z_ <<<"$key")=${s#*=}"
	done
	export LODESTONE_CONFIG=/dev/null
}
with_plugin() {
	LD_PRELOAD="${asan:+$asan }$plugin" "$@"
}
says() { # FILE TEXT
	grep -qF -e "$2" "$1" || fail "$1 does not say '$2': $(tail -5 "$1")"
}

# ---- ways to load it ----

entry 'listeners={{id=lodestone;mode=observe}}' plain
entry 'listeners=lodestone' bare
at loaded
with_plugin "$hosts/host_listener" enter "$work/plain.opt" "$work/preloaded" || fail "preloaded"
HOST_PLUGIN=$plugin "$hosts/host_listener" enter "$work/bare.opt" "$work/opened" || fail "opened with dlopen"
"$hosts/host_listener_linked" enter "$work/plain.opt" "$work/linked" || fail "linked"
grep -hq 'listeners={lodestone}' "$work"/opened/OPTIONS-* || fail "the entry was not written back: $(grep -h listeners "$work"/opened/OPTIONS-*)"
with_plugin "$hosts/host_listener_c" "$work/preloaded" || fail "a C program with the last options"
with_plugin "$hosts/host_listener_c" "$work/opened" || fail "a C program with the last options, without properties"
grep -q '"kind":"attach"' "$work"/loaded/state/*/journal.jsonl || fail "nothing in the journal"
grep -qi 'error' "$log" && fail "an error: $(grep -i error "$log")"
echo "preloaded, opened, linked; options from a file, and the last ones: in"

# ---- ways to close ----

at closed
for what in closings wrapped others storm long_end; do
	with_plugin timeout 120 "$hosts/host_listener" $what "$work/plain.opt" "$work/c.$what" "${PLUGIN_ROUNDS:-40}" 2>"$work/err" ||
		fail "$what: exit status $?: $(tail -3 "$work/err")"
	no_crash_text "$work/err" || fail "$what: the text of a crash"
done
grep -hq 'lodestone: ' "$work"/c.storm.?/LOG* || fail "storm: it was never in"
grep -q ' error: ' "$log" && fail "an error: $(grep ' error: ' "$log")"
[ "$(cat "$work"/closed/state/*/journal.jsonl | grep -c '"kind":"attach"')" = "$(cat "$work"/closed/state/*/journal.jsonl | grep -c '"kind":"close"')" ] ||
	fail "not every attach has its close"
entry 'listeners={{id=lodestone;close=detach}}' detach
with_plugin "$hosts/host_listener" detach "$work/detach.opt" "$work/detach" || fail "close=detach"
echo "every way to close: seen"

# ---- db_bench, tried on and put back; its configuration named by the entry ----

printf '[agent]\nmode = auto\ninterval = 100ms\nseed = 3\n[judge]\npace = rush\n[advisor]\nkind = random\n' >"$work/service.conf"
entry "listeners={{id=lodestone;config=$work/service.conf;colour=blue}}" service
at service log.level=debug
bench=(db_bench --db="$work/service.db" --options_file="$work/service.opt" --benchmarks=fillrandom --num=100000000 --duration=5 --seed=1 --statistics=1)
with_plugin "${bench[@]}" >"$work/out" 2>&1 || fail "db_bench: $(tail -3 "$work/out")"
says "$work/service.db/LOG" "is in by the entry in the OPTIONS file, mode auto"
says "$work/service.db/LOG" "not looked at: colour"
says "$log" "there is no property colour"
has_record service applied || has_record service intent || fail "nothing was tried: $(cut -c1-200 "$work"/service/state/*/journal.jsonl | tail -3)"
options "$work/service.db" >"$work/service.left"
db_bench --db="$work/untouched.db" --options_file="$work/base.opt" --benchmarks=fillrandom --num=1000 --seed=1 --statistics=1 >/dev/null 2>&1 || fail "db_bench"
options "$work/untouched.db" | grep -v listeners | diff - <(grep -v listeners "$work/service.left") >"$work/diff" || fail "options were not put back: $(cat "$work/diff")"
grep -q "listeners={{id=lodestone;config=$work/service.conf;}" "$work/service.left" || fail "the entry was not written back: $(grep listeners "$work/service.left")"
example=$here/../../docs/examples/service.options
with_plugin db_bench --db="$work/example.db" --options_file="$example" --benchmarks=fillrandom --num=400000 >"$work/out" 2>&1 || fail "the example: $(tail -3 "$work/out")"
says "$work/example.db/LOG" "is in by the entry in the OPTIONS file"
# Without the plugin nobody knows the entry, and nobody says a word.
db_bench --db="$work/alone.db" --options_file="$work/service.opt" --benchmarks=fillrandom --num=30000 >"$work/out" 2>&1 || fail "db_bench without the plugin"
grep -q lodestone: "$work/alone.db/LOG" && fail "who was it?"
echo "db_bench: tried on, put back"

# ---- both doors ----

at both
for what in enter closings storm; do
	LD_PRELOAD="${asan:+$asan }$preload $plugin" timeout 120 "$hosts/host_listener" $what "$work/plain.opt" "$work/b.$what" 10 2>"$work/err" ||
		fail "both, $what: $(tail -3 "$work/err")"
done
says "$work/b.enter/LOG" "is in already"
grep -h 'is in by the entry' "$work"/b.*/LOG* && fail "two doors, and the second let somebody in"
echo "with the preload: one agent"

# ---- mistakes ----

# wrong NAME ENTRY: the host runs on and is not tuned; its LOG is $work/NAME.db/LOG.
wrong() {
	entry "$2" "$1"
	at "$1"
	HOST_IN=no with_plugin "$hosts/host_listener" enter "$work/$1.opt" "$work/$1.db" 2>"$work/err" || fail "$1: exit status $?: $(tail -3 "$work/err")"
	[ ! -e "$work/$1/run" ] || [ -z "$(ls "$work/$1/run")" ] || fail "$1: somebody listens"
}
doctor() { # STATUS FILE-OR-PID TEXT...
	local want=$1 got text
	"$build/lodestone" doctor "$2" >"$work/report" 2>&1
	got=$?
	[ $got = "$want" ] || fail "doctor $2: exit status $got: $(cat "$work/report")"
	shift 2
	for text in "$@"; do says "$work/report" "$text"; done
}
wrong mode 'listeners={{id=lodestone;mode=manual}}'
says "$work/mode.db/LOG" "this database is not tuned: agent.mode"
doctor 1 "$work/mode.opt" "mode: " observe
wrong noconfig "listeners={{id=lodestone;config=$work/none.conf}}"
says "$work/noconfig.db/LOG" "not tuned: $work/none.conf: No such file"
doctor 1 "$work/noconfig.opt" "$work/none.conf: No such file"
printf '[agent]\nmode = auto\nintervall = 1s\n' >"$work/bad.conf"
wrong badconfig "listeners={{id=lodestone;config=$work/bad.conf}}"
says "$work/badconfig.db/LOG" "not tuned: $work/bad.conf:3: "
doctor 1 "$work/badconfig.opt" "$work/bad.conf:3: " interval
wrong badclose 'listeners={{id=lodestone;close=later}}'
says "$work/badclose.db/LOG" "close in the entry is watch"
doctor 1 "$work/badclose.opt" "neither watch nor detach"
wrong slip 'listeners={{id=lodestonee;mode=auto}}'
doctor 1 "$work/slip.opt" "the id is 'lodestonee'" "write id=lodestone"
wrong nameless 'listeners={{lodestone;mode=auto}}'
doctor 1 "$work/nameless.opt" "does not say id=lodestone" "listeners={{id=lodestone"
sed '/^\[CFOptions /a\  listeners={{id=lodestone}}' "$work/base.opt" >"$work/place.opt"
doctor 1 "$work/place.opt" "place.opt:" "its place [DBOptions]"
entry 'listener={{id=lodestone}}' name
doctor 1 "$work/name.opt" "its name is listeners"
doctor 1 "$work/base.opt" "has no entry"
doctor 0 "$work/plain.opt" "has the entry (mode observe)" "makes the entry known" "Can it be tuned?  Yes."
doctor 0 "$example" "has the entry (mode observe)"
doctor 0 "$work/service.opt" "nobody knows the property colour" "configuration $work/service.conf"
entry 'listeners={{id=lodestone' braces
doctor 1 "$work/braces.opt"
at missing
HOST_IN=no HOST_PLUGIN=$work/none.so "$hosts/host_listener" enter "$work/plain.opt" "$work/missing.db" 2>"$work/err" || fail "a missing library"
says "$work/err" none.so
at version
LODESTONE_LOG_FILE=stderr HOST_IN=no HOST_PLUGIN=$hosts/liblodestone-plugin-other.so "$hosts/host_listener" enter "$work/plain.opt" "$work/version.db" 2>"$work/err" || fail "another version"
says "$work/err" "is built for RocksDB 5."
at off
LODESTONE_DISABLE=1 with_plugin "$hosts/host_listener" storm "$work/plain.opt" "$work/off.db" 2 2>"$work/err" || fail "switched off"
[ ! -s "$work/err" ] && [ ! -e "$work/off/state" ] || fail "switched off, and yet: $(cat "$work/err")"
echo "mistakes: named"

# ---- waiting, as seen from outside ----

at waiting
mkfifo "$work/pipe"
HOST_IDLE=1 with_plugin "$hosts/host_listener" work "$work/plain.opt" "$work/waiting.db" <"$work/pipe" >"$work/out" 2>"$work/err" &
started+=($!)
exec 9>"$work/pipe"
wait_until 20 grep -q '^ready' "$work/out" || fail "no start"
pid=$(sed -n 's/^ready //p' "$work/out")
"$build/lodestone" status $pid >"$work/report" 2>&1 && fail "a status of nobody"
says "$work/report" "waiting for the first flush"
doctor 0 $pid "the listener's library is in it" "$work/waiting.db: has the entry (mode observe)" "waits for the first flush"
exec 9>&-
wait "${started[0]}" || fail "waiting: $(cat "$work/err")"
passed
