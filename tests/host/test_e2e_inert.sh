#!/bin/bash
# Where the tuner has no business it is not there; where it is not set up rightly it says so in one clear line and the host goes on.
. "$(dirname "$0")/e2e.sh" "$@"

flags=(--num=20000 --key_size=16 --value_size=100 --seed=3)
db=$work/db
db_bench --db="$db" --benchmarks=fillrandom,compact "${flags[@]}" >"$work/make.out" 2>&1 || fail "no database"
bench=(db_bench --db="$db" --use_existing_db=1 --benchmarks=readrandom --reads=6000 --benchmark_read_rate_limit=6000 "${flags[@]}")

# ---- processes without RocksDB ----

tuned quiet agent.mode=auto
# Libraries that belong to the sanitizer come with it.
libraries() {
	awk '$6 ~ /\.so/ { print $6 }' | sort -u | grep -v -E 'libasan|libubsan|libclang_rt'
}
for command in "true" "ls -l /usr/lib" "printf 1\n2\n3\n|sort -r|head -2" "cat /etc/passwd|wc -l" "false" "sh -c 'exit 42'"; do
	bash -c "$command" >"$work/plain.out" 2>"$work/plain.err"
	plain=$?
	"${with[@]}" bash -c "$command" >"$work/out" 2>"$work/err"
	[ $? = $plain ] || fail "$command: another exit status than $plain"
	cmp -s "$work/plain.out" "$work/out" || fail "$command: another output"
	cmp -s "$work/plain.err" "$work/err" || fail "$command: another standard error: $(cat "$work/err")"
done
libraries <<<"$(cat /proc/self/maps)" >"$work/plain.libs"
libraries <<<"$("${with[@]}" cat /proc/self/maps)" >"$work/libs"
more=$(comm -13 "$work/plain.libs" "$work/libs" | grep -v -x -F "$preload")
[ -n "$asan" ] && more=$(grep -v -E 'libm\.|libgcc_s|libstdc' <<<"$more") # the sanitizer's own needs
[ -z "$more" ] || fail "libraries beside the preload: $more"
grep -q -x -F "$preload" "$work/libs" || fail "the preload itself was not in it, so nothing is shown"
[ "$("${with[@]}" ls /proc/self/task | wc -l)" = 1 ] || fail "a thread in ls"
[ "$("${with[@]}" ls -l /proc/self/fd | grep -c socket)" = "$(ls -l /proc/self/fd | grep -c socket)" ] || fail "a socket in ls"
[ -z "$(find "$work/quiet" -type f -o -type s)" ] || fail "files were made: $(find "$work/quiet" -type f)"
echo "processes without RocksDB: nothing happens"

# ---- RocksDB's own tools: the same output to the byte ----

