#!/bin/bash
# One benchmark at a time (`lodestone tune --baseline`), with Debian's db_bench and with scripts: what comes out, what is said when nothing does, and that
# nothing is left, whoever is killed.
. "$(dirname "$0")/e2e.sh"
lodestone=$build/lodestone
scratch=$work/scratch
out=$work/out
mkdir "$scratch"

# tune STATUS ARGUMENT...: one run, its exit status, its output in $out; afterwards nothing is left.
tune() {
	local want=$1 got
	shift
	"$lodestone" tune --baseline --baseline-runs 1 --scratch "$scratch" --reserve 0 "$@" >"$out" 2>&1
	got=$?
	[ $got = "$want" ] || fail "status $got, not $want, of tune $*: $(cat "$out")"
	nothing_left "$*"
}

# Every process of a run has the scratch folder in its environment.
alive() {
	grep -lsz -- "=$scratch/lodestone-tune-" /proc/[0-9]*/environ
}

nothing_left() {
	local i
	for ((i = 0; i < 100; i++)); do
		[ -z "$(alive)" ] && [ -z "$(ls -A "$scratch")" ] && return
		sleep 0.1
	done
	fail "left after $1: processes '$(alive)', files '$(ls -A "$scratch")'"
}

says() {
	grep -qE -- "$1" "$out" || fail "it does not say '$1': $(cat "$out")"
}

script() {
	printf '#!/bin/bash\n%s\n' "$2" >"$work/$1"
	chmod +x "$work/$1"
}

# ---- what runs ----
tune 0 --baseline-runs 2 --seconds 1 -- db_bench --benchmarks=readrandom --num=50000
says '^run 1 of 2: [0-9.]+ [kM]? ?ops/s, p99 of get '
says 'spread of'
says 'filled by fillrandom first'
tune 0 -- db_bench --benchmarks=fillrandom --num=50000 --write_buffer_size=1048576
says 'p99 of write'

# A database that is there already stays as it is, to the byte.
db_bench --db="$work/mine" --benchmarks=fillrandom,flush --num=20000 >/dev/null 2>&1
sums() { (cd "$work/mine" && sha256sum -- *); }
before=$(sums)
tune 0 --seconds 1 -- db_bench --benchmarks=readrandomwriterandom --num=20000 --use_existing_db=1 --db="$work/mine"
[ "$(sums)" = "$before" ] || fail "the operator's database was changed"

# The documented example, from an OPTIONS file.
cp "$work"/mine/OPTIONS-* "$work/"
options=$(ls "$work"/OPTIONS-* | tail -1)
KEYS=20000 tune 0 --seconds 2 --options "$options" -s workload.prepare="$here/../../docs/examples/tune-script fill" -- "$here/../../docs/examples/tune-script"
says '^run 1 of 1: .*p99 of get '

# A folder of the operator's that the file names is none of a benchmark's, however the name is written: where it is taken, a fill deletes the archive in it, and an
# open database the logs that are older than itself.
mkdir -p "$work/wal/archive"
echo mine >"$work/wal/archive/000002.log"
sed -e '/^ *wal_dir *=/d' -e "/^\[DBOptions\]/a\  wal_dir = $work/wal" "$options" >"$work/wal.ini"
tune 0 --options "$work/wal.ini" -- db_bench --benchmarks=fillrandom --num=1000
says "the OPTIONS file's wal_dir: withheld from benchmarks"
tune 0 --seconds 1 --refill once --options "$work/wal.ini" -- db_bench --benchmarks=fillrandom,readrandom --num=1000
echo mine >"$work/wal/000003.log"
tune 0 --seconds 1 --options "$work/wal.ini" -- db_bench --benchmarks=readrandom --num=20000 --use_existing_db=1 --db="$work/mine"
[ "$(cd "$work/wal" && echo $(find . -type f | sort))" = "./000003.log ./archive/000002.log" ] || fail "the operator's logs were touched: $(ls -lR "$work/wal")"

script answers 'echo "{\"ops_per_sec\": 5}" >"$LODESTONE_RESULT"'
# A disk that is probed: by a program that prints what fio does.
mkdir "$work/bin"
cat >"$work/bin/fio" <<'FIO'
#!/bin/bash
for a in "$@"; do case $a in --filename=*) echo x >"${a#*=}" || exit 1 ;; --direct=1) exit 1 ;; esac; done
echo '{"fio version": "fio-3.33", "jobs": [{"error": 0, "read": {"iops": 10613.886114, "bw_bytes": 434744770}, "write": {"iops": 523.1, "bw_bytes": 88000000}}]}'
FIO
chmod +x "$work/bin/fio"
PATH=$work/bin:$PATH tune 0 --probe --out "$work/none" --options "$options" -- "$work/answers"
says 'disk by fio: sequential writes 90 MB/s, random 4 KiB writes 500/s, sequential reads 400 MB/s, random 4 KiB reads 10000/s .through the page cache.'

