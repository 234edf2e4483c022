#!/bin/bash
# `lodestone tune` as a whole, with Debian's db_bench and with a benchmark of somebody else's: the loop comes to its end, its file loads, its reports are
# well-formed, nothing is left behind; what a model says that kills RocksDB kills nothing; what fails is named; what was stopped goes on.
# With TUNE_LONG=1 runs are long enough to gain something. TUNE_PARTS="expert ..." for some of it.
. "$(dirname "$0")/e2e.sh"
command -v jq >/dev/null || skip "no jq"
lodestone=$build/lodestone
[ -x "$lodestone" ] || skip "no lodestone in $build"
"$lodestone" tune --help >/dev/null 2>&1 || fail "there is no verb tune"

seconds=1 keys=50000
[ -z "${TUNE_LONG-}" ] || seconds=8 keys=1000000
mkdir -p "$work/scratch"

# tune NAME ARGUMENT...: output in $work/NAME, what it says in $work/NAME.out; its status is the function's.
tune() {
	local name=$1
	shift
	"$lodestone" tune --out "$work/$name" --scratch "$work/scratch" --seconds "$seconds" --runs 2 --baseline-runs 2 -s run.reserve=64M "$@" \
		>"$work/$name.out" 2>&1
}

# nothing_left NAME: no database, no process of it
no_process() {
	local file words
	for file in /proc/[0-9]*/cmdline; do
		words=()
		mapfile -d '' -t words <"$file" || continue
		[[ "${words[*]}" != *"$work/scratch"* ]] || return 1
	done 2>/dev/null
}
nothing_left() {
	local left
	left=$(ls -A "$work/scratch")
	[ -z "$left" ] || fail "$1 left in its scratch folder: $left"
	wait_until 3 no_process || fail "$1 left processes"
}

# well_formed NAME: the reports are there, and what they should be
well_formed() {
	local at=$work/$1
	[ -s "$at/report.html" ] || fail "$1: no report.html: $(tail -5 "$at.out")"
	[ -s "$at/report.json" ] || fail "$1: no report.json"
	jq -e '.format == "lodestone-tune-report" and (.iterations | type) == "array" and .baseline.ops_per_sec > 0' "$at/report.json" >/dev/null ||
		fail "$1: report.json: $(head -c 600 "$at/report.json")"
	python3 "$here/tune_page.py" "$at/report.html" || fail "$1: report.html is no page"
}

# loads FILE: RocksDB takes it
loads() {
	db_bench --benchmarks=fillrandom,readrandom --num=5000 --db="$work/loads" --options_file="$1" >"$work/loads.out" 2>&1 ||
		fail "$1 does not load: $(tail -3 "$work/loads.out")"
	rm -rf "$work/loads"
}

readrandom=(db_bench --benchmarks=fillrandom,readrandom --num=$keys --threads=2)

# ---- the expert, from the version's defaults ----

expert() {
	tune expert --iterations 2 -- "${readrandom[@]}" || fail "expert: status $?: $(tail -5 "$work/expert.out")"
	well_formed expert
	nothing_left expert
	[ "$(jq '.iterations | length' "$work/expert/report.json")" -ge 1 ] || fail "expert: no iteration: $(tail -5 "$work/expert.out")"
	[ -s "$work/expert/start.ini" ] || fail "expert: the file that it began with is not there"
	[ -s "$work/expert/final.ini" ] || fail "expert: no final file"
	loads "$work/expert/final.ini"
	# What the report calls changed is what stands in the file.
	local option to
	while read -r option to; do
		grep -qF "${option##*.}=$to" <(tr -d ' ' <"$work/expert/final.ini") || fail "expert: final.ini lacks $option=$to"
	done < <(jq -r '.final.changes[] | "\(.option) \(.to)"' "$work/expert/report.json")
}

# ---- a model that knows no RocksDB ----

cat >"$work/answers.py" <<'END'
import json
def answer(why, *changes):
    return {"content": json.dumps({"diagnosis": why, "changes": [{"option": o, "value": v, "reason": "so it is said"} for o, v in changes],
                                   "expected_gain_percent": 90, "no_change_reason": ""})}
print(json.dumps([
    answer("<script>alert(1)</script>", ("level0_stop_writes_trigger", "0"), ("level0_slowdown_writes_trigger", "-5"), ("no_such_option_at_all", "7"),
           ("max_background_flushes", "2"), ("write_buffer_size", "128MB")),
    answer("more", ("num_levels", "1"), ("compression", "zstd"), ("max_write_buffer_number", "0"), ("write_buffer_size", "1e30")),
    {"content": "no idea"}]))
END

