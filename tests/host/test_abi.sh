#!/bin/bash
# The ABI of what is installed: exactly the symbols that tests/data/abi lists, each with the version that brought it. Sizes and offsets of public
# structures are checked by the compiler (tests/unit/test_api_abi.c).
set -u
build=$1
data=$(cd "$(dirname "$0")/../data/abi" && pwd)
export LC_ALL=C
failed=0

# compare LIBRARY LIST
compare() {
	local listed exported gone new
	listed=$(awk '!/^#/ { print $1 }' "$data/$2") || { failed=1; return; }
	exported=$(nm -D --defined-only "$build/$1" | awk '{ print $3 }' | sort) || { failed=1; return; }
	sort -c <<<"$listed" 2>/dev/null || { echo "FAILED: tests/data/abi/$2 is not sorted (LC_ALL=C sort)"; failed=1; }
	awk '!/^#/ && !/^[A-Za-z_0-9]+ [0-9]+\.[0-9]+\.[0-9]+$/' "$data/$2" | grep . && { echo "FAILED: tests/data/abi/$2: a line is a symbol and a version"; failed=1; }
	gone=$(comm -23 <(echo "$listed") <(echo "$exported"))
	new=$(comm -13 <(echo "$listed") <(echo "$exported"))
	if [ -n "$gone" ]; then
		echo "FAILED: $1 no longer exports:" $gone
		echo "  Programs that use them no longer start. Put them back; or, on purpose: raise SOVERSION in CMakeLists.txt and take the lines out of tests/data/abi/$2."
		failed=1
	fi
	if [ -n "$new" ]; then
		echo "FAILED: $1 exports what tests/data/abi/$2 does not list:" $new
		echo "  By mistake: make it static, or give it another name than lodestone_*. On purpose: add the line 'SYMBOL VERSION', with the version that will be the first to have it."
		failed=1
	fi
}

compare liblodestone.so lodestone.symbols
compare liblodestone-preload.so lodestone-preload.symbols
[ ! -e "$build/liblodestone-plugin.so" ] || compare liblodestone-plugin.so lodestone-plugin.symbols # not where no RocksDB was found to build it for
[ $failed = 0 ] && echo "every symbol as listed"
exit $failed