sst=$(ls "$db"/*.sst | head -1)
for command in "ldb --db=$db scan" "ldb --db=$db get --hex 0x00" "ldb --db=$db list_column_families" "ldb --db=$db checkconsistency" \
	"ldb --db=$db idump --count_only" "sst_dump --file=$sst --command=verify" "sst_dump --file=$sst --command=raw --output_hex" \
	"sst_dump --file=$sst --show_properties" "ldb nonsense" "sst_dump --nonsense"; do
	rm -rf "$work/db.before" && cp -r "$db" "$work/db.before"
	$command >"$work/plain.out" 2>/dev/null </dev/null
	plain=$?
	rm -rf "$db" && cp -r "$work/db.before" "$db"
	tuned tools agent.mode=auto
	"${with[@]}" $command >"$work/out" 2>"$work/err" </dev/null
	[ $? = $plain ] || fail "$command: another exit status than $plain: $(tail -2 "$work/err")"
	sed -i '/^options.env is 0x/d' "$work/plain.out" "$work/out" # an address, another one each time
	cmp -s "$work/plain.out" "$work/out" || fail "$command: another output: $(diff "$work/plain.out" "$work/out" | head -4)"
done
echo "ldb, sst_dump: the same output"

# ---- switched off ----

# agent_in PID: whether the agent's library is in the process.
agent_in() {
	grep -q '/liblodestone\.so' "/proc/$1/maps"
}
# look: starts db_bench with what `with` says; sets `present` (agent there or not), `status`, and standard error in $work/err.
look() {
	local p
	: >"$work/out"
	"${with[@]}" "${bench[@]}" >"$work/out" 2>"$work/err" &
	p=$!
	started+=($p)
	wait_until 20 grep -q 'finished' "$work/err" || fail "$1: db_bench did not start: $(tail -2 "$work/err")"
	present=no
	agent_in $p && present=yes
	wait $p
	status=$?
	[ $status = 0 ] || fail "$1: exit status $status: $(tail -c 300 "$work/err")"
	grep -q '6000 operations' "$work/out" || fail "$1: $(tail -1 "$work/out")"
	no_crash_text "$work/out" "$work/err" || fail "$1: the text of a crash"
}
# What db_bench itself prints, without its progress and its description of the machine.
ours() {
	tr '\r' '\n' <"$work/err" | grep -a 'lodestone' || true
}

tuned on agent.mode=auto log.file=stderr log.level=notice
look "switched on"
[ $present = yes ] || fail "switched on, and no agent: nothing below would show anything"
for off in LODESTONE_DISABLE=1 LODESTONE_DISABLE=yes; do
	export "${off?}"
	look $off
	unset LODESTONE_DISABLE
	[ $present = no ] || fail "$off: the agent's library is there"
	[ -z "$(ours)" ] || fail "$off: output: $(ours)"
done
for setting in agent.exclude=db_bench "agent.exclude=*/db_*" "agent.include=mysqld ceph-*"; do
	rm -rf "$work/off"
	tuned off agent.mode=auto log.file=stderr log.level=notice "$setting"
	look "$setting"
	[ -z "$(ours)" ] || fail "$setting: output: $(ours)"
	[ -z "$(find "$work/off" -type f -o -type s)" ] || fail "$setting: files were made"
done
for setting in agent.include=db_bench "agent.include=mysqld */db_bench" agent.exclude=mysqld; do
	rm -rf "$work/in"
	tuned in agent.mode=auto "$setting"
	look "$setting"
	[ -n "$(ls "$work"/in/state/*/journal.jsonl 2>/dev/null)" ] || fail "$setting: no journal, but this program is meant"
done
echo "kill switch, include, exclude: as they say"

# ---- set up wrongly: one clear line, and the host goes on ----

# says TEXT WHAT: exactly one of our warnings holds the text.
says() {
	[ "$(ours | grep -c -F -- "$1")" = 1 ] || fail "$2: not exactly one line with '$1': $(ours)"
}
plain_settings=(agent.mode=auto log.file=stderr log.level=notice)
tuned wrong "${plain_settings[@]}"

printf '[agent]\nmode = auto\nintervall = 1s\n[nosuch\nkey\n' >"$LODESTONE_CONFIG"
E2E_NO_RUN=1 tuned wrong "${plain_settings[@]}" # `lodestone run` looks into nothing here: the environment names the file
look "a broken configuration"
says "$LODESTONE_CONFIG:3: there is no setting agent.intervall; did you mean agent.interval?" "an unknown key"
says "$LODESTONE_CONFIG:4: a section is written [name]" "a broken section"
says "$LODESTONE_CONFIG:5: 'key' is no setting" "a broken line"
printf '[agent]\nmode = sometimes\n' >"$LODESTONE_CONFIG"
E2E_NO_RUN=1 tuned wrong log.file=stderr log.level=notice
look "a wrong word"
says "agent.mode cannot be 'sometimes': it is one of observe, suggest, auto" "a wrong word"
head -c 3000 /dev/urandom >"$LODESTONE_CONFIG"
look "noise for a configuration"
rm "$LODESTONE_CONFIG"
look "no configuration file"
says "$LODESTONE_CONFIG: No such file" "no configuration file"
mkdir "$LODESTONE_CONFIG"
look "a directory for a configuration"
[ "$(ours | grep -c 'warn')" -ge 1 ] || fail "a directory for a configuration: not a word: $(ours)"
rmdir "$LODESTONE_CONFIG"
: >"$LODESTONE_CONFIG"
LODESTONE_AGENT_MODUS=auto look "an unknown variable"
says "LODESTONE_AGENT_MODUS: there is no such setting" "an unknown variable"

# Directories that cannot be made: below a file nobody can make one, root neither.
: >"$work/file"
with=(env LODESTONE_LOG_LEVEL=notice LODESTONE_AGENT_MODE=auto LODESTONE_AGENT_STATE_DIR="$work/file/state"
	LODESTONE_AGENT_RUNTIME_DIR="$work/file/run" "LD_PRELOAD=${asan:+$asan }$preload")
look "no place for state and socket"
says "cannot be written" "no place for the journal"
says "no control socket in $work/file/run" "no place for the socket"
long=$work/$(printf 'd%.0s' {1..120})
with=(env LODESTONE_AGENT_STATE_DIR="$work/s" LODESTONE_AGENT_RUNTIME_DIR="$long" "LD_PRELOAD=${asan:+$asan }$preload")
look "a long place for the socket"
says "no control socket in" "a socket's name that is too long"

# A key that others could read, and one that is not there: no call without it, and its name is said, not its content.
printf 'sk-very-secret' >"$work/key"
chmod 644 "$work/key"
for key in "$work/key" "$work/no.key"; do
	rm -rf "$work/keyed"
	tuned keyed agent.mode=auto judge.pace=rush agent.interval=100ms advisor.kind=llm llm.url=http://127.0.0.1:9/v1 llm.model=m \
		llm.key_file="$key"
	bench_save=("${bench[@]}")
	bench=("${bench[@]/--reads=6000/--reads=15000}")
	timeout 60 "${with[@]}" "${bench[@]}" >"$work/out" 2>"$work/err" || fail "$key: exit status"
	bench=("${bench_save[@]}")
	grep -q '"outcome":"no-key","why":"[^"]*'"$(basename "$key")" "$work"/keyed/state/*/journal.jsonl ||
		fail "$key: the journal does not name it: $(grep -h advice "$work"/keyed/state/*/journal.jsonl | head -2)"
	grep -r -q 'sk-very-secret' "$work/keyed" && fail "$key: the key itself was written down"