hostile_model() {
	python3 "$work/answers.py" >"$work/answers.json"
	model "$work/model.log" --script "$work/answers.json"
	tune model --iterations 2 --advisor llm -s llm.url="$(model_url)" -s llm.model=stand-in -- "${readrandom[@]}" ||
		fail "model: status $?: $(tail -5 "$work/model.out")"
	well_formed model
	nothing_left model
	[ -s "$work/model.log" ] || fail "model: nobody asked it"
	jq -e '[.iterations[].changes[] | select(.fate == "dropped")] | length >= 2' "$work/model/report.json" >/dev/null ||
		fail "model: what is wrong was not dropped: $(jq -c '.iterations[].changes' "$work/model/report.json")"
	jq -e '[.iterations[].changes[] | select(.option == "write_buffer_size" and .to == "134217728")] | length >= 1' "$work/model/report.json" >/dev/null ||
		fail "model: 128MB was not understood: $(jq -c '.iterations[].changes' "$work/model/report.json")"
	[ "$(jq '.sums.tokens_in' "$work/model/report.json")" -gt 0 ] || fail "model: no tokens counted"
	! grep -q '<script' "$work/model/report.html" || fail "model: its words are in the page as they are"
	[ ! -s "$work/model/final.ini" ] || loads "$work/model/final.ini"
	! grep -qF "$work" "$work/model.log" || fail "model: it was told a path"
}

# ---- a benchmark of somebody else's: its speed is a function of the file, and it counts its runs ----

cat >"$work/bench.py" <<'END'
import json, os, random, re, sys, time
text = open(os.environ["LODESTONE_OPTIONS_FILE"]).read()
count = sys.argv[1] + ".runs"
with open(count, "a") as f:
    f.write("x")
if len(sys.argv) > 2 and os.path.getsize(count) > int(sys.argv[2]):
    sys.exit("the disk is on fire")
size = int(re.search(r"\bwrite_buffer_size=(\d+)", text)[1])
cache = int(os.environ.get("LODESTONE_BLOCK_CACHE_SIZE") or 8 << 20)
time.sleep(0.15)
rate = 1e5 * (size / (64 << 20)) ** 0.2 * (cache / (8 << 20)) ** 0.2 * random.Random(os.environ["LODESTONE_SEED"]).uniform(0.99, 1.01)
with open(os.environ["LODESTONE_RESULT"], "w") as f:
    json.dump({"ops_per_sec": rate, "seconds": 1, "p99_us": 50, "ops": {"get": {"count": rate, "mean_us": 10, "p99_us": 50}}}, f)
END
script=(python3 "$work/bench.py")
db_bench --benchmarks=fillseq --num=1 --db="$work/d" >/dev/null 2>&1
cp "$(newest_options "$work/d")" "$work/options.ini"

fails_half_way() {
	tune fails --options "$work/options.ini" --adapter script --iterations 3 -- "${script[@]}" "$work/fails" 5
	local status=$?
	[ $status -le 1 ] || fail "fails: status $status: $(tail -5 "$work/fails.out")"
	nothing_left fails
	grep -rq "the disk is on fire" "$work/fails.out" "$work/fails" || fail "fails: its last words are nowhere: $(tail -5 "$work/fails.out")"
}

# has_runs NAME COUNT
runs_of() {
	stat -c %s "$work/$1.runs" 2>/dev/null || echo 0
}
has_runs() {
	[ "$(runs_of "$1")" -ge "$2" ]
}

way_of() {
	jq -c '[.iterations[] | [.iteration, .verdict, (.changes | map([.option, .to]))]]' "$work/$1/report.json"
}

goes_on() {
	tune whole --options "$work/options.ini" --adapter script --iterations 2 -- "${script[@]}" "$work/whole" || fail "whole: $(tail -5 "$work/whole.out")"
	jq -e '.final.gain.lo > 0.1 and (.final.changes | length) >= 1 and .sums.verdicts.kept >= 1' "$work/whole/report.json" >/dev/null ||
		fail "whole: nothing was gained where there is something to gain: $(tail -12 "$work/whole.out")"
	grep -q "iteration 1" "$work/whole/final.ini" || fail "whole: final.ini does not say what its changes gained"
	local at pid status
	for at in 1 4 7; do
		"$lodestone" tune --out "$work/parts" --scratch "$work/scratch" --seconds "$seconds" --runs 2 --baseline-runs 2 -s run.reserve=64M \
			--options "$work/options.ini" --adapter script --iterations 2 -- "${script[@]}" "$work/parts" >"$work/parts.$at.out" 2>&1 &
		pid=$!
		started+=($pid)
		wait_until 20 has_runs parts $at || fail "parts: no run $at: $(tail -5 "$work/parts.$at.out")"
		kill -TERM $pid # a background process of a script does not hear SIGINT
		wait $pid
		status=$?
		[ $status = 143 ] || [ $status = 1 ] || [ $status = 0 ] || fail "parts: status $status when it was stopped: $(tail -5 "$work/parts.$at.out")"
		nothing_left parts
	done
	tune parts --options "$work/options.ini" --adapter script --iterations 2 -- "${script[@]}" "$work/parts" || fail "parts: $(tail -5 "$work/parts.out")"
	well_formed parts
	nothing_left parts
	# At the most the run that was cut is made again, three times.
	[ "$(runs_of parts)" -le $(($(runs_of whole) + 3)) ] || fail "parts: $(runs_of parts) runs, undisturbed $(runs_of whole)"
	[ "$(way_of parts)" = "$(way_of whole)" ] || fail "parts: it went another way: $(way_of parts); undisturbed: $(way_of whole)"
	# A report that cannot be written is no success.
	rm "$work/parts/report.json"
	mkdir "$work/parts/report.json"
	tune parts --options "$work/options.ini" --adapter script --iterations 2 -- "${script[@]}" "$work/parts" && fail "parts: status 0 without a report"
	grep -q 'report.json could not be written' "$work/parts.out" || fail "parts: nothing is said of the report: $(tail -5 "$work/parts.out")"
}

