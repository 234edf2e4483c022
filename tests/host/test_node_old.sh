#!/bin/bash
# A RocksDB that was built with the std::string of before C++11 (6.17, in the npm package `rocksdb`): nothing of it can be caught. The program is as
# it was, nothing is loaded or written, and doctor says why, of the file and of the living process.
. "$(dirname "$0")/e2e.sh" "$@"
. "$here/node/node.sh"

package=rocksdb
"${host[@]}" same $package "$work/db" 1500 >"$work/plain.out" 2>"$work/plain.err" || fail "untouched: $(cat "$work/plain.err")"
options "$work/db" >"$work/options.plain"
rm -r "$work/db"
tuned old agent.mode=auto judge.pace=rush agent.interval=100ms advisor.kind=random
"${with[@]}" "${host[@]}" same $package "$work/db" 1500 >"$work/out" 2>"$work/err" || fail "status $?: $(cat "$work/err")"
cmp "$work/plain.out" "$work/out" || fail "another result: $(cat "$work/out")"
[ ! -s "$work/err" ] || fail "standard error: $(cat "$work/err")"
same_options "$work/db" "$work/options.plain" || fail "other options: $(cat "$work/options.diff")"
[ -z "$(find "$work/old" -type f -o -type s)" ] || fail "files were made: $(find "$work/old" -type f -o -type s)"

# explained COMMAND...: doctor refuses, names the reason and the mend.
explained() {
	"$build/lodestone" doctor "$@" >"$work/doctor" 2>&1
	[ $? = 1 ] || fail "doctor $1: not refused: $(cat "$work/doctor")"
	grep -q 'std::string of before C++11' "$work/doctor" && grep -q '_GLIBCXX_USE_CXX11_ABI' "$work/doctor" ||
		fail "doctor $1: it does not say why: $(cat "$work/doctor")"
}
explained "$(addon $package)"

"${with[@]}" "${host[@]}" serve $package "$work/serve.db" "$work/stop" >"$work/out" 2>"$work/err" &
p=$!
started+=($p)
wait_until 60 grep -q serving "$work/out" || fail "serve: $(cat "$work/err")"
grep -qF "$preload" "/proc/$p/maps" || fail "the preload is not in it: nothing is shown"
grep -q '/liblodestone\.so' "/proc/$p/maps" && fail "the agent was loaded"
explained $p
touch "$work/stop"
wait $p
status=$?
[ $status = 0 ] && grep -qx verified "$work/out" && [ ! -s "$work/err" ] || fail "serve: status $status: $(cat "$work/out" "$work/err")"
passed
