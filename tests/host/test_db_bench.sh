#!/bin/bash
# Debian's own db_bench, as it is: the same exit status and the same data with a busy agent as without.
. "$(dirname "$0")/lib.sh"
command -v db_bench >/dev/null || skip "no db_bench"

bench() {
	db_bench --db="$work/db" --benchmarks=fillrandom,readrandom,overwrite,seekrandom,readrandomwriterandom --num=100000 --threads=1 \
		--seed=1 --disable_wal=0 "$@" >"$work/out" 2>&1
}
export -f bench
export work

checksum() {
	ldb --db="$work/db" scan 2>/dev/null | sha256sum
}

bench || fail "db_bench alone: $(tail -3 "$work/out")"
plain=$(checksum)
for add in 0 1; do
	rm -rf "$work/db"
	LODE_TEST_REPORT=$work/report.$add LODE_TEST_BACKGROUND=1 LODE_TEST_INJECT=$add with_preload bash -c bench ||
		fail "db_bench with a busy agent: $(tail -3 "$work/out")"
	[ "$(checksum)" = "$plain" ] || fail "the data differ"
	grep -q 'opened=[1-9].* unknown=0 rounds=[1-9][0-9]* errors=0' "$work/report.$add" || fail "report: $(cat "$work/report.$add")"
done

# Wrong use stays wrong use.
db_bench --benchmarks=nosuchthing --db="$work/x" >/dev/null 2>&1
alone=$?
with_preload db_bench --benchmarks=nosuchthing --db="$work/x" >/dev/null 2>&1
[ $? = $alone ] || fail "another exit status"
echo "db_bench: fine"