other_version() {
	sed -e 's/rocksdb_version=.*/rocksdb_version=6.11.4/' -e '/^\[DBOptions\]/a\  base_background_compactions=1\n  skip_log_error_on_recovery=false' \
		"$work/options.ini" >"$work/old.ini"
	tune old --options "$work/old.ini" --iterations 1 -- db_bench --benchmarks=fillrandom --num=$keys || fail "old: status $?: $(tail -5 "$work/old.out")"
	well_formed old
	nothing_left old
	loads "$work/old/final.ini"
	tune none --options "$work/nowhere.ini" -- "${readrandom[@]}" && fail "none: a file that is not there"
	grep -q nowhere.ini "$work/none.out" || fail "none: the file is not named: $(cat "$work/none.out")"
	echo garbage >"$work/garbage.ini"
	tune garbage --options "$work/garbage.ini" --iterations 1 -- "${readrandom[@]}" && fail "garbage was taken for an OPTIONS file"
	nothing_left garbage
}

# A file of an older version whose log has a folder of its own, and one database for all files: it is filled by what was made of that file.
operators_folder() {
	mkdir -p "$work/wal/archive"
	echo mine >"$work/wal/archive/000002.log"
	sed -e 's/rocksdb_version=.*/rocksdb_version=6.11.4/' -e '/^ *wal_dir *=/d' \
		-e "/^\[DBOptions\]/a\  wal_dir = $work/wal\n  skip_log_error_on_recovery=false" "$work/options.ini" >"$work/folder.ini"
	tune folder --refill once --options "$work/folder.ini" --iterations 0 -- "${readrandom[@]}" || fail "folder: status $?: $(tail -5 "$work/folder.out")"
	nothing_left folder
	[ "$(cd "$work/wal" && find . -type f)" = ./archive/000002.log ] || fail "folder: the operator's logs were touched: $(ls -lR "$work/wal")"
	grep -q "skip_log_error_on_recovery=false: this RocksDB does not have it" "$work/folder.out" || fail "folder: it is not said what was dropped: $(cat "$work/folder.out")"
	grep -qx "  wal_dir=$work/wal" "$work/folder/final.ini" || fail "folder: final.ini has no wal_dir: $(grep wal_dir "$work/folder/final.ini")"
	! grep -q '^ *wal_dir' "$work/folder/start.ini" || fail "folder: a benchmark may get at wal_dir"
}

# What was measured with one file does not go on with another of the same name.
same_name() {
	cp "$work/options.ini" "$work/name.ini"
	tune name --options "$work/name.ini" --adapter script --iterations 0 -- "${script[@]}" "$work/name" || fail "name: $(tail -5 "$work/name.out")"
	tune name --options "$work/name.ini" --adapter script --iterations 0 -- "${script[@]}" "$work/name" || fail "name, again: $(tail -5 "$work/name.out")"
	echo "# another" >>"$work/name.ini"
	tune name --options "$work/name.ini" --adapter script --iterations 0 -- "${script[@]}" "$work/name" && fail "name: it goes on with another file"
	grep -q "measured with something else: then 'sum [0-9a-f]* of .*now 'sum " "$work/name.out" || fail "name: it is not said what differs: $(tail -5 "$work/name.out")"
}

for part in ${TUNE_PARTS:-expert hostile_model fails_half_way goes_on other_version operators_folder same_name}; do
	$part
	[ -z "${TUNE_VERBOSE-}" ] || echo "$part: $((($(now_ms) - begun) / 1000)) s"
done
passed
