# What the end-to-end tests share. Sourced with the build directory in $1. They try the product as an outsider would: Debian's own programs,
# `lodestone run`, and what can be seen from outside: exit status, output, files, time.
set -u
export LC_ALL=C
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
build=$(cd "${1:?the build directory}" && pwd) || exit 1
preload=$build/liblodestone-preload.so
name=$(basename "$0" .sh)

fail() {
	echo "FAILED: $*" >&2
	exit 1
}

skip() {
	echo "skipped: $*"
	exit 77
}

for tool in db_bench ldb python3; do
	command -v $tool >/dev/null || skip "no $tool"
done
[ -e "$preload" ] && [ -e "$build/liblodestone.so" ] || fail "no libraries in $build"

# Everything a test makes lives below one directory, which E2E_KEEP=1 leaves for a look. Processes are killed by the numbers that we were given at their start.
work=$(mktemp -d)
chmod 755 "$work"
started=()
cleanup() {
	local p
	for p in "${started[@]}"; do
		kill -KILL "$p" 2>/dev/null
	done
	wait 2>/dev/null
	if [ -n "${E2E_KEEP-}" ]; then
		echo "left for a look: $work"
	else
		rm -rf "$work"
	fi
}
trap cleanup EXIT
trap 'exit 1' INT TERM HUP

# Settings of whoever runs the tests must not reach them.
for v in $(compgen -e | grep '^LODESTONE_'); do unset "$v"; done
export LODESTONE_CONFIG=$work/lodestone.conf
# These databases are so small that there is often nothing to win, and a model would not be asked.
printf '[llm]\ncuriosity = 100ms\n' >"$LODESTONE_CONFIG"

# The sanitizer's own library has to come first where ours were built with it.
asan=
if nm -D "$preload" | grep -q __asan; then
	asan=$(ldd "$preload" | awk '/libasan|libclang_rt.asan/ { print $3 }')
fi
export ASAN_OPTIONS=detect_leaks=0

# tuned NAME SETTING... : sets the array `with` to what goes before a command. State, sockets and log go below $work/NAME.
# Each run by `lodestone run`, or by LD_PRELOAD where the command was not built.
tuned() {
	local at=$work/$1 s key
	shift
	mkdir -p "$at"
	set -- agent.state_dir="$at/state" agent.runtime_dir="$at/run" log.file="$at/log" log.level=debug "$@"
	with=(env)
	if [ -x "$build/lodestone" ] && [ -z "${E2E_NO_RUN-}" ]; then
		with=("$build/lodestone" run)
		for s in "$@"; do with+=(-s "$s"); done
		with+=(--)
		return
	fi
	for s in "$@"; do
		key=${s%%=*}
		with+=("LODESTONE_$(tr a-z. A-Z_ <<<"$key")=${s#*=}")
	done
	with+=("LD_PRELOAD=${asan:+$asan }$preload")
}

# has_record NAME KIND: does a journal below $work/NAME have a record of this kind?
has_record() {
	cat "$work/$1"/state/*/journal.jsonl 2>/dev/null | grep -q "\"kind\":\"$2\""
}

# One journal, or several, looked at line by line (e2e_journal.py says how); counts as shell words on standard output.
journal() {
	python3 "$here/e2e_journal.py" "$@"
}

# The number before the name in journal's output: count "$summary" trials
count() {
	sed -n "s/.*\<$2=\([0-9]*\).*/\1/p" <<<"$1"
}

# What RocksDB itself wrote down as the options in force, without the comments on top.
newest_options() {
	ls "$1"/OPTIONS-* 2>/dev/null | grep -v dbtmp | sort | tail -1
}
options() {
	local f
	f=$(newest_options "$1")
	[ -n "$f" ] || return 1
	sed '/^ *#/d' "$f"
}

# same_options DIR REFERENCE-FILE
same_options() {
	options "$1" | diff - "$2" >"$work/options.diff"
}

checksum() {
	ldb --db="$1" scan 2>/dev/null | sha256sum
}

now_ms() {
	date +%s%3N
}

# wait_until SECONDS COMMAND...: true as soon as the command is.
wait_until() {
	local end=$(($(now_ms) + $1 * 1000))
	shift
	until "$@"; do
		[ "$(now_ms)" -lt $end ] || return 1
		sleep 0.02
	done
}

# No text that a crash leaves behind, in the output of the host or in our log.
crash_text='Assertion .* failed|terminate called|Segmentation fault|core dumped|AddressSanitizer|: runtime error:|stack smashing|double free|corrupted size|malloc\(\)|free\(\): |Corruption:'
no_crash_text() {
	! grep -E "$crash_text" "$@" 2>/dev/null
}

# A small database of our own making: preload DIR [option...]
make_db() {
	local dir=$1
	shift
	db_bench --db="$dir" --benchmarks=fillrandom,compact --num=100000 --value_size=100 --seed=7 --disable_wal=1 "$@" >"$work/make.out" 2>&1 ||
		fail "the database could not be made: $(tail -3 "$work/make.out")"
}

# The stand-in model server: model LOG [option...]; sets model_port. Scenario NAME is reached at $(model_url NAME).
model() {
	local log=$1
	shift
	rm -f "$work/port"
	python3 "$here/../model/server.py" --port-file "$work/port" --log "$log" "$@" 2>>"$work/model.err" &
	started+=($!)
	disown $! # its end is no news
	wait_until 10 test -s "$work/port" || fail "the stand-in model server did not start: $(cat "$work/model.err")"
	model_port=$(cat "$work/port")
}
model_url() {
	echo "http://127.0.0.1:$model_port${1:+/s/$1}/v1"
}

begun=$(now_ms)
passed() {
	echo "$name: fine ($((($(now_ms) - begun + 500) / 1000)) s)${*:+: $*}"
}
