#!/bin/bash
# The C API: every function from a program of its own, with and without the preload; the examples, against an installed copy, found by pkg-config and by
# CMake; and what is exported is what the header declares.
. "$(dirname "$0")/e2e.sh" "$@"

host=$build/tests/host/host_api
[ -x "$host" ] || skip "no host programs: librocksdb-dev was not there when they were to be built"

# settings NAME SETTING...: in the environment, where they are stronger than the program's.
settings() {
	local at=$work/$1 s key
	mkdir -p "$at"
	shift
	environment=(env)
	for s in agent.state_dir="$at/state" agent.runtime_dir="$at/run" log.file="$at/log" "$@"; do
		key=${s%%=*}
		environment+=("LODESTONE_$(tr a-z. A-Z_ <<<"$key")=${s#*=}")
	done
}

settings api agent.mode=auto judge.pace=rush agent.interval=100ms
"${environment[@]}" timeout 120 "$host" "$work/db" || fail "host_api"
has_record api kept || has_record api verdict || fail "no verdict in the journal"
grep -h '"kind":"proposal"' "$work"/api/state/*/journal.jsonl | grep -q '"advisor":"test"' || fail "the journal does not name the program's advisor"
echo "every function: as it should be"

settings off disable=1
HOST_API=off "${environment[@]}" "$host" "$work/off.db" || fail "host_api, switched off"
[ ! -e "$work/off/state" ] || fail "switched off, and yet something was written"
echo "switched off: every attach says so"

# One agent, whoever comes first; one attach record for each opening and each attach that had to begin anew.
settings both agent.mode=observe
HOST_API=preload "${environment[@]}" LD_PRELOAD="${asan:+$asan }$preload" timeout 120 "$host" "$work/both.db" || fail "host_api with the preload"
grep -q 'the options of this attach are not taken' "$work/both/log" || fail "nobody said that the program's options are not taken"
[ "$(ls "$work"/both/run 2>/dev/null | wc -l)" -le 1 ] || fail "two agents in one process"
[ "$(cat "$work/both/log" | grep -c 'lodestone status. shows more')" = 1 ] || fail "two agents have begun"
echo "with the preload: one agent"

# What an installed copy offers.
declared=$(grep -oE '\blodestone_[a-z_]+\(' "$here/../../plugin/lodestone.h" | tr -d '(' | sort -u)
exported=$(nm -D --defined-only "$build/liblodestone.so" | awk '{ print $3 }' | grep -vE '^lodestone_(entry$|listener_)' | sort)
comm -13 <(echo "$declared") <(echo "$exported") | grep . && fail "exported and not declared in lodestone.h"
[ -z "$asan" ] || { echo "an installed copy: left out, the libraries are built with a sanitizer"; exit 0; }
prefix=$work/prefix
cmake --install "$build" --prefix "$prefix" >"$work/install.log" 2>&1 || fail "cmake --install: $(tail -2 "$work/install.log")"
lib=$(dirname "$(find "$prefix" -name liblodestone.so -path '*/lodestone/*')")/..
export PKG_CONFIG_PATH=$lib/pkgconfig
sed -i "s#^prefix=.*#prefix=$prefix#; s#^libdir=.*#libdir=$lib#; s#^includedir=.*#includedir=$prefix/include#" "$lib/pkgconfig/lodestone.pc" # as with DESTDIR, it stands elsewhere
# shellcheck disable=SC2046
cc -Wall -Wextra -Werror "$here/../../docs/examples/service.c" -o "$work/service" $(pkg-config --cflags --libs lodestone) -lrocksdb || fail "pkg-config: service.c"
settings a_service agent.interval=100ms
LD_LIBRARY_PATH=$lib "${environment[@]}" "$work/service" "$work/service.db" 3 >"$work/out" 2>"$work/err" || fail "service: $(cat "$work/err")"
python3 -c 'import json,sys; d=json.load(open(sys.argv[1])); assert d["samples"] > 5 and d["statistics"] == "host", d' "$work/out" || fail "service: status: $(cat "$work/out")"
cmake -S "$here/../../docs/examples/out-of-tree" -B "$work/tree" -DCMAKE_PREFIX_PATH="$prefix" >"$work/cmake.log" 2>&1 &&
	cmake --build "$work/tree" >>"$work/cmake.log" 2>&1 || fail "find_package: $(tail -5 "$work/cmake.log")"
settings cxx agent.interval=100ms
"${environment[@]}" "$work/tree/service-cxx" "$work/cxx.db" 2 >"$work/out" 2>"$work/err" || fail "service.cc: $(cat "$work/err")"
python3 -c 'import json,sys; d=json.load(open(sys.argv[1])); assert d["samples"] > 5, d' "$work/out" || fail "service.cc: status: $(cat "$work/out")"
has_record cxx close || fail "service.cc: not detached before it was closed"
settings own_advisor judge.pace=rush agent.interval=100ms
"${environment[@]}" "$work/tree/advisor" "$work/advisor.db" 8 >"$work/out" 2>"$work/err" || fail "advisor: $(cat "$work/err")"
grep -q '^trial [0-9]*: write_buffer_size = ' "$work/out" || fail "advisor: nothing was tried: $(cat "$work/out")"
grep -q '^asked [1-9]' "$work/out" || fail "advisor: was not asked"
settings own_metric judge.pace=rush agent.interval=100ms
"${environment[@]}" "$work/tree/objective" "$work/objective.db" 8 >"$work/out" 2>"$work/err" || fail "objective: $(cat "$work/err")"
python3 -c 'import json,sys; o=json.loads(open(sys.argv[1]).read().splitlines()[-1])["objective"]; m=o["metric"]; assert o["kind"] == "custom" and m["name"] == "jobs" and m["now"] > 0 and m["missing"] is None, o' "$work/out" || fail "objective: status: $(cat "$work/out")"
if has_record own_metric intent; then
	grep -h '"kind":"intent"' "$work"/own_metric/state/*/journal.jsonl | grep -q '"judged_by":"own metric"' || fail "objective: the journal does not name the metric"
fi
"$prefix/bin/lodestone" run -s agent.state_dir="$work/state" -s agent.runtime_dir="$work/run" -- true || fail "the installed command does not find its libraries"
echo "installed: found by pkg-config and by CMake, and works"