# ---- what does not ----
tune 1 -- db_bench --benchmarks=nosuchthing --num=1000 --use_existing_db=1 --db="$work/mine"
says "ended with status 1.*unknown benchmark 'nosuchthing'"
sed 's/write_buffer_size=.*/write_buffer_size=fast/' "$options" >"$work/bad.ini"
tune 1 --options "$work/bad.ini" -- db_bench --benchmarks=fillrandom --num=1000
says 'Unable to load options file'
tune 1 --adapter script --options "$options" -- "$work/no-such-program"
says 'cannot be started: No such file'

script fails 'echo all went well so far; echo alas, it broke >&2; exit 3'
tune 1 --options "$options" -- "$work/fails"
says 'ended with status 3.*alas, it broke'
script crashes 'kill -SEGV $$'
tune 1 --options "$options" -- "$work/crashes"
says 'signal 11'
script garbage 'echo "{ops: lots" >"$LODESTONE_RESULT"'
tune 1 --options "$options" -- "$work/garbage"
says 'no JSON object'
script silent ':'
tune 1 --options "$options" -- "$work/silent"
says 'no result into LODESTONE_RESULT'
script lies 'echo "{\"ops_per_sec\": 1e6, \"seconds\": 3600}" >"$LODESTONE_RESULT"'
tune 1 --options "$options" -- "$work/lies"
says 'speaks of 3600'
script hangs 'trap "" TERM; sleep 1000 & setsid sleep 1001 & wait'
tune 1 --hang 2s --options "$options" -- "$work/hangs"
says 'no sign of life for 2 seconds'
script talks 'yes "and so on and on"'
tune 1 --timeout 2s --options "$options" -- "$work/talks"
says 'not done after 2 seconds'
script grows 'while :; do head -c 1000000 /dev/zero >>"$LODESTONE_DB_DIR/file"; sleep 0.01; done'
tune 1 --scratch-limit 20M --options "$options" -- "$work/grows"
says 'has grown to .* 20.* are allowed'
script daemon '(setsid sleep 1002 &) ; echo "{\"ops_per_sec\": 5}" >"$LODESTONE_RESULT"'
tune 0 --options "$options" -- "$work/daemon"
says 'leaves processes behind'

# ---- whoever is killed ----
# begun: waits until the benchmark runs.
begun() {
	local i
	for ((i = 0; i < 200; i++)); do
		pgrep -P "$(pgrep -P "$1" | head -1)" >/dev/null 2>&1 && return
		sleep 0.1
	done
	fail "the benchmark does not start: $(cat "$out")"
}

# Background jobs of a script are started to ignore SIGINT, and then they do.
heeding=(env --default-signal=INT,HUP)
for sig in INT TERM HUP KILL; do
	script waits 'sleep 1003 & setsid sleep 1004 & while :; do :; done'
	"${heeding[@]}" "$lodestone" tune --baseline --scratch "$scratch" --reserve 0 --options "$options" -- "$work/waits" >"$out" 2>&1 &
	pid=$!
	started+=($pid)
	begun $pid
	kill -$sig $pid
	wait $pid
	got=$?
	[ $got = $((128 + $(kill -l $sig))) ] || fail "status $got after SIG$sig"
	nothing_left "SIG$sig"
done

# nohup, or Ctrl-C for somebody else: what it is started to ignore does not stop it.
script rests "while [ ! -e '$work/go' ]; do sleep 0.1; done; echo '{\"ops_per_sec\": 5}' >\"\$LODESTONE_RESULT\""
(trap '' INT HUP; exec "$lodestone" tune --baseline --baseline-runs 1 --scratch "$scratch" --reserve 0 --options "$options" -- "$work/rests") >"$out" 2>&1 &
pid=$!
started+=($pid)
begun $pid
kill -HUP $pid
kill -INT $pid
touch "$work/go"
wait $pid || fail "status $? after a hang-up that it was to ignore: $(cat "$out")"
says '^run 1 of 1: [0-9.]+ +ops/s'
nothing_left 'an ignored hang-up'

# Both at once: nobody is left to clean up, until the next one starts. Another that lives is let alone.
"$lodestone" tune --baseline --scratch "$scratch" --reserve 0 --options "$options" -- "$work/waits" >"$out" 2>&1 &
pid=$!
started+=($pid)
begun $pid
guardian=$(pgrep -P $pid)
orphans=$(pgrep -P "$guardian")
kill -KILL $pid "$guardian"
wait $pid 2>/dev/null
[ -n "$(ls -A "$scratch")" ] || fail "who has removed the folder?"
for i in $(alive | cut -d/ -f3) $orphans; do kill -KILL "$i" 2>/dev/null; done
mkdir "$scratch/lodestone-tune-lives"
cp "$scratch"/lodestone-tune-??????/lock "$scratch/lodestone-tune-lives/lock"
exec 8<>"$scratch/lodestone-tune-lives/lock"
flock -n 8 || fail "no lock"
"$lodestone" tune --baseline --baseline-runs 1 --scratch "$scratch" --reserve 0 --options "$options" -- "$work/daemon" >"$out" 2>&1 || fail "$(cat "$out")"
says '1 scratch folder .* that an earlier run had to leave'
[ "$(ls "$scratch")" = lodestone-tune-lives ] || fail "left or taken: $(ls "$scratch")"
echo "tune, one benchmark at a time: fine"