done

# No agent beside the preload, and something else in its place.
for what in alone broken; do
	mkdir "$work/$what"
	cp "$preload" "$work/$what"
done
cp "$work/make.out" "$work/broken/liblodestone.so"
for what in alone broken; do
	with=(env "LD_PRELOAD=${asan:+$asan }$work/$what/liblodestone-preload.so")
	look "agent's library $what"
	says "lodestone: not active:" "agent's library $what"
done
echo "set up wrongly: one clear line each"

# ---- a program with rights of its own ----

if [ "$(id -u)" = 0 ] && [ -e /usr/include/rocksdb/c.h ] && id nobody >/dev/null 2>&1; then
	gcc -std=gnu17 -O1 -o "$work/host" "$here/e2e_host.c" -lrocksdb || fail "e2e_host.c"
	cp "$work/host" "$work/host.suid"
	chown nobody "$work/host.suid" && chmod 4755 "$work/host.suid"
	mkdir -m 777 "$work/open"
	with=(env LODESTONE_LOG_LEVEL=notice LODESTONE_AGENT_STATE_DIR="$work/open/s" LODESTONE_AGENT_RUNTIME_DIR="$work/open/r"
		"LD_PRELOAD=$preload")
	"${with[@]}" "$work/host.suid" secure "$work/open/db" 0.3 >"$work/out" 2>"$work/err" || fail "set-uid: $(tail -2 "$work/err")"
	case $(grep ^secure "$work/out") in
	"secure 1, lodestone 0") echo "set-uid program: not in it" ;;
	"secure 0"*) echo "set-uid program: not shown, this file system does not honour the bit" ;;
	*) fail "set-uid: $(cat "$work/out")" ;;
	esac
	[ ! -e "$work/open/s" ] || fail "set-uid: a journal was made"
fi
passed
